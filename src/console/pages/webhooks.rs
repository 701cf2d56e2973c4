//! What customers were told: every delivery, newest first, and the endpoints with their health.

mod rows;

use leptos::prelude::*;
use leptos_meta::Title;

pub use self::rows::deliveries_table;
use super::failed::failed;
use super::place::here;
use crate::console::api::load_if;
use crate::console::api::webhooks::{DeliveriesPage, ListDeliveries, ListEndpoints};
use crate::console::components::clock::Clock;
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::tabs::{TabLink, tabs};
use crate::console::i18n::Lang;
use crate::console::query::{WebhooksQuery, WebhooksTab};
use crate::domain::webhook::DeliveryState;

#[component]
pub fn WebhooksPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.webhooks();
    let clock = Clock::current();
    let query = here(WebhooksQuery::at);
    let tab = Memo::new(move |_| query.with(|query| query.tab));
    let deliveries = load_if(move || {
        let WebhooksQuery { tab, state, endpoint, before } = query.get();
        ((tab == WebhooksTab::Deliveries).then_some(ListDeliveries { batch: None, endpoint, state, before }), clock.tick())
    });
    let endpoints = load_if(move || ((tab.get() == WebhooksTab::Endpoints).then_some(ListEndpoints {}), clock.tick()));
    clock.refresh_while(true);
    on_cleanup(move || clock.refresh_while(false));
    view! {
        <Title text=words.webhooks />
        <div class="head">
            <h1>{words.webhooks}</h1>
        </div>
        <p class="note">{words.note}</p>
        {move || {
            let link = |to: WebhooksTab, name| TabLink {
                name,
                count: None,
                href: lang.link(&WebhooksQuery::tab(to).to_href()),
                current: tab.get() == to,
            };
            tabs(words.sections, vec![link(WebhooksTab::Deliveries, words.deliveries), link(WebhooksTab::Endpoints, words.endpoints)])
        }}
        <section class="card rows">
            <Transition fallback=move || panel::skeleton(lang)>
                {move || Suspend::new(async move {
                    match deliveries.await {
                        Ok(page) => page.as_ref().as_ref().map_or_else(|| ().into_any(), |page| list(lang, &query.get_untracked(), page)),
                        Err(error) => failed(lang, &error),
                    }
                })}
            </Transition>
            <Transition fallback=|| ()>
                {move || Suspend::new(async move {
                    match endpoints.await {
                        Ok(page) => page.as_ref().as_ref().map_or_else(|| ().into_any(), |page| rows::endpoints_table(lang, page)),
                        Err(error) => failed(lang, &error),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

fn list(lang: Lang, query: &WebhooksQuery, page: &DeliveriesPage) -> AnyView {
    let words = lang.webhooks();
    if page.rows.is_empty() {
        if *query != WebhooksQuery::default() {
            let all = lang.link(WebhooksQuery::PATH);
            return view! {
                {states(lang, query)}
                {panel::no_match(words.no_match, words.no_match_text, all, words.to_all)}
            }
            .into_any();
        }
        return panel::empty(words.none, view! { <p>{words.none_text}</p> });
    }
    let older = page.rows.last().filter(|_| page.has_more).map(|row| {
        let older = WebhooksQuery { before: Some(row.id), ..query.clone() };
        lang.link(&older.to_href())
    });
    let newest = query.before.map(|_| lang.link(&WebhooksQuery { before: None, ..query.clone() }.to_href()));
    view! {
        {states(lang, query)}
        {deliveries_table(lang, page)}
        <div class="pager">
            <nav aria-label=words.deliveries>
                {step(lang.words().newest, "prev", newest)} {step(lang.words().older, "next", older)}
            </nav>
        </div>
    }
    .into_any()
}

/// A link for each state.
fn states(lang: Lang, query: &WebhooksQuery) -> AnyView {
    let words = lang.webhooks();
    let chip = |state: Option<DeliveryState>| {
        let name = state.map_or(words.all_states, |state| lang.delivery_state(state));
        let href = lang.link(&query.state(state).to_href());
        view! { <a class="chip" href=href data-noscroll="" aria-current=(query.state == state).then_some("true")>{name}</a> }.into_any()
    };
    let chips: Vec<AnyView> = std::iter::once(None).chain(DeliveryState::ALL.iter().copied().map(Some)).map(chip).collect();
    view! { <nav class="chips inset" aria-label=words.state>{chips}</nav> }.into_any()
}
