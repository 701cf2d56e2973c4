//! Whose fault it was, and what it cost: failures by responsible party, and below the figures why, by type. Every figure leads to
//! the rows that it is the sum of: tasks and credits to tasks, provider cost to attempts, because an attempt that was repeated
//! costs too.

use leptos::prelude::*;

use super::overview::{tasks_href, to_rows};
use crate::console::api::batch::{BatchSummary, FailureRow};
use crate::console::components::figure::{Share, bar, linked, linked_money, span};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::{Lang, NAMED_MAX};
use crate::console::query::AttemptsQuery;
use crate::domain::attempt::AttemptFilter;
use crate::domain::credits::Credits;
use crate::domain::failure::Party;
use crate::domain::money::Money;
use crate::domain::task::TaskFilter;

/// Failures of one party, all types together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartySum {
    pub party: Party,
    pub tasks: i64,
    pub refunded: Credits,
    pub sunk: Money,
}

/// Every party, a row of zeros also says something. Most failed tasks first once the batch is over; while it runs the order
/// stays, so that no row moves under the cursor.
pub fn by_party(failures: &[FailureRow], is_over: bool) -> Vec<PartySum> {
    let order = [Party::Provider, Party::Customer, Party::Network, Party::Platform, Party::Unknown];
    let mut sums = order.map(|party| {
        let of = || failures.iter().filter(|row| row.party == party);
        PartySum {
            party,
            tasks: of().map(|row| row.tasks).sum(),
            refunded: Credits::checked_sum(of().map(|row| row.refunded)).unwrap_or_default(),
            sunk: Money::from_micros(of().map(|row| row.cost.micros()).sum()),
        }
    });
    if is_over {
        sums.sort_by_key(|sum| (-sum.tasks, -sum.sunk.micros()));
    }
    sums.to_vec()
}

/// One row for each party.
pub fn table(lang: Lang, summary: &BatchSummary) -> Markup {
    let sums = by_party(&summary.failures, summary.finished_at.is_some());
    let rows = sums.into_iter().map(|sum| {
        let nothing = sum.tasks == 0 && sum.sunk == Money::ZERO;
        let row = Row {
            name: (lang.words().party_word)(sum.party).written(),
            class: if nothing { "none" } else { "" },
            tasks: sum.tasks,
            refunded: sum.refunded,
            sunk: sum.sunk,
            filter: TaskFilter::of_party(sum.party),
        };
        line(lang, summary, row, ())
    });
    faults(lang, "parties", lang.words().party, None, rows.collect())
}

/// Types in one look; the others are one click away.
const TYPES_SHOWN: usize = NAMED_MAX;

/// One row for each type and party, the width of the card: why tasks failed, and what the customer reads about it.
pub fn types(lang: Lang, summary: &BatchSummary) -> Option<Markup> {
    let own = lang.batch();
    let mut failures: Vec<&FailureRow> = summary.failures.iter().collect();
    if summary.finished_at.is_none() {
        // While it runs no row moves under the cursor.
        failures.sort_by_key(|row| (row.failure, row.party));
    }
    // One more row takes no more room than to say that there is one more.
    let shown = if failures.len() > TYPES_SHOWN + 1 { TYPES_SHOWN } else { failures.len() };
    let (first, rest) = failures.split_at(shown);
    let listed = |rows: &[&FailureRow]| {
        let rows = rows.iter().map(|row| type_line(lang, summary, row)).collect();
        faults(lang, "parties types", own.failure, Some(lang.tasks_words().customer_reads), rows)
    };
    let more = (!rest.is_empty()).then(|| {
        let tasks: i64 = rest.iter().map(|row| row.tasks).sum();
        view! {
            <details>
                <summary>{(own.more_types)(rest.len(), &lang.number(tasks))}</summary>
                {listed(rest)}
            </details>
        }
    });
    (!failures.is_empty()).then(|| {
        view! {
            <div class="why" id="types">
                <h2>{own.types}</h2>
                {listed(first)}
                {more}
            </div>
        }
        .written()
    })
}

fn type_line(lang: Lang, summary: &BatchSummary, row: &FailureRow) -> Markup {
    let words = lang.words();
    let mut whose = format!(" · {}", (words.party_word)(row.party));
    if row.tasks == 0 {
        whose = format!("{whose} · {}", lang.batch().repeated);
    }
    let name = view! {
        {(words.failure_word)(row.failure)}
        {span("soft", whose)}
    };
    let sentence = (lang.tasks_words().sentence)(row.failure);
    let shown = Row {
        name: name.written(),
        class: "",
        tasks: row.tasks,
        refunded: row.refunded,
        sunk: row.cost,
        filter: TaskFilter { party: Some(row.party), ..TaskFilter::of_failure(row.failure) },
    };
    line(lang, summary, shown, view! { <td class="reads" title=sentence>{sentence}</td> })
}

fn faults(lang: Lang, class: &'static str, first: &'static str, last: Option<&'static str>, rows: Vec<Markup>) -> Markup {
    let (words, own) = (lang.words(), lang.batch());
    let headings: Vec<Markup> = [words.tasks, own.share, words.refunded_short, words.sunk]
        .into_iter()
        .map(|name| view! { <th scope="col" class="n">{name}</th> }.written())
        .collect();
    let last = last.map(|name| view! { <th scope="col" class="reads">{name}</th> });
    view! {
        <table class=class>
            <thead>
                <tr>
                    <th scope="col">{first}</th>
                    <td></td>
                    {headings}
                    {last}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .written()
}

/// What one line of a table says.
struct Row {
    name: Markup,
    class: &'static str,
    tasks: i64,
    refunded: Credits,
    sunk: Money,
    filter: TaskFilter,
}

fn line(lang: Lang, summary: &BatchSummary, row: Row, last: impl Written) -> Markup {
    let failed = summary.counts.failed;
    let to = |figure: String| {
        if row.tasks == 0 { figure.written() } else { linked(tasks_href(lang, summary, row.filter.clone()), "", figure) }
    };
    let sunk = match (row.sunk, row.filter.party) {
        (Money::ZERO, _) | (_, None) => lang.amount(row.sunk).written(),
        (sunk, Some(party)) => {
            let attempts = AttemptsQuery::only(AttemptFilter::of_fault(party, row.filter.failure));
            linked_money(lang, to_rows(lang, &attempts.to_href(summary.id)), "", sunk, lang.amount(sunk))
        }
    };
    let share = Money::from_micros(row.tasks).permille_of(Money::from_micros(failed)).filter(|_| row.tasks > 0);
    let cells: Vec<Markup> = [to(lang.number(row.tasks)), lang.margin(share).written(), to(lang.credits(row.refunded)), sunk]
        .into_iter()
        .map(|figure| view! { <td class="n">{figure}</td> }.written())
        .collect();
    view! {
        <tr class=row.class>
            <th scope="row">{row.name}</th>
            <td class="share">{bar(&[Share { class: "bad", amount: row.tasks }], failed)}</td>
            {cells}
            {last.written()}
        </tr>
    }
    .written()
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
            row(FailureType::ContentPolicyInput, Party::Customer, 63),
            row(FailureType::ModelError, Party::Provider, 21),
            row(FailureType::Timeout, Party::Provider, 40),
        ];
        let sums = by_party(&failures, true);
        assert_eq!((sums[0].party, sums[0].tasks, sums[0].sunk), (Party::Customer, 63, Money::from_micros(7_408_800)));
        assert_eq!((sums[1].party, sums[1].tasks, sums[1].refunded), (Party::Provider, 61, Credits::new(2_989)));
        assert_eq!(sums.len(), Party::ALL.len());
        let running: Vec<Party> = by_party(&failures, false).into_iter().map(|sum| sum.party).collect();
        assert_eq!(running[..2], [Party::Provider, Party::Customer], "rows stay where they are while it runs");
    }
}
