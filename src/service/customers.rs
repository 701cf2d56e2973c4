//! Customers.

use crate::domain::id::CustomerId;
use crate::store::{StoreError, customers};

pub use crate::store::customers::Customer;

use super::{Service, ServiceError, ServiceResult};

impl Service {
    pub async fn add_customer(&self, name: &str, email: &str) -> ServiceResult<Customer> {
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
        tx.commit().await?;
        Ok(Customer { key, id, name: name.to_owned(), email: email.to_owned(), created_at: now })
    }

    pub async fn customer(&self, id: CustomerId) -> ServiceResult<Customer> {
        let mut tx = self.db().read().await?;
        customers::by_id(&mut tx, id).await?.ok_or(ServiceError::NotFound { what: "customer" })
    }

    /// The first 200.
    pub async fn customers(&self) -> ServiceResult<Vec<Customer>> {
        let mut tx = self.db().read().await?;
        Ok(customers::list(&mut tx).await?)
    }
}

/// Enough to catch a slip; whether it can be written to only a mail tells.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty() && domain.contains('.') && text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
