//! Grants: credits added to a customer, what was paid for them, and the order in which they are spent.

use serde::{Deserialize, Serialize};

use super::credits::Credits;
use super::id::{GrantId, GrantKey};
use super::money::Money;
use super::time::Time;
use super::word::words;

words! {
    /// Where credits came from.
    GrantKind {
        /// Bought. Paid credits never expire.
        Purchase = "purchase",
        /// Given. Has no revenue.
        Promo = "promo",
        /// Set right by an operator, with a reason.
        Adjustment = "adjustment",
    }
}

/// A customer's grant and where its credits are now: `credits = available + held + captured + expired + withdrawn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub key: GrantKey,
    pub id: GrantId,
    pub kind: GrantKind,
    pub credits: Credits,
    pub paid: Money,
    pub available: Credits,
    pub held: Credits,
    pub captured: Credits,
    pub expired: Credits,
    /// Taken back by an operator.
    pub withdrawn: Credits,
    pub expires_at: Option<Time>,
    pub created_at: Time,
}

/// A new grant that cannot be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("a grant adds at least 1 credit")]
    NoCredits,
    #[error("a purchase says what was paid for it")]
    UnpaidPurchase,
    #[error("only a purchase is paid for")]
    PaidGift,
    #[error("paid credits never expire")]
    ExpiringPurchase,
    #[error("the expiry lies in the past")]
    ExpiryInPast,
    #[error("an adjustment or promotion says why it is made")]
    NoReason,
}

/// What an operator asks to add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewGrant {
    pub kind: GrantKind,
    pub credits: Credits,
    pub paid: Money,
    pub expires_at: Option<Time>,
    pub reason: Option<String>,
}

impl NewGrant {
    pub fn check(&self, now: Time) -> Result<(), GrantError> {
        let paid = self.paid > Money::ZERO;
        if self.credits <= Credits::ZERO {
            return Err(GrantError::NoCredits);
        }
        match self.kind {
            GrantKind::Purchase if !paid => return Err(GrantError::UnpaidPurchase),
            GrantKind::Purchase if self.expires_at.is_some() => return Err(GrantError::ExpiringPurchase),
            GrantKind::Promo | GrantKind::Adjustment if paid => return Err(GrantError::PaidGift),
            GrantKind::Adjustment if self.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) => {
                return Err(GrantError::NoReason);
            }
            GrantKind::Purchase | GrantKind::Promo | GrantKind::Adjustment => {}
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(GrantError::ExpiryInPast);
        }
        Ok(())
    }
}

impl Grant {
    /// Sooner expiry first, then given before paid, then older (DESIGN §3).
    pub fn spending_order(&self) -> (i64, bool, Time, GrantKey) {
        let expires_us = self.expires_at.map_or(i64::MAX, Time::micros);
        (expires_us, self.kind == GrantKind::Purchase, self.created_at, self.key)
    }

    pub fn is_consistent(&self) -> bool {
        let parts = [self.available, self.held, self.captured, self.expired, self.withdrawn];
        parts.iter().all(|part| !part.is_negative()) && Credits::checked_sum(parts) == Ok(self.credits)
    }
}

/// Revenue recognised in total once `captured` of the `credits` of a grant are captured: rounded down, so that the parts of a
/// grant add up to exactly what was paid when the last credit is captured, in whatever steps.
pub fn recognised(paid: Money, credits: Credits, captured: Credits) -> Money {
    if credits <= Credits::ZERO {
        return Money::ZERO;
    }
    let micros = i128::from(paid.micros()) * i128::from(captured.get()) / i128::from(credits.get());
    // `captured <= credits` is the caller's invariant and a CHECK of the table, so the quotient never exceeds `paid`.
    Money::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(key: i64, kind: GrantKind, expires_at: Option<i64>, created_at: i64) -> Grant {
        Grant {
            key: GrantKey(key),
            id: "grt_00000000000000000000000000".parse().unwrap(),
            kind,
            credits: Credits::new(10),
            paid: Money::ZERO,
            available: Credits::new(10),
            held: Credits::ZERO,
            captured: Credits::ZERO,
            expired: Credits::ZERO,
            withdrawn: Credits::ZERO,
            expires_at: expires_at.map(Time::from_micros),
            created_at: Time::from_micros(created_at),
        }
    }

    #[test]
    fn spends_sooner_expiry_then_gifts_then_older() {
        let mut grants = [
            grant(1, GrantKind::Purchase, None, 1),
            grant(2, GrantKind::Promo, None, 9),
            grant(3, GrantKind::Promo, Some(50), 8),
            grant(4, GrantKind::Promo, Some(20), 7),
            grant(5, GrantKind::Purchase, None, 0),
        ];
        grants.sort_by_key(Grant::spending_order);
        assert_eq!(grants.map(|grant| grant.key.0), [4, 3, 2, 5, 1]);
    }

    #[test]
    fn recognises_exactly_what_was_paid_in_whatever_steps() {
        let (paid, credits) = (Money::from_micros(2_000_000_000), Credits::new(227_620));
        let mut sum = 0;
        let mut captured = 0;
        for step in [49, 599, 1, 100_000, 126_971] {
            let before = recognised(paid, credits, Credits::new(captured));
            captured += step;
            sum += recognised(paid, credits, Credits::new(captured)).micros() - before.micros();
        }
        assert_eq!((captured, sum), (credits.get(), paid.micros()));
    }

    #[test]
    fn refuses_grants_that_make_no_sense() {
        let now = Time::from_micros(100);
        let good =
            NewGrant { kind: GrantKind::Purchase, credits: Credits::new(5), paid: Money::from_micros(1), expires_at: None, reason: None };
        assert_eq!(good.check(now), Ok(()));
        for (grant, error) in [
            (NewGrant { credits: Credits::ZERO, ..good.clone() }, GrantError::NoCredits),
            (NewGrant { paid: Money::ZERO, ..good.clone() }, GrantError::UnpaidPurchase),
            (NewGrant { expires_at: Some(Time::from_micros(200)), ..good.clone() }, GrantError::ExpiringPurchase),
            (NewGrant { kind: GrantKind::Promo, ..good.clone() }, GrantError::PaidGift),
            (NewGrant { kind: GrantKind::Adjustment, paid: Money::ZERO, ..good.clone() }, GrantError::NoReason),
            (NewGrant { kind: GrantKind::Promo, paid: Money::ZERO, expires_at: Some(now), ..good.clone() }, GrantError::ExpiryInPast),
        ] {
            assert_eq!(grant.check(now), Err(error));
        }
    }
}
