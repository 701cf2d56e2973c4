//! What the list of batches shows.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::looked_at::LookedAt;
use crate::console::api::refusal::refuse;
use crate::console::query::BatchesQuery;
use crate::domain::batch::{Batch, BatchCredits, BatchStatus, Counts};
use crate::domain::batch_list::{Part, StatusCount};
use crate::domain::id::{BatchId, CustomerId};
use crate::domain::money::Money;
use crate::domain::saved_view::ViewRefused;
use crate::domain::time::Time;
use crate::service::Service;

/// One batch of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What of it a filter by failure, party or model asks for.
    pub part: Option<Part>,
}

impl BatchRow {
    pub fn new(batch: Batch, models: Vec<String>, part: Option<Part>) -> Self {
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
            part,
        }
    }
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchesPage {
    pub rows: Vec<BatchRow>,
    /// Batches of this page that are not among the rows, because others are looked at.
    pub newer: usize,
    /// Rows that are no longer of this page.
    pub gone: Vec<BatchId>,
    /// Cursors of the pages before and after this one.
    pub before: Option<String>,
    pub after: Option<String>,
    /// Batches in each state, as far as the rest of the filter lets them.
    pub counts: Vec<StatusCount>,
    /// Name of the customer that is asked for, if there is one.
    pub customer: Option<String>,
    /// When this was true, by the server's clock: the browser's is never asked.
    pub now: Time,
}

/// What stays while pages are turned: what the form offers, and the team's views.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchesFrame {
    /// Ids and names.
    pub customers: Vec<(String, String)>,
    pub models: Vec<String>,
    pub views: Vec<ViewRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewRow {
    pub key: i64,
    pub name: String,
    pub query: String,
}

/// `shown` are the batches that are looked at: they stay, and what else would stand there is counted.
pub async fn list_batches(query: &BatchesQuery, shown: &[BatchId]) -> Result<BatchesPage, ConsoleError> {
    let service = expect_context::<Service>();
    let listed = service.batch_list(&query.filter, (query.sort, query.order), query.place, query.size).await.map_err(refuse)?;
    let counts = service.batch_counts(&query.filter).await.map_err(refuse)?;
    let customer = match query.filter.customer {
        Some(id) => service.customer(id).await.ok().map(|customer| customer.name),
        None => None,
    };
    let fresh: Vec<BatchId> = listed.rows.iter().map(|batch| batch.id).collect();
    let looked_at = LookedAt::new(shown, &fresh);
    let mut batches = listed.rows;
    batches.extend(service.named_batches(&looked_at.others).await.map_err(refuse)?);
    let batches = looked_at.in_order(batches, |batch| batch.id);
    let models = service.models_of(&batches).await.map_err(refuse)?;
    let parts = service.parts_of(&batches, &query.filter).await.map_err(refuse)?;
    let rows = batches.into_iter().zip(models.into_iter().zip(parts));
    let rows = rows.map(|(batch, (models, part))| BatchRow::new(batch, models, part)).collect();
    let [before, after] = [listed.before, listed.after].map(|cursor| cursor.map(|cursor| cursor.to_string()));
    let now = service.now();
    Ok(BatchesPage { rows, newer: looked_at.newer, gone: looked_at.gone(), before, after, counts, customer, now })
}

pub async fn read_batches_frame() -> Result<BatchesFrame, ConsoleError> {
    let service = expect_context::<Service>();
    let choices = service.batch_choices().await.map_err(refuse)?;
    let views = service.saved_views().await.map_err(refuse)?;
    Ok(BatchesFrame {
        customers: choices.customers.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        models: choices.models,
        views: views.into_iter().map(|view| ViewRow { key: view.key, name: view.name, query: view.query }).collect(),
    })
}

/// Saves a view for the whole team, and leads back to the list. `back` is the query of the page's address.
#[server(prefix = "/admin/data", endpoint = "save_view")]
pub async fn save_view(name: String, query: String, back: String) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let canonical = BatchesQuery::read(&query).start().to_query();
    let said = match service.save_view(&name, &canonical).await.map_err(refuse)? {
        Ok(()) => "saved",
        Err(ViewRefused::Name) => "bad_name",
        Err(ViewRefused::Query) => "too_long",
        Err(ViewRefused::Taken) => "taken",
        Err(ViewRefused::Full) => "full",
    };
    crate::console::api::refusal::lead_back(BatchesQuery::PATH, &back, ("view", said));
    Ok(())
}

#[server(prefix = "/admin/data", endpoint = "delete_view")]
pub async fn delete_view(key: i64, back: String) -> Result<(), ConsoleError> {
    expect_context::<Service>().delete_view(key).await.map_err(refuse)?;
    crate::console::api::refusal::lead_back(BatchesQuery::PATH, &back, ("view", "deleted"));
    Ok(())
}
