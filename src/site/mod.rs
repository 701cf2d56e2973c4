//! What everybody may see without signing in: the price page. Written on the server and complete without scripts; it carries
//! nothing of the console, not even its WASM.

mod pricing;
mod seller;
mod structured;
mod words;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tower_http::compression::CompressionLayer;

use crate::console::i18n::{Lang, Language, Zone};
use crate::service::Service;

use self::pricing::{Asked, Page};
pub use self::seller::{Contact, Seller};

pub const PRICING: &str = "/pricing";

/// Nothing from elsewhere, no script inside of the page: what is written here cannot be made to do more.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);
/// Asked after each time: a price is true when it is read.
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// What the pages need.
#[derive(Clone, Debug)]
pub struct PublicPages {
    pub service: Service,
    /// Tasks in one batch at most.
    pub tasks_max: usize,
    pub seller: Seller,
}

pub fn router(pages: PublicPages) -> Router {
    Router::new()
        .route("/pricing", get(pricing_page))
        .route("/pricing/style.css", get(style))
        .route("/pricing/live.js", get(live))
        .layer(CompressionLayer::new())
        .with_state(pages)
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    lang: Option<String>,
    model: Option<String>,
    videos: Option<String>,
}

/// `GET /pricing`. What cannot be read in the address is as if it were not there.
async fn pricing_page(
    State(pages): State<PublicPages>,
    headers: HeaderMap,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    let parameters = parameters.map(|Query(parameters)| parameters).unwrap_or_default();
    let lang = Lang::of(parameters.lang.as_deref(), preferred(&headers), Zone::UTC);
    let offer = match pages.service.offer().await {
        Ok(offer) => offer,
        Err(error) => {
            tracing::error!(%error, "the price page has no prices");
            return (StatusCode::SERVICE_UNAVAILABLE, words::of(lang).unavailable).into_response();
        }
    };
    let asked = Asked::read(parameters.model.as_deref(), parameters.videos.as_deref(), &offer);
    let page = Page { lang, offer: &offer, seller: &pages.seller, asked, tasks_max: pages.tasks_max, now: pages.service.now() };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::CACHE_CONTROL, ASK_EACH_TIME),
        (header::VARY, HeaderValue::from_static("accept-language")),
    ];
    (headers, Html(page.html())).into_response()
}

async fn style() -> Response {
    file("text/css", concat!(include_str!("../../style/tokens.css"), include_str!("pricing.css")))
}

async fn live() -> Response {
    file("text/javascript", include_str!("live.js"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], [(header::CACHE_CONTROL, ASK_EACH_TIME)], text).into_response()
}

/// The language that the browser asks for first, of those there are.
fn preferred(headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut tags = asked.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
    tags.find_map(|tag| Language::of(tag.split('-').next().unwrap_or_default())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_the_language_that_is_asked_for_first() {
        let asked = |value: &'static str| preferred(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value))]));
        assert_eq!(asked("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh);
        assert_eq!(asked("de-DE, en;q=0.7, zh;q=0.3"), Language::En);
        assert_eq!(asked("de"), Language::En);
        assert_eq!(preferred(&HeaderMap::new()), Language::En);
    }
}
