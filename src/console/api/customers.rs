//! What the list of customers shows.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::domain::credits::Credits;
use crate::domain::id::CustomerId;
use crate::domain::money::group_thousands;
use crate::domain::page::{PageSize, Seek};
use crate::domain::time::Time;
use crate::service::Service;
use crate::service::customers::BATCHES_COUNTED_MAX;

/// One customer of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRow {
    pub id: CustomerId,
    pub name: String,
    pub email: String,
    pub available: Credits,
    pub held: Credits,
    pub spent: Credits,
    /// Ready to be shown: many are not counted to the end.
    pub batches: String,
    pub last_batch_at: Option<Time>,
    pub created_at: Time,
}

/// A page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomersPage {
    pub rows: Vec<CustomerRow>,
    pub has_newer: bool,
    pub has_older: bool,
    pub now: Time,
}

pub async fn list_customers(search: String, before: Option<CustomerId>, after: Option<CustomerId>) -> Result<CustomersPage, ConsoleError> {
    let service = expect_context::<Service>();
    let seek = Seek::of(None, before, after);
    let page = service.search_customers(&search, seek, PageSize::default()).await.map_err(refuse)?;
    let batches = |count: i64| {
        let more = if count > BATCHES_COUNTED_MAX { "+" } else { "" };
        format!("{}{more}", group_thousands(count.min(BATCHES_COUNTED_MAX).unsigned_abs()))
    };
    let rows = page.rows.into_iter().map(|row| CustomerRow {
        id: row.customer.id,
        name: row.customer.name,
        email: row.customer.email,
        available: row.available,
        held: row.held,
        spent: row.spent,
        batches: batches(row.batches),
        last_batch_at: row.last_batch_at,
        created_at: row.customer.created_at,
    });
    Ok(CustomersPage { rows: rows.collect(), has_newer: page.has_newer, has_older: page.has_older, now: service.now() })
}
