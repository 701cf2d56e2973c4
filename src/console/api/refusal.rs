//! Server only (the gate is in `lib.rs`): turns a service's refusal into what a page shows, sets the status of the response,
//! and logs what only operators of the server should read.

use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::console::api::ConsoleError;
use crate::console::i18n::{Lang, Language};
use crate::console::query::{LoginQuery, Said};
use crate::domain::access::Forbidden;
use crate::service::ServiceError;

/// A form that asks for the password, or that the role may not send, leads to a page that says so.
pub fn refuse(error: ServiceError) -> ConsoleError {
    if let ServiceError::Forbidden(forbidden) = &error
        && let Some(href) = use_context::<Parts>().and_then(|parts| page_for(*forbidden, &parts))
    {
        leptos_axum::redirect(&href);
        return refused(error).1;
    }
    let (status, refusal) = refused(error);
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
    refusal
}

/// Where a form leads that was not allowed; `None` where no form was sent.
fn page_for(forbidden: Forbidden, parts: &Parts) -> Option<String> {
    let header = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if parts.method.is_safe() || !header(header::ACCEPT).is_some_and(|accepts| accepts.contains("text/html")) {
        return None;
    }
    // Of the form's own address only what follows the host, which is ours: nothing else gets through the door.
    let from = header(header::REFERER).and_then(|address| {
        let (_, rest) = address.split_once("://")?;
        rest.find('/').map(|at| &rest[at..])
    });
    let query = LoginQuery::going_to(from.unwrap_or_default());
    Some(match forbidden {
        Forbidden::SignedOut => query.to_href(),
        Forbidden::Unproven { .. } => query.href_to(LoginQuery::CONFIRM),
        Forbidden::Role { .. } => LoginQuery::going_to("").said(Said::Forbidden).href_to(LoginQuery::ACCOUNT),
    })
}

fn refused(error: ServiceError) -> (StatusCode, ConsoleError) {
    let request_id =
        use_context::<Parts>().and_then(|parts| parts.headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned));
    match error {
        ServiceError::NotFound { .. } => (StatusCode::NOT_FOUND, ConsoleError::NotFound),
        ServiceError::Forbidden(Forbidden::SignedOut) => (StatusCode::UNAUTHORIZED, ConsoleError::SignedOut),
        ServiceError::Forbidden(Forbidden::Role { .. }) => (StatusCode::FORBIDDEN, ConsoleError::Forbidden),
        ServiceError::Forbidden(Forbidden::Unproven { .. }) => (StatusCode::FORBIDDEN, ConsoleError::PasswordNeeded),
        ServiceError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, ConsoleError::Unavailable { request_id }),
        error => {
            tracing::error!(request_id, error = ?error, "the console could not be answered");
            (StatusCode::INTERNAL_SERVER_ERROR, ConsoleError::Internal { request_id })
        }
    }
}

/// The address by which browsers reach the server, where it is https.
#[derive(Clone, Debug)]
pub struct Origin(pub String);

/// What a one-time link ends with that was made a moment ago.
#[derive(Clone)]
pub struct FreshLink(pub String);

impl std::fmt::Debug for FreshLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FreshLink(…)")
    }
}

/// Recovery codes that were made a moment ago.
#[derive(Clone)]
pub struct FreshCodes(pub Vec<String>);

impl std::fmt::Debug for FreshCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FreshCodes(…)")
    }
}

/// What the browser calls this server.
pub fn own_origin() -> String {
    let by_host = || use_context::<Parts>().and_then(|parts| Some(format!("http://{}", parts.headers.get("host")?.to_str().ok()?)));
    use_context::<Origin>().map(|Origin(origin)| origin).or_else(by_host).unwrap_or_default()
}

/// The whole of a one-time link that was made a moment ago. The browser kept it, so that it stands in no address.
pub fn fresh_link() -> Option<String> {
    let FreshLink(token) = use_context()?;
    let link = LoginQuery { token: Some(token), ..LoginQuery::going_to("") };
    Some(format!("{}{}", own_origin(), link.href_to(LoginQuery::SET_PASSWORD)))
}

/// The browser kept them for a moment, like the link.
pub fn fresh_codes() -> Vec<String> {
    use_context::<FreshCodes>().map(|FreshCodes(codes)| codes).unwrap_or_default()
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
