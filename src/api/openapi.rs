//! The customers' API as an OpenAPI 3.1 document, made from the handlers and the types that they answer with. What can go
//! wrong is added here, from the same table of codes that problems are made from.

use std::sync::LazyLock;

use axum::Json;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr};
use utoipa::{Modify, OpenApi};

use super::code::Code;
use super::envelope::PROBLEM_JSON;
use super::problem::{ItemProblem, ProblemBody};
use super::v1::{batches, cancellation, content, credits, deliveries, endpoints, ledger, replays, results, submission, tasks};
use crate::domain::key::Scope;
use crate::service::events::{BatchNews, Envelope, TestNews};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Batchbook",
        version = "1",
        description = "Submit batches of prompts, follow their tasks, and read your credits. \
            Lists are read a page at a time: send `next_cursor` as `cursor`. Times are RFC 3339 in UTC. \
            Every failure is a problem document (RFC 9457) with a stable `code`; every answer carries `X-Request-Id`, and `RateLimit` says \
            how many requests your key may still send."
    ),
    paths(
        submission::submit,
        batches::list,
        batches::show,
        cancellation::cancel,
        tasks::list,
        tasks::show,
        content::show,
        results::stream,
        credits::show,
        ledger::list,
        endpoints::create,
        endpoints::list,
        endpoints::show,
        endpoints::change,
        endpoints::delete,
        endpoints::enable,
        endpoints::disable,
        endpoints::rotate,
        endpoints::test,
        deliveries::list,
        deliveries::show,
        deliveries::resend,
        replays::preview,
        replays::start,
        replays::list,
        replays::show,
        replays::abort,
    ),
    components(schemas(ProblemBody, ItemProblem, Envelope, BatchNews, TestNews)),
    security(("bearer" = []), ("api_key" = [])),
    tags(
        (name = "Batches", description = "1 to 10,000 prompts, held and settled together."),
        (name = "Tasks", description = "One prompt of a batch."),
        (name = "Webhooks", description = "Where you are told what happened, and what you were told."),
        (name = "Credits", description = "What you can spend, and everything that changed it."),
    ),
    modifiers(&SecuritySchemes, &Problems, &WholeAnswers),
)]
struct CustomerApi;

/// What every operation can answer.
const ALWAYS: &[Code] = &[
    Code::Unauthenticated,
    Code::KeyExpired,
    Code::InsufficientScope,
    Code::AddressNotAllowed,
    Code::RateLimited,
    Code::Internal,
    Code::Unavailable,
];
/// What the router and the envelope answer where no operation is reached.
#[cfg(test)]
const NOWHERE: &[Code] = &[
    Code::UnknownRoute,
    Code::MethodNotAllowed,
    Code::CrossSite,
    Code::SecretShownBefore,
    Code::SignedOut,
    Code::Forbidden,
    Code::PasswordNeeded,
    Code::OwnRequest,
    Code::RequestDecided,
];

/// What can be wrong with a body that describes an endpoint.
const ENDPOINT_BODY: &[Code] = &[
    Code::NotFound,
    Code::MalformedJson,
    Code::BodyTimeout,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::InvalidRequest,
    Code::InvalidEndpoint,
    Code::TooManyEndpoints,
];

/// The scope that an operation needs.
fn scope_of(operation: &Operation) -> Scope {
    match operation.operation_id.as_deref() {
        Some("submit_batch" | "cancel_batch") => Scope::Submit,
        _ if operation.tags.iter().flatten().any(|tag| tag == "Webhooks") => Scope::Webhooks,
        _ => Scope::Read,
    }
}

/// What can be wrong with a body that describes a window.
const REPLAY_BODY: &[Code] = &[
    Code::NotFound,
    Code::MalformedJson,
    Code::BodyTimeout,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::InvalidRequest,
    Code::InvalidReplay,
];

/// What else an operation can answer.
const BY_OPERATION: &[(&str, &[Code])] = &[
    (
        "submit_batch",
        &[
            Code::InvalidParameter,
            Code::MalformedJson,
            Code::IdempotencyKeyMissing,
            Code::IdempotencyKeyInvalid,
            Code::IdempotencyKeyConflict,
            Code::NotEnoughCredits,
            Code::BodyTimeout,
            Code::IdempotencyInFlight,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::InvalidRequest,
            Code::InvalidItems,
            Code::NoItems,
            Code::TooManyItems,
            Code::UnderMinimum,
            Code::IdempotencyKeyReused,
        ],
    ),
    ("list_batches", &[Code::InvalidParameter]),
    ("get_batch", &[Code::NotFound]),
    ("cancel_batch", &[Code::NotFound, Code::BatchFinished, Code::BatchCanceling]),
    ("list_tasks", &[Code::InvalidParameter, Code::NotFound]),
    ("get_task", &[Code::NotFound]),
    ("get_content", &[Code::NotFound, Code::NoVideo, Code::VideoGone, Code::VideoUnavailable, Code::NoSuchRange]),
    ("get_results", &[Code::InvalidParameter, Code::NotFound]),
    ("get_credits", &[]),
    ("list_ledger", &[Code::InvalidParameter]),
    ("create_webhook_endpoint", ENDPOINT_BODY),
    ("list_webhook_endpoints", &[Code::InvalidParameter]),
    ("get_webhook_endpoint", &[Code::NotFound]),
    ("change_webhook_endpoint", ENDPOINT_BODY),
    ("delete_webhook_endpoint", &[Code::NotFound]),
    ("enable_webhook_endpoint", &[Code::NotFound]),
    ("disable_webhook_endpoint", &[Code::NotFound]),
    ("rotate_webhook_secret", &[Code::NotFound]),
    ("test_webhook_endpoint", &[Code::NotFound]),
    ("list_webhook_deliveries", &[Code::InvalidParameter, Code::NotFound]),
    ("get_webhook_delivery", &[Code::NotFound]),
    ("resend_webhook_delivery", &[Code::NotFound, Code::DeliveryInFlight]),
    ("preview_webhook_replay", REPLAY_BODY),
    (
        "start_webhook_replay",
        &[
            Code::NotFound,
            Code::MalformedJson,
            Code::BodyTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::InvalidRequest,
            Code::InvalidReplay,
            Code::EndpointDisabled,
            Code::ReplayRunning,
        ],
    ),
    ("list_webhook_replays", &[Code::InvalidParameter, Code::NotFound]),
    ("get_webhook_replay", &[Code::NotFound]),
    ("abort_webhook_replay", &[Code::NotFound, Code::ReplayFinished]),
];

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("`Authorization: Bearer bb_…`")).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let header = ApiKeyValue::with_description("X-API-Key", "The same key in a header of its own.");
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}

struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten() {
                add_problems(operation);
            }
        }
    }
}

fn add_problems(operation: &mut Operation) {
    let scope = format!("Needs a key with the scope `{}`.", scope_of(operation));
    operation.description = Some(operation.description.take().map_or_else(|| scope.clone(), |about| format!("{about}\n\n{scope}")));
    let id = operation.operation_id.as_deref().unwrap_or("");
    let own = BY_OPERATION.iter().find(|(name, _)| *name == id).map_or(&[][..], |(_, codes)| codes);
    for code in ALWAYS.iter().chain(own) {
        let (status, title, _) = code.about();
        let line = format!("`{code}`: {title}.");
        let response = operation.responses.responses.entry(status.to_string()).or_insert_with(|| {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            RefOr::T(ResponseBuilder::new().content(PROBLEM_JSON, content).build())
        });
        if let RefOr::T(response) = response {
            let before = std::mem::take(&mut response.description);
            response.description = if before.is_empty() { line } else { format!("{before} {line}") };
        }
    }
}

/// Objects that customers send, or whose members are left out where they say nothing.
const WITH_OPTIONAL_FIELDS: &[&str] =
    &["NewBatch", "Item", "NewWebhookEndpoint", "NewWebhookReplayPreview", "Problem", "WebhookBatchData", "WebhookEnvelope"];

struct WholeAnswers;

/// What is answered always has all its fields: what is not there is `null`.
impl Modify for WholeAnswers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (name, schema) in &mut document.components.get_or_insert_default().schemas {
            if let RefOr::T(Schema::Object(object)) = schema
                && !WITH_OPTIONAL_FIELDS.contains(&name.as_str())
            {
                object.required = object.properties.keys().cloned().collect();
            }
        }
    }
}

/// A text that is one of these words.
pub(super) fn word_list(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

static DOCUMENT: LazyLock<serde_json::Value> = LazyLock::new(|| {
    let mut document = serde_json::to_value(CustomerApi::openapi()).expect("an OpenAPI document is always JSON");
    document["webhooks"] = super::webhooks::document();
    document
});

/// The document as JSON. Made once.
pub(super) fn value() -> &'static serde_json::Value {
    &DOCUMENT
}

/// `GET /api/openapi.json`.
pub(super) async fn document() -> Json<&'static serde_json::Value> {
    Json(value())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn operations() -> Vec<(String, &'static serde_json::Value)> {
        let paths = value()["paths"].as_object().unwrap();
        let in_path = |(path, item): (&String, &'static serde_json::Value)| {
            item.as_object().unwrap().iter().map(|(method, operation)| (format!("{method} {path}"), operation)).collect::<Vec<_>>()
        };
        paths.iter().flat_map(in_path).collect()
    }

    #[test]
    fn every_route_of_the_design_is_described() {
        let mut named: Vec<String> = operations().into_iter().map(|(name, _)| name).collect();
        named.sort();
        assert_eq!(
            named,
            [
                "delete /api/v1/webhook-endpoints/{id}",
                "get /api/v1/batches",
                "get /api/v1/batches/{id}",
                "get /api/v1/batches/{id}/results",
                "get /api/v1/batches/{id}/tasks",
                "get /api/v1/batches/{id}/tasks/{number}",
                "get /api/v1/batches/{id}/tasks/{number}/content",
                "get /api/v1/credits",
                "get /api/v1/ledger",
                "get /api/v1/webhook-deliveries",
                "get /api/v1/webhook-deliveries/{id}",
                "get /api/v1/webhook-endpoints",
                "get /api/v1/webhook-endpoints/{id}",
                "get /api/v1/webhook-replays",
                "get /api/v1/webhook-replays/{id}",
                "patch /api/v1/webhook-endpoints/{id}",
                "post /api/v1/batches",
                "post /api/v1/batches/{id}/cancel",
                "post /api/v1/webhook-deliveries/{id}/resend",
                "post /api/v1/webhook-endpoints",
                "post /api/v1/webhook-endpoints/{id}/disable",
                "post /api/v1/webhook-endpoints/{id}/enable",
                "post /api/v1/webhook-endpoints/{id}/rotate-secret",
                "post /api/v1/webhook-endpoints/{id}/test",
                "post /api/v1/webhook-replays",
                "post /api/v1/webhook-replays/preview",
                "post /api/v1/webhook-replays/{id}/abort",
            ]
        );
        assert_eq!(value()["openapi"], "3.1.0");
    }

    #[test]
    fn every_code_is_said_to_come_from_somewhere() {
        let said: HashSet<&Code> = ALWAYS.iter().chain(NOWHERE).chain(BY_OPERATION.iter().flat_map(|(_, codes)| *codes)).collect();
        let unsaid: Vec<&Code> = Code::ALL.iter().filter(|code| !said.contains(code)).collect();
        assert_eq!(unsaid, [&Code::IdempotencyInFlight; 0]);
        for (name, operation) in operations() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(BY_OPERATION.iter().any(|(listed, _)| *listed == id), "{name}: {id} has no row in BY_OPERATION");
            let problem = &operation["responses"]["401"]["content"][PROBLEM_JSON]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{name}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = value().to_string();
        for reference in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(value()["components"]["schemas"].get(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn answers_have_all_their_fields_and_requests_only_what_is_needed() {
        let required = |name: &str| value()["components"]["schemas"][name]["required"].as_array().unwrap().len();
        assert_eq!((required("Batch"), required("Task"), required("NewBatch"), required("Item")), (12, 13, 1, 1));
    }

    #[test]
    fn operators_words_stay_out() {
        let text = value().to_string();
        for word in ["microusd", "upstream", "provider_job", "/admin"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
