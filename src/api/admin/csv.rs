//! Batches as lines of a CSV file (RFC 4180) that a spreadsheet may open: money in US$ with a plain dot and all six decimals, so
//! that columns add up to their totals; times RFC 3339 UTC; and no text that a spreadsheet would take for a formula.

use crate::domain::batch::Batch;
use crate::domain::credits::Credits;
use crate::domain::money::Money;
use crate::domain::time::Time;

/// Spreadsheets read a file as UTF-8 only if it begins so.
const BOM: &str = "\u{feff}";

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
    format!("{BOM}{}\r\n", COLUMNS.join(","))
}

/// One line, its cells as they are written.
pub(super) struct Line(Vec<String>);

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\r\n", self.0.join(","))
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

/// `-12.010000`.
fn dollars(money: Money) -> String {
    let micros = money.micros();
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000)
}

fn seconds(micros: i64) -> String {
    format!("{}.{:03}", micros.max(0) / 1_000_000, micros.max(0) % 1_000_000 / 1_000)
}

/// Somebody else's text: quoted where it must be, and with an apostrophe before what a spreadsheet would run as a formula.
pub(super) fn text(text: &str) -> String {
    let guard = if text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n', ';']) || !guard.is_empty() {
        return format!("\"{guard}{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
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
    fn text_is_never_a_formula() {
        assert_eq!(text("Acme"), "Acme");
        assert_eq!(text("Acme, \"Inc\""), "\"Acme, \"\"Inc\"\"\"");
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"] {
            assert!(text(formula).starts_with("\"'"), "{formula:?}: {}", text(formula));
        }
    }

    #[test]
    fn money_has_a_plain_dot_and_all_its_decimals() {
        assert_eq!(
            [412_300_000, -12_010_001, 0].map(|micros| dollars(Money::from_micros(micros))),
            ["412.300000", "-12.010001", "0.000000"]
        );
        assert_eq!(seconds(61_234_567), "61.234");
    }
}
