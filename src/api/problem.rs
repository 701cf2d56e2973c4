//! What every failed request is answered with: an RFC 9457 problem document with a stable `code`.
//!
//! A [`Problem`] is made where something goes wrong and written out by the envelope, which knows the request's id. What the
//! caller sees (`detail`) and what the log says (`log`) are different texts, and only the first leaves the program.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::code::Code;
use super::openapi::word_list;
use crate::domain::access::Forbidden;
use crate::domain::credits::Credits;
use crate::domain::key::{KeyRefusal, Scope};
use crate::domain::submission::{ITEM_ERRORS_MAX, ItemError, ItemErrorCode, Refusal};
use crate::service::error::ServiceError;

/// One thing that is wrong with one item.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ItemError)]
pub struct ItemProblem {
    /// Position in `items`, from 0.
    pub index: usize,
    pub field: String,
    #[schema(schema_with = item_error_codes)]
    pub code: ItemErrorCode,
    pub message: String,
}

/// The answer to every request that failed (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub about: String,
    pub title: &'static str,
    pub status: u16,
    #[schema(schema_with = codes)]
    pub code: Code,
    /// What happened and what to do, for people.
    pub detail: String,
    /// Names this request in our logs; the same as the header `X-Request-Id`.
    pub request_id: String,
    /// What is wrong with which item, for up to 100 items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<ItemProblem>>,
    /// Items that are wrong in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_items: Option<usize>,
    /// Credits that the batch costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub needed: Option<Credits>,
    /// Credits that are there to spend.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub available: Option<Credits>,
    /// The batch that the idempotency key made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_batch: Option<String>,
    /// Seconds to wait; the same as the header `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<i64>,
}

/// A failed request, on its way to the envelope.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    body: ProblemBody,
    /// For the log only.
    log: Option<String>,
    /// The limit that was hit.
    limit_per_min: Option<i64>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (status, title, _) = code.about();
        let body = ProblemBody {
            about: format!("/docs/api#problem-{code}"),
            title,
            status,
            code,
            detail: detail.into(),
            request_id: String::new(),
            errors: None,
            bad_items: None,
            needed: None,
            available: None,
            first_batch: None,
            retry_after_s: None,
        };
        Self(Box::new(Parts { body, log: None, limit_per_min: None }))
    }

    /// A fault of ours: the caller learns only that there was one.
    pub fn internal(log: impl Into<String>) -> Self {
        Self::new(Code::Internal, "Something went wrong on our side. Send the request again; if it stays, tell support the request id.")
            .logged(log)
    }

    #[must_use]
    pub fn retry_after_ms(self, ms: i64) -> Self {
        self.with(|body| body.retry_after_s = Some((ms.saturating_add(999) / 1_000).max(1)))
    }

    /// Lists what is wrong with which items.
    pub fn items(errors: Vec<ItemError>, bad_items: usize) -> Self {
        let more = if bad_items > ITEM_ERRORS_MAX { format!(" The first {ITEM_ERRORS_MAX} are listed.") } else { String::new() };
        let (items, are) = if bad_items == 1 { ("item", "is") } else { ("items", "are") };
        let detail = format!("{bad_items} {items} of the batch {are} invalid, and nothing was stored. Correct what `errors` lists.{more}");
        let errors = errors.into_iter().map(|ItemError { index, field, code, message }| ItemProblem { index, field, code, message });
        Self::new(Code::InvalidItems, detail).with(|body| {
            body.errors = Some(errors.collect());
            body.bad_items = Some(bad_items);
        })
    }

    pub fn too_many_items(items: usize, max: usize) -> Self {
        Self::new(Code::TooManyItems, format!("The batch has {items} items; {max} are allowed. Split it."))
    }

    pub const fn code(&self) -> Code {
        self.0.body.code
    }

    pub fn detail(&self) -> &str {
        &self.0.body.detail
    }

    pub(crate) fn log(&self) -> Option<&str> {
        self.0.log.as_deref()
    }

    pub(crate) fn retry_after_s(&self) -> Option<i64> {
        self.0.body.retry_after_s
    }

    pub(crate) fn limit_per_min(&self) -> Option<i64> {
        self.0.limit_per_min
    }

    /// The document, once the request's name is known.
    pub(crate) fn into_body(self, request_id: &str) -> ProblemBody {
        let mut body = self.0.body;
        request_id.clone_into(&mut body.request_id);
        body
    }

    fn logged(mut self, log: impl Into<String>) -> Self {
        self.0.log = Some(log.into());
        self
    }

    fn with(mut self, change: impl FnOnce(&mut ProblemBody)) -> Self {
        change(&mut self.0.body);
        self
    }
}

/// Pause that is asked for when the database is away: long enough for a restart, short enough to be waited for.
const UNAVAILABLE_RETRY_MS: i64 = 2_000;
/// Pause before a request is repeated whose first sending is still running.
const IN_FLIGHT_RETRY_MS: i64 = 1_000;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Unauthenticated => Self::new(
                Code::Unauthenticated,
                "The API key is missing, damaged, unknown or revoked. Send it as `Authorization: Bearer bb_…`.",
            ),
            ServiceError::KeyRefused { refusal, scope } => refused_key(refusal, scope),
            ServiceError::Forbidden(forbidden) => forbidden.into(),
            ServiceError::NotFound { what } => Self::new(Code::NotFound, format!("There is no such {what}. Check its id.")),
            ServiceError::RateLimited { limit_per_min, retry_after_ms } => {
                let detail = format!("This key may send {limit_per_min} requests a minute. Wait, and send more slowly.");
                let mut problem = Self::new(Code::RateLimited, detail).retry_after_ms(retry_after_ms);
                problem.0.limit_per_min = Some(limit_per_min);
                problem
            }
            ServiceError::Refused(refusal) => refusal.into(),
            ServiceError::NotEnoughCredits { needed, available } => {
                let detail = format!("The batch costs {needed} credits and {available} are available. Add credits, or submit fewer items.");
                Self::new(Code::NotEnoughCredits, detail).with(|body| {
                    body.needed = Some(needed);
                    body.available = Some(available);
                })
            }
            ServiceError::IdempotencyMismatch { first_batch } => {
                let first = first_batch.map_or_else(|| "another batch".to_owned(), |id| format!("the batch {id}"));
                let detail = format!("This idempotency key already made {first} from a different request. Use a new key for a new batch.");
                Self::new(Code::IdempotencyKeyReused, detail).with(|body| body.first_batch = first_batch.map(|id| id.to_string()))
            }
            ServiceError::IdempotencyInFlight => {
                Self::new(Code::IdempotencyInFlight, "The first request with this idempotency key is still running. Repeat it in a moment.")
                    .retry_after_ms(IN_FLIGHT_RETRY_MS)
            }
            ServiceError::BatchFinished(status) => {
                Self::new(Code::BatchFinished, format!("The batch is already finished as {status}; there is nothing left to cancel."))
            }
            ServiceError::BatchCanceling => {
                Self::new(Code::BatchCanceling, "The batch is already being canceled. Its running tasks end on their own.")
            }
            ServiceError::NotRefundable(why) => Self::new(Code::InvalidRequest, why.to_string()),
            ServiceError::Invalid { code, message } => Self::new(code.parse().unwrap_or(Code::InvalidRequest), message),
            ServiceError::Unavailable(_) => Self::new(
                Code::Unavailable,
                "The service cannot be reached for a moment. Send the request again with the same idempotency key.",
            )
            .retry_after_ms(UNAVAILABLE_RETRY_MS),
            ServiceError::Internal(error) => Self::internal(chain(&*error)),
        }
    }
}

fn refused_key(refusal: KeyRefusal, scope: Scope) -> Problem {
    match refusal {
        KeyRefusal::Scope => Problem::new(Code::InsufficientScope, format!("The API key has not the scope `{scope}`, which this needs.")),
        KeyRefusal::Address => {
            Problem::new(Code::AddressNotAllowed, "The API key may not be used from the address that this request came from.")
        }
        KeyRefusal::Expired => Problem::new(Code::KeyExpired, "The API key has expired. Use another one."),
        KeyRefusal::Unknown | KeyRefusal::Revoked => ServiceError::Unauthenticated.into(),
    }
}

impl From<Forbidden> for Problem {
    fn from(forbidden: Forbidden) -> Self {
        match forbidden {
            Forbidden::SignedOut => {
                Self::new(Code::SignedOut, "Nobody is signed in. Sign in, or send an operator's token as `Authorization: Bearer bbo_…`.")
            }
            Forbidden::Role { action } => {
                let roles: Vec<&str> = action.rule().roles.iter().map(|role| role.as_str()).collect();
                Self::new(Code::Forbidden, format!("Your role may not do this ({action}). It is for: {}.", roles.join(", ")))
            }
            Forbidden::Unproven { action } => {
                let detail = format!("This ({action}) needs your password again. Give it in the console, then repeat the request.");
                Self::new(Code::PasswordNeeded, detail)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoItems => Self::new(Code::NoItems, "The batch has no items. Send at least one."),
            Refusal::TooManyItems { items, max } => Self::too_many_items(items, max),
            Refusal::Items { errors, bad_items } => Self::items(errors, bad_items),
            Refusal::UnderMinimum { model, tasks, min } => {
                let detail = format!("The batch has {tasks} items of the model {model}; at least {min} are sold in one batch.");
                Self::new(Code::UnderMinimum, detail)
            }
        }
    }
}

/// An error with everything that caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = &self.0.body;
        let mut response = body.code.status().into_response();
        if matches!(body.code, Code::Unauthenticated | Code::KeyExpired | Code::SignedOut) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = body.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

fn codes() -> utoipa::openapi::Object {
    word_list(Code::ALL.iter().map(|code| code.as_str()))
}

fn item_error_codes() -> utoipa::openapi::Object {
    word_list(ItemErrorCode::ALL.iter().map(|code| code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_never_sees_what_the_log_says() {
        let problem = Problem::from(ServiceError::Internal("password of the database is wrong".into()));
        assert_eq!(problem.log(), Some("password of the database is wrong"));
        let text = serde_json::to_string(&problem.into_body("req_1")).unwrap();
        assert!(!text.contains("password") && text.contains(r#""request_id":"req_1""#), "{text}");
    }

    #[test]
    fn says_how_far_the_credits_are_apart() {
        let problem = Problem::from(ServiceError::NotEnoughCredits { needed: Credits::new(490), available: Credits::new(12) });
        let body = serde_json::to_value(problem.into_body("req_1")).unwrap();
        assert_eq!((&body["needed"], &body["available"], &body["status"]), (&490.into(), &12.into(), &402.into()));
        assert_eq!(body["type"], "/docs/api#problem-not_enough_credits");
        assert!(body.get("errors").is_none());
    }

    #[test]
    fn rounds_a_wait_up_to_whole_seconds() {
        for (ms, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2)] {
            let response = Problem::from(ServiceError::RateLimited { limit_per_min: 60, retry_after_ms: ms }).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], seconds.to_string(), "{ms}");
        }
    }
}
