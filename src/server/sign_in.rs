//! The forms of the door: signing in and out, setting a password by a link, giving it again. Each is answered by leading to a
//! page that says what came of it; nothing that was typed stands in an address.

use axum::Router;
use axum::extract::{Extension, Form, State};
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};

use crate::api::door::Cookie;
use crate::api::route::post;
use crate::console::i18n::{Lang, Language, Zone};
use crate::console::query::{LoginQuery, Said, Step};
use crate::domain::access::By;
use crate::domain::second_factor::CODE_S;
use crate::domain::session::AGE_MAX_S;
use crate::service::introductions::Browser;
use crate::service::operators::Secret;
use crate::service::sessions::{Credentials, Entry, SignInRefused, SignedIn};
use crate::service::{Service, ServiceError};

/// A browser that signed in is known for so long.
const DEVICE_S: i64 = 365 * 86_400;

/// What the forms need. The service acts for nobody.
#[derive(Clone, Debug)]
pub struct Desk {
    pub service: Service,
    pub https: bool,
}

pub fn router<S>(desk: Desk) -> Router<S> {
    Router::new()
        .route(LoginQuery::PATH, post(sign_in))
        .route(LoginQuery::CODE, post(give_code))
        .route(LoginQuery::SET_PASSWORD, post(set_password))
        .route(LoginQuery::FIRST, post(add_first_owner))
        .route(LoginQuery::CONFIRM, post(confirm))
        .route(LoginQuery::SIGN_OUT, post(sign_out))
        .with_state(desk)
}

/// The fields of a form. They may hold a password, so they are not `Debug`.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// An empty text where there is no such field.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    pub fn login(&self) -> LoginQuery {
        LoginQuery::going_to(self.get("next"))
    }

    /// Leads to an address in the language that the form was in.
    pub fn lead_to(&self, href: &str) -> Redirect {
        let lang =
            Language::of(self.get(Lang::PARAM)).map_or(Lang::EN, |language| Lang::of(Some(language.word()), Language::En, Zone::UTC));
        Redirect::to(&lang.link(href))
    }
}

type Cookies = AppendHeaders<Vec<(HeaderName, HeaderValue)>>;

impl Desk {
    pub(super) fn acting_for(&self, by: By) -> Service {
        self.service.acting_for(by)
    }

    pub(super) fn cookies(&self, cookies: &[(Cookie, &str, i64)]) -> Cookies {
        let set = |(cookie, value, max_age_s): &(Cookie, &str, i64)| {
            HeaderValue::from_str(&cookie.set(value, self.https, *max_age_s)).ok().map(|value| (SET_COOKIE, value))
        };
        AppendHeaders(cookies.iter().filter_map(set).collect())
    }

    pub(super) fn session(&self, signed_in: &SignedIn) -> Cookies {
        let (token, device) = (signed_in.token.reveal(), signed_in.device.reveal());
        self.cookies(&[(Cookie::Session, token, AGE_MAX_S), (Cookie::Device, device, DEVICE_S)])
    }
}

/// The page, and the word, that say why a form was not done.
pub(super) fn said_of(error: &ServiceError) -> Said {
    match error {
        ServiceError::Invalid { code, .. } => code.parse().unwrap_or(Said::Invalid),
        ServiceError::Forbidden(_) => Said::Forbidden,
        ServiceError::NotFound { .. } => Said::Invalid,
        error => {
            if !matches!(error, ServiceError::RateLimited { .. }) {
                tracing::error!(?error, "a form of the door could not be answered");
            }
            Said::Busy
        }
    }
}

pub(super) fn refused(query: LoginQuery, refused: SignInRefused) -> LoginQuery {
    match refused {
        SignInRefused::Wrong => query.said(Said::Wrong),
        SignInRefused::Wait { seconds } => LoginQuery { wait_s: Some(seconds), ..query.said(Said::Wait) },
        SignInRefused::Late => query.said(Said::Late),
    }
}

/// The same where a code was asked for.
pub(super) fn code_refused(query: LoginQuery, why: SignInRefused) -> LoginQuery {
    match why {
        SignInRefused::Wrong => query.said(Said::WrongCode),
        SignInRefused::Wait { .. } | SignInRefused::Late => refused(query, why),
    }
}

pub(super) fn agent(headers: &HeaderMap) -> &str {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
}

async fn sign_in(
    State(desk): State<Desk>,
    Extension(by): Extension<By>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let fields = Fields(fields);
    let credentials = Credentials {
        email: fields.get("email"),
        password: fields.get("password"),
        device: Cookie::Device.of(&headers, desk.https),
        address: by.address,
        agent: agent(&headers),
    };
    let query = match desk.acting_for(by).sign_in(credentials).await {
        Ok(Ok(Entry::In(signed_in))) => return (desk.session(&signed_in), fields.lead_to(&fields.login().next)).into_response(),
        Ok(Ok(Entry::Code(token))) => {
            let cookies = desk.cookies(&[(Cookie::Step, token.reveal(), CODE_S)]);
            return (cookies, fields.lead_to(&fields.login().step(Step::Code).to_href())).into_response();
        }
        Ok(Err(why)) => refused(fields.login(), why),
        Err(error) => fields.login().said(said_of(&error)),
    };
    fields.lead_to(&query.to_href()).into_response()
}

async fn give_code(
    State(desk): State<Desk>,
    Extension(by): Extension<By>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let fields = Fields(fields);
    let step = Cookie::Step.of(&headers, desk.https).unwrap_or_default();
    let browser = Browser { device: Cookie::Device.of(&headers, desk.https), address: by.address, agent: agent(&headers) };
    let query = match desk.acting_for(by).sign_in_with_code(step, fields.get("code"), browser).await {
        Ok(Ok(signed_in)) => {
            let over = desk.cookies(&[(Cookie::Step, "", 0)]);
            return (desk.session(&signed_in), over, fields.lead_to(&fields.login().next)).into_response();
        }
        Ok(Err(SignInRefused::Late)) => fields.login().said(Said::Late),
        Ok(Err(why)) => code_refused(fields.login().step(Step::Code), why),
        Err(error) => fields.login().step(Step::Code).said(said_of(&error)),
    };
    fields.lead_to(&query.to_href()).into_response()
}

async fn sign_out(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let fields = Fields(fields);
    if let Err(error) = desk.acting_for(by).sign_out().await {
        // The cookie stays, so that it can be tried again.
        return fields.lead_to(&LoginQuery::default().said(said_of(&error)).href_to(LoginQuery::ACCOUNT)).into_response();
    }
    let out = LoginQuery::going_to("").said(Said::SignedOut).to_href();
    (desk.cookies(&[(Cookie::Session, "", 0)]), fields.lead_to(&out)).into_response()
}

async fn set_password(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Form<Vec<(String, String)>>) -> Redirect {
    let fields = Fields(fields);
    let (token, password) = (fields.get("token").to_owned(), fields.get("password"));
    match desk.acting_for(by).set_password(&Secret::new(token.clone()), password).await {
        Ok(_) => fields.lead_to(&LoginQuery::going_to("").said(Said::PasswordSet).to_href()),
        Err(error) => {
            let again = LoginQuery { token: Some(token), ..fields.login() }.said(said_of(&error));
            fields.lead_to(&again.href_to(LoginQuery::SET_PASSWORD))
        }
    }
}

async fn add_first_owner(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Form<Vec<(String, String)>>) -> Redirect {
    let fields = Fields(fields);
    let token = fields.get("token").to_owned();
    match desk.acting_for(by).add_first_owner(&Secret::new(token.clone()), fields.get("email"), fields.get("password")).await {
        Ok(_) => fields.lead_to(&LoginQuery::going_to("").said(Said::PasswordSet).to_href()),
        Err(error) => {
            let again = LoginQuery { token: Some(token), ..fields.login() }.step(Step::First).said(said_of(&error));
            fields.lead_to(&again.href_to(LoginQuery::SET_PASSWORD))
        }
    }
}

async fn confirm(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Form<Vec<(String, String)>>) -> Redirect {
    let fields = Fields(fields);
    let query = match desk.acting_for(by).prove(fields.get("password")).await {
        Ok(Ok(())) => return fields.lead_to(&fields.login().next),
        Ok(Err(why)) => refused(fields.login(), why),
        Err(error) => fields.login().said(said_of(&error)),
    };
    fields.lead_to(&query.href_to(LoginQuery::CONFIRM))
}
