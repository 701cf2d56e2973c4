//! API keys of customers: what each may do and how much it is used; made, shown once, and revoked.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{customer_id, key_of};
use crate::api::body::{JsonText, unparsed};
use crate::api::code::Code;
use crate::api::door::Signed;
use crate::api::openapi::word_list;
use crate::api::problem::Problem;
use crate::api::v1::idempotency::key as token_of;
use crate::api::v1::page::List;
use crate::domain::id::KeyId;
use crate::domain::key::{KeyTerms, Scope, Scopes};
use crate::domain::time::Time;
use crate::service::Listed;
use crate::service::keys::{DayOfUse, ListedKey};
use crate::service::once::Once;

/// An API key. Its secret is not known here.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct KeyView {
    /// Always `api_key`.
    #[schema(example = "api_key")]
    object: &'static str,
    id: String,
    name: String,
    /// How its secret begins.
    prefix: String,
    #[schema(schema_with = scope_list)]
    scopes: Vec<Scope>,
    /// Addresses and subnets that it may be used from, with commas between them; empty: from anywhere.
    allowed_from: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    requests_per_min_max: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Time>,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Time>,
    /// Let through in the last 30 days.
    requests_30d: i64,
    /// Refused in the last 30 days.
    refused_30d: i64,
}

impl From<&ListedKey> for KeyView {
    fn from(key: &ListedKey) -> Self {
        Self {
            object: "api_key",
            id: key.id.to_string(),
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            scopes: key.terms.scopes.iter().collect(),
            allowed_from: key.terms.allowed.to_string(),
            expires_at: key.terms.expires_at,
            requests_per_min_max: key.terms.requests_per_min_max,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
            requests_30d: key.requests,
            refused_30d: key.refused,
        }
    }
}

/// One day of a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DayOfUse)]
pub(super) struct DayView {
    /// UTC.
    #[schema(example = "2026-11-22")]
    day: String,
    requests: i64,
    refused: i64,
}

impl From<&DayOfUse> for DayView {
    fn from(day: &DayOfUse) -> Self {
        Self { day: day.day.to_string(), requests: day.requests, refused: day.refused }
    }
}

/// A key that is to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApiKey {
    /// What it is for, to tell keys apart.
    name: String,
    /// All three, unless given.
    #[schema(schema_with = scope_list)]
    scopes: Option<Vec<Scope>>,
    /// Addresses and subnets that it may be used from, with commas between them; from anywhere, unless given.
    #[schema(example = "203.0.113.7,10.0.0.0/8")]
    allowed_from: Option<String>,
    /// For ever, unless given.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// 600, unless given.
    requests_per_min_max: Option<i64>,
}

/// A key that was just made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NewSecret)]
pub(super) struct SecretView {
    /// Always `api_key`.
    #[schema(example = "api_key")]
    object: &'static str,
    id: String,
    /// Shown this once: a repeated request is answered with 409.
    secret: String,
}

/// A key that is not good any more.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RevokedKey)]
pub(super) struct RevokedView {
    /// Always `api_key`.
    #[schema(example = "api_key")]
    object: &'static str,
    id: String,
    revoked: bool,
}

/// Requests a minute of a key that was given no other limit.
const USUAL_RATE: i64 = 600;

fn scope_list() -> utoipa::openapi::Array {
    utoipa::openapi::ArrayBuilder::new().items(word_list(Scope::ALL.iter().map(|scope| scope.as_str()))).build()
}

fn key_id(text: &str) -> Result<KeyId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "There is no such key. Its id starts with key_ and has 30 characters."))
}

/// List the API keys of a customer
///
/// Those in use first, then the newest; at most 200.
#[utoipa::path(
    get, path = "/api/admin/customers/{id}/keys", tag = "Customers", operation_id = "list_customer_keys",
    params(("id" = String, Path, description = "Id of the customer.")),
    responses((status = 200, description = "The customer's API keys.", body = List<KeyView>)),
)]
pub(super) async fn list(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<List<KeyView>>, Problem> {
    let rows = api.service.keys(key_of(&api.service, &id).await?).await?;
    Ok(Json(List::of(Listed { rows, has_more: false }, |key| key.id.to_string())))
}

/// Make an API key
///
/// The answer holds its secret, this once. Needs an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/admin/customers/{id}/keys", tag = "Customers", operation_id = "add_customer_key",
    params(("id" = String, Path, description = "Id of the customer."), ("Idempotency-Key" = String, Header, description = "New for each key.")),
    request_body = NewApiKey,
    responses((status = 201, description = "The key and its secret.", body = SecretView)),
)]
pub(super) async fn add(
    Signed(api): Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonText,
) -> Result<(StatusCode, Json<SecretView>), Problem> {
    let asked: NewApiKey = serde_json::from_str(body.as_str()?).map_err(|error| unparsed(&error))?;
    let invalid = |detail: String| Problem::new(Code::InvalidRequest, detail);
    let scopes = asked.scopes.map_or(Some(Scopes::ALL), Scopes::of).ok_or_else(|| invalid("scopes: a key has at least one.".to_owned()))?;
    let allowed = asked.allowed_from.unwrap_or_default().parse().map_err(|error| invalid(format!("allowed_from: {error}.")))?;
    let requests_per_min_max = asked.requests_per_min_max.unwrap_or(USUAL_RATE);
    let terms = KeyTerms { scopes, allowed, expires_at: asked.expires_at, requests_per_min_max };
    let token = token_of(&headers, None)?;
    let made = api.service.add_key_once(customer_id(&id)?, &asked.name, &terms, Once { token: &token }).await?;
    let made = made.ok_or_else(|| {
        let detail = "This request made its key before, and the secret was shown then. Revoke that key and make another one if it is lost.";
        Problem::new(Code::SecretShownBefore, detail)
    })?;
    let view = SecretView { object: "api_key", id: made.id.to_string(), secret: made.secret.reveal().to_owned() };
    Ok((StatusCode::CREATED, Json(view)))
}

/// How much a key is used
///
/// The last 30 days on which it was, newest first. Written every few seconds.
#[utoipa::path(
    get, path = "/api/admin/customers/{id}/keys/{key}/usage", tag = "Customers", operation_id = "get_customer_key_usage",
    params(("id" = String, Path, description = "Id of the customer."), ("key" = String, Path, description = "Id of the key.")),
    responses((status = 200, description = "Its days.", body = List<DayView>)),
)]
pub(super) async fn usage(Signed(api): Signed, Path((id, key)): Path<(String, String)>) -> Result<Json<List<DayView>>, Problem> {
    let rows = api.service.key_usage(key_of(&api.service, &id).await?, key_id(&key)?).await?;
    Ok(Json(List::of(Listed { rows, has_more: false }, |day| day.day.to_string())))
}

/// Revoke an API key
///
/// From the next request on it is refused. What it submitted goes on.
#[utoipa::path(
    post, path = "/api/admin/keys/{id}/revoke", tag = "Customers", operation_id = "revoke_key",
    params(("id" = String, Path, description = "Id of the key.")),
    responses((status = 200, description = "It is revoked.", body = RevokedView)),
)]
pub(super) async fn revoke(Signed(api): Signed, Path(id): Path<String>) -> Result<Json<RevokedView>, Problem> {
    api.service.revoke_key(key_id(&id)?).await?;
    Ok(Json(RevokedView { object: "api_key", id, revoked: true }))
}
