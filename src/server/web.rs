//! The one router: health, customer API, console, and the files of the browser half, each with what guards it.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_to_stream_with_context};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::content::ProviderContent;
use super::guard;
use super::health;
use super::preferences;
use super::site::Files;
use super::state::State;
use super::zones;
use crate::api;
use crate::console::i18n::Zone;
use crate::console::preferences::Preferences;
use crate::console::query::PreferencesQuery;
use crate::console::{App, Opening, shell};
use crate::domain::id::Random;
use crate::providers::registry::Registry;

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
}

pub fn router(web: Web) -> Router {
    let Web { state, random, options, simulated, providers } = web;
    let names = random.clone();
    let videos = Arc::new(ProviderContent::new(providers));
    let api = api::router_with_content(state.service.clone(), random, state.limits, videos);
    let service = state.service;
    let context = move || {
        provide_context(service.clone());
        provide_context(opening(simulated));
    };
    Router::new()
        .merge(health::router(state.db))
        .merge(api)
        .merge(console(options, context, names))
        .layer(middleware::map_response(guard::with_headers))
        .layer(CatchPanicLayer::new())
}

/// What a page is to know: the browser's preferences among it. A zone that there is no more is UTC.
fn opening(simulated: bool) -> Opening {
    let cookies = use_context::<Parts>().and_then(|parts| parts.headers.get(header::COOKIE)?.to_str().ok().map(str::to_owned));
    let mut preferences = Preferences::of_cookies(cookies.as_deref().unwrap_or_default());
    let zone = zones::zone(&preferences.zone).unwrap_or(Zone::UTC);
    zone.name().clone_into(&mut preferences.zone);
    Opening { simulated, preferences, zone }
}

/// Pages, server functions and files. Whatever is none of them gets the page that says so, with 404.
fn console(options: LeptosOptions, context: impl Fn() + Clone + Send + Sync + 'static, random: Arc<dyn Random>) -> Router {
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
                Err(request) if wants_page(&request) => not_found(page(request).await),
                Err(_) => (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response(),
            }
        }
    };
    Router::new()
        .route(PreferencesQuery::PATH, post(preferences::keep))
        .leptos_routes_with_context(&options, generate_route_list(App), context, app)
        .fallback(fallback)
        .layer(RequestBodyLimitLayer::new(CONSOLE_REQUEST_MAX_BYTES))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(COMPRESSION_QUALITY)))
        .layer(middleware::from_fn(guard::only_own_pages))
        .layer(middleware::from_fn(guard::only_loopback_names))
        .layer(middleware::from_fn_with_state(random, guard::named))
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

/// Serves until `stop`, then answers what is under way and returns.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    // Streamed pages are many small writes: without this each waits for the browser's delayed acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection has no TCP_NODELAY");
        }
    });
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}
