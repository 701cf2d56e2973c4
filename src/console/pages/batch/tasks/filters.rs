//! What tasks are asked for: states as links with the batch's own counters, the rest as a GET form, so that it works without
//! WASM; with it the form leads on like a link (`browser::lead_forms`).

use leptos::prelude::*;

use crate::console::api::batch::{BatchSummary, FailureRow, TasksPage};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::TasksQuery;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::BatchId;
use crate::domain::task::{TaskFilter, TaskState};

/// A choice of a list: its value in the address, what it is called, and whether it is chosen.
type Choice = (&'static str, String, bool);

pub(super) fn filters(lang: Lang, batch: &BatchSummary, here: &TasksQuery) -> Markup {
    let id = batch.id;
    let own = lang.tasks_words();
    let clear = (!here.filter.is_all()).then(|| {
        view! { <a class="button quiet" href=lang.link(&super::clear(here).to_href(id)) data-noscroll="">{own.clear}</a> }
    });
    let mut kept: Vec<(&'static str, String)> = here.kept().into_iter().filter(|(name, _)| matches!(*name, "state" | "size")).collect();
    kept.extend(lang.param().map(|value| (Lang::PARAM, value.to_owned())));
    let kept: Vec<_> = kept.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect();
    view! {
        {states(lang, batch, here)}
        <form class="filters" method="get" action=TasksQuery::default().to_href(id) aria-label=own.filters>
            {kept}
            {select("failure", own.any_failure, failures(lang, here, &batch.failures))}
            {select("party", own.any_party, parties(lang, here, &batch.failures))}
            {models(lang, here, batch)}
            <input
                type="search"
                name="q"
                maxlength="200"
                placeholder=own.search_in
                aria-label=own.search_in
                value=here.filter.text.clone().unwrap_or_default()
            />
            <button type="submit">{own.filter}</button>
            {clear}
            {export(lang, id, here)}
        </form>
    }
    .written()
}

fn states(lang: Lang, batch: &BatchSummary, here: &TasksQuery) -> Markup {
    let words = lang.words();
    let own = lang.tasks_words();
    let (id, counts) = (batch.id, batch.counts);
    let count = |state| match state {
        TaskState::Pending => counts.pending,
        TaskState::Processing => counts.processing,
        TaskState::Succeeded => counts.succeeded,
        TaskState::Failed => counts.failed,
        TaskState::Canceled => counts.canceled,
    };
    let chip = |state: Option<TaskState>, name: &'static str, count: i64| {
        let href = lang.link(&here.filter(TaskFilter { state, ..here.filter.clone() }).to_href(id));
        let current = (here.filter.state == state).then_some("true");
        let class = state.map_or("chip", |state| match state {
            TaskState::Pending => "chip badge waiting",
            TaskState::Processing => "chip badge running",
            TaskState::Succeeded => "chip badge good",
            TaskState::Failed => "chip badge bad",
            TaskState::Canceled => "chip badge stopped",
        });
        view! {
            <a class=class href=href data-noscroll="" aria-current=current>
                {name} " " <b>{lang.number(count)}</b>
            </a>
        }
        .written()
    };
    let mut chips = vec![chip(None, own.all, counts.total)];
    chips.extend(TaskState::ALL.iter().map(|state| {
        let status = state.as_str().parse().unwrap_or(crate::domain::task::TaskStatus::Pending);
        chip(Some(*state), (words.task_status_word)(status), count(*state))
    }));
    view! {
        <nav class="chips" aria-label=own.by_state>
            {chips}
        </nav>
    }
    .written()
}

fn failures(lang: Lang, here: &TasksQuery, failed: &[FailureRow]) -> Vec<Choice> {
    let words = lang.words();
    let count = |failure| failed.iter().filter(|row| row.failure == failure).map(|row| row.tasks).sum::<i64>();
    let choices = FailureType::ALL.iter().map(|failure| (*failure, count(*failure), here.filter.failure == Some(*failure)));
    let choice = |(failure, count, chosen): (FailureType, i64, bool)| {
        (failure.as_str(), format!("{} ({})", (words.failure_word)(failure), lang.number(count)), chosen)
    };
    choices.filter(|(_, count, chosen)| *count > 0 || *chosen).map(choice).collect()
}

fn parties(lang: Lang, here: &TasksQuery, failed: &[FailureRow]) -> Vec<Choice> {
    let words = lang.words();
    let count = |party| failed.iter().filter(|row| row.party == party).map(|row| row.tasks).sum::<i64>();
    let choices = Party::ALL.iter().map(|party| (*party, count(*party), here.filter.party == Some(*party)));
    let choice = |(party, count, chosen): (Party, i64, bool)| {
        (party.as_str(), format!("{} ({})", (words.party_word)(party), lang.number(count)), chosen)
    };
    choices.filter(|(_, count, chosen)| *count > 0 || *chosen).map(choice).collect()
}

/// Nothing, where there is one model and nobody asks for another.
fn models(lang: Lang, here: &TasksQuery, batch: &BatchSummary) -> Markup {
    let asked = here.filter.model.as_ref();
    let mut names: Vec<(String, i64)> = batch.models.iter().map(|ordered| (ordered.model.clone(), ordered.tasks)).collect();
    if let Some(unknown) = asked.filter(|asked| !names.iter().any(|(name, _)| name == *asked)) {
        names.push((unknown.clone(), 0));
    }
    if names.len() < 2 {
        return ().written();
    }
    let options: Vec<Markup> = names
        .into_iter()
        .map(|(name, tasks)| {
            let chosen = asked == Some(&name);
            option(name.clone(), format!("{name} ({})", lang.number(tasks)), chosen)
        })
        .collect();
    list("model", lang.tasks_words().any_model, options)
}

fn select(name: &'static str, any: &'static str, choices: Vec<Choice>) -> Markup {
    if choices.is_empty() {
        return ().written();
    }
    list(name, any, choices.into_iter().map(|(value, text, chosen)| option(value.to_owned(), text, chosen)).collect())
}

/// A choice leads on at once where there is WASM (`data-submits`).
fn list(name: &'static str, any: &'static str, options: Vec<Markup>) -> Markup {
    view! {
        <select name=name aria-label=any data-submits="">
            <option value="">{any}</option>
            {options}
        </select>
    }
    .written()
}

fn option(value: String, text: String, chosen: bool) -> Markup {
    view! { <option value=value selected=chosen prop:selected=chosen>{text}</option> }.written()
}

/// The same tasks, all of them, as files.
fn export(lang: Lang, id: BatchId, here: &TasksQuery) -> Markup {
    let own = lang.tasks_words();
    let query = here.filter_query();
    view! {
        <span class="export">
            {own.export} " "
            <a class="button quiet" href=format!("/api/admin/batches/{id}/tasks.csv{query}") download="" rel="external">"CSV"</a>
            <a class="button quiet" href=format!("/api/admin/batches/{id}/tasks{query}") rel="external">"JSON"</a>
        </span>
    }
    .written()
}

/// How far a search came, where it did not read the whole batch.
pub(super) fn search(lang: Lang, batch: &BatchSummary, here: &TasksQuery, page: &TasksPage) -> Markup {
    let own = lang.tasks_words();
    let Some((from, to)) = page.searched else { return ().written() };
    let (id, total) = (batch.id, batch.counts.total);
    let link = |from: i32, text: String| {
        view! { <a class="button quiet" href=lang.link(&here.from(from).to_href(id)) data-noscroll="">{text}</a> }.written()
    };
    let on = (i64::from(to) < total).then(|| link(to + 1, (own.search_on)(&lang.number(i64::from(to) + 1))));
    let over = (from > 1).then(|| link(1, own.start_over.to_owned()));
    view! {
        <p class="searched" role="status">
            {(own.searched)(&lang.number(from.into()), &lang.number(to.into()), &lang.number(total))}
            " "
            {on}
            {over}
        </p>
    }
    .written()
}
