//! What came of attempts over time, from counters that the sender keeps: delivered and failed, and the failed by class.

use leptos::prelude::*;

use crate::console::components::attempt::outcome_class;
use crate::console::components::chart::{Bar, Caption, chart};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::WebhooksQuery;
use crate::domain::webhook::outcome::{Outcome, Outcomes, Span};

/// The groups of failures, from the bottom of a bar to its top.
const FAILURES: [Outcome; 5] = [Outcome::Timeout, Outcome::Http3xx, Outcome::Http4xx, Outcome::Http5xx, Outcome::Network];

/// Both charts, and how far back they look.
pub fn charts(lang: Lang, query: &WebhooksQuery, outcomes: &Outcomes) -> Markup {
    let own = lang.endpoints();
    let spans: Vec<Markup> = Span::ALL
        .iter()
        .map(|span| {
            let href = lang.link(&query.span(*span).to_href());
            let current = (query.span == *span).then_some("true");
            view! { <a href=href data-noscroll="" aria-current=current>{lang.span_word(*span)}</a> }.written()
        })
        .collect();
    view! {
        <nav class="windows" aria-label=own.span>
            {spans}
        </nav>
        {pair(lang, query, outcomes)}
    }
    .written()
}

/// Both charts; a bar leads to the deliveries that were made in its time, as far as the query lets them.
pub fn pair(lang: Lang, query: &WebhooksQuery, outcomes: &Outcomes) -> Markup {
    view! { <div class="cards charts">{attempts(lang, query, outcomes)} {failures(lang, query, outcomes)}</div> }.written()
}

/// A bar of time: what it says of itself, where it leads, and how many attempts of each outcome there are.
struct Step<'o> {
    name: String,
    href: String,
    counts: &'o [i64],
}

impl Step<'_> {
    fn of(&self, outcome: Outcome) -> i64 {
        self.counts.get(outcome as usize).copied().unwrap_or_default()
    }

    fn failed(&self) -> i64 {
        FAILURES.iter().map(|outcome| self.of(*outcome)).sum()
    }
}

fn steps<'o>(lang: Lang, query: &WebhooksQuery, outcomes: &'o Outcomes) -> Vec<Step<'o>> {
    let of_bar = |(bar, counts): (usize, &'o Vec<i64>)| {
        let (from, to) = (outcomes.start(bar), outcomes.start(bar + 1));
        let query = query.filtered(|filter| (filter.from, filter.to) = (Some(from), Some(to)));
        let name = lang.moment(from).replacen(":00 ", " ", 1);
        Step { name, href: lang.link(&query.to_href()), counts }
    };
    outcomes.bars.iter().enumerate().map(of_bar).collect()
}

fn caption(lang: Lang, id: &'static str, (title, description): (&'static str, &'static str), steps: &[Step<'_>], most: i64) -> Caption {
    let name = |step: Option<&Step<'_>>| step.map(|step| step.name.clone()).unwrap_or_default();
    Caption { id, title, description, from: name(steps.first()), to: name(steps.last()), most: lang.number(most) }
}

fn attempts(lang: Lang, query: &WebhooksQuery, outcomes: &Outcomes) -> Markup {
    let own = lang.endpoints();
    let steps = steps(lang, query, outcomes);
    let delivered = lang.outcome_word(Outcome::Delivered);
    let most = steps.iter().map(|step| step.of(Outcome::Delivered) + step.failed()).max().unwrap_or_default();
    let (mut bars, mut rows) = (Vec::new(), Vec::new());
    for step in &steps {
        let (good, bad) = (step.of(Outcome::Delivered), step.failed());
        let label = format!("{}: {delivered} {}, {} {}", step.name, lang.number(good), own.failed, lang.number(bad));
        bars.push(Bar { href: step.href.clone(), label, parts: vec![("good", good), ("bad", bad)] });
        if good + bad > 0 {
            rows.push(row("", [Cell::new(step.name.clone()), figure(lang, good), figure(lang, bad)]));
        }
    }
    let caption = caption(lang, "chart-attempts", (own.attempts_over_time, own.attempts_desc), &steps, most);
    let columns = [text(own.step_begins), number(delivered), number(own.failed)];
    let figures = table(own.attempts_over_time, &columns, rows);
    let legend = vec![("good", delivered), ("bad", own.failed)];
    card(lang, own.attempts_over_time, chart(caption, bars), legend, figures)
}

fn failures(lang: Lang, query: &WebhooksQuery, outcomes: &Outcomes) -> Markup {
    let own = lang.endpoints();
    let steps = steps(lang, query, outcomes);
    let most = steps.iter().map(Step::failed).max().unwrap_or_default();
    let (mut bars, mut rows) = (Vec::new(), Vec::new());
    for step in &steps {
        let parts: Vec<(Outcome, i64)> = FAILURES.iter().map(|outcome| (*outcome, step.of(*outcome))).collect();
        let said: Vec<String> = parts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(outcome, count)| format!("{} {}", lang.outcome_word(*outcome), lang.number(*count)))
            .collect();
        let said = if said.is_empty() { own.none.to_owned() } else { said.join(", ") };
        if step.failed() > 0 {
            let cells = parts.iter().map(|(_, count)| figure(lang, *count));
            rows.push(row("", [Cell::new(step.name.clone())].into_iter().chain(cells)));
        }
        let parts = parts.into_iter().map(|(outcome, count)| (outcome_class(outcome), count)).collect();
        bars.push(Bar { href: step.href.clone(), label: format!("{}: {said}", step.name), parts });
    }
    let caption = caption(lang, "chart-failures", (own.failures_over_time, own.failures_desc), &steps, most);
    let mut columns = vec![text(own.step_begins)];
    columns.extend(FAILURES.iter().map(|outcome| number(lang.outcome_word(*outcome))));
    let figures = table(own.failures_over_time, &columns, rows);
    let legend = FAILURES.iter().map(|outcome| (outcome_class(*outcome), lang.outcome_word(*outcome))).collect();
    card(lang, own.failures_over_time, chart(caption, bars), legend, figures)
}

fn figure(lang: Lang, count: i64) -> Cell {
    Cell::quiet_figure(lang.number(count), count == 0)
}

/// A chart, the meaning of its colours, and its table.
fn card(lang: Lang, title: &'static str, drawn: Markup, legend: Vec<(&'static str, &'static str)>, figures: Markup) -> Markup {
    let legend: Vec<Markup> = legend.into_iter().map(|(class, name)| view! { <span class=class>{name}</span> }.written()).collect();
    view! {
        <section class="card window">
            <h2>{title}</h2>
            {drawn}
            <p class="legend">{legend}</p>
            <details>
                <summary>{lang.overview().as_table}</summary>
                {figures}
            </details>
        </section>
    }
    .written()
}
