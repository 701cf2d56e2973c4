//! The form of preferences and the pages that heed it, over HTTP.

use std::sync::Arc;

use batchbook::api::Site;
use batchbook::domain::access::Role;
use batchbook::providers::registry::Registry;
use batchbook::server::clock::SystemClock;
use batchbook::server::random::OsRandom;
use batchbook::server::state::State;
use batchbook::server::web::{Web, router};
use batchbook::service::{Limits, Service};
use batchbook::site::Seller;
use leptos::config::LeptosOptions;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Client, Response, redirect};
use tokio::net::TcpListener;

use crate::app::operator_token;
use crate::database::{Database, Kind};

/// The console on an empty database, and a client of an owner that follows no redirects.
pub struct Console {
    pub address: String,
    pub http: Client,
    _database: Database,
}

impl Console {
    pub async fn open() -> Self {
        let database = Database::new(Kind::Sqlite).await;
        let (db, random, limits) = (database.connect().await, Arc::new(OsRandom), Limits::default());
        let service = Service::new(db.clone(), Arc::new(SystemClock), random.clone(), limits);
        let token = operator_token(&service, Role::Owner).await;
        let options = LeptosOptions::builder().output_name("batchbook").site_root("target/site").build();
        let web = Web {
            state: State { db, service, limits },
            random,
            options,
            simulated: false,
            providers: Registry::default(),
            site: Site::default(),
            public_url: String::new(),
            seller: Seller::default(),
            voucher: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router(web)).await.unwrap() });
        let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
        let http = Client::builder().redirect(redirect::Policy::none()).default_headers(headers).build().unwrap();
        Self { address, http, _database: database }
    }

    async fn sends(&self, form: &str) -> Response {
        let request = self.http.post(format!("{}/admin/preferences", self.address));
        request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned()).send().await.unwrap()
    }

    async fn page(&self, path: &str, cookie: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.address)).header("cookie", cookie).header("accept", "text/html");
        request.send().await.unwrap().text().await.unwrap()
    }
}

pub fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_form_is_answered_with_a_cookie_and_leads_back() {
    let console = Console::open().await;
    let answer = console
        .sends("theme=dark&lang=zh&zone=other&zone_name=new+york&density=compact&refresh=10&keys=off&next=%2Fadmin%2Fbatches%3Fpage%3D2")
        .await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/admin/batches?page=2"));
    let expected = "batchbook_preferences=theme=dark&lang=zh&zone=America/New_York&density=compact&refresh=10&keys=off; Path=/; Max-Age=31536000; SameSite=Lax";
    assert_eq!(header(&answer, "set-cookie"), expected);
}

#[tokio::test]
async fn bad_input_is_the_default_and_never_an_error() {
    let console = Console::open().await;
    for form in ["", "theme=pink&refresh=7&density=9&keys=&lang=tlh", "theme", "%ff=%ff&theme=%00", "zone=UTC&zone_name=x"] {
        let answer = console.sends(form).await;
        assert_eq!(answer.status(), 303, "{form}");
        assert!(header(&answer, "set-cookie").starts_with("batchbook_preferences=;"), "{form}: {}", header(&answer, "set-cookie"));
    }
    let answer = console.sends("theme=dark&zone=other&zone_name=Atlantis%0d%0aSet-Cookie:x").await;
    assert_eq!(header(&answer, "location"), "/admin/preferences?zone=Atlantis%0D%0ASet-Cookie%3Ax");
    assert!(header(&answer, "set-cookie").starts_with("batchbook_preferences=theme=dark;"), "the rest is kept");
}

#[tokio::test]
async fn leads_to_no_other_site() {
    let console = Console::open().await;
    for next in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2Fadmin%5C..%5C..", "%2F%5Cevil.example", "javascript%3Aalert(1)"] {
        let answer = console.sends(&format!("next={next}")).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/admin"), "{next}");
    }
}

#[tokio::test]
async fn a_page_is_written_as_the_cookie_says() {
    let console = Console::open().await;
    let page = console.page("/admin/preferences", "a=b; batchbook_preferences=theme=dark&lang=zh&density=compact&zone=asia/tokyo").await;
    let root = &page[page.find("<html").unwrap()..][..200];
    assert!(
        root.contains(r#"data-theme="dark""#) && root.contains(r#"data-density="compact""#) && root.contains(r#"lang="zh-Hans""#),
        "{root}"
    );
    assert!(page.contains("Asia/Tokyo"));
    for cookie in ["", "batchbook_preferences=", "batchbook_preferences=theme=<b>&zone=../../x", "batchbook_preferences"] {
        let page = console.page("/admin/preferences", cookie).await;
        let root = &page[page.find("<html").unwrap()..][..100];
        assert!(root.contains(r#"lang="en""#) && !root.contains("data-theme"), "{cookie}: {root}");
    }
}

#[tokio::test]
async fn requests_to_the_console_are_named_by_us() {
    let console = Console::open().await;
    let request = console.http.get(format!("{}/admin/preferences", console.address)).header("x-request-id", "mine");
    let answer = request.send().await.unwrap();
    assert!(header(&answer, "x-request-id").starts_with("req_"));
}
