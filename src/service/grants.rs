//! Adding credits, and letting promised ones expire.

use std::collections::BTreeMap;

use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::credits::Credits;
use crate::domain::grant::{Grant, NewGrant};
use crate::domain::id::{CustomerId, CustomerKey, GrantId, TransactionId};
use crate::domain::ledger::{Balances, Posting, TransactionKind};
use crate::domain::money::Money;
use crate::store::ledger::NewTransaction;
use crate::store::{StoreError, Tx, accounts, customers, grants, ledger};

use super::audit::Note;
use super::{Service, ServiceError, ServiceResult};

/// Grants that one call lets expire at most.
const EXPIRE_MAX: i64 = 100;

impl Service {
    pub async fn grant(&self, customer: CustomerId, grant: NewGrant) -> ServiceResult<GrantId> {
        self.may(Action::ChangeCredits)?;
        grant.check(self.now()).map_err(|error| ServiceError::Invalid { code: "invalid_grant", message: format!("{error}.") })?;
        let mut tx = self.db().write().await?;
        let customer = customers::by_id(&mut tx, customer).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        let (id, _) = self.book_grant(&mut tx, customer.key, grant, &self.by().to_string()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Writes a grant that was checked, and its transaction.
    pub(super) async fn book_grant(
        &self,
        tx: &mut Tx,
        customer: CustomerKey,
        grant: NewGrant,
        actor: &str,
    ) -> ServiceResult<(GrantId, TransactionId)> {
        let now = self.now();
        let id = GrantId::new(now, self.random());
        let posting = Posting::new(grant.kind.into(), grant.credits).map_err(StoreError::from)?;
        let key = grants::insert(tx, id, customer, &grant, now).await?;
        let transaction = NewTransaction {
            id: TransactionId::new(now, self.random()),
            posting,
            customer,
            batch: None,
            grant: Some(key),
            reverses: None,
            revenue: Money::ZERO,
            tasks: 0,
            actor: actor.to_owned(),
            reason: grant.reason,
        };
        let transaction_id = transaction.id;
        let after = json!({"kind": grant.kind, "credits": grant.credits, "paid_microusd": grant.paid.micros(), "expires_at": grant.expires_at,
            "transaction": transaction_id});
        let note = Note::new(Deed::CreditsGranted, ObjectKind::Grant, id).of(customer).after(after);
        self.note(tx, note.because(transaction.reason.as_deref())).await?;
        ledger::post(tx, &[transaction], now).await?;
        Ok((id, transaction_id))
    }

    /// In the order in which they are spent.
    pub async fn grants(&self, customer: CustomerKey) -> ServiceResult<Vec<Grant>> {
        let mut tx = self.db().read().await?;
        Ok(grants::list(&mut tx, customer).await?)
    }

    /// In the order in which they are spent, each with the reason that it was made for.
    pub async fn grants_with_reasons(&self, customer: CustomerKey) -> ServiceResult<Vec<(Grant, Option<String>)>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let grants = grants::list(&mut tx, customer).await?;
        let mut reasons: BTreeMap<_, _> = grants::reasons(&mut tx, customer).await?.into_iter().collect();
        Ok(grants.into_iter().map(|grant| (reasons.remove(&grant.key), grant)).map(|(reason, grant)| (grant, reason)).collect())
    }

    pub async fn balances(&self, customer: CustomerKey) -> ServiceResult<Balances> {
        let mut tx = self.db().read().await?;
        Ok(accounts::balances(&mut tx, customer).await?)
    }

    /// Lets the unspent credits of grants whose time is over go. Returns how many grants that were; call again until none.
    pub async fn expire_grants(&self) -> ServiceResult<u64> {
        let now = self.now();
        let mut tx = self.db().read().await?;
        let due = grants::expired(&mut tx, now, EXPIRE_MAX).await?;
        drop(tx);
        if due.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db().write().await?;
        let keys: Vec<_> = due.iter().map(|(grant, _)| *grant).collect();
        let mut locked = grants::lock(&mut tx, &keys).await?;
        locked.retain(|grant| !grant.available.is_zero());
        let mut transactions = Vec::with_capacity(locked.len());
        for grant in &mut locked {
            let Some((_, customer)) = due.iter().find(|(key, _)| *key == grant.key) else { continue };
            transactions.push(NewTransaction {
                id: TransactionId::new(now, self.random()),
                posting: Posting::new(TransactionKind::Expiry, grant.available).map_err(StoreError::from)?,
                customer: *customer,
                batch: None,
                grant: Some(grant.key),
                reverses: None,
                revenue: Money::ZERO,
                tasks: 0,
                actor: "expiry".to_owned(),
                reason: None,
            });
            grant.expired = grant.expired.checked_add(grant.available).map_err(StoreError::from)?;
            grant.available = Credits::ZERO;
        }
        grants::save(&mut tx, &locked).await?;
        ledger::post(&mut tx, &transactions, now).await?;
        tx.commit().await?;
        Ok(transactions.len() as u64)
    }
}
