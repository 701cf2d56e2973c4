//! The books of one batch: held = charged + refunded + open, said by several witnesses that were written by different
//! statements. When they do not say the same, the rows that disagree are named.

use serde::{Deserialize, Serialize};

use super::batch::BatchCredits;
use super::credits::{Credits, CreditsOverflow};
use super::id::TransactionId;
use super::time::Time;
use super::word::words;

/// The four sums, as one witness says them. Nothing is checked here: a witness may be wrong, and that must be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub held: Credits,
    pub charged: Credits,
    pub refunded: Credits,
    pub open: Credits,
}

impl Sums {
    pub const NOTHING: Self = Self { held: Credits::ZERO, charged: Credits::ZERO, refunded: Credits::ZERO, open: Credits::ZERO };

    pub fn new([held, charged, refunded, open]: [i64; 4]) -> Self {
        let [held, charged, refunded, open] = [held, charged, refunded, open].map(Credits::new);
        Self { held, charged, refunded, open }
    }

    pub const fn figures(self) -> [Credits; 4] {
        [self.held, self.charged, self.refunded, self.open]
    }

    /// Both together.
    pub fn checked_add(self, other: Self) -> Result<Self, CreditsOverflow> {
        Ok(Self {
            held: self.held.checked_add(other.held)?,
            charged: self.charged.checked_add(other.charged)?,
            refunded: self.refunded.checked_add(other.refunded)?,
            open: self.open.checked_add(other.open)?,
        })
    }

    /// held = charged + refunded + open.
    pub fn add_up(self) -> bool {
        Credits::checked_sum([self.charged, self.refunded, self.open]).is_ok_and(|sum| sum == self.held)
    }
}

impl From<BatchCredits> for Sums {
    fn from(credits: BatchCredits) -> Self {
        let BatchCredits { held, charged, refunded, open } = credits;
        Self { held, charged, refunded, open }
    }
}

words! {
    /// How a row of one side is not borne out by the other.
    DifferenceKind {
        /// A task has ended, and no ledger line says so.
        LineMissing = "line_missing",
        /// A task is open, and a ledger line has settled it.
        LineTooEarly = "line_too_early",
        /// The ledger line of a task has another kind or other credits than the task.
        LineDiffers = "line_differs",
        /// A ledger line names a task that is not there.
        TaskMissing = "task_missing",
        /// The lines of a transaction do not add up to it.
        LinesDiffer = "lines_differ",
        /// The entries of a transaction do not move what the transaction says.
        EntriesDiffer = "entries_differ",
    }
}

/// One row that the other side does not bear out, and what both say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub kind: DifferenceKind,
    pub task: Option<i32>,
    pub transaction: Option<TransactionId>,
    /// What the task, or the transaction, says.
    pub expected: i64,
    /// What the ledger's line, or the sum of lines or entries, says.
    pub found: Option<i64>,
}

/// Every task row of a batch compared with the ledger, in one snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub at: Time,
    /// Who asked, or a worker of ours.
    pub actor: String,
    pub ledger: Sums,
    /// Ledger transactions that were read.
    pub transactions: i64,
    pub tasks: Sums,
    /// Task rows that were read.
    pub task_rows: i64,
    pub differing: i64,
    /// The first [`DIFFERENCES_MAX`] of them.
    pub examples: Vec<Difference>,
}

/// Differences of each kind that are named at most.
pub const DIFFERENCES_MAX: i64 = 10;

impl Comparison {
    pub fn agrees(&self) -> bool {
        self.differing == 0 && self.ledger == self.tasks && self.ledger.add_up()
    }
}

/// What is known of a batch's books without reading its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Added up from the entries of the batch's ledger transactions, the latest included.
    pub ledger: Sums,
    pub transactions: i64,
    /// Of what was refunded: given back after it was charged, by reversing transactions.
    pub reversed: Credits,
    /// Kept on the batch: the prices that its task rows gave as each was settled.
    pub kept: Sums,
    /// The grants that the hold drew on.
    pub grants: Sums,
    /// The last time when every task row was read.
    pub comparison: Option<Comparison>,
}

words! {
    /// What the witnesses say together.
    Verdict {
        /// All say the same, every task row included.
        Agree = "agree",
        /// All that is kept says the same; task rows were not compared since the last change.
        AgreeSoFar = "agree_so_far",
        Differ = "differ",
    }
}

impl Books {
    /// `is_over`: nothing of the batch changes any more, so an old comparison must still hold.
    pub fn verdict(&self, is_over: bool) -> Verdict {
        let kept_agrees = self.ledger == self.kept && self.ledger == self.grants && self.ledger.add_up();
        let compared = self.comparison.as_ref();
        if !kept_agrees || compared.is_some_and(|comparison| !comparison.agrees()) {
            return Verdict::Differ;
        }
        match compared {
            Some(comparison) if comparison.transactions == self.transactions && comparison.tasks == self.ledger => Verdict::Agree,
            // As many transactions as then, and other sums: a row was changed behind our back.
            Some(comparison) if is_over && comparison.transactions == self.transactions => Verdict::Differ,
            _ => Verdict::AgreeSoFar,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(ledger: [i64; 4], tasks: [i64; 4], differing: i64) -> Comparison {
        Comparison {
            at: Time::from_micros(1),
            actor: "test".to_owned(),
            ledger: Sums::new(ledger),
            transactions: 3,
            tasks: Sums::new(tasks),
            task_rows: 10,
            differing,
            examples: Vec::new(),
        }
    }

    fn books(ledger: [i64; 4], comparison: Option<Comparison>) -> Books {
        let sums = Sums::new(ledger);
        Books { ledger: sums, transactions: 3, reversed: Credits::ZERO, kept: sums, grants: sums, comparison }
    }

    const DONE: [i64; 4] = [490, 441, 49, 0];

    #[test]
    fn a_tick_needs_every_witness() {
        assert_eq!(books(DONE, Some(comparison(DONE, DONE, 0))).verdict(true), Verdict::Agree);
        assert_eq!(books(DONE, None).verdict(true), Verdict::AgreeSoFar);
        for wrong in [
            Books { kept: Sums::new([490, 440, 50, 0]), ..books(DONE, None) },
            Books { grants: Sums::new([491, 441, 49, 1]), ..books(DONE, None) },
            books([490, 441, 48, 0], None),
            books(DONE, Some(comparison(DONE, [489, 440, 49, 0], 1))),
            books(DONE, Some(comparison(DONE, DONE, 1))),
        ] {
            assert_eq!(wrong.verdict(true), Verdict::Differ, "{wrong:?}");
        }
    }

    #[test]
    fn a_running_batch_may_have_moved_on_and_a_finished_one_may_not() {
        let before = comparison([490, 49, 0, 441], [490, 49, 0, 441], 0);
        let moved_on = Books { transactions: 4, ..books(DONE, Some(before.clone())) };
        assert_eq!((moved_on.verdict(false), moved_on.verdict(true)), (Verdict::AgreeSoFar, Verdict::AgreeSoFar));
        assert_eq!(books(DONE, Some(before)).verdict(true), Verdict::Differ, "the same transactions, and other sums");
    }
}
