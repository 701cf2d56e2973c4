//! Passwords: argon2id as OWASP recommends it (19 MiB, 2 passes, 1 lane), a few at a time, away from the threads that answer.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::domain::id::Random;

use super::{ServiceError, ServiceResult};

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Passwords that are hashed at once: so many times the memory is needed.
const AT_ONCE_MAX: usize = 2;
/// Whoever waits longer for a turn is asked to come back.
const TURN_MAX: Duration = Duration::from_secs(10);

/// Hashes and compares passwords.
#[derive(Debug)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    /// What is compared where there is no account, so that the answer takes as long.
    nobody: String,
}

impl Passwords {
    pub fn new() -> Self {
        // The hash of a random password that nobody knows, made once with the parameters above.
        let nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$S6uWqvhZ1CYqPbJ7nQmTn5YtTqkXJ7pXWlq3GvJY3wQ".to_owned();
        Self { turns: Arc::new(Semaphore::new(AT_ONCE_MAX)), nobody }
    }

    pub async fn hash(&self, password: &str, random: &dyn Random) -> ServiceResult<String> {
        let mut salt = [0; 16];
        random.fill(&mut salt);
        let salt = SaltString::encode_b64(&salt).map_err(failed)?;
        let password = password.to_owned();
        self.in_turn(move || Ok(argon2()?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())).await
    }

    /// Whether a password is the one of this hash. Without a hash it never is, and that takes as long.
    pub async fn is_right(&self, password: &str, hash: Option<&str>) -> ServiceResult<bool> {
        let (password, known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        self.in_turn(move || {
            let hash = PasswordHash::new(&hash).map_err(failed)?;
            Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok() && known)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> ServiceResult<T> + Send + 'static) -> ServiceResult<T> {
        let busy = || ServiceError::RateLimited { limit_per_min: 60, retry_after_ms: 5_000 };
        let turn = tokio::time::timeout(TURN_MAX, Arc::clone(&self.turns).acquire_owned()).await.map_err(|_| busy())?;
        let turn = turn.map_err(ServiceError::internal)?;
        // The turn lasts as long as the work, also when nobody waits for the answer any more.
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.map_err(ServiceError::internal)?
    }
}

fn argon2() -> ServiceResult<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| ServiceError::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: argon2::password_hash::Error) -> ServiceError {
    ServiceError::internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[tokio::test]
    async fn compares_with_the_parameters_that_are_designed() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse battery", &Fixed).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.is_right("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.is_right("correct horse", Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_is_compared_all_the_same() {
        let passwords = Passwords::new();
        let nobody = PasswordHash::new(&passwords.nobody).unwrap();
        let params = Params::try_from(&nobody).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
        for guess in ["", "correct horse battery"] {
            assert!(!passwords.is_right(guess, None).await.unwrap());
        }
    }
}
