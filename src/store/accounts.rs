//! The two accounts of every customer. Locked in order of their keys, after holds and grants.

use std::collections::HashMap;

use crate::domain::credits::Credits;
use crate::domain::id::CustomerKey;
use crate::domain::ledger::{AccountKind, Balances};

use super::dialect::{Column, SetStatement};
use super::error::ensure_rows;
use super::{StoreError, StoreResult, Tx, on};

/// A customer's account that this transaction has locked.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub key: i64,
    pub balance: Credits,
}

/// Accounts that this transaction has locked, and the platform's, which nobody locks.
#[derive(Debug, Default)]
pub struct Accounts {
    customers: HashMap<(CustomerKey, AccountKind), Account>,
    platform: HashMap<AccountKind, i64>,
}

pub async fn lock(tx: &mut Tx, customers: &[CustomerKey]) -> StoreResult<Accounts> {
    static LOCK: SetStatement = SetStatement::new(
        "SELECT id, customer_id, kind, balance FROM (
            SELECT id, customer_id, kind, balance FROM ledger_accounts WHERE customer_id IN (SELECT u.customer FROM {rows}) ORDER BY id {lock}
        ) AS of_customers
        UNION ALL SELECT id, customer_id, kind, 0 FROM ledger_accounts WHERE customer_id IS NULL",
        0,
        &[("customer", "bigint")],
    );
    let keys = customers.iter().map(|customer| customer.0).collect();
    let rows: Vec<(i64, Option<i64>, String, i64)> = LOCK.fetch(tx, &[], vec![Column::I64(keys)]).await?;
    let mut accounts = Accounts::default();
    for (key, customer, kind, balance) in rows {
        let kind = kind.parse()?;
        match customer {
            Some(customer) => {
                accounts.customers.insert((CustomerKey(customer), kind), Account { key, balance: Credits::new(balance) });
            }
            None => {
                accounts.platform.insert(kind, key);
            }
        }
    }
    Ok(accounts)
}

impl Accounts {
    /// Adds to an account; returns its key and, for a customer's, the balance after.
    pub fn add(&mut self, customer: CustomerKey, kind: AccountKind, credits: Credits) -> StoreResult<(i64, Option<Credits>)> {
        if !kind.is_customers() {
            let key = self.platform.get(&kind).ok_or_else(|| StoreError::inconsistent("ledger_accounts", format!("no account {kind}")))?;
            return Ok((*key, None));
        }
        let account = self.customers.get_mut(&(customer, kind));
        let account = account.ok_or_else(|| StoreError::inconsistent("ledger_accounts", format!("no account {kind} of {customer:?}")))?;
        account.balance = account.balance.checked_add(credits)?;
        if account.balance.is_negative() {
            return Err(StoreError::inconsistent("ledger_accounts", format!("{kind} of {customer:?} would be {}", account.balance)));
        }
        Ok((account.key, Some(account.balance)))
    }

    pub async fn save(&self, tx: &mut Tx) -> StoreResult<()> {
        static SAVE: SetStatement = SetStatement::new(
            "UPDATE ledger_accounts AS a SET balance = u.balance FROM {rows} WHERE a.id = u.id",
            0,
            &[("id", "bigint"), ("balance", "bigint")],
        );
        let accounts: Vec<&Account> = self.customers.values().collect();
        let columns = vec![
            Column::I64(accounts.iter().map(|account| account.key).collect()),
            Column::I64(accounts.iter().map(|account| account.balance.get()).collect()),
        ];
        ensure_rows("saving balances", SAVE.execute(tx, &[], columns).await?, accounts.len())
    }
}

/// A customer's balances, not locked.
pub async fn balances(tx: &mut Tx, customer: CustomerKey) -> StoreResult<Balances> {
    const BALANCES: &str = "SELECT kind, balance FROM ledger_accounts WHERE customer_id = $1";
    let rows: Vec<(String, i64)> = on!(tx, c => sqlx::query_as(BALANCES).bind(customer.0).fetch_all(c).await)?;
    let of = |kind: AccountKind| rows.iter().find(|row| row.0 == kind.as_str()).map_or(Credits::ZERO, |row| Credits::new(row.1));
    Ok(Balances { available: of(AccountKind::Available), held: of(AccountKind::Held) })
}
