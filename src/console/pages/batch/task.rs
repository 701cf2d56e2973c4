//! One open task: the whole prompt, its parameters, every attempt with the provider's evidence, and its ledger lines.

use leptos::prelude::*;

use crate::console::api::batch::{AttemptRow, LineRow, TaskDetail};
use crate::console::components::badge::{attempt_badge, task_badge};
use crate::console::components::copy::{id_with_copy, short_id};
use crate::console::components::figure::{code_line, code_whole, term, terms};
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::TasksQuery;
use crate::domain::id::BatchId;

/// The open task; `None` when the batch has no task with this number.
pub fn drawer(lang: Lang, id: Option<BatchId>, close: &TasksQuery, number: i32, task: Option<&TaskDetail>) -> AnyView {
    let words = lang.words();
    let body = match task {
        None => view! { <p class="panel-note">{words.no_such_task}</p> }.into_any(),
        Some(task) => detail(lang, task),
    };
    view! {
        <aside class="drawer" aria-label=format!("{} {number}", words.task)>
            <div class="drawer-head">
                <h2>{words.task} " " {number}</h2>
                {id.map(|id| {
                    view! {
                        <a class="button" href=lang.link(&close.to_href(id)) data-noscroll="">
                            {words.close_task}
                        </a>
                    }
                })}
            </div>
            {body}
        </aside>
    }
    .into_any()
}

fn detail(lang: Lang, task: &TaskDetail) -> AnyView {
    let words = lang.words();
    let row = &task.row;
    let ended = row.finished_at.or(Some(task.now));
    let failure = row.failure.map(|(failure, party)| format!("{} · {}", (words.failure_word)(failure), (words.party_word)(party)));
    let facts = [
        Some(term(words.state, task_badge(lang, row.status))),
        failure.map(|failure| term(words.failure, failure)),
        Some(term(words.model, row.model.clone())),
        Some(term(words.created, lang.moment(row.created_at))),
        Some(term(words.waited, lang.between(Some(row.created_at), row.started_at.or(ended)))),
        Some(term(words.ran, lang.between(row.started_at, ended))),
        Some(term(words.output, output(lang, task))),
    ];
    view! {
        {terms("wide", facts)}
        <h3>{words.prompt}</h3>
        <p class="whole-prompt">
            <bdi>{task.prompt.clone()}</bdi>
        </p>
        <h3>{words.parameters}</h3>
        {parameters(lang, task)}
        <h3>{words.attempts_title}</h3>
        {attempts(lang, task)}
        <h3>{words.ledger_lines}</h3>
        {lines(lang, &task.lines)}
    }
    .into_any()
}

/// Only http(s) addresses become links: the text comes from outside.
fn link_out(url: &str) -> AnyView {
    if url.starts_with("https://") || url.starts_with("http://") {
        view! { <a class="cut" href=url.to_owned() title=url.to_owned() rel="external noopener noreferrer">{url.to_owned()}</a> }.into_any()
    } else {
        code_line(url)
    }
}

fn output(lang: Lang, task: &TaskDetail) -> AnyView {
    let words = lang.words();
    let Some(url) = &task.output_url else { return words.no_output.into_any() };
    let expires = task.output_expires_at.map(|at| view! { <small>{format!("{} {}", words.expires, lang.moment(at))}</small> });
    view! {
        {link_out(url)}
        {expires}
    }
    .into_any()
}

fn parameters(lang: Lang, task: &TaskDetail) -> AnyView {
    let words = lang.words();
    let given = task.custom_id.is_some()
        || task.reference_url.is_some()
        || task.aspect_ratio.is_some()
        || task.duration_s.is_some()
        || task.metadata.is_some();
    if !given {
        return view! { <p class="soft">{words.no_parameters}</p> }.into_any();
    }
    terms(
        "wide",
        [
            task.custom_id.as_ref().map(|id| term(words.custom_id, code_line(id))),
            task.reference_url.as_ref().map(|url| term(words.reference_url, link_out(url))),
            task.aspect_ratio.clone().map(|ratio| term(words.aspect_ratio, ratio)),
            task.duration_s.map(|seconds| term(words.seconds_of_video, seconds.to_string())),
            task.metadata.as_ref().map(|json| term(words.metadata, code_line(json))),
        ],
    )
}

fn attempts(lang: Lang, task: &TaskDetail) -> AnyView {
    if task.attempts.is_empty() {
        return view! { <p class="soft">{lang.words().no_attempts}</p> }.into_any();
    }
    let items: Vec<_> = task.attempts.iter().map(|attempt| attempt_item(lang, attempt, task)).collect();
    view! { <ol class="attempts">{items}</ol> }.into_any()
}

fn attempt_item(lang: Lang, attempt: &AttemptRow, task: &TaskDetail) -> AnyView {
    let words = lang.words();
    let evidence = &attempt.evidence;
    let failure = attempt.failure.map(|(failure, party)| format!("{} · {}", (words.failure_word)(failure), (words.party_word)(party)));
    let cost = attempt.billed.map(|billed| format!("{} ({})", lang.money(attempt.cost), (words.billed_word)(billed)));
    let verbatim = |name: &'static str, text: &Option<String>| text.clone().map(|text| term(name, code_whole(text)));
    let facts = [
        Some(term(words.provider, format!("{} · {}", attempt.provider, attempt.upstream_model))),
        attempt.provider_job.clone().map(|job| term(words.provider_job, id_with_copy(lang, job))),
        Some(term(words.sent, lang.moment(attempt.sent_at))),
        Some(term(words.ran, lang.between(Some(attempt.sent_at), attempt.finished_at.or(Some(task.now))))),
        cost.map(|cost| term(words.cost, cost)),
        evidence.http_status.map(|status| term(words.http_status, status.to_string())),
        verbatim(words.provider_code, &evidence.code),
        verbatim(words.provider_message, &evidence.message),
        verbatim(words.provider_request, &evidence.request_id),
        verbatim(words.rule, &evidence.rule),
        verbatim(words.late_result, &attempt.late_result),
    ];
    view! {
        <li>
            <p class="attempt-head">
                <b>{format!("{} {}", words.attempt_number, attempt.number)}</b>
                {attempt_badge(lang, attempt.state)}
                {failure}
            </p>
            {terms("wide", facts)}
        </li>
    }
    .into_any()
}

fn lines(lang: Lang, lines: &[LineRow]) -> AnyView {
    let words = lang.words();
    if lines.is_empty() {
        return view! { <p class="soft">{words.no_lines}</p> }.into_any();
    }
    let columns = [text(words.kind), number(words.credits), number(words.revenue_usd), text(words.transaction)];
    let rows = lines
        .iter()
        .map(|line| {
            row(
                "",
                [
                    Cell::new((words.line_word)(line.kind)),
                    Cell::figure(lang.credits(line.credits)),
                    Cell::figure(lang.amount(line.revenue)),
                    Cell::new(short_id(&line.transaction.to_string())),
                ],
            )
        })
        .collect();
    table(words.ledger_lines, &columns, rows)
}
