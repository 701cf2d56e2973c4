//! The hash chain: what a link covers, and what is known of the whole.

use super::time::Time;
use super::word::words;

words! {
    /// Rows of what a link covers.
    ChainKind {
        /// Ledger transactions with their entries and lines.
        Ledger = "ledger",
        /// The record of who did what.
        Audit = "audit",
    }
}

/// What stands in the place of the link before the first.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A link: it covers the rows of its kind after those of the link of that kind before it, up to `last`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// From 1, without gaps.
    pub seq: i64,
    pub kind: ChainKind,
    pub last: i64,
    /// Transactions, or rows of audit.
    pub rows: i64,
    /// Hex SHA-256.
    pub previous_hash: String,
    pub hash: String,
    pub sealed_at: Time,
}

/// How far the chain reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainState {
    pub links: i64,
    /// Hash of the last link; [`GENESIS`] where there is none. Whoever keeps it elsewhere can tell a chain that was made anew.
    pub head: String,
    /// Newest transactions that no link covers yet.
    pub unsealed_transactions: i64,
    /// Newest rows of audit that no link covers yet.
    pub unsealed_audit: i64,
}
