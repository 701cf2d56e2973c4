//! The ledger of the batch: the sums, the grants they came from, and every transaction with its entries and the balance
//! after each.

use leptos::prelude::*;

use crate::console::api::batch::{BillingPage, DrawRow, ReadBilling, TransactionRow};
use crate::console::api::{ConsoleError, load};
use crate::console::components::clock::Clock;
use crate::console::components::copy::short_id;
use crate::console::components::figure::{term, terms};
use crate::console::components::panel;
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;
use crate::domain::credits::Credits;

#[component]
pub fn Billing(id: Memo<String>) -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let billing = load(move || (ReadBilling { id: id.get() }, clock.tick()));
    view! {
        <section class="card rows">
            <Transition fallback=move || panel::skeleton(lang)>
                {move || Suspend::new(async move {
                    match billing.await {
                        Ok(page) => ledger(lang, &page),
                        Err(ConsoleError::NotFound) => ().into_any(),
                        Err(error) => failed(lang, &error),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

fn ledger(lang: Lang, page: &BillingPage) -> AnyView {
    let words = lang.words();
    view! {
        <div class="facts two">
            {summary(lang, page)}
            <div>
                <h3>{words.drawn_grants}</h3>
                <p class="soft">{words.drawn_grants_text}</p>
                {draws(lang, &page.draws)}
            </div>
        </div>
        <h3 class="inset">
            {words.transactions} " " <small>{words.in_order}</small>
        </h3>
        {transactions(lang, page)}
    }
    .into_any()
}

fn summary(lang: Lang, page: &BillingPage) -> AnyView {
    let words = lang.words();
    let credits = page.credits;
    let figures = [
        Some(term(words.held, lang.credits(credits.held))),
        Some(term(words.charged, lang.credits(credits.charged))),
        Some(term(words.refunded, lang.credits(credits.refunded))),
        Some(term(words.still_held, lang.credits(credits.open))),
        Some(term(words.revenue, lang.money(page.revenue))),
        (!page.has_more).then(|| term(words.transactions, page.transactions.len().to_string())),
    ];
    view! {
        <div>
            <h3>{words.summary}</h3>
            {terms("", figures)}
        </div>
    }
    .into_any()
}

fn draws(lang: Lang, draws: &[DrawRow]) -> AnyView {
    let words = lang.words();
    let columns =
        [text(words.grant), text(words.kind), number(words.drawn), number(words.charged), number(words.refunded), number(words.still_held)];
    let rows = draws
        .iter()
        .map(|draw| {
            let open = Credits::new(draw.credits.get() - draw.captured.get() - draw.released.get());
            row(
                "",
                [
                    Cell::new(short_id(&draw.grant.to_string())),
                    Cell::new((words.grant_word)(draw.kind)),
                    Cell::figure(lang.credits(draw.credits)),
                    Cell::figure(lang.credits(draw.captured)),
                    Cell::figure(lang.credits(draw.released)),
                    Cell::figure(lang.credits(open)),
                ],
            )
        })
        .collect();
    table(words.drawn_grants, &columns, rows)
}

fn transactions(lang: Lang, page: &BillingPage) -> AnyView {
    let words = lang.words();
    if page.transactions.is_empty() {
        return panel::empty(words.no_transactions, ());
    }
    let columns = [
        text(words.created_utc),
        text(words.transaction),
        text(words.kind),
        number(words.lines_count),
        text(words.account),
        number(words.credits),
        number(words.balance_after),
        number(words.revenue_usd),
        text(words.actor),
        text(words.reason),
    ];
    let rows = page.transactions.iter().flat_map(|transaction| transaction_rows(lang, transaction)).collect();
    view! {
        {table(words.transactions, &columns, rows)}
        {page.has_more.then(|| view! { <p class="note inset">{words.more_transactions}</p> })}
    }
    .into_any()
}

/// One row per entry; what the entries of a transaction share stands once.
fn transaction_rows(lang: Lang, transaction: &TransactionRow) -> Vec<AnyView> {
    let words = lang.words();
    let first = |text: String, index: usize| if index == 0 { text } else { String::new() };
    transaction
        .entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let id = (index == 0).then(|| short_id(&transaction.id.to_string()));
            let reverses = transaction.reverses.filter(|_| index == 0).map(|id| {
                view! {
                    <span class="soft">
                        " " {words.reverses} " " {short_id(&id.to_string())}
                    </span>
                }
            });
            let revenue = if transaction.revenue.micros() == 0 { String::new() } else { lang.amount(transaction.revenue) };
            let tasks = if transaction.tasks == 0 { String::new() } else { lang.number(transaction.tasks) };
            let kind = first((words.transaction_word)(transaction.kind).to_owned(), index);
            row(
                if index == 0 { "entry first" } else { "entry" },
                [
                    Cell::new(first(lang.moment(transaction.created_at), index)).class("moment"),
                    Cell::new(id),
                    Cell::new(view! { {kind} {reverses} }),
                    Cell::figure(first(tasks, index)),
                    Cell::new((words.account_word)(entry.account)),
                    Cell::figure(lang.signed_credits(entry.credits)),
                    Cell::figure(entry.balance_after.map_or_else(String::new, |balance| lang.credits(balance))),
                    Cell::figure(first(revenue, index)),
                    Cell::new(first(transaction.actor.clone(), index)),
                    Cell::new(first(transaction.reason.clone().unwrap_or_default(), index)).class("cut"),
                ],
            )
        })
        .collect()
}
