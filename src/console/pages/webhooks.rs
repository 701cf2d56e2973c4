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
use super::place::{here, looks_at, may, once_known, or_failed};
use crate::console::api::endpoints::list_endpoints;
use crate::console::api::replays::list_replays;
use crate::console::api::request::looked_at;
use crate::console::api::webhooks::{DeliveriesPage, list_deliveries};
use crate::console::components::clock;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::tabs::{TabLink, tabs};
use crate::console::i18n::Lang;
use crate::console::query::{EndpointForm, EndpointPlace, WebhooksQuery, WebhooksTab};
use crate::domain::access::Action;

#[component]
pub fn WebhooksPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.webhooks();
    let query = here(WebhooksQuery::at);
    let search = use_location().search.get_untracked();
    // A form sends its empty fields too; an address to be copied has none.
    let from_form = search.ends_with('=') || search.contains("=&");
    let redirect = from_form.then(|| view! { <Redirect path=lang.link(&query.to_href()) /> });
    let link =
        |to: WebhooksTab, name| TabLink { name, count: None, href: lang.link(&WebhooksQuery::tab(to).to_href()), current: query.tab == to };
    let links = vec![
        link(WebhooksTab::Deliveries, words.deliveries),
        link(WebhooksTab::Endpoints, words.endpoints),
        link(WebhooksTab::Replays, lang.replays().replays),
    ];
    let add = may(Action::ChangeSecrets).then(|| {
        view! {
            <div class="batch-actions">
                <a class="button" href=lang.link(&EndpointPlace::href_new(None, &EndpointForm::default()))>
                    {lang.endpoints().add}
                </a>
            </div>
        }
    });
    view! {
        <Title text=words.webhooks />
        {redirect}
        {clock::says(true, false)}
        <div class="head">
            <h1>{words.webhooks}</h1>
            {add}
        </div>
        <p class="note">{words.note}</p>
        {tabs(words.sections, links)}
        {rows(lang, query)}
    }
    .into_any()
}

fn rows(lang: Lang, query: WebhooksQuery) -> AnyView {
    match query.tab {
        WebhooksTab::Deliveries => {
            let shown = looked_at();
            once_known(async move {
                match list_deliveries(&query, &shown).await {
                    Ok(page) => list(lang, &query, &page),
                    Err(error) => failed(lang, &error),
                }
            })
        }
        WebhooksTab::Endpoints => {
            or_failed(lang, list_endpoints(query.endpoints), move |page| endpoints::list(lang, query.endpoints, &page))
        }
        WebhooksTab::Replays => or_failed(lang, list_replays(query.replays_before), move |page| replays::list(lang, &query, &page)),
    }
}

fn list(lang: Lang, query: &WebhooksQuery, page: &DeliveriesPage) -> Markup {
    let (words, own) = (lang.webhooks(), lang.endpoints());
    let (rows, newer) = (&page.rows, page.newer);
    if rows.is_empty() && query.filter.is_default() && query.before.is_none() {
        let none = panel::empty(words.none, view! { <p>{words.none_text}</p> });
        return view! { <section class="card list">{none}</section> }.written();
    }
    let charts = charts(lang, query, &page.outcomes);
    let announced = (newer > 0).then(|| {
        view! {
            <p class="newer" role="status">
                <a href=lang.link(&query.to_href()) data-noscroll="">
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
            {looks_at(rows.iter().map(|row| row.id))} {announced} {table} {stopped}
            <div class="pager">
                <nav aria-label=words.deliveries>
                    {step(lang.words().newest, "prev", newest)} {step(lang.words().older, "next", older)}
                </nav>
            </div>
        </section>
    }
    .written()
}

/// A page for an id of nothing.
pub(super) fn no_such_thing(lang: Lang, title: &'static str, text: &'static str, id: String) -> Markup {
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
    .written()
}
