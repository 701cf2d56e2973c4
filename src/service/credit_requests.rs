//! Four eyes: an operator's change of credits above a limit waits until a second operator approves it, and only then reaches the
//! ledger. The limit is the deployment's; without one nothing waits. The command line is not asked.

use serde_json::json;

use crate::domain::access::{Action, Decision, Forbidden};
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::grant::GrantKind;
use crate::domain::id::{CreditRequestId, CustomerKey};
use crate::store::credit_requests::NewRequest;
use crate::store::{Tx, credit_requests, customers};

pub use crate::store::credit_requests::CreditRequest;

use super::adjustments::{Changed, CreditChange};
use super::audit::Note;
use super::operators::one;
use super::{Service, ServiceError, ServiceResult};

/// What kind of grant is asked for (none where credits are taken back), and why.
pub fn what_is_asked(request: &CreditRequest) -> (Option<GrantKind>, String) {
    match serde_json::from_str(&request.change) {
        Ok(CreditChange::Add(grant)) => (Some(grant.kind), grant.reason.unwrap_or_default()),
        Ok(CreditChange::TakeBack { reason, .. }) => (None, reason),
        Err(_) => (None, request.change.clone()),
    }
}

impl Service {
    /// Records the request instead of the change, where a second operator is needed.
    pub(super) async fn asks_for_approval(
        &self,
        tx: &mut Tx,
        customer: CustomerKey,
        change: &CreditChange,
    ) -> ServiceResult<Option<CreditRequestId>> {
        let (Some(limit), Some(operator)) = (self.inner.limits.approval_over, self.by().operator()) else { return Ok(None) };
        if change.credits() <= limit {
            return Ok(None);
        }
        let now = self.now();
        let asked_by = one(tx, operator.id).await?.key;
        let id = CreditRequestId::new(now, self.random());
        let text = serde_json::to_string(change).map_err(ServiceError::internal)?;
        credit_requests::insert(tx, NewRequest { id, customer, change: &text, credits: change.credits(), asked_by }, now).await?;
        let note = Note::new(Deed::CreditsAsked, ObjectKind::CreditRequest, id).of(customer).after(json!(change));
        self.note(tx, note.because(change.reason())).await?;
        Ok(Some(id))
    }

    /// Those that wait first; the latest 100.
    pub async fn credit_requests(&self) -> ServiceResult<Vec<CreditRequest>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(credit_requests::list(&mut tx).await?)
    }

    /// Decides a request of another operator, once. What is approved is written in the same transaction, if it still can be.
    pub async fn decide_credit_request(&self, id: CreditRequestId, decision: Decision) -> ServiceResult<Option<Changed>> {
        self.may(Action::ApproveCredits)?;
        let operator = self.by().operator().ok_or(Forbidden::SignedOut)?;
        let mut tx = self.db().write().await?;
        let request = credit_requests::by_id(&mut tx, id).await?.ok_or(ServiceError::NotFound { what: "request" })?;
        if request.asked_by == operator.id {
            let message = "Another operator decides what you asked for.".to_owned();
            return Err(ServiceError::Invalid { code: "own_request", message });
        }
        let by = one(&mut tx, operator.id).await?.key;
        if !credit_requests::decide(&mut tx, id, decision, by, self.now()).await? {
            let message = "Somebody has decided this already.".to_owned();
            return Err(ServiceError::Invalid { code: "request_decided", message });
        }
        let deed = if decision == Decision::Approved { Deed::CreditsApproved } else { Deed::CreditsDeclined };
        let customer = customers::by_id(&mut tx, request.customer).await?.ok_or(ServiceError::NotFound { what: "customer" })?;
        self.note(&mut tx, Note::new(deed, ObjectKind::CreditRequest, id).of(customer.key)).await?;
        let changed = match decision {
            Decision::Refused => None,
            Decision::Approved => {
                let change: CreditChange = serde_json::from_str(&request.change).map_err(ServiceError::internal)?;
                self.check(&change)?;
                let actor = format!("{} (approved by {})", request.asked_by_email, operator.email);
                Some(self.book(&mut tx, customer.key, change, &actor).await?)
            }
        };
        tx.commit().await?;
        Ok(changed)
    }
}
