//! What the batch's customer was told: each endpoint with its sums and its last attempts, then every delivery with its attempts,
//! and the events that nobody was told of.

use leptos::prelude::*;

use crate::console::api::batch::{BatchWebhooks, read_webhooks};
use crate::console::components::attempt::{cell, result};
use crate::console::components::figure::{code_whole, span};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::place::{here, known_or_failed, may};
use crate::console::pages::webhooks::deliveries_table;
use crate::console::query::{BatchWebhooksPlace, DeliveryPlace, EndpointForm, EndpointPlace};
use crate::domain::access::Action;
use crate::domain::id::BatchId;
use crate::domain::time::Time;
use crate::domain::webhook::{BatchEndpoint, Unsent};

pub async fn webhooks(lang: Lang, batch: BatchId) -> Markup {
    let place = here(BatchWebhooksPlace::at);
    known_or_failed(lang, read_webhooks(batch, place.before), move |page| whole(lang, batch, &place, &page)).await
}

fn whole(lang: Lang, batch: BatchId, place: &BatchWebhooksPlace, page: &BatchWebhooks) -> Markup {
    let words = lang.deliveries();
    if page.endpoints.is_empty() && page.unsent.is_empty() && place.before.is_none() {
        let none = panel::empty(lang.words().no_events, ());
        return view! { <section class="card rows">{none}</section> }.written();
    }
    let unsent = (!page.unsent.is_empty()).then(|| unsent(lang, &page.unsent, page.now));
    if page.endpoints.is_empty() {
        return view! { <section class="card rows told">{nobody(lang)} {unsent}</section> }.written();
    }
    let named = match &page.url {
        Some(url) => view! { {words.batch_named} " " {code_whole(url.clone())} "." }.written(),
        None => words.batch_named_none.written(),
    };
    let cut = page.cut_at.map(|cut| view! { " " {words.sums_cut} " " {lang.number(cut)} "." });
    let older = page.rows.last().filter(|_| page.has_more).map(|(row, _)| lang.link(&BatchWebhooksPlace::href(batch, Some(row.id))));
    let newest = place.before.map(|_| lang.link(&BatchWebhooksPlace::href(batch, None)));
    let pager = (older.is_some() || newest.is_some()).then(|| {
        view! {
            <div class="pager">
                <nav aria-label=words.batch_deliveries>
                    {step(lang.words().newest, "prev", newest)} {step(lang.words().older, "next", older)}
                </nav>
            </div>
        }
    });
    view! {
        <section class="card rows told">
            <h3 class="inset">{words.endpoints}</h3>
            <p class="note inset">{named} {cut}</p>
            {endpoints(lang, &page.endpoints, page.now)}
            <h3 class="inset">{words.batch_deliveries}</h3>
            {deliveries_table(lang, page.rows.iter().map(|(row, marks)| (row, Some(marks.as_slice()))), page.now, false)}
            {pager}
            {unsent}
        </section>
    }
    .written()
}

fn endpoints(lang: Lang, endpoints: &[BatchEndpoint], now: Time) -> Markup {
    let words = lang.deliveries();
    let columns = [
        text(words.endpoint),
        number(words.delivered),
        number(words.waiting),
        number(words.never_arrived),
        number(words.attempts),
        text(words.last_result),
        text(words.next_attempt),
        text(words.strip),
    ];
    let rows = endpoints.iter().map(|endpoint| endpoint_row(lang, endpoint, now)).collect();
    table(words.endpoints, &columns, rows)
}

fn endpoint_row(lang: Lang, endpoint: &BatchEndpoint, now: Time) -> Row {
    let words = lang.deliveries();
    let href = lang.link(&EndpointPlace::href(endpoint.id));
    let gone = if endpoint.is_deleted {
        Some(words.deleted)
    } else {
        endpoint.is_disabled.then(|| lang.endpoint_state(crate::domain::webhook::EndpointState::Disabled))
    };
    let gone = gone.map(|word| span("badge stopped", word.to_owned()));
    let url = if endpoint.is_deleted {
        view! { <bdi>{endpoint.url.clone()}</bdi> }.written()
    } else {
        view! { <a class="row-link" href=href><bdi>{endpoint.url.clone()}</bdi></a> }.written()
    };
    let last = endpoint.strip.iter().rev().find_map(|(_, mark)| mark.outcome.map(|(class, _)| result(lang, class, mark.http_status)));
    let next = endpoint.next_attempt_at.map(|at| lang.moment_short(at));
    let title = endpoint.next_attempt_at.map(|at| lang.moment_title(at, now)).unwrap_or_default();
    let cells: Vec<Markup> =
        endpoint.strip.iter().map(|(delivery, mark)| cell(lang, mark, lang.link(&DeliveryPlace::href(*delivery)))).collect();
    let strip = if cells.is_empty() {
        span("soft", words.no_attempt.to_owned())
    } else {
        view! { <ol class="strip-cells" aria-label=words.strip>{cells}</ol> }.written()
    };
    let quiet = |figure: i64| Cell::quiet_figure(lang.number(figure), figure == 0);
    row(
        "",
        [
            Cell::new(view! { {url} " " {gone} }).class("cut").title(endpoint.url.clone()),
            quiet(endpoint.delivered),
            quiet(endpoint.waiting),
            quiet(endpoint.exhausted + endpoint.canceled),
            quiet(endpoint.attempts),
            Cell::new(last.unwrap_or_else(|| span("soft", "–".to_owned()))),
            Cell::new(next.unwrap_or_else(|| "–".to_owned())).class("moment").title(title),
            Cell::new(strip),
        ],
    )
}

fn unsent(lang: Lang, events: &[Unsent], now: Time) -> Markup {
    let (words, shared) = (lang.deliveries(), lang.words());
    let columns = [text(shared.written), text(shared.kind), text(words.result)];
    let rows = events
        .iter()
        .map(|event| {
            let why = if event.is_queued { words.unsent_queued } else { words.unsent_nobody };
            row(
                "",
                [
                    Cell::new(lang.moment_short(event.created_at)).class("moment").title(lang.moment_title(event.created_at, now)),
                    Cell::new(code_whole(event.kind.clone())).title(event.id.to_string()),
                    Cell::new(why).class("soft"),
                ],
            )
        })
        .collect();
    view! {
        <h3 class="inset">{words.unsent}</h3>
        <p class="note inset">{words.unsent_text}</p>
        {table(words.unsent, &columns, rows)}
    }
    .written()
}

fn nobody(lang: Lang) -> Markup {
    let words = lang.deliveries();
    let href = lang.link(&EndpointPlace::href_new(None, &EndpointForm::default()));
    let register = may(Action::ChangeSecrets).then(|| view! { <p><a class="button" href=href>{words.register}</a></p> });
    let how = view! {
        <p>{words.nothing_told_text}</p>
        {register}
    };
    panel::empty(words.nothing_told, how)
}
