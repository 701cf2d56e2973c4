//! One customer: what it can spend, what is held, what it has spent, told by two witnesses; and the rows behind that.

mod credits;
mod keys;
mod rows;
mod strip;

use leptos::prelude::*;
use leptos_meta::Title;

use super::failed::failed;
use super::place::{here, once_known};
use crate::console::api::ConsoleError;
use crate::console::api::customer::{CustomerPart, CustomerSummary, read_customer, read_customer_rows};
use crate::console::components::clock;
use crate::console::components::copy::id_with_copy;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::tabs::{TabLink, tabs};
use crate::console::i18n::Lang;
use crate::console::query::{CustomerPlace, CustomerQuery, CustomerTab, CustomersQuery};

#[component]
pub fn CustomerPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let place = here(CustomerPlace::at);
    let (id, tab) = (place.id.clone(), place.query.tab);
    let above = once_known(async move {
        match read_customer(id.clone()).await {
            Ok(summary) => above_the_rows(lang, &summary, tab),
            Err(ConsoleError::NotFound) => no_such_customer(lang, id),
            Err(error) => failed(lang, &error),
        }
    });
    let making = (tab == CustomerTab::Keys).then(|| keys::making(lang, place.id.clone()));
    view! {
        {above}
        <section class="card rows">{making} {below(lang, place)}</section>
    }
    .into_any()
}

fn below(lang: Lang, place: CustomerPlace) -> AnyView {
    let CustomerPlace { id, query } = place.clone();
    let Some(part) = part_of(query.tab) else { return credits::changing(lang, place) };
    let (at, before, after) = query.seek.parts();
    once_known(async move {
        match read_customer_rows(id, part, query.kind, at, before, after, query.key).await {
            Ok(rows) => rows::rows(lang, &place, &rows),
            Err(ConsoleError::NotFound) => ().written(),
            Err(error) => failed(lang, &error),
        }
    })
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

fn above_the_rows(lang: Lang, summary: &CustomerSummary, tab: CustomerTab) -> Markup {
    let words = lang.customers();
    let id = summary.id;
    let name = summary.name.clone();
    let batches = lang.link(&format!("/admin/batches?customer={id}"));
    let link =
        |to: CustomerTab, name, count| TabLink { name, count, href: lang.link(&CustomerQuery::tab(to).to_href(id)), current: tab == to };
    // Only open batches change a balance by themselves. A form must not change under the hand that fills it in.
    let says = clock::says(!summary.books.held.is_zero(), matches!(tab, CustomerTab::Credits | CustomerTab::Keys));
    view! {
        <Title text=name.clone() />
        {says}
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
        {tabs(
            words.sections,
            vec![
                link(CustomerTab::Grants, words.grants, Some(lang.number(summary.grants_count))),
                link(CustomerTab::Ledger, words.ledger, None),
                link(CustomerTab::Keys, words.keys, None),
                link(CustomerTab::Credits, words.credits, None),
                link(CustomerTab::History, lang.audit().history, None),
            ],
        )}
    }
    .written()
}

fn no_such_customer(lang: Lang, id: String) -> Markup {
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
    .written()
}
