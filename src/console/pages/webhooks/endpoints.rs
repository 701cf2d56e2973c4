//! The endpoints with their health.

use leptos::prelude::*;

use crate::console::api::endpoints::{EndpointRow, EndpointsPage};
use crate::console::components::badge::endpoint_badge;
use crate::console::components::figure::span;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::place::may;
use crate::console::query::{CustomerQuery, EndpointForm, EndpointPlace, EndpointShow, EndpointsQuery};
use crate::domain::access::Action;
use crate::domain::time::Time;
use crate::domain::webhook::{EndpointSource, EndpointStatus};

pub fn list(lang: Lang, query: EndpointsQuery, page: &EndpointsPage) -> Markup {
    let (words, own) = (lang.webhooks(), lang.endpoints());
    let older =
        page.rows.last().filter(|_| page.has_more).map(|row| lang.link(&EndpointsQuery { before: Some(row.id), ..query }.to_href()));
    let newest = query.before.map(|_| lang.link(&EndpointsQuery { before: None, ..query }.to_href()));
    let table = if !page.rows.is_empty() {
        let columns = [
            text(words.state),
            text(words.url),
            text(lang.words().customer),
            number(own.failure_rate),
            number(own.p50),
            number(own.p95),
            text(words.health),
            text(words.types),
            text(words.source),
            text(words.made),
        ];
        let rows = page.rows.iter().map(|row| endpoint_row(lang, row, page.now)).collect();
        view! {
            {table(words.endpoints, &columns, rows)}
            <p class="note inset">{own.failure_rate} " = " {own.formula} ". " {own.latency}</p>
        }
        .written()
    } else if query == EndpointsQuery::default() {
        let add = lang.link(&EndpointPlace::href_new(None, &EndpointForm::default()));
        let add = may(Action::ChangeSecrets).then(|| view! { <p><a class="button" href=add>{own.add}</a></p> });
        let how = view! {
            <p>{own.none_text}</p>
            {add}
        };
        panel::empty(words.no_endpoints, how)
    } else {
        panel::no_match(
            own.no_match_endpoints,
            own.no_match_endpoints_text,
            lang.link(&EndpointsQuery::default().to_href()),
            own.all_endpoints,
        )
    };
    view! {
        <div class="tools">{shown(lang, query)}</div>
        <div class="pills">{customer(lang, query, page)}</div>
        <section class="card list">
            {table}
            <div class="pager">
                <nav aria-label=words.endpoints>
                    {step(lang.words().newest, "prev", newest)} {step(lang.words().older, "next", older)}
                </nav>
            </div>
        </section>
    }
    .written()
}

fn shown(lang: Lang, query: EndpointsQuery) -> Markup {
    let own = lang.endpoints();
    let chip = |show: Option<EndpointShow>| {
        let name = match show {
            None => own.all,
            Some(EndpointShow::Enabled) => lang.endpoint_state(crate::domain::webhook::EndpointState::Enabled),
            Some(EndpointShow::Disabled) => lang.endpoint_state(crate::domain::webhook::EndpointState::Disabled),
            Some(EndpointShow::Failing) => own.failing,
        };
        let href = lang.link(&query.show(show).to_href());
        view! { <a class="chip" href=href data-noscroll="" aria-current=(query.show == show).then_some("true")>{name}</a> }.written()
    };
    let chips: Vec<Markup> = std::iter::once(None).chain(EndpointShow::ALL.iter().copied().map(Some)).map(chip).collect();
    view! { <nav class="chips" aria-label=own.shown_endpoints>{chips}</nav> }.written()
}

fn customer(lang: Lang, query: EndpointsQuery, page: &EndpointsPage) -> Markup {
    let Some(id) = query.customer else { return ().written() };
    let text = format!("{}: {}", lang.words().customer, page.customer.clone().unwrap_or_else(|| id.to_string()));
    let label = format!("{}: {text}", lang.endpoints().remove);
    let off = lang.link(&EndpointsQuery { customer: None, before: None, ..query }.to_href());
    view! { <a class="pill" href=off data-noscroll="" aria-label=label>{text}</a> }.written()
}

fn endpoint_row(lang: Lang, endpoint: &EndpointRow, now: Time) -> Row {
    let words = lang.webhooks();
    let customer = lang.link(&CustomerQuery::default().to_href(endpoint.customer));
    let href = lang.link(&EndpointPlace::href(endpoint.id));
    row(
        "",
        [
            Cell::new(endpoint_badge(lang, endpoint.status.state())),
            Cell::new(view! { <a class="row-link" href=href><bdi>{endpoint.url.clone()}</bdi></a> })
                .class("cut")
                .title(endpoint.url.clone()),
            Cell::new(view! { <a href=customer><bdi>{endpoint.customer_name.clone()}</bdi></a> }),
            Cell::new(rate(lang, endpoint)).class("n"),
            Cell::figure(lang.at_most(endpoint.health.p50_ms)),
            Cell::figure(lang.at_most(endpoint.health.p95_ms)),
            Cell::new(health(lang, endpoint)),
            Cell::new(types(lang, endpoint)).class("cut"),
            Cell::new(match endpoint.source {
                EndpointSource::Registered => words.registered,
                EndpointSource::Batch => words.of_batch,
            }),
            Cell::new(lang.moment_near(endpoint.created_at, now)).class("moment").title(lang.moment_title(endpoint.created_at, now)),
        ],
    )
}

/// Failed of all, and what that is.
pub fn rate(lang: Lang, endpoint: &EndpointRow) -> Markup {
    let health = &endpoint.health;
    let Some(permille) = health.failure_permille() else { return span("soft", lang.endpoints().no_attempts.to_owned()) };
    let class = if permille == 0 { "good" } else { "bad" };
    view! {
        <span class=class>{lang.percent(permille)}</span>
        " "
        <small class="soft">{lang.number(health.failed)} " / " {lang.number(health.failed + health.delivered)}</small>
    }
    .written()
}

/// How it is, and why.
pub fn health(lang: Lang, endpoint: &EndpointRow) -> Markup {
    let words = lang.webhooks();
    match (endpoint.status, endpoint.failing_since) {
        (EndpointStatus::Disabled { because, .. }, _) => span("badge stopped", lang.disabled_because(because).to_owned()),
        (EndpointStatus::Enabled, Some(since)) => span("badge bad", format!("{} {}", words.failing_since, lang.moment_short(since))),
        (EndpointStatus::Enabled, None) if endpoint.health.delivered > 0 => span("badge good", words.well.to_owned()),
        (EndpointStatus::Enabled, None) => span("soft", lang.endpoints().no_attempts.to_owned()),
    }
}

pub fn types(lang: Lang, endpoint: &EndpointRow) -> String {
    let types: Vec<&str> = endpoint.types.iter().map(|kind| kind.as_str()).collect();
    if types.is_empty() { lang.webhooks().all_types.to_owned() } else { types.join(", ") }
}
