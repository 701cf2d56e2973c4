//! The list of replays.

use leptos::prelude::*;

use crate::console::api::replays::{ReplayRow, ReplaysPage};
use crate::console::components::badge::replay_badge;
use crate::console::components::copy::short_id;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::place::may;
use crate::console::query::{ReplayForm, ReplayPlace, WebhooksQuery, WebhooksTab};
use crate::domain::access::Action;
use crate::domain::time::Time;

pub fn list(lang: Lang, query: &WebhooksQuery, page: &ReplaysPage) -> Markup {
    let own = lang.replays();
    let new = lang.link(&ReplayPlace::href_new(&ReplayForm::default()));
    let button = may(Action::ResendWebhooks).then(|| view! { <a class="button" href=new>{own.new}</a> });
    if page.rows.is_empty() && query.replays_before.is_none() {
        let none = panel::empty(own.none, view! { <p>{own.none_text}</p><p>{button}</p> });
        return view! { <section class="card list">{none}</section> }.written();
    }
    let columns = [
        text(lang.webhooks().state),
        text(own.replay),
        text(lang.endpoints().endpoint),
        number(own.total),
        number(own.delivered),
        number(own.skipped),
        text(own.reason),
        text(own.by),
        text(own.started),
    ];
    let of = |before| lang.link(&WebhooksQuery { replays_before: before, ..WebhooksQuery::tab(WebhooksTab::Replays) }.to_href());
    let older = page.rows.last().filter(|_| page.has_more).map(|row| of(Some(row.id)));
    let newest = query.replays_before.map(|_| of(None));
    let rows = page.rows.iter().map(|row| replay_row(lang, row, page.now)).collect();
    view! {
        <div class="tools">
            <p class="note">{own.note}</p>
            {button}
        </div>
        <section class="card list">
            {table(own.replays, &columns, rows)}
            <div class="pager">
                <nav aria-label=own.replays>
                    {step(lang.words().newest, "prev", newest)} {step(lang.words().older, "next", older)}
                </nav>
            </div>
        </section>
    }
    .written()
}

fn replay_row(lang: Lang, replay: &ReplayRow, now: Time) -> Row {
    let href = lang.link(&ReplayPlace::href(replay.id));
    row(
        "",
        [
            Cell::new(replay_badge(lang, replay.status.state())),
            Cell::new(view! { <a class="row-link" href=href>{short_id(&replay.id.to_string())}</a> }),
            Cell::new(view! { <bdi>{replay.url.clone()}</bdi> }).class("cut").title(replay.url.clone()),
            Cell::figure(lang.number(replay.total)),
            Cell::figure(lang.number(replay.delivered)),
            Cell::quiet_figure(lang.number(replay.skipped), replay.skipped == 0),
            Cell::new(view! { <q>{replay.reason.clone()}</q> }).class("cut").title(replay.reason.clone()),
            Cell::new(replay.actor.clone()),
            Cell::new(lang.moment_near(replay.created_at, now)).class("moment").title(lang.moment_title(replay.created_at, now)),
        ],
    )
}
