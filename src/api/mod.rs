//! The HTTP API: customers under `/api/v1`, operators under `/api/admin`, and the documents that describe it.
//!
//! Every answer leaves through the [`envelope`]: it names the request (`X-Request-Id`), and whatever went wrong, wherever,
//! becomes a problem document ([`problem`]). Handlers read, ask the service, and shape the answer; they hold no rules.

mod admin;
mod body;
mod code;
pub mod door;
mod envelope;
mod openapi;
mod parameters;
mod problem;
mod reference;
pub(crate) mod route;
mod same_site;
mod strangers;
pub mod v1;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

pub use code::Code;
pub use door::Site;
pub use envelope::request_id;
pub use problem::Problem;
pub use v1::content::{Content, ContentSource, NoContent, Nowhere};

use self::door::Door;
use self::strangers::Strangers;
use crate::domain::access::By;
use crate::domain::id::Random;
use crate::service::{Limits, Service};

/// A handler that has not answered by then is stopped. The longest are submissions of the largest body over a slow line.
const REQUEST_TIMEOUT_S: u64 = 120;

/// What handlers share.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    service: Service,
    limits: Limits,
    content: Arc<dyn ContentSource>,
    /// Address under which customers reach this server, without a slash at its end.
    public_url: Arc<str>,
}

/// Everything below `/api` and `/docs/api`. It has no fallback of its own, so it can be merged with the console's router;
/// unknown addresses below `/api` are answered here. `random` names requests.
pub fn router(service: Service, random: Arc<dyn Random>, limits: Limits) -> Router {
    router_with_content(service, random, limits, Site::default(), Arc::new(Nowhere), "http://localhost")
}

/// The same, at a site of one's own, with a source of finished videos, and with the address under which customers reach this server.
pub fn router_with_content(
    service: Service,
    random: Arc<dyn Random>,
    limits: Limits,
    site: Site,
    content: Arc<dyn ContentSource>,
    public_url: &str,
) -> Router {
    // Who acts is found out request by request.
    let service = service.acting_for(By::NOBODY);
    let door = Door { service: service.clone(), site: site.clone(), is_api: true };
    let strangers = Strangers::new(service.clone());
    let timeout = Duration::from_secs(REQUEST_TIMEOUT_S);
    Router::new()
        .nest("/api/v1", v1::router())
        .nest("/api/admin", admin::router(door))
        .route("/api/openapi.json", get(openapi::document))
        .route("/docs/api", get(reference::page))
        .route("/docs/webhooks", get(webhooks::page))
        .route("/docs/api/reference.css", get(reference::style))
        .route("/api", any(unknown_route))
        .route("/api/{*rest}", any(unknown_route))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(CatchPanicLayer::custom(envelope::panicked))
        .layer(from_fn_with_state(strangers, strangers::limit))
        .layer(from_fn_with_state(random, envelope::envelope))
        .layer(from_fn_with_state(site, door::arrive))
        .with_state(Api { service, limits, content, public_url: Arc::from(public_url) })
}

async fn unknown_route() -> Problem {
    Problem::new(Code::UnknownRoute, "There is nothing at this address. The addresses are listed at /docs/api.")
}
