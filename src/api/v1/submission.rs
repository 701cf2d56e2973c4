//! `POST /batches`: read, recognise a repetition, count, submit. In this order: a repetition is answered with what was
//! answered first, before any limit or balance is looked at; a request that cannot be read is counted like any other.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::auth::MaySubmit;
use super::batches::{BatchView, render_batch};
use super::idempotency;
use super::items::{self, Item, Items, METADATA_RULE, Metadata};
use super::quote;
use crate::api::Api;
use crate::api::body::{JsonText, unparsed};
use crate::api::code::Code;
use crate::api::parameters::Parameters;
use crate::api::problem::Problem;
use crate::domain::submission::NewBatch;
use crate::service::Limits;
use crate::service::batches::{Submission, Submitted};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A batch to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBatch)]
pub(crate) struct BatchFields<'a> {
    /// For every item that names none.
    #[schema(example = "sora-2")]
    model: Option<String>,
    /// Where to send this batch's events.
    #[schema(format = "uri", max_length = 2048)]
    webhook_url: Option<String>,
    /// Up to 16 texts of your own.
    #[serde(borrow)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    metadata: Option<&'a RawValue>,
    /// Older name of the `Idempotency-Key` header. If both are sent, they are equal.
    #[schema(max_length = 255)]
    request_id: Option<String>,
    /// At least the minimum of each model that is named.
    #[serde(borrow)]
    #[schema(required, value_type = Vec<Item>, min_items = 1, max_items = 10_000)]
    items: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitParameters {
    /// Only price the batch and look for errors; nothing is stored, and no idempotency key is needed.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

/// Submit a batch
///
/// Holds the credits of every item and makes the batch with all its tasks, or stores nothing. Repeat a request that was not
/// answered with the same `Idempotency-Key`: it is answered with the first answer, and no second batch is made.
/// With `dry_run=true` the answer is a quote: what the batch would cost, and whether the credits suffice. A batch that would be
/// refused for its items is refused alike.
#[utoipa::path(
    post, path = "/api/v1/batches", tag = "Batches", operation_id = "submit_batch",
    params(SubmitParameters, ("Idempotency-Key" = Option<String>, Header, description = "Your name of this request, new for each batch, 1 to 255 printable ASCII characters. Required, unless `request_id` is in the body or `dry_run` is true.")),
    request_body(content = BatchFields, example = json!({
        "model": "sora-2",
        "items": [{"prompt": "A lighthouse at dawn, waves, slow pan", "custom_id": "scene-1", "aspect_ratio": "16:9", "duration": 8}],
        "metadata": {"project": "spring"}
    })),
    responses(
        (status = 201, description = "The batch was made, or had been made by an earlier request with the same key.", body = BatchView, headers(
            ("Location" = String, description = "Address of the batch."),
            ("Idempotent-Replayed" = String, description = "`true` when this is the stored answer of an earlier request."),
        )),
        (status = 200, description = "`dry_run`: the quote.", body = quote::QuoteView),
    ),
)]
pub(crate) async fn submit(
    State(api): State<Api>,
    MaySubmit { caller, exchange }: MaySubmit,
    parameters: Result<Parameters<SubmitParameters>, Problem>,
    headers: HeaderMap,
    text: Result<JsonText, Problem>,
) -> Result<Response, Problem> {
    let read = parameters.and_then(|Parameters(SubmitParameters { dry_run })| Ok((dry_run, text?)));
    let read = read.and_then(|(dry_run, text)| asked(dry_run, &headers, text.as_str()?, api.limits));
    let (key, batch) = match read {
        Ok(read) => read,
        Err(problem) => {
            exchange.admit(&api.service, &caller).await?;
            return Err(problem);
        }
    };
    let Some(idempotency_key) = key else {
        exchange.admit(&api.service, &caller).await?;
        return quote::answer(&api, &caller, &batch).await;
    };
    let fingerprint = idempotency::fingerprint(&batch);
    if let Some(body) = api.service.find_replay(&caller, &idempotency_key, &fingerprint).await? {
        return answer(Submitted { body, replayed: true });
    }
    exchange.admit(&api.service, &caller).await?;
    let submission = Submission { idempotency_key, fingerprint, batch, render: render_batch };
    answer(api.service.submit(&caller, submission).await?)
}

/// What is asked for: a batch with its idempotency key, or without one when it is only to be priced.
fn asked(dry_run: bool, headers: &HeaderMap, text: &str, limits: Limits) -> Result<(Option<String>, NewBatch), Problem> {
    let fields: BatchFields<'_> = serde_json::from_str(text).map_err(|error| unparsed(&error))?;
    let key = if dry_run { None } else { Some(idempotency::key(headers, fields.request_id.as_deref())?) };
    Ok((key, read_batch(fields, limits)?))
}

fn read_batch(fields: BatchFields<'_>, limits: Limits) -> Result<NewBatch, Problem> {
    let invalid = |detail: String| Problem::new(Code::InvalidRequest, detail);
    let metadata = fields.metadata.filter(|raw| raw.get() != "null").map(|raw| serde_json::from_str::<Metadata>(raw.get()));
    let metadata = metadata.transpose().map_err(|_| invalid(METADATA_RULE.to_owned()))?;
    if fields.model.as_deref().is_some_and(|model| model.contains('\0')) {
        return Err(invalid("The model contains the NUL character (U+0000).".to_owned()));
    }
    if let Some(Err(refusal)) = fields.webhook_url.as_deref().map(|url| limits.subnets.check(url)) {
        return Err(invalid(format!("The webhook_url {refusal}.")));
    }
    let items = fields.items.map_or("[]", RawValue::get);
    let items = match items::read(items, limits.tasks_max).map_err(|_| invalid("The items are an array of objects.".to_owned()))? {
        Items::Good(items) => items,
        Items::Bad { errors, bad_items } => return Err(Problem::items(errors, bad_items)),
        Items::TooMany(count) => return Err(Problem::too_many_items(count, limits.tasks_max)),
    };
    Ok(NewBatch { model: fields.model, webhook_url: fields.webhook_url, metadata: metadata.map(|metadata| metadata.to_json()), items })
}

/// The id in a rendered batch, for its address.
#[derive(Deserialize)]
struct Rendered<'a> {
    id: &'a str,
}

fn answer(Submitted { body, replayed }: Submitted) -> Result<Response, Problem> {
    let batch: Rendered<'_> =
        serde_json::from_str(&body).map_err(|error| Problem::internal(format!("a stored answer is damaged: {error}")))?;
    let location = format!("/api/v1/batches/{}", batch.id);
    let mut response =
        (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json".to_owned()), (header::LOCATION, location)], body).into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, header::HeaderValue::from_static("true"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::target::Subnets;

    const LIMITS: Limits = Limits { tasks_max: 10, subnets: Subnets::NONE, approval_over: None };

    fn asked_for(text: &str) -> Result<NewBatch, Problem> {
        asked(true, &HeaderMap::new(), text, LIMITS).map(|(_, batch)| batch)
    }

    #[test]
    fn white_space_order_and_writing_make_no_difference() {
        let one = asked_for(r#"{"model":"m","items":[{"prompt":"a","duration":8}],"metadata":{"a":"1","b":"2"}}"#).unwrap();
        let other = asked_for(
            r#" {"metadata":{"b":"2","a":"\u0031"}, "items":[ {"duration":"8","prompt":"\u0061"} ],"model":"m","webhook_url":null}"#,
        );
        assert_eq!(idempotency::fingerprint(&one), idempotency::fingerprint(&other.unwrap()));
    }

    #[test]
    fn says_what_is_wrong_with_the_whole() {
        for (text, code, says) in [
            ("", Code::MalformedJson, "line 1"),
            (r#"{"items":[}"#, Code::MalformedJson, "line 1 column 11"),
            (r#"{"items":[]} x"#, Code::MalformedJson, "trailing"),
            ("[]", Code::InvalidRequest, "not as described"),
            (r#"{"itmes":[]}"#, Code::InvalidRequest, "itmes"),
            (r#"{"items":5}"#, Code::InvalidRequest, "items"),
            (r#"{"items":[],"metadata":[]}"#, Code::InvalidRequest, "metadata"),
            (r#"{"items":[],"webhook_url":"ftp://x"}"#, Code::InvalidRequest, "webhook_url"),
            (r#"{"items":[],"webhook_url":"http://127.0.0.1/hook"}"#, Code::InvalidRequest, "webhook_url"),
            (r#"{"items":[],"model":"a\u0000"}"#, Code::InvalidRequest, "model"),
            (r#"{"items":[1,1,1,1,1,1,1,1,1,1,1]}"#, Code::TooManyItems, "11 items"),
        ] {
            let problem = asked_for(text).unwrap_err();
            assert_eq!(problem.code(), code, "{text}");
            assert!(problem.detail().contains(says), "{text}: {}", problem.detail());
        }
    }

    #[test]
    fn no_items_are_left_to_the_domain() {
        assert_eq!(asked_for("{}").unwrap().items, []);
    }

    #[test]
    fn a_dry_run_needs_no_key() {
        assert!(asked(true, &HeaderMap::new(), "{}", LIMITS).unwrap().0.is_none());
        assert_eq!(asked(false, &HeaderMap::new(), "{}", LIMITS).unwrap_err().code(), Code::IdempotencyKeyMissing);
        assert_eq!(asked(false, &HeaderMap::new(), r#"{"request_id":"k"}"#, LIMITS).unwrap().0.as_deref(), Some("k"));
    }
}
