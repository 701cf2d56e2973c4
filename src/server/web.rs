//! The one router: health, customer API, console, and the files of the browser half, each with what guards it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Form, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list, render_app_async_with_context, render_app_to_stream_with_context};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::account;
use super::content::ProviderContent;
use super::guard;
use super::health;
use super::keys;
use super::oidc::{self, Voucher};
use super::preferences;
use super::sign_in::{self, Desk};
use super::site::Files;
use super::state::State;
use super::zones;
use crate::api;
use crate::api::Site;
use crate::api::door::{self, Cookie, Door, by_of};
use crate::api::route::post;
use crate::console::api::refusal::{FreshCodes, FreshLink, Origin};
use crate::console::i18n::Zone;
use crate::console::preferences::Preferences;
use crate::console::query::PreferencesQuery;
use crate::console::{App, Opening, shell};
use crate::domain::access::By;
use crate::domain::id::Random;
use crate::providers::registry::Registry;
use crate::site::{self as public, PublicPages, Seller};

/// The longest body that the console takes. The customer API has limits of its own.
const CONSOLE_REQUEST_MAX_BYTES: usize = 1 << 20;

/// Of gzip and brotli: a page of 50 tasks shrinks to a fifth in a millisecond. Files were compressed when they were built.
const COMPRESSION_QUALITY: i32 = 4;

/// What the web needs.
#[derive(Clone, Debug)]
pub struct Web {
    pub state: State,
    pub random: Arc<dyn Random>,
    pub options: LeptosOptions,
    /// The console says on every page that no real provider is asked.
    pub simulated: bool,
    /// Who keeps the finished videos.
    pub providers: Registry,
    /// How the server is reached.
    pub site: Site,
    /// Address under which customers reach this server, without a slash at its end.
    pub public_url: String,
    /// Who sells, as the price page says it.
    pub seller: Seller,
    /// Who else vouches for operators.
    pub voucher: Option<Voucher>,
}

pub fn router(web: Web) -> Router {
    let Web { state, random, options, simulated, providers, site, public_url, seller, voucher } = web;
    let vouches = voucher.is_some();
    let videos = Arc::new(ProviderContent::new(providers));
    // Who acts is found out at the door, request by request.
    let service = state.service.acting_for(By::NOBODY);
    let api = api::router_with_content(service.clone(), random.clone(), state.limits, site.clone(), videos, &public_url);
    let public = public::router(PublicPages { service: service.clone(), tasks_max: state.limits.tasks_max, seller });
    let https = site.is_https();
    let door = Door { service: service.clone(), site: site.clone(), is_api: false };
    let context = move || {
        let parts = use_context::<Parts>();
        let by = parts.as_ref().map_or(By::NOBODY, |parts| by_of(&parts.extensions));
        provide_context(Opening { vouches, ..opening(simulated, parts.as_ref(), &by) });
        // Pages have a nonce, answers to server functions do not.
        let policy = use_nonce().and_then(|nonce| guard::page_policy(&nonce));
        if let (Some(policy), Some(response)) = (policy, use_context::<ResponseOptions>()) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        if let Some(origin) = site.origin.clone() {
            provide_context(Origin(origin));
        }
        if let Some(token) = parts.as_ref().and_then(|parts| Cookie::Link.of(&parts.headers, site.is_https())) {
            provide_context(FreshLink(token.to_owned()));
        }
        if let Some(codes) = parts.as_ref().and_then(|parts| Cookie::Codes.of(&parts.headers, site.is_https())) {
            provide_context(FreshCodes(codes.split(account::CODES_APART).map(str::to_owned).collect()));
        }
        provide_context(service.acting_for(by));
    };
    Router::new()
        .merge(health::router(state.db))
        .merge(api)
        .merge(public)
        .merge(console(options, context, random, door, voucher))
        .layer(middleware::map_response_with_state(https, guard::with_headers))
        .layer(CatchPanicLayer::new())
}

/// What a page is to know: who looks at it, and the browser's preferences. A zone that there is no more is UTC.
fn opening(simulated: bool, parts: Option<&Parts>, by: &By) -> Opening {
    let cookies = parts.and_then(|parts| parts.headers.get(header::COOKIE)?.to_str().ok());
    let mut preferences = Preferences::of_cookies(cookies.unwrap_or_default());
    let zone = zones::zone(&preferences.zone).unwrap_or(Zone::UTC);
    zone.name().clone_into(&mut preferences.zone);
    Opening { simulated, preferences, zone, operator: by.operator().cloned(), vouches: false }
}

/// Pages, server functions and files. Whatever is none of them gets the page that says so, with 404. Only files, and the pages
/// where one signs in, are for everybody.
fn console(
    options: LeptosOptions,
    context: impl Fn() + Clone + Send + Sync + 'static,
    random: Arc<dyn Random>,
    door: Door,
    voucher: Option<Voucher>,
) -> Router {
    let site = door.site.clone();
    let desk = Desk { service: door.service.clone(), https: site.is_https() };
    let elsewhere = voucher.map(|voucher| oidc::router(desk.clone(), voucher, site.origin.clone())).unwrap_or_default();
    let app = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let files = Files::of(&options);
    let page = render_app_to_stream_with_context(context.clone(), app.clone());
    let fallback = move |request: Request| {
        let (files, page) = (files.clone(), page.clone());
        async move {
            match files.find(request).await {
                Ok(file) => file,
                Err(request) if wants_page(&request) => match guard::turned_away(&request) {
                    Some(answer) => answer,
                    None => not_found(page(request).await),
                },
                Err(_) => (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response(),
            }
        }
    };
    let make_key = {
        let (service, context, app) = (door.service.clone(), context.clone(), app.clone());
        move |parts: Parts, Form(fields): keys::Sent| {
            let (service, context, app) = (service.clone(), context.clone(), app.clone());
            async move {
                let made = match keys::make(&service, &parts, fields).await {
                    Ok(made) => made,
                    Err(elsewhere) => return elsewhere,
                };
                let with_key = move || {
                    context();
                    provide_context(made.clone());
                };
                let mut asked = Request::new(Body::empty());
                (*asked.uri_mut(), *asked.headers_mut(), *asked.extensions_mut()) = (parts.uri, parts.headers, parts.extensions);
                render_app_async_with_context(with_key, app)(asked).await
            }
        }
    };
    Router::new()
        .route(PreferencesQuery::PATH, post(preferences::keep))
        .route("/admin/customers/{id}", post(make_key))
        .merge(sign_in::router(desk.clone()))
        .merge(account::router(desk))
        .merge(elsewhere)
        .leptos_routes_with_context(&options, generate_route_list(App), context, app)
        .route_layer(middleware::from_fn(guard::signed_in_only))
        .fallback(fallback)
        .layer(RequestBodyLimitLayer::new(CONSOLE_REQUEST_MAX_BYTES))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(COMPRESSION_QUALITY)))
        .layer(middleware::from_fn_with_state(door, door::enter))
        .layer(middleware::from_fn_with_state(random, guard::named))
        .layer(middleware::from_fn_with_state(site, door::arrive))
        .with_state(options)
}

/// Browsers ask so for what a person will look at, and not for scripts or pictures.
fn wants_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok());
    matches!(*request.method(), Method::GET | Method::HEAD) && accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

fn not_found(mut page: Response) -> Response {
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}
