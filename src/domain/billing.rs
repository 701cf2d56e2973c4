//! The ledger of one batch as people read it: transactions by what they did to the batch, and where the batch then stood.

use super::credits::{Credits, CreditsOverflow};
use super::ledger::TransactionKind;
use super::money::Money;
use super::word::words;

words! {
    /// What a transaction did to a batch. A reversal of a capture is both: less charged, more refunded.
    Booking {
        Held = "held",
        Charged = "charged",
        Refunded = "refunded",
        /// Of what was refunded: by operators, after it was charged.
        Reversed = "reversed",
    }
}

impl Booking {
    /// The kinds of transactions that make it up.
    pub const fn kinds(self) -> [&'static str; 2] {
        match self {
            Self::Held => [TransactionKind::Hold.as_str(); 2],
            Self::Charged => [TransactionKind::Capture.as_str(), TransactionKind::Reversal.as_str()],
            Self::Reversed => [TransactionKind::Reversal.as_str(); 2],
            Self::Refunded => [TransactionKind::Release.as_str(), TransactionKind::Reversal.as_str()],
        }
    }
}

/// All transactions of one kind of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindSum {
    pub kind: TransactionKind,
    pub transactions: i64,
    pub credits: Credits,
    pub tasks: i64,
    /// Negative for reversals.
    pub revenue: Money,
}

/// What of a batch was charged and refunded at a moment, and what was still held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchPosition {
    pub charged: Credits,
    pub refunded: Credits,
    pub open: Credits,
}

impl BatchPosition {
    /// After one more transaction.
    pub fn then(self, kind: TransactionKind, credits: Credits) -> Result<Self, CreditsOverflow> {
        Ok(match kind {
            TransactionKind::Hold => Self { open: self.open.checked_add(credits)?, ..self },
            TransactionKind::Capture => Self { open: self.open.checked_sub(credits)?, charged: self.charged.checked_add(credits)?, ..self },
            TransactionKind::Release => {
                Self { open: self.open.checked_sub(credits)?, refunded: self.refunded.checked_add(credits)?, ..self }
            }
            TransactionKind::Reversal => {
                Self { charged: self.charged.checked_sub(credits)?, refunded: self.refunded.checked_add(credits)?, ..self }
            }
            TransactionKind::Purchase | TransactionKind::Promo | TransactionKind::Adjustment | TransactionKind::Expiry => self,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_goes_to_charged_and_refunded() {
        let steps = [
            (TransactionKind::Hold, 100, [0, 0, 100]),
            (TransactionKind::Capture, 60, [60, 0, 40]),
            (TransactionKind::Release, 40, [60, 40, 0]),
            (TransactionKind::Reversal, 10, [50, 50, 0]),
        ];
        let mut position = BatchPosition::default();
        for (kind, credits, expected) in steps {
            position = position.then(kind, Credits::new(credits)).unwrap();
            assert_eq!([position.charged, position.refunded, position.open].map(Credits::get), expected, "{kind}");
        }
    }
}
