//! The API keys of a customer: what each may do and how much it is used; making one, and revoking one. Plain forms: they work
//! before WASM arrives and without it.

use leptos::prelude::*;

use super::rows::note;
use crate::console::api::customer::{KeyDays, KeyProblem, KeyRow, KeysPage, MadeKey, read_key_form};
use crate::console::components::copy::copy_button;
use crate::console::components::figure::{Share, bar, code_line, code_whole};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::{KeysWords, Lang};
use crate::console::pages::place::once_known;
use crate::console::query::{CustomerQuery, CustomerTab};
use crate::domain::id::CustomerId;
use crate::domain::key::Scope;

/// Requests a minute that the form offers.
const USUAL_RATE: i64 = 600;

pub fn keys(lang: Lang, customer: CustomerId, page: &KeysPage) -> Markup {
    let words = lang.keys();
    if page.rows.is_empty() {
        return panel::empty(words.no_keys, view! { <p>{words.no_keys_text}</p> });
    }
    let columns = [
        text(words.name),
        text(words.state),
        text(words.scopes),
        text(words.from),
        number(words.rate),
        text(words.last_used),
        number(words.requests),
        number(words.refused),
        text(words.made),
        text(words.revoke),
    ];
    let rows = page.rows.iter().map(|key| key_row(lang, customer, key, page)).collect();
    view! { {note(words.note)} {table(lang.customers().keys, &columns, rows)} {days(lang, page)} }.written()
}

fn key_row(lang: Lang, customer: CustomerId, key: &KeyRow, page: &KeysPage) -> Row {
    let words = lang.keys();
    let is_expired = key.expires_at.is_some_and(|at| at <= page.now);
    let state = match key.revoked_at {
        Some(_) => view! { <span class="badge stopped">{words.revoked}</span> }.written(),
        None if is_expired => view! { <span class="badge bad">{words.expired}</span> }.written(),
        None => view! { <span class="badge good">{words.in_use}</span> }.written(),
    };
    let moment = |word: &'static str, at| view! { " " <small class="soft">{word} " " {lang.moment_near(at, page.now)}</small> }.written();
    let until = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => Some(moment("", at)),
        (None, Some(at)) => Some(moment(words.until, at)),
        (None, None) => None,
    };
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope_word(lang, scope)).collect();
    let used = CustomerQuery { key: Some(key.id), ..CustomerQuery::tab(CustomerTab::Keys) }.to_href(customer);
    let requests = view! { <a class="row-link" href=lang.link(&used) data-noscroll="">{lang.number(key.requests)}</a> };
    let name = view! {
        <bdi>{key.name.clone()}</bdi>
        " "
        {code_line(&format!("{}…", key.prefix))}
    };
    row(
        if key.revoked_at.is_some() { "none" } else { "" },
        [
            Cell::new(name).title(format!("{} · {}", key.name, key.id)),
            Cell::new(view! { {state} {until} }),
            Cell::new(scopes.join(", ")),
            if key.allowed.is_empty() { Cell::new(words.anywhere).class("none") } else { Cell::new(code_line(&key.allowed)) },
            Cell::figure(lang.number(key.requests_per_min_max)),
            key.last_used_at.map_or_else(
                || Cell::new(words.never).class("none"),
                |at| Cell::new(lang.moment_near(at, page.now)).class("moment").title(lang.moment_title(at, page.now)),
            ),
            Cell::new(requests).class("n"),
            Cell::quiet_figure(lang.number(key.refused), key.refused == 0),
            Cell::new(lang.moment_near(key.created_at, page.now)).class("moment").title(lang.moment(key.created_at)),
            Cell::new((key.revoked_at.is_none() && page.may_change).then(|| revoke(lang, customer, key))),
        ],
    )
}

const fn scope_word(lang: Lang, scope: Scope) -> &'static str {
    let words = lang.keys();
    match scope {
        Scope::Read => words.read,
        Scope::Submit => words.submit,
        Scope::Webhooks => words.webhooks,
    }
}

/// Asks once more before it is done.
fn revoke(lang: Lang, customer: CustomerId, key: &KeyRow) -> Markup {
    let words = lang.keys();
    view! {
        <details class="sure">
            <summary aria-label=format!("{}: {}", words.revoke, key.name)>{words.revoke}</summary>
            <form method="post" action="/admin/data/revoke_key">
                <input type="hidden" name="customer" value=customer.to_string() />
                <input type="hidden" name="key" value=key.id.to_string() />
                <button type="submit" class="danger">
                    {words.revoke_now}
                </button>
                <small>{words.revoke_note}</small>
            </form>
        </details>
    }
    .written()
}

/// The days of the key that is open.
fn days(lang: Lang, page: &KeysPage) -> Markup {
    let words = lang.keys();
    let Some(KeyDays { key, days }) = &page.open else { return ().written() };
    let name = page.rows.iter().find(|row| row.id == *key).map_or_else(String::new, |row| row.name.clone());
    let most = days.iter().map(|day| day.1 + day.2).max().unwrap_or(0);
    let rows: Vec<Row> = days
        .iter()
        .map(|(day, requests, refused)| {
            let shares = [Share { class: "good", amount: *requests }, Share { class: "bad", amount: *refused }];
            row(
                "",
                [
                    Cell::new(day.to_string()).class("moment"),
                    Cell::figure(lang.number(*requests)),
                    Cell::quiet_figure(lang.number(*refused), *refused == 0),
                    Cell::new(bar(&shares, most)).class("bars"),
                ],
            )
        })
        .collect();
    let content = if rows.is_empty() {
        panel::empty(words.unused, view! { <p>{words.unused_text}</p> })
    } else {
        table(words.usage, &[text(words.day), number(words.let_through), number(words.refused), text(words.share)], rows)
    };
    view! {
        <h3 class="inset">{words.usage} ": " <bdi>{name}</bdi></h3>
        {content}
    }
    .written()
}

/// The form that makes a key, and the secret of the key that it made just now.
pub fn making(lang: Lang, customer: String) -> AnyView {
    let made = use_context::<MadeKey>().unwrap_or_default();
    let shown = shown_once(lang, &made);
    let form = once_known(async move {
        match (read_key_form(customer.clone()).await, customer.parse::<CustomerId>()) {
            (Ok(form), Ok(customer)) if form.may_change => new_key(lang, customer, form.token, &made),
            _ => ().written(),
        }
    });
    view! {
        {shown}
        {form}
    }
    .into_any()
}

fn new_key(lang: Lang, customer: CustomerId, token: String, made: &MadeKey) -> Markup {
    let words = lang.keys();
    let typed = |name: &str| made.typed.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let chosen = |scope: Scope| made.typed.is_empty() || made.typed.iter().any(|(name, value)| name == "scope" && value == scope.as_str());
    let scopes: Vec<Markup> = Scope::ALL
        .iter()
        .map(|scope| {
            view! {
                <label class="check">
                    <input type="checkbox" name="scope" value=scope.as_str() checked=chosen(*scope) />
                    <span>{scope_word(lang, *scope)}</span>
                </label>
            }
            .written()
        })
        .collect();
    let problem = made.problem.map(|problem| view! { <p class="problem" role="alert">{problem_word(words, problem)}</p> });
    let field = |label: &'static str, name: &'static str, kind: &'static str, value: String| {
        let hint = (name == "allowed").then_some("203.0.113.7, 10.0.0.0/8");
        let is_required = matches!(name, "name" | "rate");
        view! { <label>{label} <input type=kind name=name value=value placeholder=hint required=is_required autocomplete="off" maxlength="500" /></label> }
            .written()
    };
    view! {
        <details class="new-key" open=made.problem.is_some()>
            <summary>{words.make}</summary>
            {problem}
            <form class="credit-form" method="post" action=lang.link(&CustomerQuery::tab(CustomerTab::Keys).to_href(customer))>
                <input type="hidden" name="token" value=token />
                {field(words.name_field, "name", "text", typed("name").unwrap_or_default())}
                <fieldset>
                    <legend>{words.scopes}</legend>
                    {scopes}
                </fieldset>
                {field(words.expires_field, "expires", "date", typed("expires").unwrap_or_default())}
                {field(words.from_field, "allowed", "text", typed("allowed").unwrap_or_default())}
                {field(words.rate_field, "rate", "number", typed("rate").unwrap_or_else(|| USUAL_RATE.to_string()))}
                <button type="submit" class="primary">
                    {words.make_now}
                </button>
            </form>
        </details>
    }
    .written()
}

const fn problem_word(words: &KeysWords, problem: KeyProblem) -> &'static str {
    match problem {
        KeyProblem::Name => words.bad_name,
        KeyProblem::Scopes => words.bad_scopes,
        KeyProblem::Expiry => words.bad_expiry,
        KeyProblem::Allowed => words.bad_allowed,
        KeyProblem::Rate => words.bad_rate,
        KeyProblem::MadeBefore => words.made_before,
        KeyProblem::NotAllowed => words.not_allowed,
        KeyProblem::Failed => words.not_made,
    }
}

fn shown_once(lang: Lang, made: &MadeKey) -> Markup {
    let words = lang.keys();
    let Some(secret) = made.secret.clone() else { return ().written() };
    view! {
        <div class="panel-note secret" role="status">
            <p class="title">{words.secret_title}</p>
            <p>{code_whole(secret.clone())} " " {copy_button(lang.words().copy, secret)}</p>
            <p>{words.secret_text}</p>
        </div>
    }
    .written()
}
