//! Requests of operators that must have one effect, however often they are sent: a form that was submitted twice, a call that was
//! repeated because its answer got lost.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{Tx, operator_requests};

use super::keys::sha256_hex;
use super::{Service, ServiceError, ServiceResult};

/// The token of a request. The same token with another request is refused.
#[derive(Clone, Copy, Debug)]
pub struct Once<'a> {
    pub token: &'a str,
}

/// Characters of a token at most; at least it has one.
const TOKEN_MAX_CHARS: usize = 255;

impl Service {
    /// A token for a form. Nobody can guess it.
    pub fn new_token(&self) -> String {
        use std::fmt::Write as _;
        let mut bytes = [0; 16];
        self.random().fill(&mut bytes);
        bytes.iter().fold(String::with_capacity(32), |mut hex, byte| {
            // Writing to a String cannot fail.
            _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Takes the token, or gives the answer that was given under it before.
    pub(super) async fn once<T: DeserializeOwned>(&self, tx: &mut Tx, once: Once<'_>, asked: &impl Serialize) -> ServiceResult<Option<T>> {
        if once.token.trim().is_empty() || once.token.chars().count() > TOKEN_MAX_CHARS {
            let message = format!("The idempotency token has 1 to {TOKEN_MAX_CHARS} characters.");
            return Err(ServiceError::Invalid { code: "invalid_request", message });
        }
        let fingerprint = sha256_hex(&serde_json::to_string(asked).map_err(ServiceError::internal)?);
        if operator_requests::take(tx, once.token, &fingerprint, &self.by().to_string(), self.now()).await? {
            return Ok(None);
        }
        let (first, answer) = operator_requests::find(tx, once.token).await?.ok_or(ServiceError::IdempotencyInFlight)?;
        if first != fingerprint {
            let message = "This idempotency key was used for another request. Use a new one for a new request.".to_owned();
            return Err(ServiceError::Invalid { code: "idempotency_key_reused", message });
        }
        let answer = answer.ok_or(ServiceError::IdempotencyInFlight)?;
        serde_json::from_str(&answer).map(Some).map_err(ServiceError::internal)
    }
}

/// Stores the answer with the effect that it reports.
pub(super) async fn answered(tx: &mut Tx, once: Once<'_>, answer: &impl Serialize) -> ServiceResult<()> {
    let answer = serde_json::to_string(answer).map_err(ServiceError::internal)?;
    Ok(operator_requests::answer(tx, once.token, &answer).await?)
}

/// A reason says something, and does not fill the books.
pub(super) fn check_reason(reason: Option<&str>) -> ServiceResult<()> {
    const REASON_MAX_CHARS: usize = 500;
    let length = reason.map_or(0, |reason| reason.trim().chars().count());
    if (1..=REASON_MAX_CHARS).contains(&length) {
        return Ok(());
    }
    let message = format!("Say why, in 1 to {REASON_MAX_CHARS} characters: the reason is kept in the books.");
    Err(ServiceError::Invalid { code: "invalid_request", message })
}
