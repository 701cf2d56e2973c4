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

use super::failed::failed;
use super::place::{here, may, once_known};
use crate::console::api::ConsoleError;
use crate::console::api::batch::{BatchSummary, read_batch};
use crate::console::components::badge::batch_badge;
use crate::console::components::clock;
use crate::console::components::copy::id_with_copy;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::tabs::{TabLink, tabs};
use crate::console::i18n::{Lang, shortened};
use crate::console::query::{BatchPlace, BatchQuery, BatchesQuery, Tab};
use crate::domain::access::Action as Act;
use crate::domain::batch::BatchStatus;

#[component]
pub fn BatchPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let place = here(BatchPlace::at);
    let offers = Offers { cancel: may(Act::CancelBatches), refund: may(Act::ChangeCredits), compare: may(Act::CompareBooks) };
    let BatchPlace { id, query, .. } = place;
    once_known(async move {
        match read_batch(id.clone()).await {
            Ok(summary) => whole(lang, summary, query, offers).await,
            Err(ConsoleError::NotFound) => no_such_batch(lang, id),
            Err(error) => failed(lang, &error),
        }
    })
}

async fn whole(lang: Lang, batch: BatchSummary, query: BatchQuery, offers: Offers) -> Markup {
    let above = above_the_rows(lang, &batch, &query, offers);
    let dialog = actions::dialog(lang, batch.id, &query).await;
    let rows = rows(lang, batch, query).await;
    view! { {above} {dialog} {rows} }.written()
}

async fn rows(lang: Lang, batch: BatchSummary, query: BatchQuery) -> Markup {
    match query.tab {
        Tab::Tasks => tasks::tasks(lang, batch, query.tasks).await,
        Tab::Attempts => attempts::attempts(lang, batch, query.attempts).await,
        Tab::Billing => billing::billing(lang, batch, query.billing).await,
        Tab::Timeline => timeline::timeline(lang, batch.id, query.timeline).await,
        Tab::Webhooks => webhooks::webhooks(lang, batch.id).await,
    }
}

/// What is offered to whoever looks at the page.
#[derive(Clone, Copy, Debug)]
pub struct Offers {
    cancel: bool,
    refund: bool,
    compare: bool,
}

/// Says to whoever cannot see it that a batch that was running has ended: assistive technology reads it out when it comes in.
fn end(lang: Lang, status: BatchStatus) -> Markup {
    let said = status.is_finished().then(|| format!("{} {}", lang.batch().has_ended, (lang.words().batch_status_word)(status)));
    view! {
        <p class="unseen" role="status">
            {said}
        </p>
    }
    .written()
}

fn above_the_rows(lang: Lang, summary: &BatchSummary, query: &BatchQuery, offers: Offers) -> Markup {
    let words = lang.words();
    let id = summary.id;
    let ordered = ordered(lang, summary);
    let (tasks, transactions) = (lang.number(summary.counts.total), lang.number(summary.books.transactions));
    let link = |to: Tab, name, count| TabLink {
        name,
        count,
        href: lang.link(&BatchQuery::default().tab(to).to_href(id)),
        current: query.tab == to,
    };
    view! {
        <Title text=format!("{} {ordered}", shortened(&id.to_string())) />
        // What a dialog says does not move while somebody reads it.
        {clock::says(!summary.status.is_finished(), query.action.is_some())}
        {end(lang, summary.status)}
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
        {tabs(
            words.sections,
            vec![
                link(Tab::Tasks, words.tasks, Some(tasks)),
                link(Tab::Attempts, lang.attempts().attempts, None),
                link(Tab::Billing, words.billing, Some(transactions)),
                link(Tab::Timeline, lang.batch().timeline, None),
                link(Tab::Webhooks, words.webhooks, None),
            ],
        )}
    }
    .written()
}

/// `1,000 × sora-2, 20 × veo-pro`: what the customer ordered names a batch better than its id.
fn ordered(lang: Lang, summary: &BatchSummary) -> String {
    let models: Vec<String> = summary.models.iter().map(|model| format!("{} × {}", lang.number(model.tasks), model.model)).collect();
    models.join(", ")
}

fn no_such_batch(lang: Lang, id: String) -> Markup {
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
    .written()
}
