//! The tasks of one transaction, below it: a line each, a page at a time.

use leptos::prelude::*;

use crate::console::api::batch::LinesPage;
use crate::console::components::figure::linked;
use crate::console::components::table::{Cell, Row, number, row, table, text, wide_row};
use crate::console::i18n::Lang;
use crate::console::query::{BillingQuery, TasksQuery};
use crate::domain::id::BatchId;

/// A row of the table of transactions that holds a table of its own.
pub fn lines(lang: Lang, id: BatchId, query: BillingQuery, page: &LinesPage) -> Row {
    let (words, own) = (lang.words(), lang.batch());
    let columns = [number(words.task), text(words.kind), number(words.credits), number(words.revenue_usd)];
    let rows = page
        .rows
        .iter()
        .map(|(task, kind, credits, revenue)| {
            let href = lang.link(&TasksQuery::default().task(Some(*task)).to_href(id));
            row(
                "",
                [
                    Cell::new(linked(href, "row-link", lang.number((*task).into()))).class("n"),
                    Cell::new((words.line_word)(*kind)),
                    Cell::figure(lang.credits(*credits)),
                    Cell::figure(lang.exact_amount(*revenue)),
                ],
            )
        })
        .collect();
    let to = |line| lang.link(&query.lines(Some(page.transaction), line).to_href(id));
    let first = (query.line > 0).then(|| view! { <a class="step" data-noscroll="" href=to(0)>{own.first_lines}</a> });
    let more = page.next.map(|line| view! { <a class="step" data-noscroll="" href=to(line)>{own.more_lines}</a> });
    let inside = view! {
        {table(own.lines_of, &columns, rows)}
        <div class="pager">
            <nav aria-label=own.lines_of>{first} {more}</nav>
        </div>
    };
    wide_row("lines", 11, inside)
}
