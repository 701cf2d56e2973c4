//! Views of the list under a name: those that everybody needs, and those that the team saved. Plain POST forms: saving is rare.

use leptos::prelude::*;

use super::filters::hidden;
use crate::console::api::batches::ViewRow;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::BatchesQuery;
use crate::domain::batch::BatchStatus;
use crate::domain::batch_list::{BatchFilter, BatchSort, Statuses};

/// Credits given back from which on the view of large refunds shows a batch.
const LARGE_REFUND: i64 = 1_000;

pub fn views(lang: Lang, query: &BatchesQuery, saved: &[ViewRow]) -> Markup {
    let own = lang.batches_words();
    let mut links: Vec<Markup> = system_views(lang).into_iter().map(|(name, view)| link(lang, query, name.to_owned(), &view)).collect();
    // A saved view that is open is named beside the others.
    let open = saved.iter().find(|view| BatchesQuery::read(&view.query) == query.start());
    links.extend(open.map(|view| link(lang, query, view.name.clone(), &BatchesQuery::read(&view.query))));
    view! {
        <div class="views">
            <nav class="tabs" aria-label=own.views>
                {links}
            </nav>
            {team(lang, query, saved)}
        </div>
    }
    .written()
}

fn system_views(lang: Lang) -> Vec<(&'static str, BatchesQuery)> {
    let own = lang.batches_words();
    let of = |filter, sort| BatchesQuery { filter, sort, ..BatchesQuery::default() };
    let running = Statuses::of(&[BatchStatus::Queued, BatchStatus::Processing, BatchStatus::Canceling]);
    let all = BatchFilter::default;
    vec![
        (own.all_states, BatchesQuery::default()),
        (own.running_view, of(BatchFilter { statuses: running, ..all() }, BatchSort::Created)),
        (own.failures_view, of(BatchFilter { has_failures: true, ..all() }, BatchSort::Created)),
        (own.losses_view, of(BatchFilter { losses: true, ..all() }, BatchSort::Created)),
        (own.refunds_view, of(BatchFilter { refund_over: Some(LARGE_REFUND), ..all() }, BatchSort::Refunded)),
    ]
}

fn link(lang: Lang, query: &BatchesQuery, name: String, view: &BatchesQuery) -> Markup {
    let current = (*view == query.start()).then_some("page");
    view! { <a href=lang.link(&view.to_href()) data-noscroll="" aria-current=current>{name}</a> }.written()
}

fn team(lang: Lang, query: &BatchesQuery, saved: &[ViewRow]) -> Markup {
    let own = lang.batches_words();
    let back = || hidden("back", lang.link(&query.to_href()).split_once('?').map_or(String::new(), |(_, query)| query.to_owned()));
    let rows: Vec<Markup> = saved
        .iter()
        .map(|view| {
            let question = format!("{}: {}", own.delete_for_all, view.name);
            view! {
                <li>
                    {link(lang, query, view.name.clone(), &BatchesQuery::read(&view.query))}
                    <details class="delete">
                        <summary aria-label=format!("{}: {}", own.delete, view.name)>{own.delete}</summary>
                        <form method="post" action="/admin/data/delete_view">
                            {hidden("key", view.key.to_string())} {back()} <button type="submit" class="danger">{question}</button>
                        </form>
                    </details>
                </li>
            }
            .written()
        })
        .collect();
    let list = if rows.is_empty() { view! { <p class="note">{own.no_views}</p> }.written() } else { view! { <ul>{rows}</ul> }.written() };
    view! {
        <details class="menu team">
            <summary>{own.team_views} " " <small>{lang.number(i64::try_from(saved.len()).unwrap_or_default())}</small></summary>
            <div class="panel">
                {list}
                <form method="post" action="/admin/data/save_view">
                    {hidden("query", query.start().to_query())}
                    {back()}
                    <label>
                        <span>{own.save_view}</span>
                        <input type="text" name="name" required="" maxlength="60" aria-label=own.view_name />
                    </label>
                    <button type="submit">{own.save}</button>
                </form>
            </div>
        </details>
    }
    .written()
}
