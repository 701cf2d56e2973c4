//! One JSON object per line: what was measured, and in the end how that compares with the targets.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::machine;

/// Everything that was measured in this run of the program.
#[derive(Debug, Default)]
pub struct Report {
    /// Figures that targets are about, by name.
    noted: BTreeMap<String, Vec<f64>>,
}

/// A target: what, how it is made of noted figures, and its bound.
struct Target {
    name: String,
    value: Option<f64>,
    bound: Bound,
}

enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Report {
    #[expect(clippy::unused_self, reason = "whoever prints holds the report that it notes in")]
    pub fn print(&mut self, bench: &str, database: &str, what: &Value, figures: &Value, durability: &Value) {
        println!(
            "{}",
            json!({
                "bench": bench, "database": database, "what": what, "figures": figures, "durability": durability, "machine": machine::facts(),
            })
        );
    }

    pub fn note(&mut self, name: impl Into<String>, figure: f64) {
        self.noted.entry(name.into()).or_default().push(figure);
    }

    fn median(&self, name: &str) -> Option<f64> {
        let mut figures = self.noted.get(name)?.clone();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    }

    fn ratio(&self, of: &str, to: &str) -> Option<f64> {
        Some(self.median(of)? / self.median(to)?)
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = vec![Target {
            name: "submit / COPY, time, postgres".to_owned(),
            value: self.ratio("submit s", "copy s"),
            bound: Bound::AtMost(2.5),
        }];
        for queue in
            ["one customer, synchronous", "one customer, asynchronous", "1000 customers, synchronous", "1000 customers, asynchronous"]
        {
            let on = |database: &str| format!("settle {database} {queue}");
            targets.push(Target {
                name: format!("settle / floor, tasks per second, {queue}"),
                value: self.ratio(&on("postgres"), &format!("floor {queue}")),
                bound: Bound::AtLeast(0.8),
            });
            targets.push(Target {
                name: format!("commits per settled task, {queue}"),
                value: self.median(&format!("commits {queue}")),
                bound: Bound::AtMost(0.01),
            });
            targets.push(Target {
                name: format!("bytes of WAL per settled task, {queue}"),
                value: self.median(&format!("wal {queue}")),
                bound: Bound::AtMost(2.2 * 1_024.0),
            });
            targets.push(Target {
                name: format!("SQLite FULL / NORMAL, tasks per second, {queue}"),
                value: self.ratio(&on("sqlite full"), &on("sqlite normal")),
                bound: Bound::AtLeast(0.7),
            });
        }
        for database in ["postgres", "sqlite full"] {
            for filter in ["all", "succeeded", "failed", "of a party", "of a type and a party"] {
                targets.push(Target {
                    name: format!("last page / first page of a million tasks, {filter}, {database}"),
                    value: self.ratio(&format!("last page {filter} {database}"), &format!("first page {filter} {database}")),
                    bound: Bound::AtMost(1.2),
                });
            }
            targets.push(Target {
                name: format!("webhooks, p95 of healthy receivers, 10 % hanging / none, {database}"),
                value: self.ratio(&format!("p95 {database} 100, 10 hanging"), &format!("p95 {database} 100")),
                bound: Bound::AtMost(1.5),
            });
        }
        targets
    }

    /// One line per target that something was measured for.
    pub fn print_targets(&self) {
        for Target { name, value, bound } in self.targets() {
            let Some(value) = value else { continue };
            let (bound, reached) = match bound {
                Bound::AtLeast(least) => (json!({"at_least": least}), value >= least),
                Bound::AtMost(most) => (json!({"at_most": most}), value <= most),
            };
            println!("{}", json!({"target": name, "bound": bound, "median": rounded(value), "reached": reached}));
        }
    }
}

/// `count` in this time, by the second.
pub fn per_s(count: u32, time: Duration) -> f64 {
    f64::from(count) / time.as_secs_f64()
}

/// A count of bytes or rows as a figure to calculate with.
#[expect(clippy::cast_precision_loss, reason = "figures are far below 2^52")]
pub const fn figure(count: i64) -> f64 {
    count as f64
}

/// Three digits behind the point, fewer for large figures.
pub fn rounded(value: f64) -> f64 {
    let digits = if value.abs() >= 100.0 { 1.0 } else { 10_000.0 };
    (value * digits).round() / digits
}
