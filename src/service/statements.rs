//! Monthly statements.

use crate::domain::access::Action;
use crate::domain::id::CustomerId;
use crate::domain::statement::{Month, STATEMENT_BATCHES_MAX, Statement};
use crate::store::statements;

use super::{Service, ServiceError, ServiceResult};

impl Service {
    /// The statement of a customer for a month in UTC; of a month that is not over, until now. For operators.
    pub async fn statement(&self, id: CustomerId, month: Month) -> ServiceResult<Statement> {
        self.may(Action::Read)?;
        let customer = self.customer(id).await?.key;
        let (from, to) = (month.start(), month.end());
        let mut tx = self.db().read().await?;
        let opening = statements::balances_at(&mut tx, customer, from).await?;
        let movements = statements::movements(&mut tx, customer, from, to).await?;
        let mut batches = statements::batches(&mut tx, customer, from, to, STATEMENT_BATCHES_MAX + 1).await?;
        let paid = statements::paid(&mut tx, customer, from, to).await?;
        let most = usize::try_from(STATEMENT_BATCHES_MAX).unwrap_or(usize::MAX);
        let has_more_batches = batches.len() > most;
        batches.truncate(most);
        let closing = Statement::closing(opening, &movements).map_err(ServiceError::internal)?;
        Ok(Statement { month, opening, movements, closing, paid, batches, has_more_batches })
    }
}
