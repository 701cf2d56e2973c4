//! Names and headers that lie, and what browsers are told.

use batchbook::api::Site;
use batchbook::domain::access::Role;
use reqwest::Method;

use super::{Door, PASSWORD, location};
use crate::database::Kind;

const ANNA: &str = "anna@example.com";

fn https(proxies: &str) -> Site {
    let origin = Some("https://books.example".to_owned());
    Site { origin, host: Some("books.example".to_owned()), proxies: proxies.parse().unwrap() }
}

#[tokio::test]
async fn pages_are_told_what_may_run_and_answers_are_not_kept() {
    let door = Door::on(Kind::Sqlite).await;
    door.operator(ANNA, Role::Viewer).await;
    let session = door.signs_in(ANNA).await;
    let mut nonces = Vec::new();
    for path in ["/login", "/admin", "/admin/batches", "/admin/nowhere"] {
        let answer = door.gets(path, &session).await;
        let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let policy = header("content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default().to_owned();
        assert!(nonce.len() >= 20 && policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains('*'), "{policy}");
        assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff".to_owned(), "same-origin".to_owned()));
        assert_eq!((header("cross-origin-opener-policy"), header("cache-control")), ("same-origin".to_owned(), "no-store".to_owned()));
        assert_eq!(header("strict-transport-security"), "", "not on plain http");
        let page = answer.text().await.unwrap();
        let bare = page.match_indices("<script").filter(|(at, _)| !page[*at..].split('>').next().unwrap().contains(&nonce)).count();
        assert_eq!(bare, 0, "{path}: every script carries the nonce");
        assert!(
            !page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick="),
            "{path}: nothing needs `unsafe-inline`"
        );
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4, "each answer has its own");
}

#[tokio::test]
async fn https_is_for_its_own_name_and_its_cookies_are_for_https() {
    let door = Door::at(Kind::Sqlite, https("")).await;
    door.operator(ANNA, Role::Viewer).await;
    let answer = door.asks(Method::POST, "/login").header("host", "books.example").form(&[("email", ANNA), ("password", PASSWORD)]);
    let answer = answer.send().await.unwrap();
    assert_eq!(location(&answer), "/admin");
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=63072000");
    let set: Vec<&str> = answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(
        set[0].starts_with("__Host-batchbook=") && set[0].ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"),
        "{set:?}"
    );
    let session = set[0].split(';').next().unwrap();
    assert!(door.is_in(session).await);
    let renamed = session.replace("__Host-batchbook", "batchbook_insecure_loopback");
    assert!(!door.is_in(&renamed).await, "a cookie without the prefix could have come from a subdomain");
}

#[tokio::test]
async fn only_names_of_the_server_are_answered() {
    let door = Door::at(Kind::Sqlite, https("")).await;
    let status = async |host: &str, path: &str| door.asks(Method::GET, path).header("host", host).send().await.unwrap().status().as_u16();
    for (host, page, api) in
        [("books.example", 200, 401), ("localhost:1", 200, 401), ("evil.example", 421, 404), ("books.example.evil.example", 421, 404)]
    {
        assert_eq!((status(host, "/login").await, status(host, "/api/admin/overview").await), (page, api), "{host}");
    }
    assert_eq!(status("evil.example", "/api/v1/credits").await, 401, "the customers' API asks for a key by whatever name");
}

#[tokio::test]
async fn proxies_are_believed_only_where_they_are_ours() {
    for (proxies, seen) in [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.9")] {
        let door = Door::at(Kind::Sqlite, https(proxies)).await;
        door.operator(ANNA, Role::Viewer).await;
        let sent = door.asks(Method::POST, "/login").header("x-forwarded-for", "1.1.1.1, 203.0.113.9").header("x-forwarded-proto", "http");
        let answer = sent.form(&[("email", ANNA), ("password", PASSWORD)]).send().await.unwrap();
        let session = super::cookies(&answer);
        let page = door.gets("/admin/account", &session).await.text().await.unwrap();
        assert!(page.contains(seen) && !page.contains("1.1.1.1"), "{proxies:?}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let door = Door::on(Kind::Sqlite).await;
    door.operator(ANNA, Role::Owner).await;
    let session = door.signs_in(ANNA).await;
    let own = door.address.clone();
    for (name, value, good) in [
        ("sec-fetch-site", "cross-site", false),
        ("sec-fetch-site", "same-site", false),
        ("origin", "http://evil.example", false),
        ("origin", "null", false),
        ("sec-fetch-site", "same-origin", true),
        ("origin", own.as_str(), true),
    ] {
        let form =
            door.asks(Method::POST, "/admin/operators/role").header("cookie", &session).header(name, value).form(&[("role", "viewer")]);
        let answer = form.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), if good { 303 } else { 403 }, "{name}: {value}");
    }
    let sign_in = door.asks(Method::POST, "/login").header("sec-fetch-site", "cross-site").form(&[("email", ANNA), ("password", PASSWORD)]);
    assert_eq!(sign_in.send().await.unwrap().status(), 403, "nobody is signed in as somebody else");
}

#[tokio::test]
async fn a_sign_in_leads_to_no_other_site() {
    let door = Door::on(Kind::Sqlite).await;
    door.operator(ANNA, Role::Viewer).await;
    for (next, to) in [
        ("/admin/batches?page=2", "/admin/batches?page=2"),
        ("//evil.example", "/admin"),
        ("https://evil.example", "/admin"),
        ("/\\evil.example", "/admin"),
        ("/admin\r\nset-cookie: a=b", "/admin"),
    ] {
        let answer = door.sends("/login", "", &[("email", ANNA), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(location(&answer), to, "{next:?}");
    }
    let led = door.gets("/admin/batches?status=failed&page=2", "").await;
    assert_eq!(location(&led), "/login?next=%2Fadmin%2Fbatches%3Fstatus%3Dfailed%26page%3D2");
}

#[tokio::test]
async fn strangers_are_told_to_wait_and_whoever_has_a_key_is_not() {
    let door = Door::on(Kind::Sqlite).await;
    let anna = door.operator(ANNA, Role::Viewer).await;
    let token = door.service.add_operator_token(anna.id, "script").await.unwrap();
    let guess = async || door.asks(Method::GET, "/api/v1/credits").bearer_auth("bb_guess").send().await.unwrap().status().as_u16();
    let mut answers = Vec::new();
    for _ in 0..610 {
        answers.push(guess().await);
    }
    let looked_at = answers.iter().filter(|status| **status == 401).count();
    assert_eq!((looked_at, answers.len() - looked_at, answers.last()), (600, 10, Some(&429)));
    let good = door.asks(Method::GET, "/api/admin/overview").bearer_auth(token.reveal()).send().await.unwrap();
    assert_eq!(good.status(), 200, "at the same address");
    door.clock.advance_ms(60_000);
    assert_eq!(guess().await, 401);
}
