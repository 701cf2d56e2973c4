//! What customers were told: deliveries by every filter with the charts above them, the endpoints with their health, and replays.
//! Rows never move under the cursor: what arrives meanwhile is counted, and shown when asked for.

mod charts;
mod endpoints;
mod filters;
mod replays;
mod rows;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_location;

pub use self::charts::{charts, pair};
pub use self::endpoints::{health, rate, types};
pub use self::rows::deliveries_table;
use super::failed::failed;
use super::place::here;
use crate::console::api::endpoints::ListEndpoints;
use crate::console::api::load_if;
use crate::console::api::replays::ListReplays;
use crate::console::api::webhooks::{DeliveriesPage, DeliveryRow, ListDeliveries};
use crate::console::components::clock::Clock;
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::tabs::{TabLink, tabs};
use crate::console::i18n::Lang;
use crate::console::query::{EndpointForm, EndpointPlace, WebhooksQuery, WebhooksTab};

/// The rows as they were when the list was opened, and for which address that was.
type Seen = RwSignal<Option<(WebhooksQuery, Vec<DeliveryRow>)>>;

#[component]
pub fn WebhooksPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.webhooks();
    let clock = Clock::current();
    let query = here(WebhooksQuery::at);
    let search = use_location().search;
    // A form sends its empty fields too; an address to be copied has none.
    let from_form = search.with_untracked(|search| search.ends_with('=') || search.contains("=&"));
    let tab = Memo::new(move |_| query.with(|query| query.tab));
    let asked = move |of: WebhooksTab| query.with(|query| (query.tab == of).then(|| pairs(query)));
    let deliveries = load_if(move || (asked(WebhooksTab::Deliveries).map(|query| ListDeliveries { query }), clock.tick()));
    let endpoints = load_if(move || (asked(WebhooksTab::Endpoints).map(|query| ListEndpoints { query }), clock.tick()));
    let replays = load_if(move || {
        let before = query.with(|query| (query.tab == WebhooksTab::Replays).then_some(query.replays_before));
        (before.map(|before| ListReplays { before }), clock.tick())
    });
    let seen = Seen::new(None);
    Effect::new(move |_| clock.refresh_while(true));
    on_cleanup(move || clock.refresh_while(false));
    view! {
        <Title text=words.webhooks />
        {from_form.then(|| view! { <Redirect path=lang.link(&query.with_untracked(WebhooksQuery::to_href)) /> })}
        <div class="head">
            <h1>{words.webhooks}</h1>
            <div class="batch-actions">
                <a class="button" href=lang.link(&EndpointPlace::href_new(None, &EndpointForm::default()))>
                    {lang.endpoints().add}
                </a>
            </div>
        </div>
        <p class="note">{words.note}</p>
        {move || {
            let link = |to: WebhooksTab, name| TabLink {
                name,
                count: None,
                href: lang.link(&WebhooksQuery::tab(to).to_href()),
                current: tab.get() == to,
            };
            tabs(
                words.sections,
                vec![
                    link(WebhooksTab::Deliveries, words.deliveries),
                    link(WebhooksTab::Endpoints, words.endpoints),
                    link(WebhooksTab::Replays, lang.replays().replays),
                ],
            )
        }}
        <Transition fallback=move || panel::skeleton(lang)>
            {move || Suspend::new(async move {
                match deliveries.await {
                    Ok(page) => {
                        let show = move || {
                            seen.set(None);
                            clock.refresh_now();
                        };
                        page.as_ref().as_ref().map_or_else(|| ().into_any(), |page| list(lang, seen, &query.get_untracked(), page, show))
                    }
                    Err(error) => failed(lang, &error),
                }
            })}
        </Transition>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match endpoints.await {
                    Ok(page) => {
                        page.as_ref().as_ref().map_or_else(|| ().into_any(), |page| endpoints::list(lang, query.get_untracked().endpoints, page))
                    }
                    Err(error) => failed(lang, &error),
                }
            })}
        </Transition>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match replays.await {
                    Ok(page) => {
                        page.as_ref().as_ref().map_or_else(|| ().into_any(), |page| replays::list(lang, &query.get_untracked(), page))
                    }
                    Err(error) => failed(lang, &error),
                }
            })}
        </Transition>
    }
    .into_any()
}

fn pairs(query: &WebhooksQuery) -> Vec<(String, String)> {
    query.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn list(lang: Lang, seen: Seen, query: &WebhooksQuery, page: &DeliveriesPage, show: impl Fn() + 'static) -> AnyView {
    let (words, own) = (lang.webhooks(), lang.endpoints());
    let (rows, newer) = merged(seen, query, &page.rows);
    if rows.is_empty() && query.filter.is_default() && query.before.is_none() {
        let none = panel::empty(words.none, view! { <p>{words.none_text}</p> });
        return view! { <section class="card list">{none}</section> }.into_any();
    }
    let charts = charts(lang, query, &page.outcomes);
    let announced = (newer > 0).then(|| {
        view! {
            <p class="newer" role="status">
                <a href=lang.link(&query.to_href()) data-noscroll="" on:click=move |_| show()>
                    {(lang.words().new_rows)(newer)}
                </a>
            </p>
        }
    });
    let table = if rows.is_empty() && !page.stopped {
        let all = lang.link(WebhooksQuery::PATH);
        panel::no_match(words.no_match, words.no_match_text, all, own.clear)
    } else {
        deliveries_table(lang, rows.iter().map(|row| (row, None)), page.now, true)
    };
    let older = page.next.map(|next| lang.link(&query.before(Some(next)).to_href()));
    let newest = query.before.map(|_| lang.link(&query.before(None).to_href()));
    let stopped = page.stopped.then(|| {
        let go_on = older.clone().map(|href| view! { <a class="button" href=href data-noscroll="">{own.go_on}</a> });
        view! {
            <div class="searched">
                <span>{own.stopped}</span>
                {go_on}
            </div>
        }
    });
    view! {
        {charts}
        {filters::tools(lang, query, page)}
        <section class="card list">
            {announced} {table} {stopped}
            <div class="pager">
                <nav aria-label=words.deliveries>
                    {step(lang.words().newest, "prev", newest)} {step(lang.words().older, "next", older)}
                </nav>
            </div>
        </section>
    }
    .into_any()
}

/// The rows as they were first shown, with what is known of them now; and how many are not shown.
fn merged(seen: Seen, query: &WebhooksQuery, fresh: &[DeliveryRow]) -> (Vec<DeliveryRow>, usize) {
    let shown =
        seen.with_untracked(|seen| seen.as_ref().filter(|(at, rows)| at == query && !rows.is_empty()).map(|(_, rows)| rows.clone()));
    let Some(mut shown) = shown else {
        seen.set(Some((query.clone(), fresh.to_vec())));
        return (fresh.to_vec(), 0);
    };
    let newer = fresh.iter().filter(|row| shown.iter().all(|old| old.id != row.id)).count();
    for row in &mut shown {
        if let Some(new) = fresh.iter().find(|new| new.id == row.id) {
            *row = new.clone();
        }
    }
    seen.set(Some((query.clone(), shown.clone())));
    (shown, newer)
}

/// A page for an id of nothing.
pub(super) fn no_such_thing(lang: Lang, title: &'static str, text: &'static str, id: String) -> AnyView {
    view! {
        <Title text=title />
        <h1>{title}</h1>
        <div class="card panel-note">
            <p>
                {text} " " <code class="whole">{id}</code>
            </p>
            <p>
                <a class="button" href=lang.link(WebhooksQuery::PATH)>
                    {lang.webhooks().to_all}
                </a>
            </p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Time;
    use crate::domain::webhook::{DeliveryStatus, EventType};

    fn row(number: u8, attempts: i32) -> DeliveryRow {
        let id = |prefix: &str| format!("{prefix}_00fkqz1b3r00000000000000{number}0");
        let at = Time::from_micros(1_795_000_000_000_000);
        DeliveryRow {
            id: id("dlv").parse().unwrap(),
            endpoint: id("whe").parse().unwrap(),
            url: String::new(),
            event: id("evt").parse().unwrap(),
            kind: EventType::BatchCreated,
            batch: None,
            status: DeliveryStatus::Succeeded { at },
            attempts,
            last_class: None,
            created_at: at,
        }
    }

    #[test]
    fn rows_stay_where_they_are_and_new_ones_are_counted() {
        Owner::new().with(|| {
            let (seen, query) = (Seen::new(None), WebhooksQuery::default());
            assert_eq!(merged(seen, &query, &[row(2, 1), row(1, 1)]), (vec![row(2, 1), row(1, 1)], 0));
            assert_eq!(merged(seen, &query, &[row(4, 1), row(3, 1), row(2, 2)]), (vec![row(2, 2), row(1, 1)], 2));
            let other = query.before(Some(row(4, 1).id));
            assert_eq!(merged(seen, &other, &[row(3, 1)]), (vec![row(3, 1)], 0), "another page is another list");
        });
    }
}
