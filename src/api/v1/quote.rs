//! `POST /batches?dry_run=true`: what a batch would cost, by the same rules that a submission goes through.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::problem::Problem;
use crate::domain::submission::{ModelShare, NewBatch};
use crate::service::batches::Quote;
use crate::service::keys::Caller;

/// What a batch would cost now. Nothing was stored and nothing is reserved.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub(crate) struct QuoteView {
    /// Always `quote`.
    #[schema(example = "quote")]
    object: &'static str,
    /// Tasks that the batch would have.
    tasks: i64,
    credits: QuoteCreditsView,
    models: Vec<QuotedModelView>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = QuoteCredits)]
pub(crate) struct QuoteCreditsView {
    /// Credits that would be reserved.
    needed: i64,
    /// Credits that are there to spend.
    available: i64,
    /// Whether they suffice.
    enough: bool,
    /// Credits that would have to be added first.
    missing: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QuotedModel)]
pub(crate) struct QuotedModelView {
    model: String,
    tasks: i64,
    credits_per_task: i64,
    credits: i64,
}

impl From<Quote> for QuoteView {
    fn from(Quote { priced, available }: Quote) -> Self {
        let (needed, available) = (priced.total.get(), available.get());
        let enough = needed <= available;
        let missing = if enough { 0 } else { needed.saturating_sub(available) };
        let credits = QuoteCreditsView { needed, available, enough, missing };
        let tasks = priced.models.iter().map(|share| share.tasks).sum();
        Self { object: "quote", tasks, credits, models: priced.models.into_iter().map(quoted).collect() }
    }
}

fn quoted(share: ModelShare) -> QuotedModelView {
    let credits_per_task = share.credits.get();
    QuotedModelView { model: share.name, tasks: share.tasks, credits_per_task, credits: credits_per_task.saturating_mul(share.tasks) }
}

pub(super) async fn answer(api: &Api, caller: &Caller, batch: &NewBatch) -> Result<Response, Problem> {
    let quote = api.service.quote(caller, batch).await?;
    Ok(Json(QuoteView::from(quote)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;
    use crate::domain::id::{ModelKey, PriceKey};
    use crate::domain::submission::Priced;

    #[test]
    fn says_what_is_missing() {
        let share = ModelShare { model: ModelKey(1), name: "sora-2".to_owned(), price: PriceKey(1), credits: Credits::new(49), tasks: 10 };
        let priced = Priced { total: Credits::new(490), models: vec![share], item_models: vec![0; 10] };
        let quote = QuoteView::from(Quote { priced, available: Credits::new(400) });
        assert_eq!(
            serde_json::to_value(quote).unwrap(),
            serde_json::json!({
                "object": "quote", "tasks": 10,
                "credits": {"needed": 490, "available": 400, "enough": false, "missing": 90},
                "models": [{"model": "sora-2", "tasks": 10, "credits_per_task": 49, "credits": 490}],
            })
        );
    }
}
