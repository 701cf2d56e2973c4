//! One open task: the whole prompt, what became of its credits, every attempt with the provider's evidence, its parameters.

mod proof;

use leptos::prelude::*;

use crate::console::api::batch::{AttemptRow, TaskDetail};
use crate::console::components::badge::{attempt_badge, task_badge};
use crate::console::components::copy::id_with_copy;
use crate::console::components::figure::{code_line, code_whole, term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::Cell;
use crate::console::i18n::Lang;
use crate::console::query::{BatchQuery, TasksQuery};
use crate::domain::id::BatchId;
use crate::domain::task::{TaskRow, TaskStatus};

/// Where the drawer is, and the rows beside it.
#[derive(Clone, Debug)]
pub struct Drawer {
    pub lang: Lang,
    pub id: BatchId,
    pub query: TasksQuery,
    /// Tasks of the batch.
    pub of: i64,
    /// Numbers of the rows, in order.
    pub listed: Vec<i32>,
    /// Whether giving its credits back is offered.
    pub may_refund: bool,
}

impl Drawer {
    fn link(&self, query: &TasksQuery) -> String {
        self.lang.link(&query.to_href(self.id))
    }

    /// The task before and the task after: of the rows, and where all tasks are listed also on the pages around.
    fn neighbours(&self, number: i32) -> [Option<TasksQuery>; 2] {
        if self.query.filter.is_all() {
            let size = self.query.size.get();
            let to = |number: i32| {
                let is_one = number >= 1 && i64::from(number) <= self.of;
                is_one.then(|| TasksQuery { page: (i64::from(number) - 1) / size + 1, ..self.query.task(Some(number)) })
            };
            return [to(number - 1), to(number.saturating_add(1))];
        }
        let at = self.listed.iter().position(|listed| *listed == number);
        let to = |index: Option<usize>| index.and_then(|index| self.listed.get(index)).map(|number| self.query.task(Some(*number)));
        [to(at.and_then(|at| at.checked_sub(1))), to(at.map(|at| at + 1))]
    }
}

/// The open task; `None` when the batch has no task with this number.
pub fn drawer(at: &Drawer, number: i32, task: Option<&TaskDetail>) -> Markup {
    let lang = at.lang;
    let words = lang.words();
    let own = lang.tasks_words();
    let body = match task {
        None => view! { <p class="panel-note">{words.no_such_task}</p> }.written(),
        Some(task) => detail(at, task),
    };
    let [previous, next] = at.neighbours(number);
    let step = |to: Option<TasksQuery>, name: &'static str| match to {
        Some(to) => view! { <a class="step" href=at.link(&to) data-noscroll="">{name}</a> }.written(),
        None => view! { <span class="step off">{name}</span> }.written(),
    };
    view! {
        <aside class="drawer" id="drawer" tabindex="-1" data-open=format!("#task-{number}") aria-label=format!("{} {number}", words.task)>
            <div class="drawer-head">
                <h2>{words.task} " " {number}</h2>
                <a class="button" href=at.link(&at.query.task(None)) data-noscroll="" data-close="">
                    {words.close_task}
                </a>
            </div>
            <nav class="drawer-steps" aria-label=words.tasks>
                {step(previous, own.previous_task)} {step(next, own.next_task)}
            </nav>
            {body}
        </aside>
    }
    .written()
}

fn detail(at: &Drawer, task: &TaskDetail) -> Markup {
    let lang = at.lang;
    let words = lang.words();
    let own = lang.tasks_words();
    let row = &task.row;
    let ended = row.finished_at.or(Some(task.now));
    let failure = row.failure.map(|(failure, party)| format!("{} · {}", (words.failure_word)(failure), (words.party_word)(party)));
    let sentence = row.failure.filter(|_| row.status == TaskStatus::Failed).map(|(failure, _)| (own.sentence)(failure));
    let facts = [
        Some(term(words.state, task_badge(lang, row.status))),
        failure.map(|failure| term(words.failure, failure)),
        sentence.map(|sentence| term(own.customer_reads, sentence)),
        Some(term(words.model, row.model.clone())),
        Some(term(words.created, lang.moment(task.created_at))),
        Some(term(words.waited, lang.between(Some(task.created_at), row.started_at.or(ended)))),
        Some(term(words.ran, lang.between(row.started_at, ended))),
        Some(term(words.output, output(lang, task))),
    ];
    view! {
        {terms("wide", facts)}
        <h3>{words.prompt}</h3>
        // Long prompts scroll, by keyboard too.
        <p class="whole-prompt" tabindex="0">
            <bdi>{task.prompt.clone()}</bdi>
        </p>
        <h3>{own.proof}</h3>
        {proof::proof(at, task)}
        {refund_link(at, row)}
        <h3>{words.attempts_title}</h3>
        {attempts(lang, task)}
        <h3>{words.parameters}</h3>
        {parameters(lang, task)}
    }
    .written()
}

/// Where the credits of a charged task are given back.
fn refund_link(at: &Drawer, row: &TaskRow) -> Option<Markup> {
    let query = BatchQuery { tasks: at.query.clone(), ..BatchQuery::default() }.refunding(&row.number.to_string());
    (at.may_refund && row.status == TaskStatus::Succeeded && !row.reversed).then(|| {
        view! {
            <p>
                <a class="button" href=at.lang.link(&query.to_href(at.id)) data-noscroll="">
                    {at.lang.refund().this_task}
                    "…"
                </a>
            </p>
        }
        .written()
    })
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Only http(s) addresses become links: the text comes from outside.
fn link_out(url: &str) -> Markup {
    if is_web(url) {
        view! { <a class="cut" href=url.to_owned() title=url.to_owned() rel="external noopener noreferrer">{url.to_owned()}</a> }.written()
    } else {
        code_line(url)
    }
}

/// A short link to a video, in a row.
pub fn video(name: &'static str, url: &str) -> Cell {
    if !is_web(url) {
        return Cell::none();
    }
    Cell::element("a", &[("class", "row-out"), ("href", url), ("rel", "external noopener noreferrer")], name)
}

fn output(lang: Lang, task: &TaskDetail) -> Markup {
    let words = lang.words();
    let Some(url) = &task.row.output else { return words.no_output.written() };
    let expires = task.output_expires_at.map(|at| view! { <small>{format!("{} {}", words.expires, lang.moment(at))}</small> });
    view! {
        {link_out(url)}
        {expires}
    }
    .written()
}

fn parameters(lang: Lang, task: &TaskDetail) -> Markup {
    let words = lang.words();
    let given = task.custom_id.is_some()
        || task.reference_url.is_some()
        || task.aspect_ratio.is_some()
        || task.duration_s.is_some()
        || task.metadata.is_some();
    if !given {
        return view! { <p class="soft">{words.no_parameters}</p> }.written();
    }
    terms(
        "wide",
        [
            task.custom_id.as_ref().map(|id| term(words.custom_id, code_line(id))),
            task.reference_url.as_ref().map(|url| term(words.reference_url, link_out(url))),
            task.aspect_ratio.clone().map(|ratio| term(words.aspect_ratio, ratio)),
            task.duration_s.map(|seconds| term(words.seconds_of_video, seconds.to_string())),
            task.metadata.clone().map(|json| term(words.metadata, code_whole(json))),
        ],
    )
}

fn attempts(lang: Lang, task: &TaskDetail) -> Markup {
    if task.attempts.is_empty() {
        return view! { <p class="soft">{lang.words().no_attempts}</p> }.written();
    }
    let items: Vec<_> = task.attempts.iter().map(|attempt| attempt_item(lang, attempt, task)).collect();
    view! { <ol class="attempts">{items}</ol> }.written()
}

fn attempt_item(lang: Lang, attempt: &AttemptRow, task: &TaskDetail) -> Markup {
    let words = lang.words();
    let own = lang.tasks_words();
    let evidence = &attempt.evidence;
    let failure = attempt.failure.map(|(failure, party)| format!("{} · {}", (words.failure_word)(failure), (words.party_word)(party)));
    let cost = attempt.billed.map(|billed| format!("{} ({})", lang.money(attempt.cost), (words.billed_word)(billed)));
    let verbatim = |name: &'static str, text: &Option<String>| text.clone().map(|text| term(name, code_whole(text)));
    let facts = [
        Some(term(words.provider, format!("{} · {}", attempt.provider, attempt.upstream_model))),
        attempt.provider_job.clone().map(|job| term(words.provider_job, id_with_copy(lang, job))),
        Some(term(words.sent, lang.moment_short(attempt.sent_at))),
        attempt.accepted_at.map(|accepted| term(own.accepted, lang.moment_short(accepted))),
        attempt.finished_at.map(|finished| term(own.finished, lang.moment_short(finished))),
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
    .written()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Party;
    use crate::domain::task::TaskFilter;

    fn at(query: TasksQuery, of: i64) -> Drawer {
        let id = "bat_00fkqz1b3r000000000000000g".parse().unwrap();
        Drawer { lang: Lang::EN, id, query, of, listed: vec![3, 17, 60], may_refund: true }
    }

    #[test]
    fn beside_all_tasks_the_next_one_may_be_on_the_next_page() {
        let numbers = |number, of| at(TasksQuery::default(), of).neighbours(number).map(|to| to.map(|to| (to.task.unwrap(), to.page)));
        assert_eq!(numbers(50, 100), [Some((49, 1)), Some((51, 2))]);
        assert_eq!(numbers(1, 1), [None, None]);
        assert_eq!(numbers(i32::MAX, 100), [None, None]);
    }

    #[test]
    fn beside_filtered_tasks_the_next_one_is_the_next_row() {
        let drawer = at(TasksQuery::default().filter(TaskFilter::of_party(Party::Provider)), 100);
        let numbers = |number| drawer.neighbours(number).map(|to| to.and_then(|to| to.task));
        assert_eq!(
            [numbers(3), numbers(17), numbers(60), numbers(5)],
            [[None, Some(17)], [Some(3), Some(60)], [Some(17), None], [None, None]]
        );
    }
}
