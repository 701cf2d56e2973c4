//! Operators change what a customer can spend: add credits, or take some back. Shown before it is done, by the same rules; done
//! once, however often it is asked.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::credits::Credits;
use crate::domain::grant::{Grant, GrantKind, NewGrant};
use crate::domain::hold::{self, HoldError};
use crate::domain::id::{CreditRequestId, CustomerId, CustomerKey, GrantId, GrantKey, TransactionId};
use crate::domain::ledger::{AccountKind, Balances, Posting};
use crate::domain::money::Money;
use crate::store::ledger::NewTransaction;
use crate::store::{StoreError, StoreResult, Tx, accounts, customers, grants, ledger};

use super::audit::Note;
pub use super::once::Once;
use super::once::{answered, check_reason};
use super::{Service, ServiceError, ServiceResult};

/// What an operator wants. The reason is required, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditChange {
    Add(NewGrant),
    /// From what can be spent, in the order in which it is spent. Never touches what is held.
    TakeBack {
        credits: Credits,
        reason: String,
    },
}

/// What a change would do. Nothing is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub before: Balances,
    pub after: Balances,
    /// In the order in which they will be written.
    pub entries: Vec<PreviewEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewEntry {
    /// Number of its transaction, from 1.
    pub transaction: i64,
    /// The grant that the transaction is about; none when it is about to be made.
    pub grant: Option<(GrantId, GrantKind)>,
    pub account: AccountKind,
    pub credits: Credits,
    /// Of the customer's accounts.
    pub balance_after: Option<Credits>,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Nothing was changed yet: a second operator is to approve it.
    pub waits: Option<CreditRequestId>,
    /// The grant that was made.
    pub grant: Option<GrantId>,
    pub transactions: Vec<TransactionId>,
    pub available: Credits,
    pub held: Credits,
}

impl CreditChange {
    /// How many are added or taken back.
    pub const fn credits(&self) -> Credits {
        match self {
            Self::Add(grant) => grant.credits,
            Self::TakeBack { credits, .. } => *credits,
        }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Add(grant) => grant.reason.as_deref(),
            Self::TakeBack { reason, .. } => Some(reason),
        }
    }
}

impl Service {
    /// Refuses what [`Service::change_credits`] would refuse now, and says what it would do.
    pub async fn preview_change(&self, customer: CustomerId, change: &CreditChange) -> ServiceResult<Preview> {
        self.may_prepare(Action::ChangeCredits)?;
        self.check(change)?;
        let mut tx = self.db().read().await?;
        let customer = customers::by_id(&mut tx, customer).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        let before = accounts::balances(&mut tx, customer.key).await?;
        let postings: Vec<(Option<(GrantId, GrantKind)>, Posting)> = match change {
            CreditChange::Add(grant) => vec![(None, Posting::new(grant.kind.into(), grant.credits).map_err(StoreError::from)?)],
            CreditChange::TakeBack { credits, .. } => {
                let mut spendable = grants::spendable(&mut tx, customer.key, self.now()).await?;
                let taken = withdraw(&mut spendable, *credits)?;
                taken
                    .into_iter()
                    .map(|(key, credits)| {
                        let grant = spendable.iter().find(|grant| grant.key == key).map(|grant| (grant.id, grant.kind));
                        Ok((grant, Posting::withdrawal(credits)?))
                    })
                    .collect::<StoreResult<_>>()?
            }
        };
        preview(before, postings).map_err(ServiceError::from)
    }

    pub async fn change_credits(&self, customer: CustomerId, change: CreditChange, once: Once<'_>) -> ServiceResult<Changed> {
        self.may(Action::ChangeCredits)?;
        self.check(&change)?;
        let mut tx = self.db().write().await?;
        let customer = customers::by_id(&mut tx, customer).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        if let Some(done) = self.once(&mut tx, once, &(customer.id, &change)).await? {
            return Ok(done);
        }
        let changed = match self.asks_for_approval(&mut tx, customer.key, &change).await? {
            Some(request) => {
                let Balances { available, held } = accounts::balances(&mut tx, customer.key).await?;
                Changed { waits: Some(request), grant: None, transactions: Vec::new(), available, held }
            }
            None => self.book(&mut tx, customer.key, change, &self.by().to_string()).await?,
        };
        answered(&mut tx, once, &changed).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Writes a change that was checked.
    pub(super) async fn book(&self, tx: &mut Tx, customer: CustomerKey, change: CreditChange, actor: &str) -> ServiceResult<Changed> {
        let (grant, transactions) = match change {
            CreditChange::Add(grant) => {
                let (id, transaction) = self.book_grant(tx, customer, grant, actor).await?;
                (Some(id), vec![transaction])
            }
            CreditChange::TakeBack { credits, reason } => (None, self.book_withdrawal(tx, customer, credits, &reason, actor).await?),
        };
        let Balances { available, held } = accounts::balances(tx, customer).await?;
        Ok(Changed { waits: None, grant, transactions, available, held })
    }

    pub(super) fn check(&self, change: &CreditChange) -> ServiceResult<()> {
        let invalid = |message: String| ServiceError::Invalid { code: "invalid_request", message };
        match change {
            CreditChange::Add(grant) => grant.check(self.now()).map_err(|error| invalid(format!("{error}.")))?,
            CreditChange::TakeBack { credits, .. } if *credits <= Credits::ZERO => {
                return Err(invalid("At least 1 credit is taken back.".to_owned()));
            }
            CreditChange::TakeBack { .. } => {}
        }
        check_reason(change.reason())
    }

    /// Grants are locked before accounts, as everywhere.
    async fn book_withdrawal(
        &self,
        tx: &mut Tx,
        customer: CustomerKey,
        credits: Credits,
        reason: &str,
        actor: &str,
    ) -> ServiceResult<Vec<TransactionId>> {
        let now = self.now();
        let mut spendable = grants::lock_spendable(tx, customer, now).await?;
        let taken = withdraw(&mut spendable, credits)?;
        let mut transactions = Vec::with_capacity(taken.len());
        for (grant, credits) in &taken {
            transactions.push(NewTransaction {
                id: TransactionId::new(now, self.random()),
                posting: Posting::withdrawal(*credits).map_err(StoreError::from)?,
                customer,
                batch: None,
                grant: Some(*grant),
                reverses: None,
                revenue: Money::ZERO,
                tasks: 0,
                actor: actor.to_owned(),
                reason: Some(reason.to_owned()),
            });
        }
        let after = json!({"credits": credits, "transactions": transactions.iter().map(|transaction| transaction.id).collect::<Vec<_>>()});
        let note = Note::without_id(Deed::CreditsTakenBack, ObjectKind::Customer);
        self.note(tx, note.of(customer).after(after).because(Some(reason))).await?;
        spendable.retain(|grant| taken.iter().any(|(key, _)| *key == grant.key));
        grants::save_withdrawn(tx, &spendable).await?;
        ledger::post(tx, &transactions, now).await?;
        Ok(transactions.into_iter().map(|transaction| transaction.id).collect())
    }
}

fn withdraw(spendable: &mut [Grant], credits: Credits) -> ServiceResult<Vec<(GrantKey, Credits)>> {
    hold::withdraw(spendable, credits).map_err(|error| match error {
        HoldError::NotEnough { needed, available } => {
            let message = format!("{needed} credits were to be taken back, and {available} can be. What is held is never touched.");
            ServiceError::Invalid { code: "not_enough_credits", message }
        }
        other => StoreError::from(other).into(),
    })
}

fn preview(before: Balances, postings: Vec<(Option<(GrantId, GrantKind)>, Posting)>) -> StoreResult<Preview> {
    let mut after = before;
    let mut entries = Vec::new();
    for ((grant, posting), transaction) in postings.into_iter().zip(1..) {
        for entry in posting.entries() {
            let balance = match entry.account {
                AccountKind::Available => Some(&mut after.available),
                AccountKind::Held => Some(&mut after.held),
                _ => None,
            };
            let balance_after = match balance {
                Some(balance) => {
                    *balance = balance.checked_add(entry.credits)?;
                    Some(*balance)
                }
                None => None,
            };
            entries.push(PreviewEntry { transaction, grant, account: entry.account, credits: entry.credits, balance_after });
        }
    }
    Ok(Preview { before, after, entries })
}
