//! `/docs/api`: the OpenAPI document for people, as plain HTML without scripts. Everything on the page comes from the document
//! and from the table of problem codes.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{Html, IntoResponse};
use serde_json::Value;

use super::code::Code;
use super::openapi;

static PAGE: LazyLock<String> = LazyLock::new(|| whole(openapi::value()));

/// A first request to paste.
const CURL: &str = r#"curl "$BATCHBOOK/api/v1/credits" -H "Authorization: Bearer $BATCHBOOK_KEY""#;

/// `GET /docs/api`.
pub(super) async fn page() -> Html<&'static str> {
    Html(PAGE.as_str())
}

/// `GET /docs/api/reference.css`: a file of its own, because the content policy allows no styles inside the page.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("reference.css"))
}

fn whole(document: &Value) -> String {
    let mut html = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Batchbook API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/docs/api/reference.css\"></head><body>",
    );
    push(&mut html, &format!("<nav aria-label=\"Contents\">{}</nav><main>", contents(document)));
    push(&mut html, &format!("<h1>Batchbook API</h1><p>{}</p>", prose(text(&document["info"]["description"]))));
    push(&mut html, "<p>Send your key as <code>Authorization: Bearer bb_…</code> or <code>X-API-Key: bb_…</code>. ");
    push(
        &mut html,
        "The same description for programs: <a href=\"/api/openapi.json\">openapi.json</a>. \
        What we send to you: <a href=\"/docs/webhooks\">webhooks</a>.</p>",
    );
    push(&mut html, &format!("<pre><code>{}</code></pre>", escaped(CURL)));
    for (method, path, operation) in operations(document) {
        push_operation(&mut html, method, path, operation);
    }
    push(&mut html, "<h2 id=\"objects\">Objects</h2>");
    for (name, schema) in entries(&document["components"]["schemas"]).filter(|(name, _)| !name.starts_with("List_")) {
        push(&mut html, &format!("<section id=\"object-{0}\"><h3>{0}</h3>", escaped(name)));
        push(&mut html, &format!("<p>{}</p>{}</section>", prose(text(&schema["description"])), fields(schema)));
    }
    push(
        &mut html,
        "<h2 id=\"problems\">Problems</h2><div class=\"wide\"><table><thead><tr><th>Code</th><th>Status</th><th>What happened</th><th>What to do</th></tr></thead><tbody>",
    );
    for code in Code::ALL {
        let (status, title, advice) = code.about();
        let row = format!(
            "<tr id=\"problem-{code}\"><td><code>{code}</code></td><td>{status}</td><td>{}</td><td>{}</td></tr>",
            prose(title),
            prose(advice)
        );
        push(&mut html, &row);
    }
    push(&mut html, "</tbody></table></div></main></body></html>");
    html
}

fn contents(document: &Value) -> String {
    let mut html = String::from("<ul>");
    for (method, path, operation) in operations(document) {
        let (id, short) = (text(&operation["operationId"]), path.trim_start_matches("/api/v1"));
        push(&mut html, &format!("<li><a href=\"#{id}\"><b>{}</b> {}</a></li>", method.to_uppercase(), escaped(short)));
    }
    push(&mut html, "<li><a href=\"#objects\">Objects</a></li><li><a href=\"#problems\">Problems</a></li></ul>");
    html
}

fn push_operation(html: &mut String, method: &str, path: &str, operation: &Value) {
    let (id, summary) = (text(&operation["operationId"]), text(&operation["summary"]));
    push(html, &format!("<section id=\"{id}\"><h2>{}</h2>", escaped(summary)));
    push(html, &format!("<p class=\"address\"><b>{}</b> <code>{}</code></p>", method.to_uppercase(), escaped(path)));
    push(html, &format!("<p>{}</p>", prose(text(&operation["description"]))));
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        push(
            html,
            "<h3>Parameters</h3><div class=\"wide\"><table><thead><tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr></thead><tbody>",
        );
        for parameter in parameters {
            let (name, place) = (escaped(text(&parameter["name"])), escaped(text(&parameter["in"])));
            let (kind, meaning) = (kind(&parameter["schema"]), prose(text(&parameter["description"])));
            push(html, &format!("<tr><td><code>{name}</code></td><td>{place}</td><td>{kind}</td><td>{meaning}</td></tr>"));
        }
        push(html, "</tbody></table></div>");
    }
    for (_, content) in entries(&operation["requestBody"]["content"]) {
        push(html, &format!("<h3>Body</h3><p>{}</p>", kind(&content["schema"])));
        if let Ok(example) = serde_json::to_string_pretty(&content["example"]) {
            push(html, &format!("<pre><code>{}</code></pre>", escaped(&example)));
        }
    }
    push(html, "<h3>Answers</h3><div class=\"wide\"><table><thead><tr><th>Status</th><th>Body</th><th>Meaning</th></tr></thead><tbody>");
    for (status, response) in entries(&operation["responses"]) {
        let body = entries(&response["content"]).map(|(_, content)| kind(&content["schema"])).collect::<Vec<_>>().join(", ");
        push(html, &format!("<tr><td>{}</td><td>{body}</td><td>{}</td></tr>", escaped(status), prose(text(&response["description"]))));
    }
    push(html, "</tbody></table></div></section>");
}

/// The fields of an object as a table.
pub(super) fn fields(schema: &Value) -> String {
    let mut html = String::from("<div class=\"wide\"><table><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead><tbody>");
    for (name, field) in entries(&schema["properties"]) {
        let (kind, meaning) = (kind(field), prose(text(&field["description"])));
        push(&mut html, &format!("<tr><td><code>{}</code></td><td>{kind}</td><td>{meaning}</td></tr>", escaped(name)));
    }
    push(&mut html, "</tbody></table></div>");
    html
}

/// What a schema is, in a few words, with links to the objects that it names.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return match name.strip_prefix("List_") {
            Some(row) => format!("a page of <a href=\"#object-{0}\">{0}</a>", escaped(row)),
            None => format!("<a href=\"#object-{0}\">{0}</a>", escaped(name)),
        };
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("<code>{}</code>", escaped(text(word)))).collect::<Vec<_>>().join(" · ");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().map(text).collect(),
        _ => vec!["any"],
    };
    let words = kinds.into_iter().map(|word| match (word, text(&schema["format"])) {
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        ("object", _) if schema["additionalProperties"].is_object() => "object of texts".to_owned(),
        ("string", "date-time") => "time".to_owned(),
        ("string", "uri") => "address".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) => match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
            (Some(min), Some(max)) => format!("whole number, {min} to {max}"),
            _ => "whole number".to_owned(),
        },
        (other, _) => escaped(other),
    });
    words.collect::<Vec<_>>().join(" or ")
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let mut all: Vec<_> = entries(&document["paths"])
        .flat_map(|(path, item)| entries(item).map(move |(method, operation)| (method, path, operation)))
        .collect();
    // In the order of the tags, then as people read them: shorter addresses first.
    let tags: Vec<&str> = document["tags"].as_array().map_or_else(Vec::new, |tags| tags.iter().map(|tag| text(&tag["name"])).collect());
    all.sort_by_key(|(method, path, operation)| {
        let tag = text(&operation["tags"][0]);
        (tags.iter().position(|name| *name == tag), path.len(), *method != "post")
    });
    all.into_iter()
}

pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

pub(super) fn push(html: &mut String, more: &str) {
    // Writing to a text cannot fail.
    let _ = html.write_str(more);
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text with `code` in backticks.
pub(super) fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_operation_object_and_problem() {
        let page = PAGE.as_str();
        for (_, path, operation) in operations(openapi::value()) {
            assert!(page.contains(&format!("id=\"{}\"", text(&operation["operationId"]))) && page.contains(path), "{path}");
        }
        for code in Code::ALL {
            assert!(page.contains(&format!("id=\"problem-{code}\"")), "{code}");
        }
        for anchor in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        }
    }

    #[test]
    fn needs_nothing_from_elsewhere() {
        let page = PAGE.as_str();
        assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("src="));
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(prose("<b> & `x<y`"), "&lt;b&gt; &amp; <code>x&lt;y</code>");
    }
}
