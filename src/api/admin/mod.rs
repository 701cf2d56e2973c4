//! The operators' API: everything that the console's pages show, as JSON.
//!
//! There is no sign-in yet. Until there is, the server listens on loopback only, and this API answers only when it is addressed
//! as loopback: a web page elsewhere must not read it through a name of its own that leads here (DNS rebinding).

mod adjustments;
mod batch_list;
mod batches;
mod billing;
mod billing_csv;
mod cancellation;
mod csv;
mod customers;
mod document;
mod grants;
mod ledger;
mod overview;
mod refunds;
mod search;
mod task_file;
mod tasks;
mod timeline;
mod webhooks;

use std::net::IpAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};

use super::Api;
use super::code::Code;
use super::problem::Problem;

/// Everything below `/api/admin`.
pub(crate) fn router() -> Router<Api> {
    Router::new()
        .route("/batches", get(batch_list::list))
        .route("/batches.csv", get(batch_list::csv))
        .route("/batches/{id}", get(batches::show))
        .route("/batches/{id}/tasks", get(tasks::list))
        .route("/batches/{id}/tasks.csv", get(task_file::export))
        .route("/batches/{id}/tasks/{number}", get(tasks::show))
        .route("/batches/{id}/billing", get(billing::show))
        .route("/batches/{id}/billing.csv", get(billing_csv::stream))
        .route("/batches/{id}/cancel", get(cancellation::preview).post(cancellation::cancel))
        .route("/batches/{id}/timeline", get(timeline::show))
        .route("/batches/{id}/webhooks", get(webhooks::show))
        .route("/customers", get(customers::list))
        .route("/customers/{id}", get(customers::show))
        .route("/customers/{id}/keys", get(customers::keys))
        .route("/customers/{id}/ledger", get(ledger::list))
        .route("/search", get(search::find))
        .route("/overview", get(overview::show))
        .route("/customers/{id}/grants", get(grants::list).post(adjustments::grant))
        .route("/customers/{id}/adjustments", post(adjustments::adjust))
        .route("/batches/{id}/refunds", post(refunds::refund))
        .route("/openapi.json", get(document::show))
        .layer(from_fn(super::refuse_cross_site))
        .layer(from_fn(only_loopback_names))
}

async fn only_loopback_names(request: Request, next: Next) -> Result<Response, Problem> {
    let host = request.headers().get(header::HOST).map_or(Ok(""), |host| host.to_str());
    if host.is_ok_and(|host| host.is_empty() || is_loopback(host)) {
        return Ok(next.run(request).await);
    }
    Err(Problem::new(
        Code::UnknownRoute,
        "The operators' API has no sign-in yet, so it answers only at http://127.0.0.1 and http://localhost.",
    ))
}

/// `localhost`, `127.0.0.1:3000`, `[::1]:3000`.
fn is_loopback(host: &str) -> bool {
    let name = host.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or_else(|| host.split(':').next().unwrap_or(""));
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_loopback_by_its_names() {
        for good in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:3000", "[::1]:3000"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in ["evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "[fe80::1]:80"] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
