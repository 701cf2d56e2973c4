//! Server only (the gate is in `lib.rs`): turns a service's refusal into what a page shows, sets the status of the response,
//! and logs what only operators of the server should read.

use axum::http::StatusCode;
use axum::http::request::Parts;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::console::api::ConsoleError;
use crate::console::i18n::{Lang, Language};
use crate::domain::access::Forbidden;
use crate::service::ServiceError;

pub fn refuse(error: ServiceError) -> ConsoleError {
    let request_id =
        use_context::<Parts>().and_then(|parts| parts.headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned));
    let (status, refusal) = match error {
        ServiceError::NotFound { .. } => (StatusCode::NOT_FOUND, ConsoleError::NotFound),
        ServiceError::Forbidden(Forbidden::SignedOut) => (StatusCode::UNAUTHORIZED, ConsoleError::SignedOut),
        ServiceError::Forbidden(Forbidden::Role { .. }) => (StatusCode::FORBIDDEN, ConsoleError::Forbidden),
        ServiceError::Forbidden(Forbidden::Unproven { .. }) => (StatusCode::FORBIDDEN, ConsoleError::PasswordNeeded),
        ServiceError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, ConsoleError::Unavailable { request_id }),
        error => {
            tracing::error!(request_id, error = ?error, "the console could not be answered");
            (StatusCode::INTERNAL_SERVER_ERROR, ConsoleError::Internal { request_id })
        }
    };
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
    refusal
}

/// What the browser calls this server, as far as it can be known here: a proxy in front may say that it speaks TLS.
pub fn own_origin() -> String {
    let header = |name: &str| {
        use_context::<Parts>().and_then(|parts| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned))
    };
    let scheme = header("x-forwarded-proto").filter(|scheme| scheme == "https").unwrap_or_else(|| "http".to_owned());
    header("host").map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

/// Leads the browser to a page of the console, in the language that it was sent from.
pub fn lead_to(href: &str, lang: Option<&str>) {
    let mark = if href.contains('?') { '&' } else { '?' };
    let lang = lang.and_then(Language::of).map_or_else(String::new, |language| format!("{mark}{}={}", Lang::PARAM, language.word()));
    leptos_axum::redirect(&format!("{href}{lang}"));
}

/// Nothing has this id or number: the text in the address is not even one.
pub fn not_found() -> ConsoleError {
    refuse(ServiceError::NotFound { what: "page" })
}

/// After a form: the page at `path` with the query it had, and one more parameter that says what came of it.
pub fn lead_back(path: &str, query: &str, (name, value): (&str, &str)) {
    let kept = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
    // An address in our own hands: whatever else stands in it would be read as a header.
    let kept: String = kept.flat_map(|pair| [pair, "&"]).collect::<String>().chars().filter(char::is_ascii_graphic).collect();
    leptos_axum::redirect(&format!("{path}?{kept}{name}={value}"));
}
