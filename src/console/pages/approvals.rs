//! `/admin/approvals`: changes of credits that are large enough to need a second operator.

use leptos::prelude::*;
use leptos_meta::Title;

use super::account::button;
use super::place::{here, may, or_failed};
use super::said::said;
use crate::console::api::approvals::{ApprovalRow, ApprovalsPage as Listed, list_approvals};
use crate::console::components::markup::Markup;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{CustomerQuery, LoginQuery};
use crate::domain::access::{Action, Decision};
use crate::domain::time::Time;

#[component]
pub fn ApprovalsPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.account();
    let query = here(LoginQuery::at);
    let decides = may(Action::ApproveCredits);
    view! {
        <Title text=words.approvals />
        <div class="head">
            <h1>{words.approvals}</h1>
        </div>
        <p class="note">{words.approvals_text}</p>
        {said(lang, &query)}
        <section class="card rows own">
            {or_failed(lang, list_approvals(), move |page| shown(lang, &page, decides))}
        </section>
    }
    .into_any()
}

fn shown(lang: Lang, page: &Listed, decides: bool) -> Markup {
    let words = lang.account();
    if page.rows.is_empty() {
        return panel::empty(words.no_approvals, ());
    }
    let columns = [
        text(lang.customers().name),
        text(words.what),
        number(words.credits),
        text(words.reason),
        text(words.asked_by),
        text(words.asked),
        text(words.state),
    ];
    table(words.approvals, &columns, page.rows.iter().map(|row| approval(lang, row, page.now, decides)).collect())
}

fn approval(lang: Lang, request: &ApprovalRow, now: Time, decides: bool) -> Row {
    let words = lang.account();
    let href = lang.link(&CustomerQuery::default().to_href(request.customer));
    let state = match &request.decided {
        Some((decision, by, at)) => {
            let word = if *decision == Decision::Approved { words.approved } else { words.refused };
            Cell::new(format!("{word}: {by}, {}", lang.moment_near(*at, now))).title(lang.moment_title(*at, now))
        }
        None if request.is_own => Cell::new(words.waits_for_other),
        None if decides => Cell::new(view! {
            <span class="buttons">
                {button(lang, "/admin/approvals/approve", "request", request.id.to_string(), words.approve)}
                {button(lang, "/admin/approvals/refuse", "request", request.id.to_string(), words.refuse)}
            </span>
        }),
        None => Cell::new(words.waits),
    };
    let kind = request.kind.map_or_else(|| words.take_back.to_owned(), |kind| (lang.words().grant_word)(kind).to_owned());
    row(
        if request.decided.is_some() { "quiet" } else { "" },
        [
            Cell::new(view! { <a class="row-link" href=href><bdi>{request.customer_name.clone()}</bdi></a> }).class("cut"),
            Cell::new(kind),
            Cell::figure(lang.credits(request.credits)),
            Cell::new(view! { <bdi>{request.reason.clone()}</bdi> }).class("cut").title(request.reason.clone()),
            Cell::new(view! { <bdi>{request.asked_by.clone()}</bdi> }),
            Cell::new(lang.moment_near(request.asked_at, now)).class("moment").title(lang.moment_title(request.asked_at, now)),
            state,
        ],
    )
}
