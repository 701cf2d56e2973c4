//! Signing in by an OpenID Connect provider: a small real one, on a port of its own, that checks what it is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use batchbook::domain::access::Role;
use batchbook::providers::identity::{Identity, IdentityConfig};
use batchbook::providers::openai_videos::Secret;
use batchbook::server::oidc::Voucher;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::{Door, PASSWORD, cookies, location};
use crate::database::{Kind, on_both};

on_both! {
    whoever_is_vouched_for_gets_in_with_the_role_of_a_claim,
    nobody_gets_in_by_a_code_of_another_browser,
    whoever_is_not_vouched_for_stays_out,
}

/// The provider: whom it vouches for, and the codes that it gave.
#[derive(Clone)]
struct Provider {
    address: String,
    person: Arc<Mutex<Value>>,
    codes: Arc<Mutex<HashMap<String, HashMap<String, String>>>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { address, person: Arc::default(), codes: Arc::default() };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        provider
    }

    fn is_asked_by(&self, person: Value) {
        *self.person.lock().unwrap() = person;
    }
}

async fn document(State(provider): State<Provider>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", provider.address);
    Json(json!({"issuer": provider.address, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token")}))
}

/// The person is signed in here already: back with a code.
async fn authorize(State(provider): State<Provider>, Query(asked): Query<HashMap<String, String>>) -> Redirect {
    assert_eq!(
        (asked["client_id"].as_str(), asked["response_type"].as_str(), asked["code_challenge_method"].as_str()),
        ("books", "code", "S256")
    );
    let mut codes = provider.codes.lock().unwrap();
    let code = format!("code-{}", codes.len());
    let to = format!("{}?code={code}&state={}", asked["redirect_uri"], asked["state"]);
    codes.insert(code, asked);
    Redirect::to(&to)
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, Form(sent): Form<HashMap<String, String>>) -> Response {
    let asked = provider.codes.lock().unwrap().remove(&sent["code"]);
    let Some(asked) = asked else { return StatusCode::BAD_REQUEST.into_response() };
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(sent["code_verifier"].as_bytes()));
    // Both parts are written as in a form: RFC 6749, 2.3.1.
    let own = format!("Basic {}", BASE64.encode(b"books:a+long+secret+of+the+client"));
    if challenge != asked["code_challenge"] || sent["redirect_uri"] != asked["redirect_uri"] || headers["authorization"] != own.as_str() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let now_s = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut claims = json!({"iss": provider.address, "aud": "books", "iat": now_s, "exp": now_s + 300, "nonce": asked["nonce"]});
    for (name, value) in provider.person.lock().unwrap().as_object().unwrap() {
        claims[name] = value.clone();
    }
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    Json(json!({"id_token": format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(&claims)), "token_type": "Bearer"})).into_response()
}

async fn door(kind: Kind, provider: &Provider) -> Door {
    let config = IdentityConfig {
        issuer: provider.address.clone(),
        client_id: "books".to_owned(),
        client_secret: Secret::new("a long secret of the client"),
        role_claim: "groups".to_owned(),
    };
    let roles = vec![("books-owners".to_owned(), Role::Owner), ("support".to_owned(), Role::Support)];
    Door::vouched(kind, Voucher { identity: Arc::new(Identity::new(config).unwrap()), roles }).await
}

/// Goes to the provider and comes back; gives the last answer, and what the browser kept on the way.
async fn comes_back(door: &Door, next: &str) -> (String, String) {
    let begun = door.gets(&format!("/login/oidc?next={next}"), "").await;
    let kept = cookies(&begun);
    let there = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let sent_back = there.get(location(&begun)).send().await.unwrap();
    let back = location(&sent_back).strip_prefix(&door.address).unwrap().to_owned();
    (back, kept)
}

fn anna() -> Value {
    json!({"sub": "7", "email": "Anna@Example.com", "email_verified": true, "name": "Anna", "groups": ["staff", "support"]})
}

async fn whoever_is_vouched_for_gets_in_with_the_role_of_a_claim(kind: Kind) {
    let provider = Provider::start().await;
    let door = door(kind, &provider).await;
    door.operator("owner@example.com", Role::Owner).await;
    provider.is_asked_by(anna());
    let page = door.gets("/login", "").await.text().await.unwrap();
    assert!(page.contains("/login/oidc"), "the page of the sign-in leads there");
    let (back, kept) = comes_back(&door, "/admin/batches").await;
    let answer = door.gets(&back, &kept).await;
    assert_eq!(location(&answer), "/admin/batches", "{answer:?}");
    let session = cookies(&answer);
    assert!(door.is_in(&session).await);
    let role = async || {
        let all = door.service.operators().await.unwrap();
        all.into_iter().find(|listed| listed.operator.email == "anna@example.com").map(|listed| listed.operator.role)
    };
    assert_eq!(role().await, Some(Role::Support));
    // The role follows the claim at the next sign-in.
    provider.is_asked_by(json!({"sub": "7", "groups": "books-owners"}));
    let (back, kept) = comes_back(&door, "").await;
    assert_eq!(location(&door.gets(&back, &kept).await), "/admin");
    assert_eq!(role().await, Some(Role::Owner));
    assert_eq!(door.tries("anna@example.com", "", "").await.0, "/login?said=wrong", "there is no password");
    // Whoever is kept out here stays out, whatever is said there.
    let id =
        door.service.operators().await.unwrap().into_iter().find(|listed| listed.operator.email == "anna@example.com").unwrap().operator.id;
    door.service.disable_operator(id).await.unwrap();
    let (back, kept) = comes_back(&door, "").await;
    assert_eq!(location(&door.gets(&back, &kept).await), "/login?said=wrong");
}

async fn nobody_gets_in_by_a_code_of_another_browser(kind: Kind) {
    let provider = Provider::start().await;
    let door = door(kind, &provider).await;
    provider.is_asked_by(anna());
    let (mine, kept) = comes_back(&door, "").await;
    let (other, other_kept) = comes_back(&door, "").await;
    for (back, cookie) in [(&mine, ""), (&mine, other_kept.as_str()), (&other, kept.as_str())] {
        let answer = door.gets(back, cookie).await;
        assert_eq!(location(&answer), "/login?said=wrong", "{answer:?}");
    }
    assert_eq!(location(&door.gets(&mine, &kept).await), "/admin");
    assert_eq!(location(&door.gets(&mine, &kept).await), "/login?said=wrong", "a code is good once");
}

async fn whoever_is_not_vouched_for_stays_out(kind: Kind) {
    let provider = Provider::start().await;
    let door = door(kind, &provider).await;
    let local = door.operator("anna@example.com", Role::Owner).await;
    for (change, said) in [
        (json!({"groups": ["staff"]}), "forbidden"),
        (json!({"groups": null}), "forbidden"),
        (json!({"email_verified": false}), "wrong"),
        (json!({"email": null}), "wrong"),
        (json!({"aud": "others"}), "wrong"),
        (json!({"nonce": "planted"}), "wrong"),
        (json!({"exp": 1}), "wrong"),
    ] {
        let mut person = anna();
        for (name, value) in change.as_object().unwrap() {
            person[name] = value.clone();
        }
        provider.is_asked_by(person);
        let (back, kept) = comes_back(&door, "").await;
        assert_eq!(location(&door.gets(&back, &kept).await), format!("/login?said={said}"), "{change}");
    }
    // A verified address is that of the operator who has it; from then on the subject counts.
    provider.is_asked_by(json!({"sub": "7", "email": "anna@example.com", "email_verified": true, "groups": ["books-owners"]}));
    let (back, kept) = comes_back(&door, "").await;
    assert_eq!(location(&door.gets(&back, &kept).await), "/admin");
    assert_eq!(door.service.operators().await.unwrap().iter().filter(|listed| listed.operator.id == local.id).count(), 1);
    provider.is_asked_by(json!({"sub": "8", "email": "anna@example.com", "email_verified": true, "groups": ["books-owners"]}));
    let (back, kept) = comes_back(&door, "").await;
    assert_eq!(location(&door.gets(&back, &kept).await), "/login?said=wrong", "another subject with the same address");
    let with_password =
        door.asks(Method::POST, "/login").form(&[("email", "anna@example.com"), ("password", PASSWORD)]).send().await.unwrap();
    assert_eq!(location(&with_password), "/admin", "the password still opens");
}
