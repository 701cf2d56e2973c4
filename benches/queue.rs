//! Customers with credits, and batches of theirs that wait.

use batchbook::api::v1::render_batch;
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::key::{KeyTerms, Scope};
use batchbook::domain::money::Money;
use batchbook::domain::submission::{NewBatch, NewTask};
use batchbook::service::batches::Submission;
use batchbook::service::keys::{Caller, KeyUse};

use crate::bed::Bed;

/// Who the waiting tasks belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One hot customer, with batches as large as they may be.
    OneCustomer,
    /// A thousand customers, with one small batch each.
    ManyCustomers,
}

/// Tasks that are settled before the clock starts, so that what a connection does once, such as planning its statements, is not
/// part of what is measured.
pub const WARM_UP: u32 = 20_000;
/// Tasks of a large batch.
pub const BATCH_OF_ONE: u32 = 10_000;
const CUSTOMERS_OF_MANY: u32 = 1_000;
/// Credits of one task of `sora-2`.
pub const PRICE: i64 = 49;

impl Shape {
    pub const ALL: [Self; 2] = [Self::OneCustomer, Self::ManyCustomers];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneCustomer => "one customer",
            Self::ManyCustomers => "1000 customers",
        }
    }

    /// Tasks of a batch, when there are so many.
    pub fn batch_size(self, tasks: u32) -> u32 {
        match self {
            Self::OneCustomer => BATCH_OF_ONE.min(tasks),
            Self::ManyCustomers => tasks / CUSTOMERS_OF_MANY,
        }
    }

    /// Tasks of each batch.
    pub fn batches(self, tasks: u32) -> Vec<u32> {
        vec![self.batch_size(tasks); (tasks / self.batch_size(tasks)) as usize]
    }
}

/// Submits so many tasks, as batches from this number on.
pub async fn fill(bed: &Bed, shape: Shape, tasks: u32, first: usize) -> anyhow::Result<()> {
    match shape {
        Shape::OneCustomer => {
            let customer = customer(bed, first, i64::from(tasks)).await?;
            for (index, size) in (first..).zip(shape.batches(tasks)) {
                submit(bed, &customer, index, size).await?;
            }
        }
        Shape::ManyCustomers => {
            for (index, size) in (first..).zip(shape.batches(tasks)) {
                let customer = customer(bed, index, i64::from(size)).await?;
                submit(bed, &customer, index, size).await?;
            }
        }
    }
    Ok(())
}

/// A customer who bought credits for so many tasks at list price: US$0.01 each.
pub async fn customer(bed: &Bed, index: usize, tasks: i64) -> anyhow::Result<Caller> {
    let (caller, _) = customer_with_key(bed, index, tasks).await?;
    Ok(caller)
}

/// The same, and its key.
pub async fn customer_with_key(bed: &Bed, index: usize, tasks: i64) -> anyhow::Result<(Caller, String)> {
    let customer = bed.service.add_customer(&format!("Customer {index}"), &format!("customer-{index}@example.com")).await?;
    let credits = tasks * PRICE;
    let grant = NewGrant {
        kind: GrantKind::Purchase,
        credits: Credits::new(credits),
        paid: Money::from_micros(credits * 10_000),
        expires_at: None,
        reason: None,
    };
    bed.service.grant(customer.id, grant).await?;
    let key = bed.service.add_key(customer.id, "bench", &KeyTerms::limited_to(1_000_000)).await?;
    Ok((bed.service.authenticate(key.secret.reveal(), KeyUse::of(Scope::Read)).await?, key.secret.reveal().to_owned()))
}

pub async fn submit(bed: &Bed, caller: &Caller, index: usize, tasks: u32) -> anyhow::Result<()> {
    let items = (1..=tasks).map(item).collect();
    let batch = NewBatch { model: Some("sora-2".to_owned()), items, ..NewBatch::default() };
    let submission =
        Submission { idempotency_key: format!("bench-{index}"), fingerprint: format!("{index:064x}"), batch, render: render_batch };
    bed.service.submit(caller, submission).await?;
    Ok(())
}

/// A task as customers write them.
pub fn item(number: u32) -> NewTask {
    NewTask {
        prompt: prompt(number),
        custom_id: Some(custom_id(number)),
        aspect_ratio: Some("16:9".to_owned()),
        duration_s: Some(8),
        ..NewTask::default()
    }
}

pub fn prompt(number: u32) -> String {
    format!("Scene {number}: a lighthouse at dawn, long waves, gulls in the mist, slow pan from left to right, natural light")
}

pub fn custom_id(number: u32) -> String {
    format!("scene-{number:05}")
}
