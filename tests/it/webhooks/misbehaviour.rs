//! Receivers that misbehave: whatever they do has a name, and costs no more than its bounds.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use batchbook::delivery::{Client, LookUp};
use batchbook::domain::time::Time;
use batchbook::domain::webhook::target::PORTS;
use serde_json::json;
use tokio::net::TcpListener;

use super::receiver::{Receiver, Say};
use super::{Sending, attempts, deliveries, ended, endpoint, post};
use crate::app::TestApp;
use crate::database::{Kind, on_both};

/// 10 MB of zeros.
const GZIP_BOMB: &[u8] = include_bytes!("bomb.gz");

on_both! {
    what_a_receiver_does_is_named_and_bounded,
    only_trusted_certificates_are_spoken_to,
    a_receiver_may_ask_for_a_pause_in_every_form_there_is,
    a_name_that_turns_inwards_is_not_followed,
}

fn lines(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

async fn what_a_receiver_does_is_named_and_bounded(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0");
    let customer = app.customer().with_credits(0).await;
    let elsewhere = Receiver::that([Say::Status(200)]).await;
    let redirect = lines(format!("location: {}\r\n", elsewhere.url));
    for (say, class, state) in [
        (Say::Status(404), "http_4xx", "exhausted"),
        (Say::Answer(302, redirect, ""), "http_3xx", "exhausted"),
        (Say::Answer(307, "location: http://169.254.169.254/latest/meta-data/\r\n", ""), "http_3xx", "exhausted"),
        (Say::Status(500), "http_5xx", "exhausted"),
        (Say::Status(503), "http_5xx", "exhausted"),
        (Say::Status(429), "http_4xx", "exhausted"),
        (Say::Hang, "timeout_response", "exhausted"),
        (Say::SlowHeaders, "timeout_response", "exhausted"),
        (Say::SlowBody, "timeout_response", "exhausted"),
        (Say::ResetBefore, "reset", "exhausted"),
        (Say::ResetWithin, "reset", "exhausted"),
        (Say::ResetAfter, "delivered", "succeeded"),
        (Say::EndlessBody, "body_too_large", "exhausted"),
        (Say::Bytes("content-encoding: gzip\r\n", GZIP_BOMB), "delivered", "succeeded"),
        (Say::Answer(200, "set-cookie: sid=1\r\nx-served-by: a\r\n", "thanks \0"), "delivered", "succeeded"),
    ] {
        let inbox = Receiver::that([say.clone()]).await;
        let endpoint = endpoint(&customer, &inbox.url).await;
        let id = endpoint["id"].as_str().unwrap();
        post(&customer, &format!("/api/v1/webhook-endpoints/{id}/test")).await;
        let found = ended(&customer, id).await;
        assert_eq!(found["status"], state, "{say:?}: {found:#}");
        let attempts = attempts(&customer, &found).await;
        assert_eq!((attempts.len(), &attempts[0]["class"]), (1, &json!(class)), "{say:?}: {attempts:#?}");
        assert!(attempts[0]["response_body"].as_str().is_none_or(|body| body.len() <= 8 << 10 && !body.contains('\0')), "{say:?}");
        assert!(!attempts[0].to_string().contains("sid=1"), "{say:?}");
        let answered = !matches!(say, Say::Hang | Say::SlowHeaders | Say::ResetBefore);
        assert_eq!(attempts[0]["responded_at"].is_string(), answered, "{say:?}: {attempts:#?}");
    }
    assert!(elsewhere.received().is_empty(), "a redirect is not followed");
    // Nobody listens there: the port was free a moment ago.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, class) in [
        (format!("http://{gone}/hook"), "refused"),
        (format!("https://{gone}/hook"), "refused"),
        ("http://nobody.invalid/hook".to_owned(), "dns"),
    ] {
        let endpoint = endpoint(&customer, &url).await;
        let id = endpoint["id"].as_str().unwrap();
        post(&customer, &format!("/api/v1/webhook-endpoints/{id}/test")).await;
        let made = attempts(&customer, &ended(&customer, id).await).await;
        assert_eq!(made[0]["class"], class, "{url}: {made:#?}");
    }
    sending.end().await;
}

async fn only_trusted_certificates_are_spoken_to(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0");
    let customer = app.customer().with_credits(0).await;
    let (signed_itself, expired) = (Receiver::by_tls(2100).await, Receiver::by_tls(2020).await);
    for inbox in [&signed_itself, &expired] {
        let endpoint = endpoint(&customer, &inbox.url).await;
        let id = endpoint["id"].as_str().unwrap();
        post(&customer, &format!("/api/v1/webhook-endpoints/{id}/test")).await;
        let made = attempts(&customer, &ended(&customer, id).await).await;
        assert_eq!(made[0]["class"], "tls", "{made:#?}");
        assert!(inbox.received().is_empty(), "not a byte of it was sent");
    }
    sending.end().await;
}

async fn a_receiver_may_ask_for_a_pause_in_every_form_there_is(kind: Kind) {
    let app = TestApp::on(kind).await;
    let sending = Sending::start(&app, "0,60,60");
    let customer = app.customer().with_credits(0).await;
    let date = |seconds: u64| {
        let now = u64::try_from(app.service.now().micros() / 1_000_000).unwrap();
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now + seconds))
    };
    // The pause before the second try is a minute; at least so long, and at most ten minutes more, plus a tenth of jitter.
    for (status, asked, read, waits) in [
        (429, "120".to_owned(), Some(120..=120), 120..=132),
        (503, "120".to_owned(), Some(120..=120), 120..=132),
        (429, date(300), Some(290..=300), 290..=330),
        (429, "Thu, 01 Jan 1970 00:00:00 GMT".to_owned(), Some(0..=0), 60..=66),
        (429, "1".to_owned(), Some(1..=1), 60..=66),
        (429, "99999999999".to_owned(), Some(99_999_999_999..=99_999_999_999), 660..=726),
        (429, "-5".to_owned(), None, 60..=66),
        (429, "1.5".to_owned(), None, 60..=66),
        (429, "soon".to_owned(), None, 60..=66),
        (429, String::new(), None, 60..=66),
        (500, "120".to_owned(), None, 60..=66),
    ] {
        let inbox = Receiver::that([Say::Answer(status, lines(format!("retry-after: {asked}\r\n")), "")]).await;
        let endpoint = endpoint(&customer, &inbox.url).await;
        let id = endpoint["id"].as_str().unwrap();
        let delivery = post(&customer, &format!("/api/v1/webhook-endpoints/{id}/test")).await["delivery_id"].clone();
        let path = format!("/api/v1/webhook-deliveries/{}", delivery.as_str().unwrap());
        let row = loop {
            let row = customer.gets(&path).await.is(200);
            if row["attempts_made"].get(0).is_some_and(|attempt| !attempt["class"].is_null()) {
                break row;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let attempt = &row["attempts_made"][0];
        let seconds = attempt["retry_after_s"].as_i64();
        assert!(seconds.map_or(read.is_none(), |seconds| read.as_ref().is_some_and(|read| read.contains(&seconds))), "{asked}: {row:#}");
        let at = |value: &serde_json::Value| value.as_str().unwrap().parse::<Time>().unwrap();
        let pause_s = at(&row["next_attempt_at"]).micros_since(at(&attempt["finished_at"])) / 1_000_000;
        assert!(waits.contains(&pause_s), "{status} {asked}: {pause_s} s");
    }
    sending.end().await;
}

/// Says one address after the other; the last one for ever.
#[derive(Debug)]
struct Turning(Mutex<VecDeque<Vec<IpAddr>>>);

#[async_trait::async_trait]
impl LookUp for Turning {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        Ok(if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() })
    }
}

/// Two listeners on one port that endpoints may name.
async fn on_two_addresses() -> (TcpListener, TcpListener, u16) {
    for port in PORTS.into_iter().filter(|port| *port > 1_024) {
        let (one, other) = (TcpListener::bind(("127.0.0.2", port)).await, TcpListener::bind(("127.0.0.1", port)).await);
        if let (Ok(one), Ok(other)) = (one, other) {
            return (one, other, port);
        }
    }
    panic!("no port that endpoints may name is free");
}

async fn a_name_that_turns_inwards_is_not_followed(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(0).await;
    // 127.0.0.2 stands for the public internet, 127.0.0.1 for what lies inside.
    let (public, inside, port) = on_two_addresses().await;
    let public = Receiver::on(public, [Say::ResetBefore]);
    let inside = Receiver::on(inside, [Say::Status(200)]);
    let [outwards, inwards]: [IpAddr; 2] = ["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()];
    let names = Turning(Mutex::new([vec![outwards], vec![inwards], vec![outwards, inwards]].into()));
    let client = Client::with_names("127.0.0.2/32".parse().unwrap(), Arc::new(names)).unwrap();
    let sending = Sending::by(&app.service, client, "0,1,1");
    let endpoint = endpoint(&customer, &format!("http://turning.example:{port}/hook")).await;
    post(&customer, &format!("/api/v1/webhook-endpoints/{}/test", endpoint["id"].as_str().unwrap())).await;
    let found = deliveries(&customer, "exhausted", 1).await;
    let made = attempts(&customer, &found[0]).await;
    let classes: Vec<&str> = made.iter().map(|attempt| attempt["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["reset", "blocked_address", "blocked_address"], "{made:#?}");
    assert_eq!((public.received().len(), inside.received().len()), (1, 0));
    sending.end().await;
}
