//! The page this product is for: how much did this order make, how much was refunded for failures, and whose fault was it?

mod actions;
mod attempts;
mod billing;
mod overview;
mod parties;
mod refund;
mod strip;
mod task;
mod tasks;
mod timeline;
mod webhooks;

use leptos::prelude::*;
use leptos_meta::Title;

use self::{actions::Actions, attempts::Attempts, billing::Billing, tasks::Tasks, timeline::Timeline, webhooks::Webhooks};
use super::failed::failed;
use super::place::{here, may};
use crate::console::api::batch::{BatchSummary, ReadBatch};
use crate::console::api::{ConsoleError, Loaded, load};
use crate::console::components::badge::batch_badge;
use crate::console::components::clock::Clock;
use crate::console::components::copy::id_with_copy;
use crate::console::components::panel;
use crate::console::components::tabs::{TabLink, tabs};
use crate::console::i18n::{Lang, shortened};
use crate::console::query::{AttemptsQuery, BatchPlace, BatchQuery, BatchesQuery, BillingQuery, Tab, TasksQuery, TimelineQuery};
use crate::domain::access::Action as Act;
use crate::domain::batch::BatchStatus;
use crate::domain::id::BatchId;

#[component]
pub fn BatchPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let place = here(BatchPlace::at);
    let id = Memo::new(move |_| place.with(|place| place.id.clone()));
    let tab = Memo::new(move |_| place.with(|place| place.query.tab));
    // Stays as it was while another tab is shown, so that the rows are not loaded again on the way out.
    let query = Memo::new(move |before: Option<&TasksQuery>| {
        let query = place.with(|place| place.query.clone());
        if query.tab == Tab::Tasks { query.tasks } else { before.cloned().unwrap_or_default() }
    });
    let attempts = Memo::new(move |before: Option<&AttemptsQuery>| {
        let query = place.with(|place| place.query.clone());
        if query.tab == Tab::Attempts { query.attempts } else { before.copied().unwrap_or_default() }
    });
    let billing = Memo::new(move |before: Option<&BillingQuery>| {
        let query = place.with(|place| place.query.clone());
        if query.tab == Tab::Billing { query.billing } else { before.copied().unwrap_or_default() }
    });
    let timeline = Memo::new(move |before: Option<&TimelineQuery>| {
        let query = place.with(|place| place.query.clone());
        if query.tab == Tab::Timeline { query.timeline } else { before.copied().unwrap_or_default() }
    });
    let whole = Memo::new(move |_| place.with(|place| place.query.clone()));
    let summary = load(move || (ReadBatch { id: id.get() }, clock.tick()));
    refresh_while_open(clock, summary);
    let offers = Offers { cancel: may(Act::CancelBatches), refund: may(Act::ChangeCredits), compare: may(Act::CompareBooks) };
    view! {
        {announce_end(lang, summary)}
        <Transition fallback=move || panel::skeleton(lang)>
            {move || Suspend::new(async move {
                match summary.await {
                    Ok(summary) => above_the_rows(lang, &summary, tab, offers),
                    Err(ConsoleError::NotFound) => no_such_batch(lang, id.get_untracked()),
                    Err(error) => failed(lang, &error),
                }
            })}
        </Transition>
        <Actions id query=whole />
        {move || match tab.get() {
            Tab::Tasks => view! { <Tasks id query /> }.into_any(),
            Tab::Attempts => view! { <Attempts id query=attempts /> }.into_any(),
            Tab::Billing => view! { <Billing id query=billing /> }.into_any(),
            Tab::Timeline => view! { <Timeline id query=timeline /> }.into_any(),
            Tab::Webhooks => view! { <Webhooks id /> }.into_any(),
        }}
    }
    .into_any()
}

/// What is offered to whoever looks at the page.
#[derive(Clone, Copy, Debug)]
pub struct Offers {
    cancel: bool,
    refund: bool,
    compare: bool,
}

fn refresh_while_open(clock: Clock, summary: Loaded<BatchSummary>) {
    Effect::new(move |_| {
        clock.refresh_while(summary.get().is_some_and(|summary| summary.is_ok_and(|summary| !summary.status.is_finished())));
    });
    on_cleanup(move || clock.refresh_while(false));
}

/// Says to whoever cannot see it that a batch that was running has ended.
fn announce_end(lang: Lang, summary: Loaded<BatchSummary>) -> AnyView {
    let said = RwSignal::new(String::new());
    Effect::new(move |before: Option<Option<(BatchId, BatchStatus)>>| {
        let now = summary.get().and_then(|read| read.ok().map(|batch| (batch.id, batch.status)));
        let before = before.flatten();
        if let (Some((id, was)), Some((same, is))) = (before, now)
            && id == same
            && !was.is_finished()
            && is.is_finished()
        {
            said.set(format!("{} {}", lang.batch().has_ended, (lang.words().batch_status_word)(is)));
        }
        now.or(before)
    });
    view! {
        <p class="unseen" role="status">
            {said}
        </p>
    }
    .into_any()
}

fn above_the_rows(lang: Lang, summary: &BatchSummary, tab: Memo<Tab>, offers: Offers) -> AnyView {
    let words = lang.words();
    let id = summary.id;
    let ordered = ordered(lang, summary);
    let (tasks, transactions) = (lang.number(summary.counts.total), lang.number(summary.books.transactions));
    view! {
        <Title text=format!("{} {ordered}", shortened(&id.to_string())) />
        <nav class="crumb" aria-label=words.batch>
            <a href=lang.link(BatchesQuery::PATH)>{words.batches}</a>
            " / "
            <a href=lang.link(&format!("/admin/customers/{}", summary.customer_id))>
                <bdi>{summary.customer_name.clone()}</bdi>
            </a>
        </nav>
        <div class="head">
            <h1>{ordered}</h1>
            {batch_badge(lang, summary.status)}
            {id_with_copy(lang, id.to_string())}
            {actions::buttons(lang, summary, offers)}
        </div>
        {overview::overview(lang, summary, offers)}
        <h2 class="unseen" id="rows">
            {words.sections}
        </h2>
        {move || {
            let link = |to: Tab, name, count| TabLink {
                name,
                count,
                href: lang.link(&BatchQuery::default().tab(to).to_href(id)),
                current: tab.get() == to,
            };
            tabs(
                words.sections,
                vec![
                    link(Tab::Tasks, words.tasks, Some(tasks.clone())),
                    link(Tab::Attempts, lang.attempts().attempts, None),
                    link(Tab::Billing, words.billing, Some(transactions.clone())),
                    link(Tab::Timeline, lang.batch().timeline, None),
                    link(Tab::Webhooks, words.webhooks, None),
                ],
            )
        }}
    }
    .into_any()
}

/// `1,000 × sora-2, 20 × veo-pro`: what the customer ordered names a batch better than its id.
fn ordered(lang: Lang, summary: &BatchSummary) -> String {
    let models: Vec<String> = summary.models.iter().map(|model| format!("{} × {}", lang.number(model.tasks), model.model)).collect();
    models.join(", ")
}

fn no_such_batch(lang: Lang, id: String) -> AnyView {
    let words = lang.words();
    view! {
        <Title text=words.batch_not_found />
        <h1>{words.batch_not_found}</h1>
        <div class="card panel-note">
            <p>
                {words.batch_not_found_text} " " <code class="whole">{id}</code>
            </p>
            <p>
                <a class="button" href=lang.link(BatchesQuery::PATH)>
                    {words.to_batches}
                </a>
            </p>
        </div>
    }
    .into_any()
}
