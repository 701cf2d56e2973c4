//! The door of everything that is for operators: the console and `/api/admin`. Whoever comes in is looked at once ([`enter`]):
//! by which name the server was addressed, whether a page of another site sent the request, and who sent it. What stands behind
//! the door gets services that act for that operator ([`Signed`]), and for nobody without one.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::code::Code;
use super::envelope::Exchange;
use super::problem::Problem;
use super::same_site::is_cross_site;
use crate::domain::access::{By, Forbidden, Who};
use crate::domain::webhook::target::Subnets;
use crate::service::sessions::by_session;
use crate::service::{Service, ServiceResult};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// What proxies say of a request. Believed only when a proxy of ours says it.
const FORWARDED: [HeaderName; 5] = [
    header::FORWARDED,
    X_FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// How the server is reached.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The public address, where it is https.
    pub origin: Option<String>,
    /// Name of the public address, without its port. Loopback names are always known.
    pub host: Option<String>,
    /// Proxies that are believed.
    pub proxies: Subnets,
}

/// Cookies of the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    Session,
    /// By which a browser is known, which opens nothing.
    Device,
    /// A link that was just made, to be shown once.
    Link,
    /// Recovery codes that were just made, to be shown once.
    Codes,
    /// Whose code is waited for, after the right password. Opens nothing without it.
    Step,
    /// What belongs together while somebody signs in elsewhere.
    Flow,
}

impl Cookie {
    /// `__Host-` makes browsers refuse it from subdomains and over http. Plain http is only for loopback, and the name says so.
    pub const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-batchbook",
            (Self::Session, false) => "batchbook_insecure_loopback",
            (Self::Flow, true) => "__Host-batchbook-oidc",
            (Self::Flow, false) => "batchbook_insecure_loopback_oidc",
            (Self::Link, true) => "__Host-batchbook-link",
            (Self::Link, false) => "batchbook_insecure_loopback_link",
            (Self::Codes, true) => "__Host-batchbook-codes",
            (Self::Codes, false) => "batchbook_insecure_loopback_codes",
            (Self::Step, true) => "__Host-batchbook-step",
            (Self::Step, false) => "batchbook_insecure_loopback_step",
            (Self::Device, true) => "__Host-batchbook-device",
            (Self::Device, false) => "batchbook_insecure_loopback_device",
        }
    }

    /// What was sent with a request.
    pub fn of(self, headers: &HeaderMap, https: bool) -> Option<&str> {
        let name = self.name(https);
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The value of `Set-Cookie`; an empty `value` deletes it.
    pub fn set(self, value: &str, https: bool, max_age_s: i64) -> String {
        let secure = if https { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}", self.name(https))
    }
}

/// Where a request came from, proxies of ours left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct From(pub Option<IpAddr>);

/// Believes proxies only where they are ours: what others say of themselves is taken out before anybody reads it.
pub async fn arrive(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let from = if peer.is_some_and(|peer| site.proxies.contain(peer)) {
        forwarded_for(request.headers(), site.proxies).or(peer)
    } else {
        for name in &FORWARDED {
            request.headers_mut().remove(name);
        }
        peer
    };
    request.extensions_mut().insert(From(from));
    next.run(request).await
}

/// Each proxy adds at the end, so the last address that is no proxy of ours is the first that ours have seen.
fn forwarded_for(headers: &HeaderMap, proxies: Subnets) -> Option<IpAddr> {
    let lines: Vec<&str> = headers.get_all(&X_FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let mut addresses = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(|word| word.trim().parse::<IpAddr>());
    // Behind something that is no address nothing can be believed.
    addresses.by_ref().map_while(Result::ok).map(|ip| ip.to_canonical()).find(|ip| !proxies.contain(*ip))
}

/// The services behind the door, and what is told whoever is turned away.
#[derive(Clone, Debug)]
pub struct Door {
    pub service: Service,
    pub site: Site,
    /// Whether problem documents are read here, or sentences.
    pub is_api: bool,
}

impl Site {
    /// Whether cookies are for https only.
    pub const fn is_https(&self) -> bool {
        self.origin.is_some()
    }
}

impl Door {
    fn refusal(&self, status: StatusCode, code: Code, text: &str) -> Response {
        if self.is_api { Problem::new(code, text).into_response() } else { (status, format!("{text}\n")).into_response() }
    }

    /// Who sent a request: by a token, or by the session's cookie.
    async fn by(&self, headers: &HeaderMap, address: Option<IpAddr>, request_id: Option<String>) -> ServiceResult<By> {
        if let Some(token) = bearer(headers) {
            let operator = self.service.operator_of_token(token).await?;
            let who = operator.map_or(Who::Nobody, |operator| Who::Operator { operator, session: None, proven: true });
            return Ok(By { who, request_id, address });
        }
        let session = match Cookie::Session.of(headers, self.site.is_https()) {
            Some(token) => self.service.resume(token).await?,
            None => None,
        };
        Ok(match session {
            Some(session) => by_session(session, self.service.now(), request_id, address),
            None => By { who: Who::Nobody, request_id, address },
        })
    }
}

fn request_id(request: &Request) -> Option<String> {
    let of_console = || request.headers().get(X_REQUEST_ID)?.to_str().ok().map(str::to_owned);
    request.extensions().get::<Exchange>().map(|exchange| exchange.request_id().to_owned()).or_else(of_console)
}

/// The token of a script, if there is one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// To be laid around everything that is for operators.
pub async fn enter(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    if !is_known_host(request.uri(), request.headers(), door.site.host.as_deref()) {
        let text = "This server is not known by that name. Use its public address, or http://localhost on the machine itself.";
        return door.refusal(StatusCode::MISDIRECTED_REQUEST, Code::UnknownRoute, text);
    }
    if !request.method().is_safe() && is_cross_site(request.headers()) {
        let text = "This was sent by a page of another site, so nothing was done. Use the console itself.";
        return door.refusal(StatusCode::FORBIDDEN, Code::CrossSite, text);
    }
    let (address, request_id) = (request.extensions().get::<From>().and_then(|from| from.0), request_id(&request));
    match door.by(request.headers(), address, request_id).await {
        Ok(by) => request.extensions_mut().insert(by),
        Err(error) => {
            let problem = Problem::from(error);
            let (status, text) = (problem.code().status(), problem.detail().to_owned());
            return if door.is_api { problem.into_response() } else { (status, format!("{text}\n")).into_response() };
        }
    };
    next.run(request).await
}

/// Who is behind the door; nobody where there is none.
pub fn by_of(extensions: &axum::http::Extensions) -> By {
    extensions.get::<By>().cloned().unwrap_or(By::NOBODY)
}

pub(crate) async fn signed_in_only(request: Request, next: Next) -> Result<Response, Problem> {
    match by_of(request.extensions()).who {
        Who::Nobody => Err(Forbidden::SignedOut.into()),
        _ => Ok(next.run(request).await),
    }
}

/// What handlers share, with services that act for whoever is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Signed(pub Api);

impl FromRequestParts<Api> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let service = api.service.acting_for(by_of(&parts.extensions));
        Ok(Self(Api { service, ..api.clone() }))
    }
}

/// A web page elsewhere must not reach the console by a name of its own that leads here (DNS rebinding). A request without a
/// host is no browser's.
fn is_known_host(uri: &Uri, headers: &HeaderMap, public: Option<&str>) -> bool {
    let host = match headers.get(header::HOST) {
        Some(host) => host.to_str().unwrap_or("?"),
        None => uri.authority().map_or("", axum::http::uri::Authority::as_str),
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_loopback = name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    host.is_empty() || is_loopback || public.is_some_and(|public| public.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), header::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn answers_to_its_own_names_only() {
        let known = |host: &'static str| is_known_host(&Uri::from_static("/admin"), &headers(&[("host", host)]), Some("books.example"));
        for good in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:3000", "[::1]:3000", "books.example", "Books.Example:443", ""] {
            assert!(known(good), "{good}");
        }
        for bad in [
            "evil.example:3000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1:80",
            "[fe80::1]:80",
            "books.example.evil",
            "?",
        ] {
            assert!(!known(bad), "{bad}");
        }
        assert!(!is_known_host(&Uri::from_static("http://evil.example/admin"), &headers(&[]), None));
    }

    #[test]
    fn the_last_address_that_is_no_proxy_of_ours_is_believed() {
        let proxies: Subnets = "10.0.0.0/8".parse().unwrap();
        let from = |lines: &[(&'static str, &'static str)]| forwarded_for(&headers(lines), proxies).map(|ip| ip.to_string());
        assert_eq!(from(&[("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.0.0.7")]).as_deref(), Some("203.0.113.9"));
        assert_eq!(from(&[("x-forwarded-for", "::ffff:203.0.113.9")]).as_deref(), Some("203.0.113.9"));
        assert_eq!(from(&[("x-forwarded-for", "203.0.113.9, nonsense")]), None);
        assert_eq!(from(&[]), None);
    }

    #[test]
    fn the_cookie_of_https_is_for_this_host_and_https_only() {
        assert_eq!(Cookie::Session.set("t", true, 60), "__Host-batchbook=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert!(Cookie::Session.set("t", false, 60).starts_with("batchbook_insecure_loopback=t;"));
        let sent = headers(&[("cookie", "a=b; batchbook_insecure_loopback=t; c=d")]);
        assert_eq!((Cookie::Session.of(&sent, false), Cookie::Session.of(&sent, true)), (Some("t"), None));
    }
}
