//! The list of batches, newest first. Rows never move under the cursor: what arrives while the list is looked at is counted,
//! and shown when asked for.

use leptos::prelude::*;
use leptos_meta::Title;

use super::failed::failed;
use super::place::here;
use crate::console::api::batches::{BatchRow, BatchesPage as Listed, ListBatches};
use crate::console::api::{Loaded, load};
use crate::console::components::badge::batch_badge;
use crate::console::components::clock::Clock;
use crate::console::components::copy::short_id;
use crate::console::components::figure::{Share, bar};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{BatchQuery, BatchesQuery};
use crate::domain::id::BatchId;
use crate::domain::money::Money;
use crate::domain::time::Time;

/// The newest row when the list was opened, and for which address that was.
type Seen = RwSignal<Option<(BatchesQuery, BatchId)>>;

/// A minimal batch of the cheapest model, to be pasted into a shell.
const CURL: &str = r#"items=$(printf '{"prompt":"A ceramic teapot on a walnut table, take %d"},' $(seq 10))
curl http://127.0.0.1:3000/api/v1/batches \
  -H "Authorization: Bearer bb_…" \
  -H "Idempotency-Key: first-batch" \
  -H "Content-Type: application/json" \
  -d "{\"model\":\"sora-2\",\"items\":[${items%,}]}""#;

#[component]
pub fn BatchesPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.words();
    let clock = Clock::current();
    let query = here(BatchesQuery::at);
    let listed = load(move || (ListBatches { before: query.with(|query| query.before) }, clock.tick()));
    refresh_while_open(clock, listed);
    let seen = Seen::new(None);
    view! {
        <Title text=words.batches />
        <div class="head">
            <h1>{words.batches}</h1>
        </div>
        <p class="note">{words.newest_first}</p>
        <section class="card list">
            <Transition fallback=move || panel::skeleton(lang)>
                {move || Suspend::new(async move {
                    match listed.await {
                        Ok(page) => list(lang, clock, seen, &query.get_untracked(), &page),
                        Err(error) => failed(lang, &error),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

fn refresh_while_open(clock: Clock, listed: Loaded<Listed>) {
    Effect::new(move |_| {
        let open = |page: &Listed| page.rows.iter().any(|row| !row.status.is_finished());
        clock.refresh_while(listed.get().is_some_and(|listed| listed.is_ok_and(|page| open(&page))));
    });
    on_cleanup(move || clock.refresh_while(false));
}

fn list(lang: Lang, clock: Clock, seen: Seen, query: &BatchesQuery, page: &Listed) -> AnyView {
    let words = lang.words();
    if page.rows.is_empty() {
        if query.before.is_some() {
            let newest = lang.link(BatchesQuery::PATH);
            return panel::no_match(words.no_more_batches, words.no_more_batches_text, newest, words.newest);
        }
        let how = view! {
            <p>{words.no_batches_text}</p>
            <pre tabindex="0">{CURL}</pre>
        };
        return panel::empty(words.no_batches, how);
    }
    let newer = newer_than_seen(seen, query, &page.rows);
    let announced = (newer > 0).then(|| {
        let show = move |_| {
            seen.set(None);
            clock.refresh_now();
        };
        view! {
            <p class="newer" role="status">
                <a href=lang.link(&query.to_href()) data-noscroll="" on:click=show>
                    {(words.new_rows)(newer)}
                </a>
            </p>
        }
    });
    let columns = [
        text(words.state),
        text(words.batch),
        text(words.customer),
        text(words.model),
        text(words.progress),
        number(words.tasks),
        number(words.ok),
        number(words.failed),
        number(words.held),
        number(words.charged),
        number(words.refunded),
        number(words.profit_usd),
        number(words.margin),
        text(words.created),
        number(words.duration),
    ];
    let rows = page.rows.iter().skip(newer).map(|row| batch_row(lang, row, page.now)).collect();
    let older = page.next.map(|before| lang.link(&BatchesQuery { before: Some(before) }.to_href()));
    let newest = query.before.map(|_| lang.link(BatchesQuery::PATH));
    view! {
        {announced}
        {table(words.batches, &columns, rows)}
        <div class="pager">
            <nav aria-label=words.batches>{step(words.newest, "prev", newest)} {step(words.older, "next", older)}</nav>
        </div>
    }
    .into_any()
}

/// How many rows arrived since the list was opened; remembers the newest one when it was not open before.
fn newer_than_seen(seen: Seen, query: &BatchesQuery, rows: &[BatchRow]) -> usize {
    match seen.get_untracked() {
        Some((at, newest)) if at == *query => rows.iter().take_while(|row| row.id > newest).count(),
        _ => {
            if let Some(row) = rows.first() {
                seen.set(Some((query.clone(), row.id)));
            }
            0
        }
    }
}

fn batch_row(lang: Lang, batch: &BatchRow, now: Time) -> AnyView {
    let counts = batch.counts;
    let href = lang.link(&BatchQuery::default().to_href(batch.id));
    let shares = [
        Share { class: "good", amount: counts.succeeded },
        Share { class: "bad", amount: counts.failed },
        Share { class: "stopped", amount: counts.canceled },
    ];
    let done = counts.total - counts.open();
    let credits = batch.credits;
    let id = batch.id.to_string();
    row(
        "",
        [
            Cell::new(batch_badge(lang, batch.status)),
            Cell::new(view! { <a class="row-link" href=href>{short_id(&id)}</a> }),
            Cell::new(view! { <bdi>{batch.customer_name.clone()}</bdi> }).class("cut").title(batch.customer_name.clone()),
            Cell::new(batch.models.join(", ")),
            Cell::new(bar(&shares, counts.total)).class("progress").title(format!("{} / {}", lang.number(done), lang.number(counts.total))),
            Cell::figure(lang.number(counts.total)),
            Cell::quiet_figure(lang.number(counts.succeeded), counts.succeeded == 0),
            Cell::new(lang.number(counts.failed)).class(if counts.failed == 0 { "n none" } else { "n bad" }),
            Cell::figure(lang.credits(credits.held)),
            Cell::quiet_figure(lang.credits(credits.charged), credits.charged.is_zero()),
            Cell::quiet_figure(lang.credits(credits.refunded), credits.refunded.is_zero()),
            Cell::new(lang.amount(batch.profit)).class(if batch.profit < Money::ZERO { "n bad" } else { "n" }),
            Cell::figure(lang.margin(batch.profit.permille_of(batch.revenue))),
            Cell::new(lang.moment_near(batch.created_at, now)).class("moment").title(format!(
                "{} · {}",
                lang.moment(batch.created_at),
                lang.moment_title(batch.created_at, now)
            )),
            Cell::quiet_figure(lang.between(Some(batch.created_at), batch.finished_at.or(Some(now))), batch.finished_at.is_none()),
        ],
    )
}
