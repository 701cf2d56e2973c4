//! Every button that moves credits, or sends webhooks again, pressed several times at once: the form that it sends is carried out
//! once. As browsers send them, by somebody who signed in.

use batchbook::api::Site;
use batchbook::domain::access::Role;
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::{BatchId, CustomerId, CustomerKey};
use batchbook::domain::key::KeyTerms;
use batchbook::domain::money::Money;
use batchbook::domain::page::PageSize;
use batchbook::domain::webhook::{ReplayWindow, Subscription, TIMEOUT_MS};
use batchbook::service::endpoints::EndpointFields;
use batchbook::service::{Limits, Reader};
use reqwest::Method;
use serde_json::Value;

use super::{Door, location};
use crate::app::{SORA_CREDITS, batch_of};
use crate::database::{Kind, on_both};
use crate::operator_credits::{claims_of, succeed_of};

on_both! {
    credits_are_granted_once,
    credits_are_taken_back_once,
    a_large_change_is_asked_for_once_and_approved_once,
    tasks_are_refunded_once,
    a_batch_is_canceled_once,
    webhooks_are_replayed_once,
}

const CLICKS: usize = 4;
const CREDITS: i64 = 1_000;

/// A customer with credits, and an owner who signed in.
struct Till {
    door: Door,
    session: String,
    customer: CustomerId,
    key: CustomerKey,
    secret: String,
}

impl Till {
    async fn on(kind: Kind) -> Self {
        Self::with(kind, Limits::default()).await
    }

    async fn with(kind: Kind, limits: Limits) -> Self {
        let door = Door::with(kind, Site::default(), limits).await;
        door.operator("anna@example.com", Role::Owner).await;
        let session = door.signs_in("anna@example.com").await;
        let customer = door.service.add_customer("Customer", "customer@example.com").await.unwrap();
        let paid = Money::from_micros(CREDITS * 10_000);
        let grant = NewGrant { kind: GrantKind::Purchase, credits: Credits::new(CREDITS), paid, expires_at: None, reason: None };
        door.service.grant(customer.id, grant).await.unwrap();
        let key = door.service.add_key(customer.id, "test", &KeyTerms::limited_to(1_000_000)).await.unwrap();
        Self { door, session, customer: customer.id, key: customer.key, secret: key.secret.reveal().to_owned() }
    }

    async fn submits(&self) -> BatchId {
        let request = self.door.asks(Method::POST, "/api/v1/batches").bearer_auth(&self.secret).header("idempotency-key", "order");
        let answer: Value = request.json(&batch_of(10)).send().await.unwrap().json().await.unwrap();
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).parse().unwrap()
    }

    /// Where each click leads.
    async fn clicks(&self, session: &str, path: &str, form: &[(&str, &str)]) -> Vec<String> {
        let sent = (0..CLICKS).map(|_| async {
            let answer = self.door.sends(path, session, form).await;
            assert!(answer.status().is_redirection(), "{path}: {answer:?}");
            location(&answer).to_owned()
        });
        futures::future::join_all(sent).await
    }

    /// Available and held, once the books were found to close.
    async fn balances(&self) -> (i64, i64) {
        let failed: Vec<_> = self.door.service.verify().await.unwrap().into_iter().filter(|check| !check.offending.is_empty()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        let balances = self.door.service.balances(self.key).await.unwrap();
        (balances.available.get(), balances.held.get())
    }
}

fn assert_alike(led: &[String]) {
    assert!(led.iter().all(|to| to == &led[0] && !to.is_empty()), "each click is answered alike: {led:#?}");
}

async fn changes(till: &Till, action: &str, credits: &str) -> Vec<String> {
    let (customer, token) = (till.customer.to_string(), till.door.service.new_token());
    let form = [("id", customer.as_str()), ("action", action), ("credits", credits), ("reason", "double click"), ("token", &token)];
    till.clicks(&till.session, "/admin/data/change_credits", &form).await
}

async fn credits_are_granted_once(kind: Kind) {
    let till = Till::on(kind).await;
    assert_alike(&changes(&till, "promo", "50").await);
    assert_eq!(till.balances().await, (CREDITS + 50, 0));
    assert_alike(&changes(&till, "promo", "50").await);
    assert_eq!(till.balances().await, (CREDITS + 100, 0), "another form is another grant");
}

async fn credits_are_taken_back_once(kind: Kind) {
    let till = Till::on(kind).await;
    assert_alike(&changes(&till, "take_back", "300").await);
    assert_eq!(till.balances().await, (CREDITS - 300, 0));
}

async fn a_large_change_is_asked_for_once_and_approved_once(kind: Kind) {
    let till = Till::with(kind, Limits { approval_over: Some(Credits::new(100)), ..Limits::default() }).await;
    let led = changes(&till, "promo", "101").await;
    assert_alike(&led);
    assert!(led[0].starts_with("/admin/approvals?said=asked"), "{led:?}");
    let asked = till.door.service.credit_requests().await.unwrap();
    assert_eq!((asked.len(), till.balances().await), (1, (CREDITS, 0)));
    till.door.operator("bob@example.com", Role::Owner).await;
    let bob = till.door.signs_in("bob@example.com").await;
    let led = till.clicks(&bob, "/admin/approvals/approve", &[("request", &asked[0].id.to_string())]).await;
    assert_eq!(led.iter().filter(|to| to.ends_with("said=decided")).count(), 1, "{led:?}");
    assert_eq!(led.iter().filter(|to| to.ends_with("said=request_decided")).count(), CLICKS - 1, "{led:?}");
    assert_eq!(till.balances().await, (CREDITS + 101, 0));
}

async fn tasks_are_refunded_once(kind: Kind) {
    let till = Till::on(kind).await;
    let batch = till.submits().await;
    let (worker, claimed, places) = claims_of(&till.door.service).await;
    succeed_of(&till.door.service, worker, &claimed, &places).await;
    assert_eq!(till.balances().await, (CREDITS - 10 * SORA_CREDITS, 0));
    let (id, token) = (batch.to_string(), till.door.service.new_token());
    let form = [("id", id.as_str()), ("tasks", "1,3-4"), ("reason", "double click"), ("token", &token)];
    assert_alike(&till.clicks(&till.session, "/admin/data/batch_refund", &form).await);
    assert_eq!(till.balances().await, (CREDITS - 7 * SORA_CREDITS, 0));
    // The same tasks by another form: they are refunded already.
    let token = till.door.service.new_token();
    let form = [("id", id.as_str()), ("tasks", "1,3-4"), ("reason", "again"), ("token", &token)];
    till.clicks(&till.session, "/admin/data/batch_refund", &form).await;
    assert_eq!(till.balances().await, (CREDITS - 7 * SORA_CREDITS, 0));
}

async fn a_batch_is_canceled_once(kind: Kind) {
    let till = Till::on(kind).await;
    let batch = till.submits().await;
    assert_eq!(till.balances().await, (CREDITS - 10 * SORA_CREDITS, 10 * SORA_CREDITS));
    let id = batch.to_string();
    let led = till.clicks(&till.session, "/admin/data/batch_cancel", &[("id", &id), ("reason", "double click")]).await;
    assert!(led.iter().all(|to| to.starts_with(&format!("/admin/batches/{id}"))), "{led:?}");
    assert_eq!(led.iter().filter(|to| !to.contains("action=cancel")).count(), 1, "the others say why not: {led:?}");
    assert_eq!(till.balances().await, (CREDITS, 0));
    let after = till.door.service.batch(Reader::Operator, batch).await.unwrap();
    assert_eq!((after.credits.refunded.get(), after.credits.charged.get()), (10 * SORA_CREDITS, 0));
}

async fn webhooks_are_replayed_once(kind: Kind) {
    let till = Till::on(kind).await;
    let service = &till.door.service;
    let fields = EndpointFields {
        url: "https://example.com/hook".to_owned(),
        description: String::new(),
        subscription: Subscription::default(),
        timeout_ms: TIMEOUT_MS,
    };
    let (endpoint, _) = service.add_endpoint(till.key, fields).await.unwrap();
    service.disable_endpoint(Reader::Operator, endpoint.id).await.unwrap();
    till.submits().await;
    while service.fan_out().await.unwrap() > 0 {}
    service.enable_endpoint(Reader::Operator, endpoint.id).await.unwrap();
    let (since, until) = (service.now().plus_s(-60), service.now().plus_s(60));
    let window = ReplayWindow { endpoint: endpoint.id, since, until, kind: None, failed_as: None };
    let preview = service.preview_replay(Reader::Operator, window).await.unwrap();
    assert!(preview.total > 0);
    let form = [("replay", preview.token.as_str()), ("reason", "double click"), ("back", "")];
    let led = till.clicks(&till.session, "/admin/data/replay_start", &form).await;
    let replays = service.replays(Reader::Operator, None, None, PageSize::default()).await.unwrap().rows;
    assert_eq!(replays.len(), 1, "{led:?}");
    let started = format!("/admin/webhooks/replays/{}", replays[0].id);
    assert!(led.contains(&started) && led.iter().all(|to| *to == started || to.contains("problem=running")), "{led:?}");
    while service.advance_replays().await.unwrap() > 0 {}
    let waiting = service.replay(Reader::Operator, replays[0].id).await.unwrap();
    assert_eq!(waiting.total, preview.total, "each once in line");
    assert_eq!(till.balances().await, (CREDITS - 10 * SORA_CREDITS, 10 * SORA_CREDITS));
}
