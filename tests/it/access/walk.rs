//! Every route for everybody: signed out, each role, and another customer. The routes are read from the sources and from the
//! router, so a route that nobody has thought of here fails the test: add it to the table with the action that it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use batchbook::console::App;
use batchbook::domain::access::{Action, Role};
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::CustomerKey;
use batchbook::domain::key::KeyTerms;
use batchbook::domain::money::Money;
use batchbook::domain::page::PageSize;
use batchbook::domain::webhook::{ReplayWindow, Subscription, TIMEOUT_MS};
use batchbook::service::deliveries::DeliveryFilter;
use batchbook::service::endpoints::EndpointFields;
use batchbook::service::{Reader, Service};
use leptos_axum::generate_route_list;
use reqwest::{Method, RequestBuilder, StatusCode};

use super::{Door, location};
use crate::app::batch_of;
use crate::database::Kind;

/// Operators' routes: what they are, and a body that is understood. `{id}` is a batch or a customer.
const OPERATORS: &[(&str, &str, Action, &str)] = &[
    ("GET", "/batches", Action::Read, ""),
    ("GET", "/batches.csv", Action::Read, ""),
    ("GET", "/batches/{id}", Action::Read, ""),
    ("GET", "/batches/{id}/tasks", Action::Read, ""),
    ("GET", "/batches/{id}/tasks.csv", Action::Read, ""),
    ("GET", "/batches/{id}/tasks/{number}", Action::Read, ""),
    ("GET", "/batches/{id}/attempts", Action::Read, ""),
    ("GET", "/batches/{id}/billing", Action::Read, ""),
    ("GET", "/batches/{id}/billing.csv", Action::Read, ""),
    ("GET", "/batches/{id}/cancel", Action::CancelBatches, ""),
    ("POST", "/batches/{id}/cancel", Action::CancelBatches, r#"{"reason":"walk"}"#),
    ("GET", "/batches/{id}/timeline", Action::Read, ""),
    ("GET", "/batches/{id}/webhooks", Action::Read, ""),
    ("POST", "/batches/{id}/refunds", Action::ChangeCredits, r#"{"tasks":"1","reason":"walk"}"#),
    ("GET", "/customers", Action::Read, ""),
    ("GET", "/customers/{id}", Action::Read, ""),
    ("GET", "/customers/{id}/keys", Action::Read, ""),
    ("POST", "/customers/{id}/keys", Action::ChangeKeys, r#"{"name":"walk"}"#),
    ("GET", "/customers/{id}/keys/{key}/usage", Action::Read, ""),
    ("POST", "/keys/{id}/revoke", Action::ChangeKeys, ""),
    ("GET", "/audit", Action::ReadAudit, ""),
    ("GET", "/audit.csv", Action::ReadAudit, ""),
    ("GET", "/customers/{id}/ledger", Action::Read, ""),
    ("GET", "/customers/{id}/grants", Action::Read, ""),
    ("POST", "/customers/{id}/grants", Action::ChangeCredits, r#"{"kind":"promo","credits":1,"reason":"walk"}"#),
    ("POST", "/customers/{id}/adjustments", Action::ChangeCredits, r#"{"credits":1,"reason":"walk"}"#),
    ("GET", "/search", Action::Read, ""),
    ("GET", "/overview", Action::Read, ""),
    ("GET", "/webhook-deliveries", Action::Read, ""),
    ("GET", "/webhook-deliveries/{id}", Action::Read, ""),
    ("GET", "/webhook-endpoints", Action::Read, ""),
    ("GET", "/webhook-outcomes", Action::Read, ""),
    ("GET", "/webhook-replays", Action::Read, ""),
    ("POST", "/webhook-replays", Action::ResendWebhooks, r#"{"token":"walk","reason":"walk"}"#),
    ("POST", "/webhook-replays/preview", Action::ResendWebhooks, NO_WINDOW),
    ("GET", "/webhook-replays/{id}", Action::Read, ""),
    ("POST", "/webhook-replays/{id}/abort", Action::ResendWebhooks, ""),
    ("GET", "/credit-requests", Action::Read, ""),
    ("POST", "/credit-requests/{id}/approve", Action::ApproveCredits, ""),
    ("POST", "/credit-requests/{id}/refuse", Action::ApproveCredits, ""),
    ("GET", "/openapi.json", Action::Read, ""),
];
/// Ends before it begins.
const NO_WINDOW: &str = r#"{"endpoint_id":"whe_00fkqz1b3r000000000000000g","since":"2026-11-02T00:00:00Z","until":"2026-11-01T00:00:00Z"}"#;

/// Server functions that change something: what they are, and a form that is understood. All others read.
const CHANGES: &[(&str, Action, &str)] = &[
    ("save_view", Action::SaveViews, "name=walk&query=&back="),
    ("delete_view", Action::SaveViews, "key=1&back="),
    ("change_credits", Action::ChangeCredits, "id={customer}&action=promo&credits=1&reason=walk&token={token}"),
    ("batch_cancel", Action::CancelBatches, "id={batch}&reason=walk"),
    ("revoke_key", Action::ChangeKeys, "customer={customer}&key={key_id}"),
    ("batch_refund", Action::ChangeCredits, "id={batch}&tasks=1&reason=walk&token={token}"),
    ("batch_compare", Action::CompareBooks, "id={batch}"),
    ("delivery_resend", Action::ResendWebhooks, "id=dlv_00fkqz1b3r000000000000000g"),
    ("endpoint_save", Action::ChangeSecrets, "whose={customer}&url=https://example.com/walk&timeout_ms=5000&token={token}"),
    ("endpoint_act", Action::ChangeEndpoints, "id=whe_00fkqz1b3r000000000000000g&act=test&token={token}-act"),
    ("replay_start", Action::ResendWebhooks, "replay=walk&reason=walk&back="),
    ("replay_abort", Action::ResendWebhooks, "id=rpl_00fkqz1b3r000000000000000g"),
];

/// The id of no request.
const NO_REQUEST: &str = "crq_00000000000000000000000000";

/// Plain forms of the console, and what they are; one's own account is for whoever reads. Those of the door itself are public.
const FORMS: &[(&str, Action)] = &[
    ("/admin/preferences", Action::Read),
    ("/admin/customers/{id}", Action::Read),
    ("/admin/confirm", Action::Read),
    ("/admin/account/password", Action::Read),
    ("/admin/account/sessions", Action::Read),
    ("/admin/account/tokens", Action::Read),
    ("/admin/account/second-factor", Action::Read),
    ("/admin/account/second-factor/confirm", Action::Read),
    ("/admin/account/second-factor/remove", Action::Read),
    ("/admin/operators", Action::ChangeOperators),
    ("/admin/operators/role", Action::ChangeOperators),
    ("/admin/operators/disable", Action::ChangeOperators),
    ("/admin/operators/enable", Action::ChangeOperators),
    ("/admin/operators/link", Action::ChangeOperators),
    ("/admin/operators/second-factor", Action::ChangeOperators),
    ("/admin/approvals/approve", Action::ApproveCredits),
    ("/admin/approvals/refuse", Action::ApproveCredits),
];
/// Does nothing where nobody is signed in, and is for everybody else.
const SIGN_OUT: &str = "/admin/sign-out";
const PUBLIC: &[&str] = &[
    "/login",
    "/login/password",
    "/login/code",
    "/login/first",
    "/login/oidc",
    "/login/oidc/callback",
    "/livez",
    "/healthz",
    "/api/openapi.json",
    "/docs/api",
    "/docs/api/reference.css",
    "/docs/webhooks",
    "/pricing",
    "/pricing/style.css",
    "/pricing/live.js",
    "/api",
    "/api/{*rest}",
];

struct World {
    door: Door,
    /// A token of each role.
    tokens: Vec<(Role, String)>,
    batch: String,
    customer: String,
    replay: String,
    delivery: String,
    key: String,
    other_key: String,
    /// Id of a key that nobody uses.
    spare_key: String,
}

impl World {
    async fn new() -> Self {
        let door = Door::on(Kind::Sqlite).await;
        let mut tokens = Vec::new();
        for role in Role::ALL {
            tokens.push((*role, crate::app::operator_token(&door.service, *role).await));
        }
        let mut keys = Vec::new();
        let mut ids = Vec::new();
        for name in ["one", "other"] {
            let customer = door.service.add_customer(name, &format!("{name}@example.com")).await.unwrap();
            let paid = Money::from_micros(1_000_000_000);
            let grant = NewGrant { kind: GrantKind::Purchase, credits: Credits::new(100_000), paid, expires_at: None, reason: None };
            door.service.grant(customer.id, grant).await.unwrap();
            keys.push(
                door.service.add_key(customer.id, "walk", &KeyTerms::limited_to(1_000_000)).await.unwrap().secret.reveal().to_owned(),
            );
            ids.push(customer);
        }
        let batch = submits(&door, &keys[0], "first").await;
        let spare_key = door.service.add_key(ids[0].id, "spare", &KeyTerms::limited_to(1)).await.unwrap().id.to_string();
        let (replay, customer) = (replay(&door.service, ids[0].key).await, ids[0].id.to_string());
        let listed = door.service.deliveries(Reader::Operator, DeliveryFilter::default(), None, PageSize::default()).await.unwrap();
        let delivery = listed.rows[0].id.to_string();
        let (other_key, key) = (keys.pop().unwrap(), keys.pop().unwrap());
        Self { door, tokens, batch, customer, replay, delivery, key, other_key, spare_key }
    }

    fn path(&self, prefix: &str, path: &str) -> String {
        let id = match path.split('/').nth(1) {
            Some("customers") => &self.customer,
            Some("webhook-replays") => &self.replay,
            Some("webhook-deliveries") => &self.delivery,
            Some("keys") => &self.spare_key,
            Some("credit-requests") => NO_REQUEST,
            _ => &self.batch,
        };
        format!("{prefix}{}", path.replace("{id}", id).replace("{key}", &self.spare_key).replace("{number}", "1"))
    }
}

/// A replay of what was not sent while an endpoint was disabled.
async fn replay(service: &Service, customer: CustomerKey) -> String {
    let fields = EndpointFields {
        url: "https://example.com/hook".to_owned(),
        description: String::new(),
        subscription: Subscription::default(),
        timeout_ms: TIMEOUT_MS,
    };
    let (endpoint, _) = service.add_endpoint(customer, fields).await.unwrap();
    service.disable_endpoint(Reader::Operator, endpoint.id).await.unwrap();
    service.fan_out().await.unwrap();
    service.enable_endpoint(Reader::Operator, endpoint.id).await.unwrap();
    let (since, until) = (service.now().plus_s(-60), service.now().plus_s(60));
    let window = ReplayWindow { endpoint: endpoint.id, since, until, kind: None, failed_as: None };
    let preview = service.preview_replay(Reader::Operator, window).await.unwrap();
    service.start_replay(Reader::Operator, &preview.token, "walk").await.unwrap().id.to_string()
}

async fn submits(door: &Door, key: &str, name: &str) -> String {
    let request = door.asks(Method::POST, "/api/v1/batches").bearer_auth(key).header("idempotency-key", name).json(&batch_of(10));
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// `.route("/path", get(…).post(…))` of a file: methods and paths. Names of paths are looked up in the sources.
fn routes(file: &str) -> BTreeSet<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("src").join(file)).unwrap();
    let mut found = BTreeSet::new();
    for rest in text.split(".route(").skip(1) {
        let (path, handlers) = rest.split_once(',').unwrap();
        let path = match path.strip_prefix('"') {
            Some(path) => path.trim_end_matches('"').to_owned(),
            None => named(root, path),
        };
        let handlers = handlers.split('\n').next().unwrap();
        for method in ["get", "post", "patch", "put", "delete", "any"] {
            if handlers.split(|c: char| !c.is_alphanumeric()).any(|word| word == method) {
                found.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    assert!(!found.is_empty(), "{file}");
    found
}

/// The path that `LoginQuery::OPERATORS` is.
fn named(root: &Path, name: &str) -> String {
    let (of, name) = name.split_once("::").unwrap();
    let file = format!("{}.rs", of.trim_end_matches("Query").to_lowercase());
    let text = fs::read_to_string(root.join("src/console/query").join(file)).unwrap();
    let rest = text.split(&format!("const {name}: &'static str = \"")).nth(1).unwrap_or_else(|| panic!("{of}::{name}"));
    rest.split('"').next().unwrap().to_owned()
}

fn owned(pairs: impl IntoIterator<Item = (&'static str, &'static str)>) -> BTreeSet<(String, String)> {
    pairs.into_iter().map(|(method, path)| (method.to_owned(), path.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_routes_are_for_the_roles_of_their_action() {
    let table = owned(OPERATORS.iter().map(|(method, path, ..)| (*method, *path)));
    assert_eq!(routes("api/admin/mod.rs"), table, "add what is new to OPERATORS, with the action that it is");
    let world = World::new().await;
    for (method, path, action, body) in OPERATORS {
        let asks = |token: Option<&str>| {
            let path = world.path("/api/admin", path);
            let request = world.door.asks(method.parse().unwrap(), &path).header("content-type", "application/json").body(*body);
            let request = request.header("idempotency-key", format!("{token:?}"));
            token.map_or_else(|| request.try_clone().unwrap(), |token| request.try_clone().unwrap().bearer_auth(token))
        };
        assert_eq!(status(asks(None)).await, 401, "{method} {path} signed out");
        for customer in [&world.key, &world.other_key] {
            assert_eq!(status(asks(Some(customer.as_str()))).await, 401, "{method} {path} with a customer's key");
        }
        for (role, token) in &world.tokens {
            let answered = status(asks(Some(token.as_str()))).await;
            let allowed = !matches!(answered.as_u16(), 401 | 403);
            assert_eq!(allowed, action.is_for(*role), "{method} {path} by {role}: {answered}");
            let is_there = answered != 404 || path.starts_with("/credit-requests/");
            assert!(is_there && answered.as_u16() < 500, "{method} {path} by {role}: {answered}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_routes_ask_for_a_key_and_know_only_its_customer() {
    let world = World::new().await;
    for (method, path) in routes("api/v1/mod.rs") {
        let address = world.path("/api/v1", &path);
        let asks = || {
            let request = world.door.asks(method.parse().unwrap(), &address).header("content-type", "application/json");
            request.header("idempotency-key", "walk").body("{}")
        };
        assert_eq!(status(asks()).await, 401, "{method} {path} signed out");
        for (role, token) in &world.tokens {
            assert_eq!(status(asks().bearer_auth(token)).await, 401, "{method} {path} by {role}");
        }
        if path.starts_with("/batches/{id}") {
            assert_eq!(status(asks().bearer_auth(&world.other_key)).await, 404, "{method} {path} of another customer");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_their_data_are_for_whoever_is_signed_in() {
    let world = World::new().await;
    let pages: Vec<String> = generate_route_list(App).iter().map(|route| route.path().to_owned()).collect();
    assert!(pages.len() > 10, "{pages:?}");
    for page in pages {
        let id = if page.contains("/customers") { &world.customer } else { &world.batch };
        let path = page.replace("{id}", id).replace(":id", id);
        let answer = world.door.gets(&path, "").await;
        let expected = if PUBLIC.contains(&page.as_str()) { answer.status() == 200 } else { location(&answer).starts_with("/login") };
        assert!(expected, "{page} signed out: {answer:?}");
        for (role, token) in &world.tokens {
            let answered = status(world.door.asks(Method::GET, &path).bearer_auth(token).header("accept", "text/html")).await;
            let needs = match page.as_str() {
                "/admin/operators" => Action::ChangeOperators,
                "/admin/audit" => Action::ReadAudit,
                _ => Action::Read,
            };
            assert_eq!(answered == 403, !needs.is_for(*role), "{page} by {role}: {answered}");
            assert!(answered.as_u16() < 500, "{page} by {role}: {answered}");
        }
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let asks = |method: Method| world.door.asks(method, path).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(status(asks(method.clone())).await, 401, "{method} {path} signed out");
        if method == Method::GET {
            assert!(status(asks(Method::POST)).await.as_u16() >= 400, "{path} is read, not changed");
            continue;
        }
        let name = path.rsplit('/').next().unwrap();
        let known = CHANGES.iter().find(|(known, ..)| *known == name);
        let (_, action, form) = known.unwrap_or_else(|| panic!("{path} changes something: add it to CHANGES, with the action that it is"));
        for (role, token) in &world.tokens {
            let form = form
                .replace("{customer}", &world.customer)
                .replace("{batch}", &world.batch)
                .replace("{token}", &format!("walk-{role}"))
                .replace("{key_id}", &world.spare_key);
            let answered = status(asks(Method::POST).bearer_auth(token).body(form)).await;
            assert_eq!(!matches!(answered.as_u16(), 401 | 403), action.is_for(*role), "{path} by {role}: {answered}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_of_the_console_are_for_whoever_is_signed_in() {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for file in
        ["server/account.rs", "server/sign_in.rs", "server/oidc.rs", "server/web.rs", "server/health.rs", "api/mod.rs", "site/mod.rs"]
    {
        found.extend(routes(file).into_iter().map(|(_, path)| path));
    }
    let known: BTreeSet<String> =
        FORMS.iter().map(|(path, _)| *path).chain(PUBLIC.iter().copied()).chain([SIGN_OUT]).map(str::to_owned).collect();
    assert_eq!(found, known, "add what is new to FORMS or PUBLIC");
    let world = World::new().await;
    let target = world.door.operator("target@example.com", Role::Viewer).await.id.to_string();
    for (path, action) in FORMS {
        let answer = world.door.sends(path, "", &[("role", "viewer"), ("email", "x@example.com")]).await;
        assert!(location(&answer).starts_with("/login"), "{path} signed out: {answer:?}");
        for (role, token) in &world.tokens {
            let form = [("email", "x@example.com"), ("role", "viewer"), ("operator", target.as_str()), ("request", NO_REQUEST)];
            let answer =
                world.door.asks(Method::POST, path).bearer_auth(token).header("accept", "text/html").form(&form).send().await.unwrap();
            let forbidden = location(&answer).contains("said=forbidden");
            assert_eq!(forbidden, !action.is_for(*role), "{path} by {role}: {answer:?}");
        }
    }
    assert_eq!(location(&world.door.sends(SIGN_OUT, "", &[]).await), "/login");
}
