//! The sentence first, then what it made, tasks and time, whose fault it was, and the credits in balance.

use leptos::prelude::*;

use super::strip::strip;
use crate::console::api::batch::{BatchSummary, FailureRow};
use crate::console::components::figure::{Share, bar, code_line, span, term, term_with, terms};
use crate::console::i18n::{BatchFacts, Lang, Part, PartyFailures};
use crate::domain::credits::Credits;
use crate::domain::failure::Party;
use crate::domain::money::Money;

pub fn overview(lang: Lang, summary: &BatchSummary) -> AnyView {
    let parties = by_party(&summary.failures);
    view! {
        <section class="card overview">
            {sentence(lang, summary, &parties)}
            <div class="facts">
                {what_it_made(lang, summary)}
                {tasks_and_time(lang, summary)}
                {whose_fault(lang, &parties, &summary.failures)}
            </div>
            {strip(lang, summary)}
        </section>
    }
    .into_any()
}

/// Failures of one party, all types together.
struct PartySum {
    party: Party,
    tasks: i64,
    refunded: Credits,
    sunk: Money,
}

/// Every party, most failed tasks first: a row of zeros also says something.
fn by_party(failures: &[FailureRow]) -> Vec<PartySum> {
    let mut sums: Vec<PartySum> = Party::ALL
        .iter()
        .map(|party| {
            let of = || failures.iter().filter(|row| row.party == *party);
            PartySum {
                party: *party,
                tasks: of().map(|row| row.tasks).sum(),
                refunded: Credits::checked_sum(of().map(|row| row.refunded)).unwrap_or_default(),
                sunk: Money::from_micros(of().map(|row| row.cost.micros()).sum()),
            }
        })
        .collect();
    sums.sort_by_key(|sum| (-sum.tasks, -sum.sunk.micros()));
    sums
}

fn sentence(lang: Lang, summary: &BatchSummary, parties: &[PartySum]) -> AnyView {
    let facts = BatchFacts {
        counts: summary.counts,
        credits: summary.credits,
        revenue: summary.revenue,
        profit: summary.profit,
        parties: parties.iter().map(|sum| PartyFailures { party: sum.party, tasks: sum.tasks }).collect(),
    };
    let parts: Vec<_> = lang
        .batch_sentence(&facts)
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text.into_any(),
            Part::Strong(text) => view! { <strong>{text}</strong> }.into_any(),
            Part::Party(party, word) => view! { <a href=format!("#party-{party}") rel="external">{word}</a> }.into_any(),
        })
        .collect();
    view! { <p class="say" class:loss=summary.profit < Money::ZERO>{parts}</p> }.into_any()
}

fn what_it_made(lang: Lang, summary: &BatchSummary) -> AnyView {
    let words = lang.words();
    let minus = |cost: Money| lang.amount(Money::from_micros(cost.micros().saturating_neg()));
    let loss = summary.profit < Money::ZERO;
    let captured = format!("{} {}", lang.number(summary.counts.succeeded), words.captures);
    let revenue = view! {
        {words.revenue}
        <small>{format!(" ({captured})")}</small>
    };
    let figures = [
        term_with(revenue.into_any(), "", lang.money(summary.revenue).into_any()),
        term(words.cost_succeeded, minus(summary.cost_succeeded)),
        term(words.cost_failed, minus(summary.cost_failed)),
        term_with(words.profit.into_any(), "total", span(if loss { "big bad" } else { "big good" }, lang.money(summary.profit))),
        term(words.margin, lang.margin(summary.profit.permille_of(summary.revenue))),
    ];
    block(words.what_it_made, terms("", figures.map(Some)))
}

/// One of the columns.
fn block(title: &'static str, body: AnyView) -> AnyView {
    view! {
        <div>
            <h2>{title}</h2>
            {body}
        </div>
    }
    .into_any()
}

fn tasks_and_time(lang: Lang, summary: &BatchSummary) -> AnyView {
    let words = lang.words();
    let counts = summary.counts;
    let ended = summary.finished_at.or(Some(summary.now));
    let waited = lang.between(Some(summary.created_at), summary.started_at.or(ended));
    let ran = lang.between(summary.started_at, ended);
    let so_far = if summary.finished_at.is_none() { format!(" {}", words.so_far_note) } else { String::new() };
    let optional = |name, count: i64| (count > 0).then(|| term(name, lang.number(count)));
    let figures = [
        Some(term(words.succeeded, span("good", lang.number(counts.succeeded)))),
        Some(term(words.failed, span(if counts.failed == 0 { "" } else { "bad" }, lang.number(counts.failed)))),
        optional(words.canceled, counts.canceled),
        optional(words.open, counts.open()),
        Some(term(words.created, lang.moment(summary.created_at))),
        summary.finished_at.map(|at| term(words.finished, lang.moment(at))),
        Some(term(words.waited_and_ran, format!("{waited} / {ran}{so_far}"))),
        summary.api_key_prefix.as_ref().map(|prefix| term(words.key, code_line(&format!("{prefix}…")))),
        Some(term(words.idempotency_key, code_line(&summary.idempotency_key))),
        summary.metadata.as_ref().map(|json| term(words.metadata, code_line(json))),
    ];
    block(words.tasks_and_time, terms("", figures))
}

fn whose_fault(lang: Lang, parties: &[PartySum], failures: &[FailureRow]) -> AnyView {
    let words = lang.words();
    let most = parties.iter().map(|sum| sum.tasks).max().unwrap_or(0);
    let rows: Vec<AnyView> = parties
        .iter()
        .map(|sum| {
            let party = sum.party;
            let look = if sum.tasks == 0 && sum.sunk == Money::ZERO { "none" } else { "" };
            let cells: Vec<AnyView> =
                [lang.number(sum.tasks), lang.credits(sum.refunded), lang.amount(sum.sunk)].into_iter().map(figure_cell).collect();
            view! {
                <tr id=format!("party-{party}") class=look>
                    <th scope="row">{(words.party_word)(party)}</th>
                    <td class="share">
                        {bar(&[Share { class: "bad", amount: sum.tasks }], most)} <small>{types_of(lang, failures, party)}</small>
                    </td>
                    {cells}
                </tr>
            }
            .into_any()
        })
        .collect();
    let headings: Vec<AnyView> = [words.tasks, words.refunded_short, words.sunk]
        .into_iter()
        .map(|name| view! { <th scope="col" class="n">{name}</th> }.into_any())
        .collect();
    let table = view! {
        <table class="parties">
            <thead>
                <tr>
                    <th scope="col">{words.party}</th>
                    <td></td>
                    {headings}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    };
    block(words.whose_fault, table.into_any())
}

fn figure_cell(figure: String) -> AnyView {
    view! { <td class="n">{figure}</td> }.into_any()
}

/// `40 timeout · 21 model error`
fn types_of(lang: Lang, failures: &[FailureRow], party: Party) -> String {
    let mut rows: Vec<&FailureRow> = failures.iter().filter(|row| row.party == party && row.tasks > 0).collect();
    rows.sort_by_key(|row| -row.tasks);
    let types: Vec<String> =
        rows.iter().map(|row| format!("{} {}", lang.number(row.tasks), (lang.words().failure_word)(row.failure))).collect();
    types.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::FailureType;

    fn row(failure: FailureType, party: Party, tasks: i64) -> FailureRow {
        FailureRow { failure, party, tasks, refunded: Credits::new(49 * tasks), cost: Money::from_micros(117_600 * tasks) }
    }

    #[test]
    fn a_party_is_the_sum_of_its_types() {
        let failures = [
            row(FailureType::ContentPolicyInput, Party::Customer, 23),
            row(FailureType::ModelError, Party::Provider, 21),
            row(FailureType::Timeout, Party::Provider, 40),
        ];
        let sums = by_party(&failures);
        assert_eq!(sums.len(), Party::ALL.len());
        assert_eq!((sums[0].party, sums[0].tasks, sums[0].refunded), (Party::Provider, 61, Credits::new(2_989)));
        assert_eq!((sums[1].party, sums[1].sunk), (Party::Customer, Money::from_micros(2_704_800)));
        assert_eq!(types_of(Lang::EN, &failures, Party::Provider), "40 timeout · 21 model error");
    }
}
