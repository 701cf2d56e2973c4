//! Whose fault it was, and what it cost: failures by responsible party, the types of each below it.

use leptos::prelude::*;

use super::overview::tasks_href;
use crate::console::api::batch::{BatchSummary, FailureRow};
use crate::console::components::figure::{Share, bar, linked, span};
use crate::console::i18n::Lang;
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

pub fn table(lang: Lang, summary: &BatchSummary) -> AnyView {
    let (words, own) = (lang.words(), lang.batch());
    let sums = by_party(&summary.failures, summary.finished_at.is_some());
    let failed = summary.counts.failed;
    let rows: Vec<AnyView> = sums.iter().flat_map(|sum| rows_of(lang, summary, sum, failed)).collect();
    let headings: Vec<AnyView> = [words.tasks, own.share, words.refunded_short, words.sunk]
        .into_iter()
        .map(|name| view! { <th scope="col" class="n">{name}</th> }.into_any())
        .collect();
    view! {
        <table class="parties" id="parties">
            <thead>
                <tr>
                    <th scope="col">{words.party}</th>
                    <td></td>
                    {headings}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// What one line of the table says.
struct Row {
    name: AnyView,
    class: &'static str,
    tasks: i64,
    refunded: Credits,
    sunk: Money,
    filter: TaskFilter,
}

fn rows_of(lang: Lang, summary: &BatchSummary, sum: &PartySum, failed: i64) -> Vec<AnyView> {
    let words = lang.words();
    let nothing = sum.tasks == 0 && sum.sunk == Money::ZERO;
    let whole = Row {
        name: (words.party_word)(sum.party).into_any(),
        class: if nothing { "none" } else { "" },
        tasks: sum.tasks,
        refunded: sum.refunded,
        sunk: sum.sunk,
        filter: TaskFilter::of_party(sum.party),
    };
    let types = summary.failures.iter().filter(|row| row.party == sum.party).map(|row| {
        let repeated = (row.tasks == 0).then(|| span("soft", format!(" · {}", lang.batch().repeated)));
        Row {
            name: view! {
                {(words.failure_word)(row.failure)}
                {repeated}
            }
            .into_any(),
            class: "type",
            tasks: row.tasks,
            refunded: row.refunded,
            sunk: row.cost,
            filter: TaskFilter { party: Some(row.party), ..TaskFilter::of_failure(row.failure) },
        }
    });
    std::iter::once(whole).chain(types).map(|row| line(lang, summary, row, failed)).collect()
}

fn line(lang: Lang, summary: &BatchSummary, row: Row, failed: i64) -> AnyView {
    let to = |figure: String| {
        if row.tasks == 0 { figure.into_any() } else { linked(tasks_href(lang, summary, row.filter.clone()), "", figure) }
    };
    let share = Money::from_micros(row.tasks).permille_of(Money::from_micros(failed)).filter(|_| row.tasks > 0);
    let cells: Vec<AnyView> =
        [to(lang.number(row.tasks)), lang.margin(share).into_any(), to(lang.credits(row.refunded)), lang.amount(row.sunk).into_any()]
            .into_iter()
            .map(|figure| view! { <td class="n">{figure}</td> }.into_any())
            .collect();
    view! {
        <tr class=row.class>
            <th scope="row">{row.name}</th>
            <td class="share">{bar(&[Share { class: "bad", amount: row.tasks }], failed)}</td>
            {cells}
        </tr>
    }
    .into_any()
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
