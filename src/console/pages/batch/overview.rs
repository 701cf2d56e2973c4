//! The sentence first, then what it made, tasks and time, whose fault it was, and the credits in balance.

use leptos::prelude::*;

use super::strip::strip;
use crate::console::api::batch::{BatchSummary, FailureRow};
use crate::console::components::figure::{Share, bar, term};
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
    view! {
        <div>
            <h2>{words.what_it_made}</h2>
            <dl>
                <dt>
                    {words.revenue} " " <small>"(" {captured} ")"</small>
                </dt>
                <dd>{lang.money(summary.revenue)}</dd>
                {term(words.cost_succeeded, minus(summary.cost_succeeded))}
                {term(words.cost_failed, minus(summary.cost_failed))}
                <dt class="total">{words.profit}</dt>
                <dd class="total big" class:bad=loss class:good=!loss>
                    {lang.money(summary.profit)}
                </dd>
                {term(words.margin, lang.margin(summary.profit.permille_of(summary.revenue)))}
            </dl>
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
    view! {
        <div>
            <h2>{words.tasks_and_time}</h2>
            <dl>
                {term(words.succeeded, view! { <span class="good">{lang.number(counts.succeeded)}</span> })}
                {term(words.failed, view! { <span class:bad=counts.failed != 0>{lang.number(counts.failed)}</span> })}
                {optional(words.canceled, counts.canceled)} {optional(words.open, counts.open())}
                {term(words.created, lang.moment(summary.created_at))}
                {summary.finished_at.map(|at| term(words.finished, lang.moment(at)))}
                {term(words.waited_and_ran, format!("{waited} / {ran}{so_far}"))}
                {summary.api_key_prefix.clone().map(|prefix| term(words.key, view! { <code>{prefix}"…"</code> }))}
                {term(
                    words.idempotency_key,
                    view! {
                        <code class="cut" title=summary.idempotency_key.clone()>
                            {summary.idempotency_key.clone()}
                        </code>
                    },
                )}
                {summary.metadata.clone().map(|text| term(words.metadata, view! { <code class="cut" title=text.clone()>{text.clone()}</code> }))}
            </dl>
        </div>
    }
    .into_any()
}

fn whose_fault(lang: Lang, parties: &[PartySum], failures: &[FailureRow]) -> AnyView {
    let words = lang.words();
    let most = parties.iter().map(|sum| sum.tasks).max().unwrap_or(0);
    let rows: Vec<_> = parties
        .iter()
        .map(|sum| {
            let party = sum.party;
            let none = sum.tasks == 0 && sum.sunk == Money::ZERO;
            view! {
                <tr id=format!("party-{party}") class:none=none>
                    <th scope="row">{(words.party_word)(party)}</th>
                    <td class="share">
                        {bar(&[Share { class: "bad", amount: sum.tasks }], most)} <small>{types_of(lang, failures, party)}</small>
                    </td>
                    <td class="n">{lang.number(sum.tasks)}</td>
                    <td class="n">{lang.credits(sum.refunded)}</td>
                    <td class="n">{lang.amount(sum.sunk)}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <div>
            <h2>{words.whose_fault}</h2>
            <table class="parties">
                <thead>
                    <tr>
                        <th scope="col">{words.party}</th>
                        <td></td>
                        <th scope="col" class="n">
                            {words.tasks}
                        </th>
                        <th scope="col" class="n">
                            {words.refunded_short}
                        </th>
                        <th scope="col" class="n">
                            {words.sunk}
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
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
        assert_eq!(types_of(Lang::En, &failures, Party::Provider), "40 timeout · 21 model error");
    }
}
