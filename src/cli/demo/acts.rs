//! What customers and operators do in the story: order, cancel, give credits.

use super::compose;
use super::play::Scene;
use super::story::{Course, DAY_MIN, Gift, MINUTE_MS, Order, Size};
use super::upstream::SMALLEST_BATCH;
use crate::api::v1::batches::render_batch;
use crate::cli::failure::Failure;
use crate::domain::credits::Credits;
use crate::domain::grant::NewGrant;
use crate::domain::id::{BatchId, EndpointId};
use crate::domain::money::Money;
use crate::service::keys::{Caller, sha256_hex};
use crate::service::submit::Submission;
use crate::service::{Reader, ServiceError};

/// A micro-dollar is a millionth of a dollar.
const MICROS: i64 = 1_000_000;

/// Something that happens at a moment of its own.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Gift(Gift),
    Order {
        number: usize,
        order: Order,
    },
    Cancel {
        buyer: usize,
        batch: BatchId,
    },
    Expire,
    /// Endpoints that fail are warned about, and disabled in the end.
    LookAfter,
    Disable {
        buyer: usize,
        endpoint: EndpointId,
    },
}

impl Scene {
    pub async fn perform(&mut self, act: Act) -> Result<(), Failure> {
        let service = self.stage.service.clone();
        match act {
            Act::Gift(gift) => {
                let expires_at = gift.expires_days.map(|days| service.now().plus_ms(days * DAY_MIN * MINUTE_MS));
                let (credits, paid) = (Credits::new(gift.credits), Money::from_micros(gift.paid_usd * MICROS));
                let grant = NewGrant { kind: gift.kind, credits, paid, expires_at, reason: gift.reason.map(str::to_owned) };
                self.finance.grant(self.customers[gift.buyer].0, grant).await?;
            }
            Act::Order { number, order } => self.submit(number, &order).await?,
            Act::Cancel { buyer, batch } => {
                let caller = &self.customers[buyer].1;
                let (_, done) = service.cancel(Reader::from(caller), batch, None).await?;
                self.open -= done.canceled;
            }
            Act::LookAfter => _ = service.look_after_endpoints().await?,
            Act::Disable { buyer, endpoint } => {
                service.disable_endpoint(Reader::from(&self.customers[buyer].1), endpoint).await?;
            }
            Act::Expire => while service.expire_grants().await? > 0 {},
        }
        Ok(())
    }

    async fn submit(&mut self, number: usize, order: &Order) -> Result<(), Failure> {
        let service = self.stage.service.clone();
        let caller = self.customers[order.buyer].1.clone();
        let tasks = match order.size {
            Size::Tasks(tasks) => tasks,
            Size::AllThatIsLeft => self.affordable(&caller, order).await?,
        };
        let batch = compose::batch(order, tasks, number, &mut self.stage.dice);
        let idempotency_key = format!("order-{number:04}");
        let fingerprint = sha256_hex(&idempotency_key);
        let submitted = service.submit(&caller, Submission { idempotency_key, fingerprint, batch, render: render_batch }).await?;
        let batch = id_in(&submitted.body)?;
        self.moods.insert(batch, order.mood);
        (self.open, self.tasks, self.batches) = (self.open + tasks, self.tasks + tasks, self.batches + 1);
        if let Course::Canceled { after_min } = order.course {
            self.at(service.now().plus_ms(after_min * MINUTE_MS), Act::Cancel { buyer: order.buyer, batch });
        }
        if order.size == Size::AllThatIsLeft {
            self.is_refused(&caller, order, number).await?;
        }
        Ok(())
    }

    /// How many tasks the customer can pay for.
    async fn affordable(&mut self, caller: &Caller, order: &Order) -> Result<i64, Failure> {
        let one = compose::batch(order, SMALLEST_BATCH, 0, &mut self.stage.dice);
        let quote = self.stage.service.quote(caller, &one).await?;
        Ok(quote.available.get() / (quote.priced.total.get() / SMALLEST_BATCH))
    }

    /// A customer without credits is refused, and nothing is stored.
    async fn is_refused(&mut self, caller: &Caller, order: &Order, number: usize) -> Result<(), Failure> {
        let batch = compose::batch(order, SMALLEST_BATCH, number, &mut self.stage.dice);
        let idempotency_key = format!("order-{number:04}-more");
        let fingerprint = sha256_hex(&idempotency_key);
        match self.stage.service.submit(caller, Submission { idempotency_key, fingerprint, batch, render: render_batch }).await {
            Err(ServiceError::NotEnoughCredits { .. }) => Ok(()),
            Ok(_) => Err(Failure::new("demo", "A customer without credits was not refused.")),
            Err(error) => Err(error.into()),
        }
    }
}

fn id_in(body: &str) -> Result<BatchId, Failure> {
    let answer: serde_json::Value = serde_json::from_str(body).map_err(|error| Failure::new("demo", error.to_string()))?;
    let id = answer["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure::new("demo", "The answer to a submission names no batch."))
}
