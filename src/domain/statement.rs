//! The statement of a month: what a customer had, what came and went, what it has. All of it from ledger entries, so it adds
//! up or is not made.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::credits::{Credits, CreditsOverflow};
use super::id::BatchId;
use super::ledger::{Balances, TransactionKind};
use super::money::Money;
use super::time::Time;

/// Batches that a statement lists at most; it says when there are more.
pub const STATEMENT_BATCHES_MAX: i64 = 10_000;

/// A calendar month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    start: Time,
    end: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a month, like 2026-10")]
pub struct NotAMonth;

impl Month {
    pub const fn start(self) -> Time {
        self.start
    }

    /// The first moment that is not of it.
    pub const fn end(self) -> Time {
        self.end
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let is_number = |digits: &str, count| digits.len() == count && digits.bytes().all(|digit| digit.is_ascii_digit());
        let (year, month) = text.split_once('-').filter(|(year, month)| is_number(year, 4) && is_number(month, 2)).ok_or(NotAMonth)?;
        let (year, month): (u16, u16) = year.parse().ok().zip(month.parse().ok()).ok_or(NotAMonth)?;
        let first = |year: u16, month: u16| format!("{year:04}-{month:02}-01T00:00:00Z").parse::<Time>().map_err(|_| NotAMonth);
        let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        Ok(Self { start: first(year, month)?, end: first(next.0, next.1)? })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.start.to_string().get(..7).unwrap_or_default())
    }
}

/// What transactions of one kind did to the two balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    pub kind: TransactionKind,
    pub transactions: i64,
    /// Signed.
    pub available: Credits,
    /// Signed.
    pub held: Credits,
}

/// What was held, charged and given back in the month for one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BatchMovement {
    pub batch: BatchId,
    pub held: Credits,
    pub charged: Credits,
    pub refunded: Credits,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub month: Month,
    pub opening: Balances,
    pub movements: Vec<Movement>,
    pub closing: Balances,
    /// What was paid for the credits bought.
    pub paid: Money,
    pub batches: Vec<BatchMovement>,
    /// There were more than are listed.
    pub has_more_batches: bool,
}

impl Statement {
    /// What `opening` and the movements come to.
    pub fn closing(opening: Balances, movements: &[Movement]) -> Result<Balances, CreditsOverflow> {
        movements.iter().try_fold(opening, |sum, movement| {
            Ok(Balances { available: sum.available.checked_add(movement.available)?, held: sum.held.checked_add(movement.held)? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_at_midnight_utc() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!((month.start().to_string(), month.end().to_string()), ("2026-12-01T00:00:00Z".into(), "2027-01-01T00:00:00Z".into()));
        assert_eq!(month.to_string(), "2026-12");
        for wrong in ["", "2026", "2026-13", "2026-00", "2026-1", "26-10", "2026-10-01", "2026-+1"] {
            assert_eq!(wrong.parse::<Month>(), Err(NotAMonth), "{wrong}");
        }
    }
}
