//! What the list of batches shows.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ConsoleError, Wire};
use crate::domain::batch::{Batch, BatchCredits, BatchStatus, Counts};
use crate::domain::id::{BatchId, CustomerId};
use crate::domain::money::Money;
use crate::domain::time::Time;

/// One batch of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    pub id: BatchId,
    pub status: BatchStatus,
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub models: Vec<String>,
    pub counts: Counts,
    pub credits: BatchCredits,
    pub revenue: Money,
    pub profit: Money,
    pub created_at: Time,
    pub finished_at: Option<Time>,
}

impl BatchRow {
    /// Compiled on both sides, used by the server.
    pub fn new(batch: Batch, models: Vec<String>) -> Self {
        Self {
            id: batch.id,
            status: batch.status(),
            customer_id: batch.customer_id,
            models,
            counts: batch.counts,
            credits: batch.credits,
            revenue: batch.revenue,
            profit: batch.profit(),
            created_at: batch.created_at,
            finished_at: batch.state.finished_at(),
            customer_name: batch.customer_name,
        }
    }
}

/// A page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchesPage {
    pub rows: Vec<BatchRow>,
    /// What to ask for to see older ones.
    pub next: Option<BatchId>,
    /// When this was true, by the server's clock: the browser's is never asked.
    pub now: Time,
}

#[server(prefix = "/admin/data", endpoint = "batches", protocol = Wire)]
pub async fn list_batches(before: Option<BatchId>) -> Result<BatchesPage, ConsoleError> {
    use crate::domain::id::BatchKey;
    use crate::domain::page::PageSize;
    use crate::refusal::refuse;
    use crate::service::{Reader, Service};

    let service = expect_context::<Service>();
    let listed = service.batches(Reader::Operator, before, PageSize::default()).await.map_err(refuse)?;
    let next = if listed.has_more { listed.rows.last().map(|batch| batch.id) } else { None };
    let keys: Vec<BatchKey> = listed.rows.iter().map(|batch| batch.key).collect();
    let names = service.model_names(&keys).await.map_err(refuse)?;
    let models_of = |key: BatchKey| names.iter().filter(|(batch, _)| *batch == key).map(|(_, name)| name.clone()).collect();
    let rows = listed.rows.into_iter().map(|batch| (models_of(batch.key), batch)).map(|(models, batch)| BatchRow::new(batch, models));
    Ok(BatchesPage { rows: rows.collect(), next, now: service.now() })
}
