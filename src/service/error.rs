//! What a use case answers when it cannot do what was asked. Transport-free; `api/` turns it into problem documents.

use crate::domain::access::Forbidden;
use crate::domain::batch::BatchStatus;
use crate::domain::credits::Credits;
use crate::domain::id::BatchId;
use crate::domain::key::{KeyRefusal, Scope};
use crate::domain::submission::Refusal;
use crate::store::StoreError;

use super::refunds::NotRefundable;

pub type ServiceResult<T> = Result<T, ServiceError>;

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("no good API key")]
    Unauthenticated,
    /// The key is known, and not good for this.
    #[error("the key is refused for {scope}: {refusal}")]
    KeyRefused { refusal: KeyRefusal, scope: Scope },
    /// Whoever the service acts for may not do this.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Also what another customer's rows look like.
    #[error("no such {what}")]
    NotFound { what: &'static str },
    #[error("more than {limit_per_min} requests a minute; the next one is free in {retry_after_ms} ms")]
    RateLimited { limit_per_min: i64, retry_after_ms: i64 },
    #[error("the submission is refused: {0:?}")]
    Refused(Refusal),
    #[error("{needed} credits are needed and {available} are available")]
    NotEnoughCredits { needed: Credits, available: Credits },
    /// The idempotency key was used for another request.
    #[error("the idempotency key belongs to another request")]
    IdempotencyMismatch { first_batch: Option<BatchId> },
    /// The first request with this idempotency key is still being worked on.
    #[error("a request with this idempotency key is in flight")]
    IdempotencyInFlight,
    #[error("the batch is finished as {0}")]
    BatchFinished(BatchStatus),
    #[error("the batch is being canceled already")]
    BatchCanceling,
    #[error(transparent)]
    NotRefundable(#[from] NotRefundable),
    #[error("{message}")]
    Invalid { code: &'static str, message: String },
    /// Nothing was stored; the same call may succeed in a moment.
    #[error("the database is away: {0}")]
    Unavailable(#[source] StoreError),
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ServiceError {
    /// An error of ours, with all that is known of it for the log.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::IdempotencyInFlight)
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() { Self::Unavailable(error) } else { Self::Internal(Box::new(error)) }
    }
}
