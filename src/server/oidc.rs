//! Signing in by somebody else who vouches: to the provider and back. What belongs together is kept by the browser, in a cookie
//! that no script reads and no other site can set.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::config::{Config, OidcConfig};
use super::sign_in::{Desk, agent, refused, said_of};
use crate::api::door::{Cookie, From};
use crate::api::route::get;
use crate::console::query::{LoginQuery, Said};
use crate::domain::access::Role;
use crate::providers::identity::{Flow, Identity, NotVouched};
use crate::service::introductions::{Browser, Introduced};

/// A person has so long to sign in there.
const FLOW_S: i64 = 600;

/// Whoever vouches, as it is configured.
pub fn voucher(config: &Config) -> Result<Option<Voucher>, NotVouched> {
    let Some(OidcConfig { identity, roles }) = config.oidc.clone() else { return Ok(None) };
    Ok(Some(Voucher { identity: Arc::new(Identity::new(identity)?), roles }))
}

/// Who vouches, and which of its words mean which role, the mightiest first.
#[derive(Clone, Debug)]
pub struct Voucher {
    pub identity: Arc<Identity>,
    pub roles: Vec<(String, Role)>,
}

#[derive(Clone, Debug)]
struct Counter {
    desk: Desk,
    voucher: Voucher,
    origin: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Begin {
    #[serde(default)]
    next: String,
}

/// What the browser comes back with.
#[derive(Debug, Deserialize)]
struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

pub fn router<S>(desk: Desk, voucher: Voucher, origin: Option<String>) -> Router<S> {
    Router::new().route(LoginQuery::VOUCHED, get(begin)).route(LoginQuery::VOUCHED_BACK, get(back)).with_state(Counter {
        desk,
        voucher,
        origin,
    })
}

impl Counter {
    /// Where the browser comes back to. Only names of this server get through the door.
    fn redirect_uri(&self, headers: &HeaderMap) -> String {
        let by_host = || format!("http://{}", headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default());
        format!("{}{}", self.origin.clone().unwrap_or_else(by_host), LoginQuery::VOUCHED_BACK)
    }
}

async fn begin(State(counter): State<Counter>, headers: HeaderMap, Query(begin): Query<Begin>) -> Response {
    let service = &counter.desk.service;
    let flow = Flow { state: service.new_token(), nonce: service.new_token(), verifier: service.new_token() + &service.new_token() };
    let next = LoginQuery::going_to(&begin.next).next;
    match counter.voucher.identity.authorization_url(&flow, &counter.redirect_uri(&headers)).await {
        Ok(url) => {
            let kept = [&flow.state, &flow.nonce, &flow.verifier, &HEXLOWER.encode(next.as_bytes())].map(String::as_str).join(".");
            (counter.desk.cookies(&[(Cookie::Flow, &kept, FLOW_S)]), Redirect::to(&url)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "nobody can sign in by the identity provider");
            Redirect::to(&LoginQuery::going_to(&next).said(Said::Busy).to_href()).into_response()
        }
    }
}

/// What the browser kept: the sign-in, and where to go on.
fn kept(headers: &HeaderMap, https: bool) -> Option<(Flow, String)> {
    let mut parts = Cookie::Flow.of(headers, https)?.split('.').map(str::to_owned);
    let flow = Flow { state: parts.next()?, nonce: parts.next()?, verifier: parts.next()? };
    let next = String::from_utf8(HEXLOWER.decode(parts.next()?.as_bytes()).ok()?).ok()?;
    Some((flow, next)).filter(|(flow, _)| !flow.state.is_empty())
}

async fn back(State(counter): State<Counter>, Extension(from): Extension<From>, headers: HeaderMap, Query(back): Query<Back>) -> Response {
    let desk = &counter.desk;
    let over = desk.cookies(&[(Cookie::Flow, "", 0)]);
    let again = |query: LoginQuery| (over.clone(), Redirect::to(&query.to_href())).into_response();
    let Some((flow, next)) = kept(&headers, desk.https).filter(|(flow, _)| flow.state == back.state) else {
        return again(LoginQuery::going_to("").said(Said::Wrong));
    };
    let query = LoginQuery::going_to(&next);
    let vouched = match counter.voucher.identity.redeem(&back.code, &flow, &counter.redirect_uri(&headers), desk.service.now()).await {
        Ok(vouched) => vouched,
        Err(error) => {
            tracing::warn!(%error, "a sign-in by the identity provider came to nothing");
            return again(query.said(Said::Wrong));
        }
    };
    let role = counter.voucher.roles.iter().find(|(word, _)| vouched.roles.contains(word)).map(|(_, role)| *role);
    let introduced = Introduced {
        subject: &vouched.subject,
        email: vouched.email.as_deref().filter(|_| vouched.email_verified),
        name: &vouched.name,
        role,
    };
    let browser = Browser { device: Cookie::Device.of(&headers, desk.https), address: from.0, agent: agent(&headers) };
    match desk.service.sign_in_introduced(introduced, browser).await {
        Ok(Ok(signed_in)) => (over, desk.session(&signed_in), Redirect::to(&query.next)).into_response(),
        Ok(Err(why)) => again(refused(query, why)),
        Err(error) => again(query.said(said_of(&error))),
    }
}
