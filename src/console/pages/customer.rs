//! One customer: what it can spend, what is held, what it has spent, told by two witnesses; and the rows behind that.

mod credits;
mod keys;
mod rows;
mod strip;

use leptos::prelude::*;
use leptos_meta::Title;

use super::failed::failed;
use super::place::here;
use crate::console::api::customer::{CustomerPart, CustomerSummary, ReadCustomer, ReadCustomerRows};
use crate::console::api::{ConsoleError, load, load_if};
use crate::console::components::clock::Clock;
use crate::console::components::copy::id_with_copy;
use crate::console::components::panel;
use crate::console::components::tabs::{TabLink, tabs};
use crate::console::i18n::Lang;
use crate::console::query::{CustomerPlace, CustomerQuery, CustomerTab, CustomersQuery};

#[component]
pub fn CustomerPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let place = here(CustomerPlace::at);
    let id = Memo::new(move |_| place.with(|place| place.id.clone()));
    let tab = Memo::new(move |_| place.with(|place| place.query.tab));
    let summary = load(move || (ReadCustomer { id: id.get() }, clock.tick()));
    let rows = load_if(move || {
        let CustomerPlace { id, query } = place.get();
        let (at, before, after) = query.seek.parts();
        (part_of(query.tab).map(|part| ReadCustomerRows { id, part, kind: query.kind, at, before, after, key: query.key }), clock.tick())
    });
    let is_form = Memo::new(move |_| tab.get() == CustomerTab::Credits);
    let is_keys = Memo::new(move |_| tab.get() == CustomerTab::Keys);
    // Only open batches change a balance by themselves.
    Effect::new(move |_| {
        clock.refresh_while(summary.get().is_some_and(|summary| summary.is_ok_and(|summary| !summary.books.held.is_zero())));
    });
    on_cleanup(move || clock.refresh_while(false));
    view! {
        <Transition fallback=move || panel::skeleton(lang)>
            {move || Suspend::new(async move {
                match summary.await {
                    Ok(summary) => above_the_rows(lang, &summary, tab),
                    Err(ConsoleError::NotFound) => no_such_customer(lang, id.get_untracked()),
                    Err(error) => failed(lang, &error),
                }
            })}
        </Transition>
        <section class="card rows">
            {move || is_keys.get().then(|| view! { <keys::NewKey place /> }.into_any())}
            <Transition fallback=move || panel::skeleton(lang)>
                {move || Suspend::new(async move {
                    match rows.await {
                        Ok(rows) => rows.as_ref().as_ref().map(|rows| rows::rows(lang, &place.get_untracked(), rows)).into_any(),
                        Err(ConsoleError::NotFound) => ().into_any(),
                        Err(error) => failed(lang, &error),
                    }
                })}
            </Transition>
            {move || is_form.get().then(|| view! { <credits::Credits place /> }.into_any())}
        </section>
    }
    .into_any()
}

/// The form for credits has no rows.
const fn part_of(tab: CustomerTab) -> Option<CustomerPart> {
    match tab {
        CustomerTab::Grants => Some(CustomerPart::Grants),
        CustomerTab::Ledger => Some(CustomerPart::Ledger),
        CustomerTab::Keys => Some(CustomerPart::Keys),
        CustomerTab::History => Some(CustomerPart::History),
        CustomerTab::Credits => None,
    }
}

fn above_the_rows(lang: Lang, summary: &CustomerSummary, tab: Memo<CustomerTab>) -> AnyView {
    let words = lang.customers();
    let id = summary.id;
    let name = summary.name.clone();
    let batches = lang.link(&format!("/admin/batches?customer={id}"));
    let grants = lang.number(summary.grants_count);
    view! {
        <Title text=name.clone() />
        <nav class="crumb" aria-label=words.customers>
            <a href=lang.link(CustomersQuery::PATH)>{words.customers}</a>
        </nav>
        <div class="head">
            <h1>
                <bdi>{name}</bdi>
            </h1>
            {id_with_copy(lang, id.to_string())}
        </div>
        <section class="card">
            <p class="who">
                <bdi>{summary.email.clone()}</bdi>
                <span>{format!("{} {}", words.since, lang.moment(summary.created_at))}</span>
                <a href=batches>{format!("{} ({})", words.batches, lang.number(summary.batches))}</a>
            </p>
            {strip::strip(lang, summary)}
        </section>
        <h2 class="unseen">{words.sections}</h2>
        {move || {
            let link = |to: CustomerTab, name, count| TabLink {
                name,
                count,
                href: lang.link(&CustomerQuery::tab(to).to_href(id)),
                current: tab.get() == to,
            };
            tabs(
                words.sections,
                vec![
                    link(CustomerTab::Grants, words.grants, Some(grants.clone())),
                    link(CustomerTab::Ledger, words.ledger, None),
                    link(CustomerTab::Keys, words.keys, None),
                    link(CustomerTab::Credits, words.credits, None),
                    link(CustomerTab::History, lang.audit().history, None),
                ],
            )
        }}
    }
    .into_any()
}

fn no_such_customer(lang: Lang, id: String) -> AnyView {
    let words = lang.customers();
    view! {
        <Title text=words.not_found />
        <h1>{words.not_found}</h1>
        <div class="card panel-note">
            <p>
                {words.not_found_text} " " <code class="whole">{id}</code>
            </p>
            <p>
                <a class="button" href=lang.link(CustomersQuery::PATH)>
                    {words.to_customers}
                </a>
            </p>
        </div>
    }
    .into_any()
}
