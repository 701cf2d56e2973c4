//! What became of a task's credits, step by step: held, what ended the task, the line of the ledger that followed, and the
//! balance after it. Every step has its time and its transaction.

use leptos::prelude::*;

use super::Drawer;
use crate::console::api::batch::{ProofStep, TaskDetail};
use crate::console::components::copy::short_id;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::BillingQuery;
use crate::domain::credits::Credits;
use crate::domain::id::TransactionId;
use crate::domain::ledger::LineKind;
use crate::domain::task::TaskStatus;
use crate::domain::time::Time;

pub(super) fn proof(at: &Drawer, task: &TaskDetail) -> Markup {
    let own = at.lang.tasks_words();
    let mut items = Vec::new();
    items.extend(task.proof.hold.as_ref().map(|hold| held(at, task, hold)));
    items.push(ending(at.lang, task));
    items.extend(task.proof.steps.iter().map(|step| line(at, task, step)));
    let balance = task.proof.steps.iter().rev().find_map(|step| Some((step.available?, step)));
    items.extend(balance.map(|(available, step)| {
        let text = format!("{} {}", at.lang.credits(available), at.lang.words().credits.to_lowercase());
        item(at, "mark good", own.step_balance, Some(text), Some(step.at), None, Vec::new())
    }));
    view! { <ol class="proof">{items}</ol> }.written()
}

fn held(at: &Drawer, task: &TaskDetail, hold: &ProofStep) -> Markup {
    let (lang, own) = (at.lang, at.lang.tasks_words());
    let words = lang.words();
    let draws: Vec<String> = task
        .proof
        .draws
        .iter()
        .map(|draw| {
            let grant = crate::console::i18n::shortened(&draw.grant.to_string());
            format!("{} {grant}: {}", (words.grant_word)(draw.kind), lang.credits(draw.credits))
        })
        .collect();
    let mut notes = vec![(own.of_hold)(&lang.credits(hold.together))];
    if !draws.is_empty() {
        notes.push(format!("{} {}", own.drawn_from, draws.join(", ")));
    }
    item(at, "mark", own.step_held, Some(credits(lang, hold.credits)), Some(hold.at), Some(hold.transaction), notes)
}

/// What ended the task, as its last attempt tells it.
fn ending(lang: Lang, task: &TaskDetail) -> Markup {
    let (words, own) = (lang.words(), lang.tasks_words());
    let row = &task.row;
    let (mark, name) = match row.status {
        TaskStatus::Succeeded => ("mark good", own.step_succeeded),
        TaskStatus::Failed => ("mark bad", own.step_failed),
        TaskStatus::Canceled => ("mark stopped", own.step_canceled),
        TaskStatus::Pending | TaskStatus::Submitting | TaskStatus::Processing => ("mark running", own.step_open),
    };
    let mut notes = Vec::new();
    if row.status.is_terminal() {
        if let Some((failure, party)) = row.failure {
            notes.push(format!("{} · {}", (words.failure_word)(failure), (words.party_word)(party)));
        }
        if let Some(attempt) = task.attempts.last() {
            notes.push(format!("{} {}", words.attempt_number, attempt.number));
            notes.extend(attempt.evidence.http_status.map(|status| format!("{} {status}", words.http_status)));
            notes.extend(attempt.evidence.code.clone());
        }
    } else {
        notes.push(own.still_held.to_owned());
    }
    view(lang, mark, name, None, row.finished_at, ().written(), notes)
}

fn line(at: &Drawer, task: &TaskDetail, step: &ProofStep) -> Markup {
    let (lang, own) = (at.lang, at.lang.tasks_words());
    let (mark, name) = match step.kind {
        Some(LineKind::Capture) => ("mark good", own.step_charged),
        Some(LineKind::Release) | None => ("mark info", own.step_refunded),
        Some(LineKind::Reverse) => ("mark info", own.step_reversed),
    };
    let mut notes = Vec::new();
    if step.kind != Some(LineKind::Release) {
        notes.push(format!("{} {}", own.revenue, lang.money(step.revenue)));
    }
    if step.kind == Some(LineKind::Release) && task.row.status == TaskStatus::Failed {
        let failed_at = task.attempts.last().and_then(|attempt| attempt.finished_at).or(task.row.finished_at);
        let after = || (own.after_failure)(&lang.between(failed_at, Some(step.at)));
        notes.push(if failed_at == Some(step.at) { own.with_failure.to_owned() } else { after() });
    }
    if step.tasks > 1 {
        notes.push((own.together)(&credits(lang, step.together), &lang.number(step.tasks)));
    }
    item(at, mark, name, Some(credits(lang, step.credits)), Some(step.at), Some(step.transaction), notes)
}

fn credits(lang: Lang, credits: Credits) -> String {
    format!("{} {}", lang.credits(credits), lang.words().credits.to_lowercase())
}

fn item(
    at: &Drawer,
    mark: &'static str,
    name: &'static str,
    amount: Option<String>,
    time: Option<Time>,
    transaction: Option<TransactionId>,
    notes: Vec<String>,
) -> Markup {
    let link = match transaction {
        Some(transaction) => {
            let href = BillingQuery::href_of(at.id, transaction);
            view! { <a class="proof-txn" href=at.lang.link(&href)>{short_id(&transaction.to_string())}</a> }.written()
        }
        None => ().written(),
    };
    view(at.lang, mark, name, amount, time, link, notes)
}

fn view(
    lang: Lang,
    mark: &'static str,
    name: &'static str,
    amount: Option<String>,
    time: Option<Time>,
    link: Markup,
    notes: Vec<String>,
) -> Markup {
    let notes = (!notes.is_empty()).then(|| view! { <p class="soft">{notes.join(" · ")}</p> });
    view! {
        <li class=mark>
            <p class="proof-head">
                <b>{name}</b>
                {amount}
                {link}
                <small class="proof-time">{time.map(|time| lang.moment(time))}</small>
            </p>
            {notes}
        </li>
    }
    .written()
}
