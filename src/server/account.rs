//! The forms of one's account and of operators. Like those of the door they lead to a page that says what came of them.

use axum::Router;
use axum::extract::{Extension, Form, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use super::sign_in::{Desk, Fields, agent, code_refused, refused, said_of};
use crate::api::door::Cookie;
use crate::api::route::post;
use crate::console::query::{LoginQuery, Said};
use crate::domain::access::{By, Decision, Forbidden, Role};
use crate::domain::id::OperatorId;
use crate::service::operators::{Invited, Secret};
use crate::service::{ServiceError, ServiceResult};

/// Parts recovery codes in their cookie.
pub(super) const CODES_APART: char = '.';
/// A link that was just made, and recovery codes, are shown for so long.
const SHOWN_S: i64 = 60;

type Sent = Form<Vec<(String, String)>>;

pub fn router<S>(desk: Desk) -> Router<S> {
    Router::new()
        .route("/admin/account/password", post(change_password))
        .route("/admin/account/sessions", post(end_session))
        .route("/admin/account/tokens", post(revoke_token))
        .route("/admin/account/second-factor", post(offer_second_factor))
        .route("/admin/account/second-factor/confirm", post(confirm_second_factor))
        .route("/admin/account/second-factor/remove", post(remove_second_factor))
        .route(LoginQuery::OPERATORS, post(add))
        .route("/admin/operators/role", post(change_role))
        .route("/admin/operators/disable", post(disable))
        .route("/admin/operators/enable", post(enable))
        .route("/admin/operators/link", post(link))
        .route("/admin/operators/second-factor", post(reset_second_factor))
        .route("/admin/approvals/approve", post(approve))
        .route("/admin/approvals/refuse", post(refuse))
        .with_state(desk)
}

/// Leads to `page`, which says what came of it; or to where the password is given again.
fn lead(fields: &Fields, page: &str, done: ServiceResult<Said>) -> Redirect {
    let query = LoginQuery::going_to("");
    match done {
        Ok(said) => fields.lead_to(&query.said(said).href_to(page)),
        Err(ServiceError::Forbidden(Forbidden::Unproven { .. })) => {
            fields.lead_to(&LoginQuery::going_to(page).href_to(LoginQuery::CONFIRM))
        }
        Err(error) => fields.lead_to(&query.said(said_of(&error)).href_to(page)),
    }
}

async fn change_password(State(desk): State<Desk>, Extension(by): Extension<By>, headers: HeaderMap, Form(fields): Sent) -> Response {
    let fields = Fields::new(fields);
    let changed = desk.acting_for(by).change_own_password(fields.get("old"), fields.get("new"), agent(&headers)).await;
    match changed {
        Ok(Ok(signed_in)) => (desk.session(&signed_in), lead(&fields, LoginQuery::ACCOUNT, Ok(Said::Changed))).into_response(),
        Ok(Err(why)) => fields.lead_to(&refused(LoginQuery::going_to(""), why).href_to(LoginQuery::ACCOUNT)).into_response(),
        Err(error) => lead(&fields, LoginQuery::ACCOUNT, Err(error)).into_response(),
    }
}

async fn end_session(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    let done = match fields.get("session").parse() {
        Ok(session) => desk.acting_for(by).end_own_session(session).await.map(|()| Said::Ended),
        Err(_) => Ok(Said::Invalid),
    };
    lead(&fields, LoginQuery::ACCOUNT, done)
}

async fn revoke_token(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    let done = match fields.get("token").parse() {
        Ok(token) => desk.acting_for(by).revoke_own_token(token).await.map(|()| Said::Revoked),
        Err(_) => Ok(Said::Invalid),
    };
    lead(&fields, LoginQuery::ACCOUNT, done)
}

async fn offer_second_factor(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    match desk.acting_for(by).offer_second_factor().await {
        // The page shows what is offered.
        Ok(()) => fields.lead_to(LoginQuery::ACCOUNT),
        Err(error) => lead(&fields, LoginQuery::ACCOUNT, Err(error)),
    }
}

/// Like a link that was just made, the recovery codes are in no address and no log.
async fn confirm_second_factor(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Response {
    let fields = Fields::new(fields);
    match desk.acting_for(by).confirm_second_factor(fields.get("code")).await {
        Ok(Ok(codes)) => {
            let codes: Vec<&str> = codes.iter().map(Secret::reveal).collect();
            let cookies = desk.cookies(&[(Cookie::Codes, &codes.join(&CODES_APART.to_string()), SHOWN_S)]);
            (cookies, lead(&fields, LoginQuery::ACCOUNT, Ok(Said::FactorOn))).into_response()
        }
        Ok(Err(why)) => fields.lead_to(&code_refused(LoginQuery::going_to(""), why).href_to(LoginQuery::ACCOUNT)).into_response(),
        Err(error) => lead(&fields, LoginQuery::ACCOUNT, Err(error)).into_response(),
    }
}

async fn remove_second_factor(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    let done = desk.acting_for(by).remove_own_second_factor().await.map(|()| Said::FactorOff);
    lead(&fields, LoginQuery::ACCOUNT, done)
}

async fn add(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Response {
    let fields = Fields::new(fields);
    let Ok(role) = fields.get("role").parse::<Role>() else {
        return lead(&fields, LoginQuery::OPERATORS, Ok(Said::Invalid)).into_response();
    };
    let added = desk.acting_for(by).add_operator(fields.get("email"), fields.get("name"), role).await;
    show_link(&desk, &fields, added, Said::Added)
}

async fn link(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Response {
    let fields = Fields::new(fields);
    let Ok(operator) = fields.get("operator").parse() else {
        return lead(&fields, LoginQuery::OPERATORS, Ok(Said::Invalid)).into_response();
    };
    let invited = desk.acting_for(by).invite_operator(operator).await;
    show_link(&desk, &fields, invited, Said::Changed)
}

/// The link is in no address and no log: the browser keeps it for a moment, and the page shows it.
fn show_link(desk: &Desk, fields: &Fields, invited: ServiceResult<Invited>, said: Said) -> Response {
    match invited {
        Ok(invited) => {
            let cookies = desk.cookies(&[(Cookie::Link, invited.link.reveal(), SHOWN_S)]);
            (cookies, lead(fields, LoginQuery::OPERATORS, Ok(said))).into_response()
        }
        Err(error) => lead(fields, LoginQuery::OPERATORS, Err(error)).into_response(),
    }
}

fn operator_of(fields: &Fields) -> ServiceResult<OperatorId> {
    fields.get("operator").parse().map_err(|_| ServiceError::NotFound { what: "operator" })
}

async fn change_role(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    let done = match (operator_of(&fields), fields.get("role").parse::<Role>()) {
        (Ok(operator), Ok(role)) => desk.acting_for(by).change_role(operator, role).await.map(|()| Said::Changed),
        _ => Ok(Said::Invalid),
    };
    lead(&fields, LoginQuery::OPERATORS, done)
}

async fn disable(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    let done = match operator_of(&fields) {
        Ok(operator) => desk.acting_for(by).disable_operator(operator).await.map(|()| Said::Changed),
        Err(error) => Err(error),
    };
    lead(&fields, LoginQuery::OPERATORS, done)
}

async fn enable(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    let done = match operator_of(&fields) {
        Ok(operator) => desk.acting_for(by).enable_operator(operator).await.map(|()| Said::Changed),
        Err(error) => Err(error),
    };
    lead(&fields, LoginQuery::OPERATORS, done)
}

async fn reset_second_factor(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    let fields = Fields::new(fields);
    let done = match operator_of(&fields) {
        Ok(operator) => desk.acting_for(by).reset_second_factor(operator).await.map(|_| Said::Changed),
        Err(error) => Err(error),
    };
    lead(&fields, LoginQuery::OPERATORS, done)
}

async fn approve(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    decide(&desk, by, &Fields::new(fields), Decision::Approved).await
}

async fn refuse(State(desk): State<Desk>, Extension(by): Extension<By>, Form(fields): Sent) -> Redirect {
    decide(&desk, by, &Fields::new(fields), Decision::Refused).await
}

async fn decide(desk: &Desk, by: By, fields: &Fields, decision: Decision) -> Redirect {
    let done = match fields.get("request").parse() {
        Ok(request) => desk.acting_for(by).decide_credit_request(request, decision).await.map(|_| Said::Decided),
        Err(_) => Err(ServiceError::NotFound { what: "request" }),
    };
    lead(fields, LoginQuery::APPROVALS, done)
}
