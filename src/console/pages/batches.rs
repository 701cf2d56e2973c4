//! The list of batches, newest first. Rows never move under the cursor: what arrives while the list is looked at is counted,
//! and shown when asked for.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::failed::failed;
use crate::console::api::ConsoleError;
use crate::console::api::batches::{BatchRow, BatchesPage as Listed, list_batches};
use crate::console::components::badge::batch_badge;
use crate::console::components::clock::Clock;
use crate::console::components::copy::short_id;
use crate::console::components::figure::{Share, bar};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{number, table, text};
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
    let params = use_query_map();
    let query = Memo::new(move |_| BatchesQuery::of(&|name| params.with(|params| params.get(name))));
    let listed = Resource::new(move || (query.get(), clock.tick()), |(query, _)| list_batches(query.before));
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
                        Ok(page) => list(lang, clock, seen, &query.get_untracked(), page),
                        Err(error) => failed(lang, &error),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

fn refresh_while_open(clock: Clock, listed: Resource<Result<Listed, ConsoleError>>) {
    Effect::new(move |_| {
        let open = listed.with(|listed| matches!(listed, Some(Ok(page)) if page.rows.iter().any(|row| !row.status.is_finished())));
        clock.refresh_while(open);
    });
    on_cleanup(move || clock.refresh_while(false));
}

fn list(lang: Lang, clock: Clock, seen: Seen, query: &BatchesQuery, page: Listed) -> AnyView {
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

fn batch_row(lang: Lang, row: &BatchRow, now: Time) -> AnyView {
    let counts = row.counts;
    let href = lang.link(&BatchQuery::default().to_href(row.id));
    let shares = [
        Share { class: "good", amount: counts.succeeded },
        Share { class: "bad", amount: counts.failed },
        Share { class: "stopped", amount: counts.canceled },
    ];
    let loss = row.profit < Money::ZERO;
    let id = row.id.to_string();
    let done = counts.total - counts.open();
    view! {
        <tr>
            <td>{batch_badge(lang, row.status)}</td>
            <td>
                <a class="row-link" href=href>
                    {short_id(&id)}
                </a>
            </td>
            <td class="cut" title=row.customer_name.clone()>
                <bdi>{row.customer_name.clone()}</bdi>
            </td>
            <td>{row.models.join(", ")}</td>
            <td class="progress" title=format!("{} / {}", lang.number(done), lang.number(counts.total))>
                {bar(&shares, counts.total)}
            </td>
            <td class="n">{lang.number(counts.total)}</td>
            <td class="n" class:none=counts.succeeded == 0>{lang.number(counts.succeeded)}</td>
            <td class="n" class:none=counts.failed == 0 class:bad=counts.failed != 0>{lang.number(counts.failed)}</td>
            <td class="n">{lang.credits(row.credits.held)}</td>
            <td class="n" class:none=row.credits.charged.is_zero()>{lang.credits(row.credits.charged)}</td>
            <td class="n" class:none=row.credits.refunded.is_zero()>{lang.credits(row.credits.refunded)}</td>
            <td class="n" class:bad=loss>{lang.amount(row.profit)}</td>
            <td class="n">{lang.margin(row.profit.permille_of(row.revenue))}</td>
            <td class="moment" title=lang.moment(row.created_at)>{lang.moment_near(row.created_at, now)}</td>
            <td class="n" class:none=row.finished_at.is_none()>{lang.between(Some(row.created_at), row.finished_at.or(Some(now)))}</td>
        </tr>
    }
    .into_any()
}
