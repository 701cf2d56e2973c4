//! API keys, through the public doors: what a key opens, from where, until when; how much it was used; who is told of refusals;
//! and that its secret is seen once, and never again.

use batchbook::api::Site;
use batchbook::domain::access::{By, Role};
use batchbook::domain::audit::{AuditEntry, AuditFilter, Deed};
use batchbook::domain::id::CustomerId;
use batchbook::domain::key::{KeyTerms, Scopes};
use batchbook::domain::page::{PageSize, Seek};
use reqwest::Method;
use serde_json::{Value, json};

use crate::access::{Door, location};
use crate::app::TestApp;
use crate::database::{Database, Kind, on_both};
use crate::process::{Program, batchbook};

on_both! {
    a_key_opens_only_what_its_scopes_name,
    an_expired_key_is_refused,
    a_key_is_good_only_from_its_addresses,
    a_revoked_key_is_refused_at_once,
    uses_are_counted_by_day,
    a_refused_key_is_recorded_once_a_minute,
    operators_make_and_revoke_keys,
    a_form_makes_one_key_and_shows_it_once,
    a_form_says_what_is_wrong_and_keeps_what_was_typed,
    the_command_makes_lists_and_revokes_keys,
}

/// Where the page shows a secret.
const SHOWN: &str = "<code class=\"whole\">";

struct Keys {
    door: Door,
    customer: CustomerId,
}

impl Keys {
    async fn on(kind: Kind) -> Self {
        Self::at(kind, Site::default()).await
    }

    async fn at(kind: Kind, site: Site) -> Self {
        let door = Door::at(kind, site).await;
        let customer = door.service.add_customer("Northwind", "northwind@example.com").await.unwrap().id;
        Self { door, customer }
    }

    async fn key(&self, terms: KeyTerms) -> String {
        self.door.service.add_key(self.customer, "test", &terms).await.unwrap().secret.reveal().to_owned()
    }

    /// Status and code of the answer to a customer's request.
    async fn asks(&self, method: Method, path: &str, secret: &str, forwarded: Option<&str>) -> (u16, String) {
        let mut request = self.door.asks(method, path).bearer_auth(secret);
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        (status, body["code"].as_str().unwrap_or("").to_owned())
    }

    async fn reads(&self, secret: &str) -> (u16, String) {
        self.asks(Method::GET, "/api/v1/credits", secret, None).await
    }

    async fn refusals(&self) -> Vec<AuditEntry> {
        let filter = AuditFilter { deed: Some(Deed::KeyRefused), ..AuditFilter::default() };
        self.door.service.audit(&filter, Seek::Newest, PageSize::default()).await.unwrap().rows
    }
}

fn terms(scopes: &str) -> KeyTerms {
    KeyTerms { scopes: scopes.parse().unwrap(), ..KeyTerms::limited_to(10_000) }
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Every operation of the reference is tried with every scope.
async fn a_key_opens_only_what_its_scopes_name(kind: Kind) {
    let keys = Keys::on(kind).await;
    let document: Value = keys.door.asks(Method::GET, "/api/openapi.json").send().await.unwrap().json().await.unwrap();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let needed = match operation["operationId"].as_str().unwrap() {
                "submit_batch" | "cancel_batch" => "submit",
                name if name.contains("webhook") => "webhooks",
                _ => "read",
            };
            let about = operation["description"].as_str().unwrap();
            assert!(about.ends_with(&format!("Needs a key with the scope `{needed}`.")), "{method} {path}: {about}");
            let path = path.replace("{id}", "x").replace("{number}", "1");
            let method: Method = method.to_uppercase().parse().unwrap();
            for scope in ["read", "submit", "webhooks"] {
                let (status, code) = keys.asks(method.clone(), &path, &keys.key(terms(scope)).await, None).await;
                let is_refused = (status, code.as_str()) == (403, "insufficient_scope");
                assert_eq!(is_refused, scope != needed, "{method} {path} with {scope}: {status} {code}");
                assert!(is_refused || !matches!(status, 401 | 403), "{method} {path} with {scope}: {status} {code}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 66, "{tried}");
}

async fn an_expired_key_is_refused(kind: Kind) {
    let keys = Keys::on(kind).await;
    let expires_at = Some(keys.door.service.now().plus_s(60));
    let secret = keys.key(KeyTerms { expires_at, ..terms("read") }).await;
    assert_eq!(keys.reads(&secret).await, refused(200, ""));
    keys.door.clock.advance_ms(60_000);
    assert_eq!(keys.reads(&secret).await, refused(401, "key_expired"));
    let past = KeyTerms { expires_at, ..terms("read") };
    assert!(keys.door.service.add_key(keys.customer, "late", &past).await.is_err(), "it would never be good");
}

async fn a_key_is_good_only_from_its_addresses(kind: Kind) {
    let keys = Keys::on(kind).await;
    let here = keys.key(KeyTerms { allowed: "127.0.0.0/8".parse().unwrap(), ..terms("read") }).await;
    let elsewhere = keys.key(KeyTerms { allowed: "203.0.113.0/24".parse().unwrap(), ..terms("read") }).await;
    assert_eq!(keys.reads(&here).await, refused(200, ""));
    assert_eq!(keys.reads(&elsewhere).await, refused(403, "address_not_allowed"));
    let forged = keys.asks(Method::GET, "/api/v1/credits", &elsewhere, Some("203.0.113.7")).await;
    assert_eq!(forged, refused(403, "address_not_allowed"), "anybody can send a header");

    let site = Site { proxies: "127.0.0.1/32".parse().unwrap(), ..Site::default() };
    let behind = Keys::at(kind, site).await;
    let elsewhere = behind.key(KeyTerms { allowed: "203.0.113.0/24".parse().unwrap(), ..terms("read") }).await;
    let asks = async |forwarded| behind.asks(Method::GET, "/api/v1/credits", &elsewhere, forwarded).await;
    assert_eq!(asks(Some("203.0.113.7")).await, refused(200, ""), "the proxy says so");
    assert_eq!(
        asks(Some("203.0.113.7, 198.51.100.1")).await,
        refused(403, "address_not_allowed"),
        "what came before the proxy is not believed"
    );
    assert_eq!(asks(None).await, refused(403, "address_not_allowed"));
}

async fn a_revoked_key_is_refused_at_once(kind: Kind) {
    let keys = Keys::on(kind).await;
    let key = keys.door.service.add_key(keys.customer, "test", &terms("read")).await.unwrap();
    assert_eq!(keys.reads(key.secret.reveal()).await, refused(200, ""));
    keys.door.service.revoke_key(key.id).await.unwrap();
    assert_eq!(keys.reads(key.secret.reveal()).await, refused(401, "unauthenticated"));
    keys.door.service.revoke_key(key.id).await.unwrap();
    assert_eq!(keys.reads(key.secret.reveal()).await, refused(401, "unauthenticated"));
}

async fn uses_are_counted_by_day(kind: Kind) {
    let keys = Keys::on(kind).await;
    let service = &keys.door.service;
    let key = service.add_key(keys.customer, "test", &terms("read")).await.unwrap();
    // Noon, so that no day ends in between.
    let (day_ms, now_ms) = (86_400_000, service.now().micros() / 1_000);
    keys.door.clock.advance_ms(day_ms - now_ms % day_ms + day_ms / 2);
    let customer = service.customer(keys.customer).await.unwrap().key;
    let listed = async || service.keys(customer).await.unwrap().remove(0);
    assert_eq!((listed().await.requests, listed().await.last_used_at), (0, None));
    let first = service.now();
    for _ in 0..3 {
        assert_eq!(keys.reads(key.secret.reveal()).await.0, 200);
    }
    assert_eq!(keys.asks(Method::POST, "/api/v1/batches", key.secret.reveal(), None).await.0, 403);
    service.keep_usage().await.unwrap();
    service.keep_usage().await.unwrap();
    let used = listed().await;
    assert_eq!((used.requests, used.refused, used.last_used_at), (3, 1, Some(first)));

    keys.door.clock.advance_ms(30_000);
    assert_eq!(keys.reads(key.secret.reveal()).await.0, 200);
    service.keep_usage().await.unwrap();
    assert_eq!(listed().await.last_used_at, Some(first), "it is written once a minute");
    keys.door.clock.advance_ms(86_400_000);
    assert_eq!(keys.reads(key.secret.reveal()).await.0, 200);
    service.keep_usage().await.unwrap();
    assert_eq!((listed().await.requests, listed().await.last_used_at), (5, Some(service.now())));
    let days: Vec<(i64, i64)> = service.key_usage(customer, key.id).await.unwrap().iter().map(|day| (day.requests, day.refused)).collect();
    assert_eq!(days, [(1, 0), (4, 1)]);
    keys.door.clock.advance_ms(31 * 86_400_000);
    assert_eq!(listed().await.requests, 0, "of the last 30 days");
}

async fn a_refused_key_is_recorded_once_a_minute(kind: Kind) {
    let keys = Keys::on(kind).await;
    let key = keys.door.service.add_key(keys.customer, "test", &terms("webhooks")).await.unwrap();
    for _ in 0..5 {
        assert_eq!(keys.reads(key.secret.reveal()).await, refused(403, "insufficient_scope"));
        assert_eq!(keys.reads("bb_nobodys").await, refused(401, "unauthenticated"));
    }
    let refusals = keys.refusals().await;
    assert_eq!(refusals.len(), 2, "{refusals:#?}");
    let of_key = refusals.iter().find(|entry| entry.object.is_some()).unwrap();
    let id = key.id.to_string();
    assert_eq!((of_key.object.as_ref(), of_key.actor_id.as_ref(), of_key.customer), (Some(&id), Some(&id), Some(keys.customer)));
    assert_eq!(of_key.address.as_deref(), Some("127.0.0.1"));
    assert!(
        of_key.request_id.as_ref().is_some_and(|id| id.starts_with("req_")) && of_key.after.as_ref().unwrap().contains("scope"),
        "{of_key:#?}"
    );
    keys.door.clock.advance_ms(60_000);
    assert_eq!(keys.reads(key.secret.reveal()).await.0, 403);
    assert_eq!(keys.refusals().await.len(), 3);
    assert!(!format!("{:?}", keys.refusals().await).contains(key.secret.reveal()));
}

async fn operators_make_and_revoke_keys(kind: Kind) {
    let keys = Keys::on(kind).await;
    let command = keys.door.service.acting_for(By::COMMAND_LINE);
    let token = async |role: Role| {
        let id = keys.door.operator(&format!("{role}@example.com"), role).await.id;
        command.add_operator_token(id, "test").await.unwrap().reveal().to_owned()
    };
    let (support, finance) = (token(Role::Support).await, token(Role::Finance).await);
    let path = format!("/api/admin/customers/{}/keys", keys.customer);
    let posts = async |token: &str, path: &str, key: &str, body: Value| {
        let request = keys.door.asks(Method::POST, path).bearer_auth(token).header("idempotency-key", key).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let wanted = json!({"name": "ci", "scopes": ["read"], "allowed_from": "127.0.0.1, ::1", "requests_per_min_max": 7});
    assert_eq!(posts(&finance, &path, "1", wanted.clone()).await.0, 403, "keys are not for this role");
    let (status, made) = posts(&support, &path, "1", wanted.clone()).await;
    assert_eq!(status, 201, "{made}");
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(keys.reads(secret).await, refused(200, ""));
    let (status, again) = posts(&support, &path, "1", wanted.clone()).await;
    assert_eq!((status, &again["code"]), (409, &"secret_shown_before".into()), "a repeated request makes no second key");
    for (wrong, says) in [
        (json!({"name": ""}), "name"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["all"]}), "all"),
        (json!({"name": "x", "allowed_from": "office"}), "allowed_from"),
        (json!({"name": "x", "requests_per_min_max": 0}), "requests"),
        (json!({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}), "over"),
    ] {
        let (status, problem) = posts(&support, &path, "2", wrong.clone()).await;
        assert_eq!(status, 422, "{wrong}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{wrong}: {problem}");
    }
    let gets =
        async |path: &str| keys.door.asks(Method::GET, path).bearer_auth(&support).send().await.unwrap().json::<Value>().await.unwrap();
    let listed = gets(&path).await;
    let key = &listed["data"][0];
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!((&key["name"], &key["scopes"], &key["allowed_from"]), (&"ci".into(), &json!(["read"]), &"127.0.0.1,::1".into()));
    assert!(!listed.to_string().contains(secret), "the secret is not known any more");
    keys.door.service.keep_usage().await.unwrap();
    assert_eq!(gets(&format!("{path}/{}/usage", key["id"].as_str().unwrap())).await["data"][0]["requests"], 1);
    let revoke = format!("/api/admin/keys/{}/revoke", key["id"].as_str().unwrap());
    assert_eq!(posts(&finance, &revoke, "", json!({})).await.0, 403);
    assert_eq!(posts(&support, &revoke, "", json!({})).await.0, 200);
    assert_eq!(keys.reads(secret).await, refused(401, "unauthenticated"));
}

async fn a_form_makes_one_key_and_shows_it_once(kind: Kind) {
    let keys = Keys::on(kind).await;
    keys.door.operator("sun@example.com", Role::Support).await;
    let cookies = keys.door.signs_in("sun@example.com").await;
    let path = format!("/admin/customers/{}?tab=keys", keys.customer);
    let form = [("token", "t1"), ("name", "from the form"), ("scope", "read"), ("expires", ""), ("allowed", ""), ("rate", "60")];
    let page = keys.door.sends(&path, &cookies, &form).await;
    assert_eq!((page.status().as_u16(), page.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));
    let html = page.text().await.unwrap();
    let at = html.find(SHOWN).unwrap_or_else(|| panic!("no secret in {html}"));
    let secret: String = html[at + SHOWN.len()..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    assert_eq!(keys.reads(&secret).await, refused(200, ""));
    let again = keys.door.sends(&path, &cookies, &form).await.text().await.unwrap();
    assert!(!again.contains(&secret) && again.contains("made its key before"), "{again}");
    let later = keys.door.gets(&path, &cookies).await.text().await.unwrap();
    assert!(!later.contains(&secret) && later.contains("from the form"), "{later}");
    let customer = keys.door.service.customer(keys.customer).await.unwrap().key;
    let listed = keys.door.service.keys(customer).await.unwrap();
    assert_eq!(listed.len(), 1);
    let (id, customer) = (listed[0].id.to_string(), keys.customer.to_string());
    let revoked = keys.door.sends("/admin/data/revoke_key", &cookies, &[("customer", &customer), ("key", &id)]).await;
    assert_eq!((revoked.status().as_u16(), location(&revoked)), (302, path.as_str()));
    assert_eq!(keys.reads(&secret).await, refused(401, "unauthenticated"));
}

async fn a_form_says_what_is_wrong_and_keeps_what_was_typed(kind: Kind) {
    let keys = Keys::on(kind).await;
    for role in [Role::Support, Role::Viewer] {
        keys.door.operator(&format!("{role}@example.com"), role).await;
    }
    let path = format!("/admin/customers/{}?tab=keys", keys.customer);
    let form = [("token", "t1"), ("name", "render farm"), ("scope", "read"), ("allowed", "my office"), ("rate", "60")];
    let support = keys.door.signs_in("support@example.com").await;
    let html = keys.door.sends(&path, &support, &form).await.text().await.unwrap();
    assert!(html.contains("Write addresses and subnets like") && html.contains("my office") && html.contains("render farm"), "{html}");
    let viewer = keys.door.signs_in("viewer@example.com").await;
    let html =
        keys.door.sends(&path, &viewer, &[("token", "t2"), ("name", "x"), ("scope", "read"), ("rate", "60")]).await.text().await.unwrap();
    assert!(!html.contains("bb_"), "{html}");
    let customer = keys.door.service.customer(keys.customer).await.unwrap().key;
    assert_eq!(keys.door.service.keys(customer).await.unwrap(), [], "nothing was made");
    keys.door.clock.advance_ms(3_600_000);
    let late = keys.door.sends(&path, &support, &[("token", "t3"), ("name", "x"), ("scope", "read"), ("rate", "60")]).await;
    assert!(late.status().is_redirection() && location(&late).contains("/admin/confirm"), "the password is asked for again: {late:?}");
}

async fn the_command_makes_lists_and_revokes_keys(kind: Kind) {
    let database = Database::new(kind).await;
    let env = [("DATABASE_URL", database.url.as_str())];
    let run = async |line: &str| {
        let arguments: Vec<&str> = line.split(' ').chain(["--json"]).collect();
        serde_json::from_str::<Value>(&batchbook(&arguments, &env).await).unwrap()
    };
    run("migrate").await;
    let customer = run("customer add --name Ann --email ann@example.com").await["id"].as_str().unwrap().to_owned();
    let line = format!(
        "key add --customer {customer} --name ci --scopes read,webhooks --expires 2999-01-01T00:00:00Z --allow 10.1.2.3/8,::1 --rate 7"
    );
    let made = run(&line).await;
    assert_eq!((&made["scopes"], &made["requests_per_min"]), (&json!(["read", "webhooks"]), &7.into()));
    assert_eq!((&made["allowed_from"], &made["expires_at"]), (&"10.0.0.0/8,::1".into(), &"2999-01-01T00:00:00Z".into()));
    let listed = run(&format!("key list --customer {customer}")).await;
    assert_eq!((&listed["data"][0]["id"], &listed["data"][0]["revoked_at"]), (&made["id"], &Value::Null));
    assert!(!listed.to_string().contains(made["secret"].as_str().unwrap()));
    run(&format!("key revoke {}", made["id"].as_str().unwrap())).await;
    assert!(run(&format!("key list --customer {customer}")).await["data"][0]["revoked_at"].is_string());
}

/// Not even where everything is logged that we say ourselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_never_logged() {
    let app = TestApp::on(Kind::Sqlite).await;
    let scopes: Scopes = "webhooks".parse().unwrap();
    let key = app
        .service
        .add_key(app.customer().with_credits(0).await.id, "test", &KeyTerms { scopes, ..KeyTerms::limited_to(2) })
        .await
        .unwrap();
    let secret = key.secret.reveal();
    let env = [("DATABASE_URL", app.url()), ("RUST_LOG", "debug"), ("BATCHBOOK_LOG_FORMAT", "json")];
    let mut server = Program::start(&["serve", "--role", "web", "--addr", "127.0.0.1:0", "--json"], &env);
    let ready: Value = serde_json::from_str(&server.says("\"object\":\"server\"").await).unwrap();
    let http = reqwest::Client::builder().build().unwrap();
    for (path, header) in [
        ("credits", "authorization"),
        ("webhook-endpoints", "x-api-key"),
        ("webhook-endpoints", "authorization"),
        ("webhook-endpoints", "x-api-key"),
    ] {
        let value = if header == "authorization" { format!("Bearer {secret}") } else { secret.to_owned() };
        let answer = http.get(format!("{}/api/v1/{path}", ready["url"].as_str().unwrap())).header(header, value).send().await.unwrap();
        assert!(matches!(answer.status().as_u16(), 200 | 403 | 429), "{answer:?}");
    }
    server.says("insufficient_scope").await;
    server.signal("TERM").await;
    server.ends().await;
    assert!(!server.has_said(secret) && !server.has_said(&secret[12..40]), "{}", server.told());
}
