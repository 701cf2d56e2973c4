//! One replay: how far it is, who started it and why, and stopping it. And the form of a new one, with its preview.

mod form;

use leptos::prelude::*;
use leptos_meta::Title;

use super::audit::history_of;
use super::failed::failed;
use super::place::{here, may, once_known};
use super::webhooks::no_such_thing;
use crate::console::api::ConsoleError;
use crate::console::api::replays::{ReplayDetail, ReplayRow, read_replay};
use crate::console::components::badge::replay_badge;
use crate::console::components::clock;
use crate::console::components::copy::id_with_copy;
use crate::console::components::figure::{Share, bar, term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::{Lang, shortened};
use crate::console::query::{EndpointPlace, ReplayPlace, WebhooksQuery, WebhooksTab};
use crate::domain::access::Action;
use crate::domain::webhook::{ReplayState, ReplayStatus};

#[component]
pub fn ReplayPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let place = here(ReplayPlace::at);
    if place.is_new() {
        return form::page(lang, place);
    }
    once_known(async move {
        match read_replay(place.id.clone()).await {
            Ok(found) => whole(lang, &found),
            Err(ConsoleError::NotFound) => {
                let words = lang.replays();
                no_such_thing(lang, words.not_found, words.not_found_text, place.id)
            }
            Err(error) => failed(lang, &error),
        }
    })
}

/// Where the pages of replays hang.
pub(super) fn crumb(lang: Lang) -> Markup {
    let words = lang.webhooks();
    view! {
        <nav class="crumb" aria-label=words.webhooks>
            <a href=lang.link(WebhooksQuery::PATH)>{words.webhooks}</a>
            " / "
            <a href=lang.link(&WebhooksQuery::tab(WebhooksTab::Replays).to_href())>{lang.replays().replays}</a>
        </nav>
    }
    .written()
}

fn whole(lang: Lang, found: &ReplayDetail) -> Markup {
    let (own, row) = (lang.replays(), &found.row);
    view! {
        <Title text=format!("{} {}", own.replay, shortened(&row.id.to_string())) />
        {clock::says(row.status.finished_at().is_none(), false)}
        {crumb(lang)}
        <div class="head">
            <h1>
                {own.replay} " → " <bdi>{row.url.clone()}</bdi>
            </h1>
            {replay_badge(lang, row.status.state())}
            {id_with_copy(lang, row.id.to_string())}
            <div class="batch-actions">{history_of(lang, row.id.to_string())}</div>
        </div>
        <section class="card delivery">
            <h2>{own.progress}</h2>
            {progress(lang, row)}
            {stop(lang, row)}
        </section>
        <section class="card delivery">{facts(lang, row)}</section>
    }
    .written()
}

fn progress(lang: Lang, row: &ReplayRow) -> Markup {
    let own = lang.replays();
    let shares = [
        Share { class: "good", amount: row.delivered },
        Share { class: "bad", amount: row.failed },
        Share { class: "stopped", amount: row.skipped },
    ];
    let sentence = format!("{} {} {}", lang.number(row.done()), own.of, lang.number(row.total));
    let figures = [
        Some(term(own.total, lang.number(row.total))),
        Some(term(own.in_line, lang.number(row.replayed))),
        Some(term(own.delivered, lang.number(row.delivered))),
        Some(term(own.failed, lang.number(row.failed))),
        Some(term(own.skipped, lang.number(row.skipped))),
    ];
    view! {
        <p role="status">
            <b>{sentence}</b>
        </p>
        {bar(&shares, row.total)}
        {terms("balance", figures)}
    }
    .written()
}

fn stop(lang: Lang, row: &ReplayRow) -> Markup {
    if row.status.state() != ReplayState::Running || !may(Action::ResendWebhooks) {
        return ().written();
    }
    let own = lang.replays();
    let language = lang.param().map(|value| view! { <input type="hidden" name=Lang::PARAM value=value /> });
    view! {
        <form method="post" action="/admin/data/replay_abort">
            <input type="hidden" name="id" value=row.id.to_string() />
            {language}
            <button type="submit" class="danger">
                {own.abort}
            </button>
            " "
            <small>{own.abort_text}</small>
        </form>
    }
    .written()
}

fn facts(lang: Lang, row: &ReplayRow) -> Markup {
    let (own, window) = (lang.replays(), row.window);
    let endpoint = lang.link(&EndpointPlace::href(window.endpoint));
    let deliveries = WebhooksQuery::of_endpoint(window.endpoint).filtered(|filter| {
        (filter.from, filter.to, filter.kind) = (Some(window.since), Some(window.until), window.kind);
    });
    let span = format!("{} – {}", lang.moment(window.since), lang.moment(window.until));
    let aborted = match &row.status {
        ReplayStatus::Aborted { because, by, .. } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
            Some(term(own.aborted, format!("{}{by}", lang.aborted_because(*because))))
        }
        ReplayStatus::Running | ReplayStatus::Completed { .. } => None,
    };
    let facts = [
        Some(term(own.reason, view! { <q>{row.reason.clone()}</q> })),
        Some(term(own.by, row.actor.clone())),
        Some(term(own.started, lang.moment(row.created_at))),
        row.status.finished_at().map(|at| term(own.ended, lang.moment(at))),
        aborted,
        Some(term(lang.endpoints().endpoint, view! { <a href=endpoint><bdi>{row.url.clone()}</bdi></a> })),
        Some(term(own.window, span)),
        window.kind.map(|kind| term(own.kind, view! { <code>{kind.as_str()}</code> })),
        window.failed_as.map(|failed_as| term(own.failed_as, lang.failed_as(failed_as))),
        Some(term(own.frozen, lang.moment(row.asked_at))),
    ];
    let href = lang.link(&deliveries.to_href());
    view! {
        {terms("wide", facts)}
        <p>
            <a class="button" href=href>
                {own.its_deliveries}
            </a>
        </p>
    }
    .written()
}
