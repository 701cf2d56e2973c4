//! Who gets in, through the public doors: every route for every role, signing in and out, guesses, and names and headers that lie.

mod approvals;
mod double_clicks;
mod first_start;
mod headers;
mod oidc;
mod second_factor;
mod sessions;
mod walk;

use std::sync::Arc;

use batchbook::api::Site;
use batchbook::domain::access::{Operator, Role};
use batchbook::domain::time::Clock;
use batchbook::providers::registry::Registry;
use batchbook::server::clock::{ManualClock, SystemClock};
use batchbook::server::oidc::Voucher;
use batchbook::server::random::OsRandom;
use batchbook::server::state::State;
use batchbook::server::web::{Web, router};
use batchbook::service::{Limits, Service};
use batchbook::site::Seller;
use batchbook::store::Db;
use leptos::config::LeptosOptions;
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use tokio::net::TcpListener;

use crate::database::{Database, Kind};

pub const PASSWORD: &str = "correct horse battery";

/// The whole web on an empty database, at a clock that is moved by hand.
pub struct Door {
    pub service: Service,
    pub clock: Arc<ManualClock>,
    pub address: String,
    http: Client,
    database: Database,
}

impl Door {
    pub async fn on(kind: Kind) -> Self {
        Self::at(kind, Site::default()).await
    }

    pub async fn at(kind: Kind, site: Site) -> Self {
        Self::with(kind, site, Limits::default()).await
    }

    pub async fn with(kind: Kind, site: Site, limits: Limits) -> Self {
        Self::open(kind, site, limits, None).await
    }

    pub async fn vouched(kind: Kind, voucher: Voucher) -> Self {
        Self::open(kind, Site::default(), Limits::default(), Some(voucher)).await
    }

    async fn open(kind: Kind, site: Site, limits: Limits, voucher: Option<Voucher>) -> Self {
        let database = Database::new(kind).await;
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let (db, random) = (database.connect().await, Arc::new(OsRandom));
        let service = Service::new(db.clone(), clock.clone(), random.clone(), limits);
        let options = LeptosOptions::builder().output_name("batchbook").site_root("target/site").build();
        let state = State { db, service: service.clone(), limits };
        let web = Web {
            state,
            random,
            options,
            simulated: false,
            providers: Registry::default(),
            site,
            public_url: String::new(),
            seller: Seller::default(),
            voucher,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = router(web).into_make_service_with_connect_info::<std::net::SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { service, clock, address, http, database }
    }

    /// The database behind the program's back.
    pub async fn connect(&self) -> Db {
        self.database.connect().await
    }

    /// An operator with a password.
    pub async fn operator(&self, email: &str, role: Role) -> Operator {
        let operator = self.service.add_operator(email, "", role).await.unwrap().operator;
        self.service.give_password(operator.id, PASSWORD).await.unwrap();
        operator
    }

    pub fn asks(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.address))
    }

    pub async fn gets(&self, path: &str, cookie: &str) -> Response {
        self.asks(Method::GET, path).header("cookie", cookie).header("accept", "text/html").send().await.unwrap()
    }

    pub async fn sends(&self, path: &str, cookie: &str, form: &[(&str, &str)]) -> Response {
        self.asks(Method::POST, path).header("cookie", cookie).header("accept", "text/html").form(form).send().await.unwrap()
    }

    /// What comes of a sign-in: where it leads, and the cookies.
    pub async fn tries(&self, email: &str, password: &str, cookie: &str) -> (String, String) {
        let answer = self.sends("/login", cookie, &[("email", email), ("password", password)]).await;
        (location(&answer).to_owned(), cookies(&answer))
    }

    /// The cookies of somebody who gets in.
    pub async fn signs_in(&self, email: &str) -> String {
        let (to, cookies) = self.tries(email, PASSWORD, "").await;
        assert_eq!(to, "/admin", "{email} gets in");
        cookies
    }

    /// Whether a page is shown to whoever has these cookies.
    pub async fn is_in(&self, cookie: &str) -> bool {
        let answer = self.gets("/admin/account", cookie).await;
        assert!(answer.status() == 200 || location(&answer).starts_with("/login"), "{answer:?}");
        answer.status() == 200
    }
}

pub fn location(answer: &Response) -> &str {
    answer.headers().get("location").map_or("", |to| to.to_str().unwrap())
}

/// What a browser would send back.
pub fn cookies(answer: &Response) -> String {
    let set = answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    set.filter_map(|line| line.split(';').next()).collect::<Vec<_>>().join("; ")
}
