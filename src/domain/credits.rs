//! Credits: what customers buy and spend. Whole numbers; at list price one credit is US$0.01.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of credits. Amounts are never negative unless a ledger entry says so (entries are signed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credits(i64);

/// The sum or product does not fit into 64 bits. The transaction that computed it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount of credits does not fit into 64 bits")]
pub struct CreditsOverflow;

impl Credits {
    pub const ZERO: Self = Self(0);

    pub const fn new(credits: i64) -> Self {
        Self(credits)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub fn checked_add(self, other: Self) -> Result<Self, CreditsOverflow> {
        self.0.checked_add(other.0).map(Self).ok_or(CreditsOverflow)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, CreditsOverflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(CreditsOverflow)
    }

    pub fn checked_neg(self) -> Result<Self, CreditsOverflow> {
        self.0.checked_neg().map(Self).ok_or(CreditsOverflow)
    }

    pub fn checked_times(self, count: i64) -> Result<Self, CreditsOverflow> {
        self.0.checked_mul(count).map(Self).ok_or(CreditsOverflow)
    }

    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, CreditsOverflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_overflow_instead_of_wrapping() {
        let most = Credits::new(i64::MAX);
        assert_eq!(most.checked_add(Credits::new(1)), Err(CreditsOverflow));
        assert_eq!(Credits::new(i64::MIN).checked_neg(), Err(CreditsOverflow));
        assert_eq!(most.checked_times(2), Err(CreditsOverflow));
        assert_eq!(Credits::checked_sum([most, Credits::new(1)]), Err(CreditsOverflow));
    }

    #[test]
    fn sums_what_it_is_given() {
        assert_eq!(Credits::checked_sum([Credits::new(40), Credits::new(9)]), Ok(Credits::new(49)));
        assert_eq!(Credits::checked_sum([]), Ok(Credits::ZERO));
    }
}
