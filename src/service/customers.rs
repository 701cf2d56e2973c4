//! Customers.

use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::credits::Credits;
use crate::domain::id::CustomerId;
use crate::domain::ledger::Balances;
use crate::domain::page::{PageSize, Seek, Stretch};
use crate::store::{StoreError, accounts, customers};

pub use crate::store::customers::{BATCHES_COUNTED_MAX, Customer, CustomerSums, GrantSums};

use super::audit::Note;
use super::{Service, ServiceError, ServiceResult};

/// Characters of a search that are looked at.
const SEARCH_MAX_CHARS: usize = 100;

/// A customer and its credits, told by two witnesses: accounts and batches on one side, grants on the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerBooks {
    pub customer: Customer,
    pub balances: Balances,
    /// Charged by batches, and not given back.
    pub charged: Credits,
    pub batches: i64,
    pub grants: GrantSums,
}

impl Service {
    pub async fn add_customer(&self, name: &str, email: &str) -> ServiceResult<Customer> {
        self.may(Action::AddCustomers)?;
        let (name, email) = (name.trim(), email.trim());
        let message = match (name.is_empty() || name.chars().count() > 200, is_email(email)) {
            (true, _) => "A customer's name has 1 to 200 characters.",
            (_, false) => "That is not an e-mail address.",
            (false, true) => "",
        };
        if !message.is_empty() {
            return Err(ServiceError::Invalid { code: "invalid_customer", message: message.to_owned() });
        }
        let now = self.now();
        let id = CustomerId::new(now, self.random());
        let mut tx = self.db().write().await?;
        let key = customers::insert(&mut tx, id, name, email, now).await.map_err(|error| match error {
            StoreError::Exists(_) => {
                ServiceError::Invalid { code: "customer_exists", message: format!("There is a customer with the address {email} already.") }
            }
            other => other.into(),
        })?;
        let note = Note::new(Deed::CustomerAdded, ObjectKind::Customer, id).of(key).after(json!({"name": name, "email": email}));
        self.note(&mut tx, note).await?;
        tx.commit().await?;
        Ok(Customer { key, id, name: name.to_owned(), email: email.to_owned(), created_at: now })
    }

    pub async fn customer(&self, id: CustomerId) -> ServiceResult<Customer> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        customers::by_id(&mut tx, id).await?.ok_or(ServiceError::NotFound { what: "customer" })
    }

    /// Newest first; with a `part`, those whose name, e-mail address or id holds it.
    pub async fn search_customers(&self, part: &str, seek: Seek<CustomerId>, size: PageSize) -> ServiceResult<Stretch<CustomerSums>> {
        self.may(Action::Read)?;
        let part: String = part.trim().chars().take(SEARCH_MAX_CHARS).collect();
        let mut tx = self.db().read().await?;
        Ok(customers::search(&mut tx, Some(part.as_str()).filter(|part| !part.is_empty()), seek, size).await?)
    }

    /// In one snapshot.
    pub async fn customer_books(&self, id: CustomerId) -> ServiceResult<CustomerBooks> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        let customer = customers::by_id(&mut tx, id).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        let balances = accounts::balances(&mut tx, customer.key).await?;
        let (charged, batches) = customers::batch_sums(&mut tx, customer.key).await?;
        let grants = customers::grant_sums(&mut tx, customer.key).await?;
        Ok(CustomerBooks { customer, balances, charged, batches, grants })
    }

    /// The first 200.
    pub async fn customers(&self) -> ServiceResult<Vec<Customer>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(customers::list(&mut tx).await?)
    }
}

/// Enough to catch a slip; whether it can be written to only a mail tells.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty() && domain.contains('.') && text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
