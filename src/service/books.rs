//! The books of a batch: what is kept of them, and the comparison of every row, which is made away from pages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::batch::{Batch, FailureSum, PricedModel};
use crate::domain::books::{Books, Comparison};
use crate::domain::id::BatchId;
use crate::domain::time::Time;
use crate::store::books::LedgerSide;
use crate::store::books::comparison::{self, Compared};
use crate::store::{Tx, batches, books, origins};

pub use crate::store::books::LastRefund;
pub use crate::store::origins::Origin;

use super::audit::Note;
use super::{Reader, Service, ServiceError, ServiceResult};

/// Everything that the head of a batch's page says, as it was in one moment. Reads no tasks.
#[derive(Clone, Debug)]
pub struct Overview {
    pub batch: Batch,
    pub origin: Origin,
    pub models: Vec<PricedModel>,
    pub failures: Vec<FailureSum>,
    pub books: Books,
    pub last_refund: Option<LastRefund>,
}

/// Batches whose ledger is remembered at most.
const ADDED_UP_MAX: usize = 4_096;
/// How long what was added up is taken for granted: a ledger that somebody changed past us is seen so much later at most.
const ADDED_UP_S: i64 = 30;

/// What the ledger said of batches that were looked at, and since when that is remembered. The ledger is append-only, so nobody
/// has to add up the same transactions for every look at a batch.
#[derive(Debug, Default)]
pub(super) struct AddedUp(Mutex<HashMap<BatchId, (Time, LedgerSide)>>);

impl AddedUp {
    /// To be asked before the transaction begins that reads the rest: what is remembered is then no newer than what that one sees.
    /// The time is `now` where nothing is remembered.
    fn known(&self, batch: BatchId, now: Time) -> (Time, LedgerSide) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&batch).copied();
        known.filter(|(since, _)| now < since.plus_s(ADDED_UP_S)).unwrap_or((now, LedgerSide::NOTHING))
    }

    fn keep(&self, batch: BatchId, since: Time, ledger: LedgerSide) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ADDED_UP_MAX {
            known.clear();
        }
        known.insert(batch, (since, ledger));
    }
}

/// Who compares, where nobody asked.
const WORKER: &str = "housekeeping";
/// Batches that one call compares at most.
const COMPARE_MAX: i64 = 500;
/// Tasks that one call reads at most, unless one batch alone has more.
const COMPARE_TASKS_MAX: i64 = 20_000;

impl Service {
    /// For operators.
    pub async fn overview(&self, id: BatchId) -> ServiceResult<Overview> {
        self.may(Action::Read)?;
        let known = self.inner.added_up.known(id, self.now());
        let mut tx = self.db().read().await?;
        let batch = batches::by_id(&mut tx, None, id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        let last_refund = if batch.counts.failed > 0 { books::last_refund(&mut tx, batch.key).await? } else { None };
        Ok(Overview {
            origin: origins::of_batch(&mut tx, batch.key).await?,
            models: batches::priced_models(&mut tx, batch.key).await?,
            failures: batches::failures(&mut tx, batch.key).await?,
            books: self.kept_books(&mut tx, &batch, known).await?,
            last_refund,
            batch,
        })
    }

    /// What is kept of a batch's books. For operators.
    pub async fn books(&self, id: BatchId) -> ServiceResult<Books> {
        self.may(Action::Read)?;
        let known = self.inner.added_up.known(id, self.now());
        let mut tx = self.db().read().await?;
        let batch = batches::by_id(&mut tx, None, id).await?.ok_or(ServiceError::NotFound { what: "batch" })?;
        self.kept_books(&mut tx, &batch, known).await
    }

    /// Reads every task row of a batch, compares it with the ledger, and keeps what was found. For operators.
    pub async fn compare(&self, id: BatchId) -> ServiceResult<Comparison> {
        self.may(Action::CompareBooks)?;
        let mut tx = self.db().read().await?;
        let key = self.batch_key(&mut tx, Reader::Operator, id).await?;
        let compared = comparison::compare(&mut tx, &[key], &self.by().to_string(), self.now()).await?;
        drop(tx);
        let [Compared { comparison, .. }] = &compared[..] else { return Err(ServiceError::NotFound { what: "batch" }) };
        let mut tx = self.db().write().await?;
        comparison::keep(&mut tx, &compared).await?;
        let after = json!({"task_rows": comparison.task_rows, "differing": comparison.differing});
        self.note(&mut tx, Note::new(Deed::BooksCompared, ObjectKind::Batch, id).after(after)).await?;
        tx.commit().await?;
        compared.iter().for_each(log_differences);
        Ok(comparison.clone())
    }

    /// Compares batches that have ended and were not compared since. Returns how many; call again until none.
    pub async fn compare_finished(&self) -> ServiceResult<usize> {
        let mut tx = self.db().read().await?;
        let waiting = comparison::uncompared(&mut tx, COMPARE_MAX, COMPARE_TASKS_MAX).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let compared = comparison::compare(&mut tx, &waiting, WORKER, self.now()).await?;
        drop(tx);
        let mut tx = self.db().write().await?;
        comparison::keep(&mut tx, &compared).await?;
        tx.commit().await?;
        compared.iter().for_each(log_differences);
        Ok(compared.len())
    }

    async fn kept_books(&self, tx: &mut Tx, batch: &Batch, (since, known): (Time, LedgerSide)) -> ServiceResult<Books> {
        let ledger = books::of_ledger(tx, batch.key, known).await?;
        self.inner.added_up.keep(batch.id, since, ledger);
        let (grants, comparison) = books::kept(tx, batch.key).await?;
        let (transactions, reversed) = (ledger.transactions, ledger.reversed);
        Ok(Books { ledger: ledger.sums, transactions, reversed, kept: batch.credits.into(), grants, comparison })
    }
}

fn log_differences(compared: &Compared) {
    if !compared.comparison.agrees() {
        let differing = compared.comparison.differing;
        tracing::error!(batch = %compared.id, differing, "task rows and ledger of a batch do not agree");
    }
}
