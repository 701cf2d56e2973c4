//! The list of customers, newest first, with what each can spend and has spent; searched by any part of a name, an e-mail
//! address or an id.

use leptos::prelude::*;
use leptos_meta::Title;

use super::place::{here, or_failed};
use crate::console::api::customers::{CustomerRow, CustomersPage as Listed, list_customers};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{CustomerQuery, CustomersQuery};
use crate::domain::page::Seek;
use crate::domain::time::Time;

/// How the first customer is added.
const COMMAND: &str = "batchbook customer add --name \"Acme Studio\" --email billing@acme.example";

#[component]
pub fn CustomersPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.customers();
    let query = here(CustomersQuery::at);
    let (_, before, after) = query.seek.parts();
    let listed = list_customers(query.search.clone(), before, after);
    view! {
        <Title text=words.customers />
        <div class="head">
            <h1>{words.customers}</h1>
        </div>
        {search(lang, query.search.clone())}
        <p class="note">{words.list_note}</p>
        <section class="card list">
            {or_failed(lang, listed, move |page| list(lang, &query, &page))}
        </section>
    }
    .into_any()
}

/// A GET form: the address says what was searched for.
fn search(lang: Lang, searched: String) -> Markup {
    let words = lang.customers();
    let language = lang.param().map(|value| view! { <input type="hidden" name=Lang::PARAM value=value /> });
    let clear = (!searched.is_empty()).then(|| view! { <a href=lang.link(CustomersQuery::PATH)>{words.clear}</a> });
    view! {
        <form class="customer-search" role="search" method="get" action=CustomersQuery::PATH>
            {language}
            <input type="search" name="q" value=searched maxlength="100" aria-label=words.search_label placeholder=words.search_label />
            <button type="submit">{words.search}</button>
            {clear}
        </form>
    }
    .written()
}

fn list(lang: Lang, query: &CustomersQuery, page: &Listed) -> Markup {
    let words = lang.customers();
    if page.rows.is_empty() {
        if *query != CustomersQuery::default() {
            return panel::no_match(words.no_match, words.no_match_text, lang.link(CustomersQuery::PATH), words.to_customers);
        }
        let how = view! {
            <p>{words.no_customers_text}</p>
            <pre tabindex="0">{COMMAND}</pre>
        };
        return panel::empty(words.no_customers, how);
    }
    let columns = [
        text(words.name),
        text(words.email),
        number(words.available),
        number(words.held),
        number(words.spent),
        number(words.batches),
        text(words.last_batch),
        text(words.since),
    ];
    let rows = page.rows.iter().map(|row| customer_row(lang, row, page.now)).collect();
    let link = |seek| lang.link(&query.seek(seek).to_href());
    let newer = page.rows.first().filter(|_| page.has_newer).map(|row| link(Seek::After(row.id)));
    let older = page.rows.last().filter(|_| page.has_older).map(|row| link(Seek::Before(row.id)));
    view! {
        {table(words.customers, &columns, rows)}
        <div class="pager">
            <nav aria-label=words.customers>{step(words.newer, "prev", newer)} {step(lang.words().older, "next", older)}</nav>
        </div>
    }
    .written()
}

fn customer_row(lang: Lang, customer: &CustomerRow, now: Time) -> Row {
    let href = lang.link(&CustomerQuery::default().to_href(customer.id));
    let name = customer.name.clone();
    let moment = |at: Time| Cell::new(lang.moment_near(at, now)).class("moment").title(lang.moment_title(at, now));
    row(
        "",
        [
            Cell::new(view! { <a class="row-link" href=href><bdi>{name}</bdi></a> }).class("cut").title(customer.name.clone()),
            Cell::new(view! { <bdi>{customer.email.clone()}</bdi> }).class("cut").title(customer.email.clone()),
            Cell::quiet_figure(lang.credits(customer.available), customer.available.is_zero()),
            Cell::quiet_figure(lang.credits(customer.held), customer.held.is_zero()),
            Cell::quiet_figure(lang.credits(customer.spent), customer.spent.is_zero()),
            Cell::quiet_figure(customer.batches.clone(), customer.last_batch_at.is_none()),
            customer.last_batch_at.map_or_else(|| Cell::new("–").class("none"), moment),
            moment(customer.created_at),
        ],
    )
}
