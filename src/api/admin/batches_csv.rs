//! Batches as lines of a CSV file, and what the lines add up to.

use super::csv::{BOM, dollars, row, text};
use crate::domain::batch::Batch;
use crate::domain::credits::Credits;
use crate::domain::money::Money;
use crate::domain::time::Time;

const COLUMNS: [&str; 22] = [
    "batch",
    "state",
    "customer_id",
    "customer",
    "models",
    "tasks",
    "succeeded",
    "failed",
    "canceled",
    "open",
    "credits_held",
    "credits_charged",
    "credits_refunded",
    "credits_open",
    "revenue_usd",
    "cost_succeeded_usd",
    "cost_failed_usd",
    "profit_usd",
    "created_at",
    "started_at",
    "finished_at",
    "duration_s",
];

pub(super) fn header() -> String {
    format!("{BOM}{}", row(&COLUMNS))
}

/// One line, its cells as they are written.
pub(super) struct Line(Vec<String>);

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&row(&self.0))
    }
}

/// Figures of a batch, in the order of their columns: whole numbers, then money.
fn figures(batch: &Batch) -> ([i64; 9], [Money; 4]) {
    let (counts, credits) = (batch.counts, batch.credits);
    let [held, charged, refunded, open] = [credits.held, credits.charged, credits.refunded, credits.open].map(Credits::get);
    (
        [counts.total, counts.succeeded, counts.failed, counts.canceled, counts.open(), held, charged, refunded, open],
        [batch.revenue, batch.cost_succeeded, batch.cost_failed, batch.profit()],
    )
}

impl Line {
    pub fn of(batch: &Batch, models: &[String]) -> Self {
        let (numbers, money) = figures(batch);
        let mut cells = vec![
            batch.id.to_string(),
            batch.status().to_string(),
            batch.customer_id.to_string(),
            text(&batch.customer_name),
            text(&models.join("; ")),
        ];
        cells.extend(numbers.map(|number| number.to_string()));
        cells.extend(money.map(dollars));
        let moment = |time: Option<Time>| time.map_or_else(String::new, |time| time.to_string());
        let finished = batch.state.finished_at();
        cells.extend([moment(Some(batch.created_at)), moment(batch.state.started_at()), moment(finished)]);
        cells.push(finished.map_or_else(String::new, |at| seconds(at.micros_since(batch.created_at))));
        Self(cells)
    }
}

/// Sums of the lines that were written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    lines: i64,
    numbers: [i64; 9],
    micros: [i64; 4],
}

impl Totals {
    pub fn add(&mut self, batch: &Batch) {
        let (numbers, money) = figures(batch);
        self.lines += 1;
        for (sum, number) in self.numbers.iter_mut().zip(numbers) {
            *sum = sum.saturating_add(number);
        }
        for (sum, money) in self.micros.iter_mut().zip(money) {
            *sum = sum.saturating_add(money.micros());
        }
    }

    pub fn line(&self) -> String {
        let mut cells = vec![format!("total of {}", self.lines)];
        cells.extend(std::iter::repeat_n(String::new(), 4));
        cells.extend(self.numbers.map(|number| number.to_string()));
        cells.extend(self.micros.map(|micros| dollars(Money::from_micros(micros))));
        cells.extend(std::iter::repeat_n(String::new(), 4));
        Line(cells).to_string()
    }
}

fn seconds(micros: i64) -> String {
    format!("{}.{:03}", micros.max(0) / 1_000_000, micros.max(0) % 1_000_000 / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1::batches::tests::batch;

    #[test]
    fn a_line_has_a_cell_for_every_column() {
        let line = Line::of(&batch(), &["sora-2".to_owned(), "veo-pro".to_owned()]);
        assert_eq!(line.0.len(), COLUMNS.len());
        assert_eq!(Totals::default().line().matches(',').count() + 1, COLUMNS.len());
    }

    #[test]
    fn totals_are_the_sums_of_the_lines() {
        let mut totals = Totals::default();
        totals.add(&batch());
        let (numbers, _) = figures(&batch());
        totals.add(&batch());
        assert_eq!(totals.numbers, numbers.map(|number| number * 2));
        assert!(totals.line().starts_with("total of 2,,,,,"));
    }

    #[test]
    fn seconds_have_three_decimals() {
        assert_eq!(seconds(61_234_567), "61.234");
    }
}
