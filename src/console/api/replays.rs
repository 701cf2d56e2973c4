//! Replays: what one would send, starting and stopping it, and how far it is. The forms are plain: they work without WASM.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::{lead_back, lead_to, not_found, refuse};
use crate::console::query::{ReplayPlace, ReplayProblem};
use crate::domain::id::{EndpointId, ReplayId};
use crate::domain::page::{PAGE_MAX, PageSize};
use crate::domain::time::Time;
use crate::domain::webhook::{DeliveryFilter, Replay, ReplayPreview, ReplayStatus, ReplayWindow};
use crate::domain::word::words;
use crate::service::endpoints::EndpointFilter;
use crate::service::{Reader, Service, ServiceError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRow {
    pub id: ReplayId,
    pub url: String,
    pub window: ReplayWindow,
    pub asked_at: Time,
    pub total: i64,
    pub replayed: i64,
    pub skipped: i64,
    pub delivered: i64,
    pub failed: i64,
    pub status: ReplayStatus,
    pub reason: String,
    pub actor: String,
    pub created_at: Time,
}

impl ReplayRow {
    /// Sent once, or passed over.
    pub const fn done(&self) -> i64 {
        self.delivered + self.failed + self.skipped
    }
}

impl From<Replay> for ReplayRow {
    fn from(replay: Replay) -> Self {
        Self {
            id: replay.id,
            url: replay.url,
            window: replay.window,
            asked_at: replay.asked_at,
            total: replay.total,
            replayed: replay.replayed,
            skipped: replay.skipped,
            delivered: replay.delivered,
            failed: replay.failed,
            status: replay.status,
            reason: replay.reason,
            actor: replay.actor,
            created_at: replay.created_at,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaysPage {
    pub rows: Vec<ReplayRow>,
    pub has_more: bool,
    pub now: Time,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayDetail {
    pub row: ReplayRow,
    pub now: Time,
}

words! {
    /// Why a form has no preview.
    WindowProblem {
        /// There is no such endpoint.
        Endpoint = "endpoint",
        /// It has no two ends, or more than 30 days.
        Window = "window",
        /// More than 50,000 failed within it.
        TooMany = "too_many",
    }
}

/// What a form would send again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayOffer {
    /// Ids and addresses of endpoints, to choose from.
    pub endpoints: Vec<(EndpointId, String)>,
    /// `None` while the form is empty.
    pub outcome: Option<Result<ReplayPreview, WindowProblem>>,
    pub now: Time,
}

pub async fn list_replays(before: Option<ReplayId>) -> Result<ReplaysPage, ConsoleError> {
    let service = expect_context::<Service>();
    let listed = service.replays(Reader::Operator, None, before, PageSize::default()).await.map_err(refuse)?;
    Ok(ReplaysPage { rows: listed.rows.into_iter().map(ReplayRow::from).collect(), has_more: listed.has_more, now: service.now() })
}

/// The id is taken as text: whatever stands in the address is either a replay or not found.
pub async fn read_replay(id: String) -> Result<ReplayDetail, ConsoleError> {
    let service = expect_context::<Service>();
    let id = id.parse().map_err(|_| not_found())?;
    let replay = service.replay(Reader::Operator, id).await.map_err(refuse)?;
    Ok(ReplayDetail { row: ReplayRow::from(replay), now: service.now() })
}

/// The fields are taken as they were typed. An empty form asks for nothing, and a filter that cannot be read is refused: neither
/// ever means everything.
pub async fn offer_replay(
    endpoint: String,
    from: String,
    to: String,
    kind: String,
    failed_as: String,
) -> Result<ReplayOffer, ConsoleError> {
    let service = expect_context::<Service>();
    let size = PageSize::new(PAGE_MAX).unwrap_or_default();
    let known = service.endpoints_with_customers(&EndpointFilter::default(), None, size).await.map_err(refuse)?;
    let endpoints = known.rows.into_iter().map(|(endpoint, customer)| (endpoint.id, format!("{} · {}", customer.name, endpoint.url)));
    let empty = [&from, &to].iter().all(|field| field.is_empty());
    // Days and moments are read as in the list of deliveries.
    let ends = DeliveryFilter::read(&|name| match name {
        "from" => Some(from.clone()),
        "to" => Some(to.clone()),
        "type" => Some(kind.clone()),
        _ => None,
    });
    let failed = (!failed_as.is_empty()).then(|| failed_as.parse()).transpose();
    let outcome = match (endpoint.parse(), ends.from, ends.to, failed) {
        _ if empty => None,
        (Err(_), ..) => Some(Err(WindowProblem::Endpoint)),
        (Ok(endpoint), Some(since), Some(until), Ok(failed_as)) if ends.unreadable.is_empty() => {
            let window = ReplayWindow { endpoint, since, until, kind: ends.kind, failed_as };
            Some(match service.preview_replay(Reader::Operator, window).await {
                Ok(preview) => Ok(preview),
                Err(ServiceError::NotFound { .. }) => Err(WindowProblem::Endpoint),
                Err(ServiceError::Invalid { .. }) if window.is_good() => Err(WindowProblem::TooMany),
                Err(ServiceError::Invalid { .. }) => Err(WindowProblem::Window),
                Err(error) => return Err(refuse(error)),
            })
        }
        _ => Some(Err(WindowProblem::Window)),
    };
    Ok(ReplayOffer { endpoints: endpoints.collect(), outcome, now: service.now() })
}

/// Starts what a preview showed, once, and leads to its page. What cannot be done leads back to the form, whose query is `back`, and
/// which says why.
#[server(prefix = "/admin/data", endpoint = "replay_start")]
pub async fn start_replay(
    replay: String,
    #[server(default)] reason: String,
    back: String,
    lang: Option<String>,
) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let problem = if reason.trim().is_empty() {
        ReplayProblem::NoReason
    } else {
        match service.start_replay(Reader::Operator, &replay, reason.trim()).await {
            Ok(started) => {
                lead_to(&ReplayPlace::href(started.id), lang.as_deref());
                return Ok(());
            }
            Err(ServiceError::Invalid { code: "endpoint_disabled", .. }) => ReplayProblem::Disabled,
            Err(ServiceError::Invalid { code: "replay_running", .. }) => ReplayProblem::Running,
            Err(ServiceError::Invalid { .. }) => ReplayProblem::Stale,
            Err(error) => return Err(refuse(error)),
        }
    };
    lead_back(&ReplayPlace::path_new(), &back, ("problem", problem.as_str()));
    Ok(())
}

/// Stops a replay, and leads back to its page.
#[server(prefix = "/admin/data", endpoint = "replay_abort")]
pub async fn abort_replay(id: String, lang: Option<String>) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let id: ReplayId = id.parse().map_err(|_| not_found())?;
    match service.abort_replay(Reader::Operator, id).await {
        // The page says how it ended.
        Ok(_) | Err(ServiceError::Invalid { .. }) => {}
        Err(error) => return Err(refuse(error)),
    }
    lead_to(&ReplayPlace::href(id), lang.as_deref());
    Ok(())
}
