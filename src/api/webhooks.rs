//! What we send: the `webhooks` of the OpenAPI document, and `/docs/webhooks` for people. Types, sentences and examples come from
//! the catalogue, which is made by the code that makes the events.

use std::sync::LazyLock;

use axum::response::Html;
use serde_json::{Map, Value, json};

use super::openapi;
use super::reference::{escaped, fields, prose, push, text};
use crate::domain::webhook::{EventType, Schedule, TIMEOUT_MS};
use crate::service::events::{Described, catalogue};

static PAGE: LazyLock<String> = LazyLock::new(|| whole(openapi::value()));

/// Objects that are explained on the page, in the order in which people meet them.
const OBJECTS: [&str; 9] = [
    "WebhookEnvelope",
    "WebhookLinks",
    "WebhookBatchData",
    "Counts",
    "BatchCredits",
    "WebhookRefund",
    "WebhookTask",
    "WebhookTaskError",
    "WebhookTestData",
];

/// What every request carries.
const HEADERS: [(&str, &str); 3] = [
    ("webhook-id", "The delivery (`dlv_…`): the same through all attempts. Remember it, and you do nothing twice."),
    ("webhook-timestamp", "When this attempt was sent, in seconds since 1970. Refuse what is older than five minutes."),
    ("webhook-signature", "`v1,` and base64 of HMAC-SHA256; two of them, with a space between, while a secret is rotated."),
];

const VERIFY: &str = "// npm install standardwebhooks
import { Webhook } from 'standardwebhooks'
const event = new Webhook(secret).verify(body, request.headers) // throws when it is not ours

# pip install standardwebhooks
from standardwebhooks import Webhook
event = Webhook(secret).verify(body, request.headers)  # raises when it is not ours";

/// `GET /docs/webhooks`.
pub(super) async fn page() -> Html<&'static str> {
    Html(PAGE.as_str())
}

/// One `webhooks` entry for each type.
pub(super) fn document() -> Value {
    let entries = catalogue().into_iter().map(|described| (described.kind.to_string(), item(&described)));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn item(described: &Described) -> Value {
    let kind = described.kind;
    let headers = HEADERS
        .iter()
        .map(|(name, about)| json!({"name": name, "in": "header", "required": true, "description": about, "schema": {"type": "string"}}));
    let data = if kind == EventType::WebhookTest { "WebhookTestData" } else { "WebhookBatchData" };
    let part = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let schema = json!({
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "const": kind.as_str()},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": {"allOf": [part("WebhookEnvelope"), part(data)]},
        },
    });
    let example: Value = serde_json::from_str(&described.example).unwrap_or_default();
    json!({"post": {
        "operationId": format!("on_{}", kind.as_str().replace('.', "_")),
        "tags": ["Webhooks"],
        "summary": kind.as_str(),
        "description": described.when,
        "parameters": headers.collect::<Vec<_>>(),
        "requestBody": {"required": true, "content": {"application/json": {"schema": schema, "example": example}}},
        "responses": {
            "2XX": {"description": "You have it. At most 64 kB of the answer are read."},
            "410": {"description": "You want no more: the endpoint is disabled."},
            "default": {"description": "It is tried again. `429` and `503` may ask for a pause with `Retry-After`."},
        },
    }})
}

fn whole(document: &Value) -> String {
    let mut html = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Batchbook webhooks</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/docs/api/reference.css\"></head><body><nav aria-label=\"Contents\"><ul>",
    );
    for described in catalogue() {
        push(&mut html, &format!("<li><a href=\"#{0}\">{0}</a></li>", described.kind));
    }
    push(&mut html, "<li><a href=\"#verify\">Verify</a></li><li><a href=\"#answer\">Answer</a></li>");
    push(&mut html, "<li><a href=\"#objects\">Objects</a></li></ul></nav><main><h1>Batchbook webhooks</h1>");
    push(&mut html, "<p>Events are sent to the endpoints that you register, and to the <code>webhook_url</code> of a batch, as ");
    push(&mut html, "<code>POST</code> with a JSON body. They may arrive more than once and out of order. How to register and to replay: ");
    push(
        &mut html,
        "<a href=\"/docs/api\">the API</a>; the same description for programs: <a href=\"/api/openapi.json\">openapi.json</a>.</p>",
    );
    for described in catalogue() {
        push_type(&mut html, &described);
    }
    push_verify(&mut html);
    push_answer(&mut html);
    push(
        &mut html,
        "<h2 id=\"objects\">Objects</h2><p><code>data</code> is a <code>WebhookEnvelope</code> and what happened, in one object.</p>",
    );
    for name in OBJECTS {
        let schema = &document["components"]["schemas"][name];
        push(&mut html, &format!("<section id=\"object-{name}\"><h3>{name}</h3>"));
        push(&mut html, &format!("<p>{}</p>{}</section>", prose(text(&schema["description"])), fields(schema)));
    }
    push(&mut html, "</main></body></html>");
    html
}

fn push_type(html: &mut String, described: &Described) {
    let example: Value = serde_json::from_str(&described.example).unwrap_or_default();
    let example = serde_json::to_string_pretty(&example).unwrap_or_default();
    push(html, &format!("<section id=\"{0}\"><h2>{0}</h2><p>{1}</p>", described.kind, prose(described.when)));
    push(html, &format!("<pre><code>{}</code></pre></section>", escaped(&example)));
}

fn push_verify(html: &mut String) {
    push(html, "<h2 id=\"verify\">Verify</h2><p>By the <a href=\"https://www.standardwebhooks.com\">Standard Webhooks</a> specification, ");
    push(html, "with the endpoint\u{2019}s secret and the body as it came, before any JSON parser has seen it.</p>");
    push(html, "<div class=\"wide\"><table><thead><tr><th>Header</th><th>Meaning</th></tr></thead><tbody>");
    for (name, about) in HEADERS {
        push(html, &format!("<tr><td><code>{name}</code></td><td>{}</td></tr>", prose(about)));
    }
    push(html, &format!("</tbody></table></div><pre><code>{}</code></pre>", escaped(VERIFY)));
    push(
        html,
        &format!(
            "<p>{}</p>",
            prose(
                "By hand: HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` with the base64-decoded part of the secret after `whsec_`."
            )
        ),
    );
}

fn push_answer(html: &mut String) {
    let schedule = Schedule::default();
    let pauses: Vec<String> = schedule.pauses_s().iter().skip(1).map(|seconds| pause(*seconds)).collect();
    let text = format!(
        "Answer any 2xx within {} seconds, unless the endpoint says otherwise; work later. Everything else is tried again, usually after {}, each \
         counted from the try before. Redirects are not followed; `410` disables the endpoint; `429` and `503` may ask for a pause with \
         `Retry-After`. What is given up can be replayed.",
        TIMEOUT_MS / 1_000,
        pauses.join(", ")
    );
    push(html, &format!("<h2 id=\"answer\">Answer</h2><p>{}</p>", prose(&text)));
}

fn pause(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::reference::entries;
    use super::*;

    #[test]
    fn every_type_is_on_the_page_and_in_the_document() {
        for kind in EventType::ALL {
            assert!(PAGE.contains(&format!("id=\"{kind}\"")), "{kind}");
            assert_eq!(
                openapi::value()["webhooks"][kind.as_str()]["post"]["requestBody"]["content"]["application/json"]["example"]["type"],
                kind.as_str()
            );
        }
        for anchor in PAGE.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(PAGE.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        }
        assert!(!PAGE.contains("<script") && !PAGE.contains("style="));
    }

    /// Names in an object, as its schemas have them.
    fn names(schema: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let schema = &openapi::value()["components"]["schemas"][schema];
        let all = entries(&schema["properties"]).map(|(name, _)| name.to_owned()).collect();
        let required = schema["required"].as_array().into_iter().flatten().map(|name| text(name).to_owned()).collect();
        (all, required)
    }

    #[test]
    fn examples_have_the_fields_that_the_schemas_say() {
        for described in catalogue() {
            let example: Value = serde_json::from_str(&described.example).unwrap();
            let found: BTreeSet<String> = entries(&example["data"]).map(|(name, _)| name.to_owned()).collect();
            let data = if described.kind == EventType::WebhookTest { "WebhookTestData" } else { "WebhookBatchData" };
            let ((envelope, first), (all, required)) = (names("WebhookEnvelope"), names(data));
            let all: BTreeSet<String> = envelope.union(&all).cloned().collect();
            let required: BTreeSet<String> = first.union(&required).cloned().collect();
            assert!(found.is_subset(&all), "{}: {found:?}", described.kind);
            assert!(found.is_superset(&required), "{}: {found:?} lacks some of {required:?}", described.kind);
        }
    }
}
