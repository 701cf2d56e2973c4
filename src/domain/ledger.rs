//! The ledger's vocabulary: double entry, append-only. A transaction that does not sum to zero cannot be built.
//!
//! | kind | from → to |
//! |---|---|
//! | purchase | issued → available |
//! | promo | `promo_expense` → available |
//! | adjustment | adjustments → available, or back |
//! | hold | available → held |
//! | capture | held → revenue |
//! | release | held → available |
//! | expiry | available → breakage |
//! | reversal | the reversed transaction's accounts, the other way round; of a capture: revenue → available |
//!
//! Only customer accounts keep a balance. Platform accounts are sums of their entries, so that no row is shared by all.

use super::credits::{Credits, CreditsOverflow};
use super::grant::GrantKind;
use super::id::{BatchId, GrantId, TransactionId, TransactionKey};
use super::money::Money;
use super::time::Time;
use super::word::words;

words! {
    /// An account. `available` and `held` exist once per customer, the others once.
    AccountKind {
        Available = "available",
        Held = "held",
        /// Source of bought credits.
        Issued = "issued",
        Revenue = "revenue",
        PromoExpense = "promo_expense",
        /// Credits that expired unspent.
        Breakage = "breakage",
        Adjustments = "adjustments",
    }
}

words! {
    TransactionKind {
        Purchase = "purchase",
        Promo = "promo",
        Adjustment = "adjustment",
        Hold = "hold",
        Capture = "capture",
        Release = "release",
        Expiry = "expiry",
        Reversal = "reversal",
    }
}

words! {
    /// What a ledger line says of one task.
    LineKind {
        Capture = "capture",
        Release = "release",
        /// Credits of a captured task given back later, by a reversing transaction.
        Reverse = "reverse",
    }
}

impl AccountKind {
    pub const fn is_customers(self) -> bool {
        matches!(self, Self::Available | Self::Held)
    }
}

impl From<GrantKind> for TransactionKind {
    fn from(kind: GrantKind) -> Self {
        match kind {
            GrantKind::Purchase => Self::Purchase,
            GrantKind::Promo => Self::Promo,
            GrantKind::Adjustment => Self::Adjustment,
        }
    }
}

/// One signed side of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub account: AccountKind,
    pub credits: Credits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("a transaction moves at least one credit")]
    Nothing,
    #[error("the entries sum to {0} instead of zero")]
    Unbalanced(Credits),
    #[error("a reversal is made from the transaction that it reverses")]
    ReversalOfNothing,
    #[error(transparent)]
    Credits(#[from] CreditsOverflow),
}

/// A transaction's money: which accounts, how much. Balanced by construction; the database checks it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    kind: TransactionKind,
    credits: Credits,
    entries: Vec<Entry>,
}

impl Posting {
    /// Moves `credits` (more than zero) as `kind` says.
    pub fn new(kind: TransactionKind, credits: Credits) -> Result<Self, LedgerError> {
        let (from, to) = match kind {
            TransactionKind::Purchase => (AccountKind::Issued, AccountKind::Available),
            TransactionKind::Promo => (AccountKind::PromoExpense, AccountKind::Available),
            TransactionKind::Adjustment => (AccountKind::Adjustments, AccountKind::Available),
            TransactionKind::Hold => (AccountKind::Available, AccountKind::Held),
            TransactionKind::Capture => (AccountKind::Held, AccountKind::Revenue),
            TransactionKind::Release => (AccountKind::Held, AccountKind::Available),
            TransactionKind::Expiry => (AccountKind::Available, AccountKind::Breakage),
            TransactionKind::Reversal => return Err(LedgerError::ReversalOfNothing),
        };
        Self::balanced(kind, credits, vec![Entry { account: from, credits: credits.checked_neg()? }, Entry { account: to, credits }])
    }

    /// An operator takes `credits` back from what can be spent.
    pub fn withdrawal(credits: Credits) -> Result<Self, LedgerError> {
        let entries = vec![
            Entry { account: AccountKind::Available, credits: credits.checked_neg()? },
            Entry { account: AccountKind::Adjustments, credits },
        ];
        Self::balanced(TransactionKind::Adjustment, credits, entries)
    }

    /// Undoes `credits` of this posting, all or a part of it. What a capture took out of a hold goes back to what can be spent:
    /// the hold is over.
    pub fn reversed(&self, credits: Credits) -> Result<Self, LedgerError> {
        let mut entries = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let signed = if entry.credits.is_negative() { credits } else { credits.checked_neg()? };
            let of_capture = self.kind == TransactionKind::Capture && entry.account == AccountKind::Held;
            let account = if of_capture { AccountKind::Available } else { entry.account };
            entries.push(Entry { account, credits: signed });
        }
        Self::balanced(TransactionKind::Reversal, credits, entries)
    }

    fn balanced(kind: TransactionKind, credits: Credits, entries: Vec<Entry>) -> Result<Self, LedgerError> {
        if credits <= Credits::ZERO {
            return Err(LedgerError::Nothing);
        }
        let sum = Credits::checked_sum(entries.iter().map(|entry| entry.credits))?;
        if sum.is_zero() { Ok(Self { kind, credits, entries }) } else { Err(LedgerError::Unbalanced(sum)) }
    }

    pub const fn kind(&self) -> TransactionKind {
        self.kind
    }

    pub const fn credits(&self) -> Credits {
        self.credits
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What this posting changes a customer's two balances by: (available, held).
    pub fn customer_change(&self) -> Result<(Credits, Credits), CreditsOverflow> {
        let of = |kind| Credits::checked_sum(self.entries.iter().filter(|entry| entry.account == kind).map(|entry| entry.credits));
        Ok((of(AccountKind::Available)?, of(AccountKind::Held)?))
    }
}

/// A transaction as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub key: TransactionKey,
    pub id: TransactionId,
    pub kind: TransactionKind,
    pub batch: Option<BatchId>,
    pub grant: Option<GrantId>,
    pub reverses: Option<TransactionId>,
    pub credits: Credits,
    /// What was paid for the credits; captures and their reversals only.
    pub revenue: Money,
    /// Lines, one per task.
    pub tasks: i64,
    pub actor: String,
    pub reason: Option<String>,
    pub created_at: Time,
    pub entries: Vec<PostedEntry>,
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedEntry {
    pub account: AccountKind,
    pub credits: Credits,
    /// What the account then had; customer accounts only.
    pub balance_after: Option<Credits>,
}

/// One task's line in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub task_number: i32,
    pub kind: LineKind,
    pub credits: Credits,
    pub revenue: Money,
    pub transaction: TransactionId,
}

/// A customer's two balances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    pub available: Credits,
    pub held: Credits,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [TransactionKind; 7] = [
        TransactionKind::Purchase,
        TransactionKind::Promo,
        TransactionKind::Adjustment,
        TransactionKind::Hold,
        TransactionKind::Capture,
        TransactionKind::Release,
        TransactionKind::Expiry,
    ];

    #[test]
    fn an_unbalanced_transaction_cannot_be_built() {
        let entries = vec![
            Entry { account: AccountKind::Held, credits: Credits::new(-5) },
            Entry { account: AccountKind::Revenue, credits: Credits::new(4) },
        ];
        let error = LedgerError::Unbalanced(Credits::new(-1));
        assert_eq!(Posting::balanced(TransactionKind::Capture, Credits::new(5), entries), Err(error));
    }

    #[test]
    fn a_refund_after_capture_can_be_spent_at_once() {
        let back = Posting::new(TransactionKind::Capture, Credits::new(49)).unwrap().reversed(Credits::new(9)).unwrap();
        assert_eq!(back.customer_change(), Ok((Credits::new(9), Credits::ZERO)));
        assert_eq!(back.entries()[1], Entry { account: AccountKind::Revenue, credits: Credits::new(-9) });
    }

    #[test]
    fn rejects_empty_and_negative_amounts_and_a_reversal_of_nothing() {
        assert_eq!(Posting::new(TransactionKind::Hold, Credits::ZERO), Err(LedgerError::Nothing));
        assert_eq!(Posting::new(TransactionKind::Hold, Credits::new(-1)), Err(LedgerError::Nothing));
        assert_eq!(Posting::new(TransactionKind::Reversal, Credits::new(1)), Err(LedgerError::ReversalOfNothing));
    }

    proptest! {
        #[test]
        fn every_posting_and_its_reversal_cancel_out(index in 0..KINDS.len(), credits in 1..i64::MAX / 2) {
            let posting = Posting::new(KINDS[index], Credits::new(credits)).unwrap();
            let back = posting.reversed(Credits::new(credits)).unwrap();
            for (there, back) in posting.entries().iter().zip(back.entries()) {
                let same = there.account == back.account;
                prop_assert!(same || (there.account, back.account) == (AccountKind::Held, AccountKind::Available));
                prop_assert_eq!(there.credits.get() + back.credits.get(), 0);
            }
        }

        #[test]
        fn a_withdrawal_is_a_grant_of_an_adjustment_backwards(credits in 1..i64::MAX / 2) {
            let there = Posting::new(TransactionKind::Adjustment, Credits::new(credits)).unwrap().customer_change().unwrap();
            let back = Posting::withdrawal(Credits::new(credits)).unwrap().customer_change().unwrap();
            prop_assert_eq!((there.0.get() + back.0.get(), there.1, back.1), (0, Credits::ZERO, Credits::ZERO));
        }

        /// Random postings, refused when a customer's balance would go below zero: all accounts together stay at zero.
        #[test]
        fn the_books_always_sum_to_zero(steps in prop::collection::vec((0..KINDS.len(), 1..1_000_i64), 1..100)) {
            let (mut available, mut held, mut platform) = (0_i64, 0_i64, 0_i64);
            for (index, credits) in steps {
                let posting = Posting::new(KINDS[index], Credits::new(credits)).unwrap();
                let (to_available, to_held) = posting.customer_change().unwrap();
                if available + to_available.get() < 0 || held + to_held.get() < 0 {
                    continue;
                }
                available += to_available.get();
                held += to_held.get();
                platform += posting.entries().iter().filter(|entry| !entry.account.is_customers()).map(|entry| entry.credits.get()).sum::<i64>();
                prop_assert_eq!(available + held + platform, 0);
            }
        }
    }
}
