//! How things are now: whether anything is stuck, who works, what waits, what is paused and what ends.

use leptos::prelude::*;

use super::card;
use crate::console::components::copy::short_id;
use crate::console::components::figure::{term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::BatchQuery;
use crate::domain::overview::{Now, Stuck};
use crate::domain::time::Time;

/// One sentence, at the top: everything goes on, or what does not and what to do.
pub fn sentence(lang: Lang, state: &Now, now: Time) -> Markup {
    let words = lang.overview();
    let backlog = &state.backlog;
    let since = |from: Option<Time>| from.map(|from| lang.duration(now.micros_since(from)));
    let claimed = since(backlog.claimed_at);
    let (text, command) = match state.stuck {
        None => {
            let text = if backlog.batches == 0 { words.idle } else { words.all_well };
            return view! { <p class="going good" role="status">{text}</p> }.written();
        }
        Some(Stuck::NoWorker) => {
            (lang.no_worker(backlog.waiting_batches, backlog.pending, claimed.as_deref()), Some("batchbook serve --role worker"))
        }
        Some(Stuck::NotClaiming) => {
            let since = claimed.or_else(|| since(backlog.oldest_at)).unwrap_or_default();
            (lang.not_claiming(state.workers.len(), &since, backlog.pending), None)
        }
        Some(Stuck::Paused) => (lang.all_paused(state.paused.len(), backlog.pending), None),
    };
    view! {
        <div class="going stuck" role="alert">
            <strong>{words.stuck}</strong>
            <p>{text} " " {command.map(|command| view! { <code>{command}</code> })}</p>
        </div>
    }
    .written()
}

pub fn cards(lang: Lang, state: &Now, now: Time) -> Markup {
    let words = lang.overview();
    let backlog = &state.backlog;
    let oldest = match (state.oldest, backlog.oldest_at) {
        (Some(id), Some(at)) => {
            let href = lang.link(&BatchQuery::default().to_href(id));
            view! {
                <a href=href>{short_id(&id.to_string())}</a>
                " "
                {lang.duration(now.micros_since(at))}
            }
            .written()
        }
        _ => words.none_open.written(),
    };
    let claimed = backlog.claimed_at.map_or_else(|| words.none.to_owned(), |at| lang.moment_title(at, now));
    let list = terms(
        "wide",
        [
            Some(term(words.workers, state.workers.len().to_string())),
            Some(term(words.waiting, lang.number(backlog.pending))),
            Some(term(words.being_made, lang.number(backlog.processing))),
            Some(term(words.open_batches, lang.number(backlog.batches))),
            Some(term(words.oldest, oldest)),
            (backlog.batches > 0).then(|| term(words.last_claim, claimed)),
        ],
    );
    let workers: Vec<Markup> = state
        .workers
        .iter()
        .map(|worker| {
            let seen = lang.moment_title(worker.heartbeat_at, now);
            view! { <li><code>{worker.name.clone()}</code> " " <span class="note">{seen}</span></li> }.written()
        })
        .collect();
    let work = view! {
        {list}
        <ul class="plain">{workers}</ul>
    };
    view! { {card(words.work, work.written())} {warnings(lang, state, now)} }.written()
}

fn warnings(lang: Lang, state: &Now, now: Time) -> Markup {
    let words = lang.overview();
    let paused: Vec<Markup> = state
        .paused
        .iter()
        .map(|route| {
            let reason = route.reason.clone().unwrap_or_else(|| words.no_reason.to_owned());
            let until = format!("{} {}", words.until, lang.moment(route.until));
            let name = format!("{} · {}", route.model, route.provider);
            view! { <li><strong>{name}</strong> " " {until} <br /> <span class="note">{reason}</span></li> }.written()
        })
        .collect();
    let retiring: Vec<Markup> = state
        .retiring
        .iter()
        .map(|model| {
            let at = format!("{} · {}", lang.moment(model.retires_at), lang.moment_title(model.retires_at, now));
            let next = match &model.successor {
                Some(successor) => format!("{}: {successor}", words.successor),
                None => words.no_successor.to_owned(),
            };
            view! { <li><strong>{model.model.clone()}</strong> " " {at} <br /> <span class="note">{next}</span></li> }.written()
        })
        .collect();
    let list = |rows: Vec<Markup>| {
        if rows.is_empty() {
            view! { <p class="note">{words.none}</p> }.written()
        } else {
            view! { <ul class="plain">{rows}</ul> }.written()
        }
    };
    let content = view! {
        {list(paused)}
        <h2>{words.retiring}</h2>
        {list(retiring)}
    };
    card(words.paused, content.written())
}
