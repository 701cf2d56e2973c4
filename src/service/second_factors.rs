//! Second factors: an operator turns one on with a first code, and gets recovery codes that are shown once; a sign-in whose
//! password was right asks for a code before there is a session. A code is good once; a wrong one is counted like a wrong
//! password. Whoever is vouched for by somebody else has no password here, and no second factor.

use data_encoding::BASE32_NOPAD;
use serde_json::json;

use crate::domain::access::{Action, Forbidden, Who};
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::id::{OperatorId, SessionId};
use crate::domain::second_factor::{CODE_S, Given, OFFER_S, RECOVERY_CODE_BYTES, RECOVERY_CODES, SECRET_BYTES, grouped, otpauth_uri};
use crate::store::second_factors::Factor;
use crate::store::{Tx, operators, second_factors, sign_ins};

use super::audit::Note;
use super::guesses::Counted;
use super::introductions::Browser;
use super::keys::sha256_hex;
use super::operators::{Secret, one};
use super::sessions::{SignInRefused, SignedIn};
use super::totp::step_of;
use super::{Service, ServiceError, ServiceResult};

/// One's own second factor.
#[derive(Clone, Debug)]
pub enum SecondFactor {
    Off,
    /// Waits for its first code. Shown to whoever gave the password a short while ago.
    Offered {
        /// Base32.
        secret: Secret,
        /// The same with what authenticators want to know.
        uri: Secret,
    },
    On {
        recovery_codes_left: i64,
    },
}

impl Service {
    /// `None` where there is no password that it could follow, and for scripts.
    pub async fn own_second_factor(&self) -> ServiceResult<Option<SecondFactor>> {
        let operator = self.own_id()?;
        let (now, is_proven) = (self.now(), self.is_proven());
        if self.own_session().is_err() {
            return Ok(None);
        }
        let mut tx = self.db().read().await?;
        let stored = one(&mut tx, operator).await?;
        if stored.password_hash.is_none() {
            return Ok(None);
        }
        let factor = second_factors::of_operator(&mut tx, stored.key).await?;
        if factor.secret.is_some() {
            let recovery_codes_left = second_factors::recovery_codes_left(&mut tx, stored.key).await?;
            return Ok(Some(SecondFactor::On { recovery_codes_left }));
        }
        let offered = factor.offered.filter(|(_, at)| is_proven && now < at.plus_s(OFFER_S));
        Ok(Some(offered.map_or(SecondFactor::Off, |(secret, _)| {
            let uri = Secret::new(otpauth_uri(&stored.operator.email, &secret));
            SecondFactor::Offered { secret: Secret::new(secret), uri }
        })))
    }

    /// Makes a secret that waits for its first code. Nothing is asked for at sign-ins until then.
    pub async fn offer_second_factor(&self) -> ServiceResult<()> {
        let (operator, _) = self.own_proven_session()?;
        let mut secret = [0; SECRET_BYTES];
        self.random().fill(&mut secret);
        let mut tx = self.db().write().await?;
        let stored = one(&mut tx, operator).await?;
        if stored.password_hash.is_none() {
            let message = "A second factor follows a password, and you have none here.".to_owned();
            return Err(ServiceError::Invalid { code: "invalid_request", message });
        }
        if stored.has_second_factor {
            return Err(is_on_already());
        }
        second_factors::offer(&mut tx, stored.key, &BASE32_NOPAD.encode(&secret), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Turns the offered second factor on, which its first code shows to be in somebody's hands. Gives the recovery codes.
    pub async fn confirm_second_factor(&self, code: &str) -> ServiceResult<Result<Vec<Secret>, SignInRefused>> {
        let (operator, session) = self.own_proven_session()?;
        let counted = Counted::of_one(&format!("code of session {session}"));
        if let Some(seconds) = self.count(&counted).await? {
            return Ok(Err(SignInRefused::Wait { seconds }));
        }
        let now = self.now();
        let mut tx = self.db().write().await?;
        let stored = one(&mut tx, operator).await?;
        if stored.has_second_factor {
            return Err(is_on_already());
        }
        let factor = second_factors::of_operator(&mut tx, stored.key).await?;
        let Some((secret, _)) = factor.offered.filter(|(_, at)| now < at.plus_s(OFFER_S)) else {
            let message = "The secret waited too long for its code. Turn the second factor on again.".to_owned();
            return Err(ServiceError::Invalid { code: "offer_gone", message });
        };
        let step = match Given::read(code) {
            Some(Given::Code(code)) => step_of(&code, &secret, now, factor.last_step),
            _ => None,
        };
        let Some(step) = step else { return Ok(Err(SignInRefused::Wrong)) };
        if !second_factors::confirm(&mut tx, stored.key, &secret, step).await? {
            return Err(is_on_already());
        }
        let codes = self.new_recovery_codes();
        let hashes: Vec<String> = codes.iter().map(|code| sha256_hex(code)).collect();
        second_factors::replace_recovery_codes(&mut tx, stored.key, &hashes).await?;
        self.note(&mut tx, Note::new(Deed::SecondFactorSet, ObjectKind::Operator, operator)).await?;
        tx.commit().await?;
        self.forgive(&counted).await?;
        Ok(Ok(codes.iter().map(|code| Secret::new(grouped(code, "-"))).collect()))
    }

    /// From the next sign-in on the password is enough.
    pub async fn remove_own_second_factor(&self) -> ServiceResult<()> {
        let (operator, _) = self.own_proven_session()?;
        self.remove_second_factor(operator).await.map(|_| ())
    }

    /// The same for somebody who lost it. False when there was none.
    pub async fn reset_second_factor(&self, id: OperatorId) -> ServiceResult<bool> {
        self.may(Action::ChangeOperators)?;
        self.remove_second_factor(id).await
    }

    async fn remove_second_factor(&self, id: OperatorId) -> ServiceResult<bool> {
        let mut tx = self.db().write().await?;
        let stored = one(&mut tx, id).await?;
        let removed = second_factors::remove(&mut tx, stored.key).await?;
        if removed {
            self.note(&mut tx, Note::new(Deed::SecondFactorRemoved, ObjectKind::Operator, id)).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    /// The password was right. What is given for the cookie opens nothing: it only says whose code is waited for.
    pub(super) async fn ask_for_code(&self, stored: &operators::Stored) -> ServiceResult<Secret> {
        let (now, token) = (self.now(), self.new_secret());
        let mut tx = self.db().write().await?;
        second_factors::begin_step(&mut tx, stored.key, &token.sha256(), now.plus_s(CODE_S), now).await?;
        self.note_of_operator(&mut tx, &stored.operator, Note::new(Deed::CodeAsked, ObjectKind::Operator, stored.operator.id)).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// The second step of a sign-in: a code, or a recovery code, of whoever gave the password in the first one.
    pub async fn sign_in_with_code(&self, step: &str, code: &str, browser: Browser<'_>) -> ServiceResult<Result<SignedIn, SignInRefused>> {
        let (now, step) = (self.now(), sha256_hex(step));
        let mut tx = self.db().read().await?;
        let Some(stored) = second_factors::waiting(&mut tx, &step, now).await? else { return Ok(Err(SignInRefused::Late)) };
        let known = match browser.device.map(sha256_hex) {
            Some(device) => sign_ins::knows_device(&mut tx, stored.key, &device).await?.then_some(device),
            None => None,
        };
        drop(tx);
        // Whoever guesses has the password already, so all addresses count as one; a browser that is known counts by itself.
        let counted = Counted::of_one(&format!("code {} {}", stored.operator.id, known.as_deref().unwrap_or_default()));
        if let Some(seconds) = self.count(&counted).await? {
            return Ok(Err(SignInRefused::Wait { seconds }));
        }
        let given = Given::read(code);
        let mut tx = self.db().write().await?;
        let factor = second_factors::of_operator(&mut tx, stored.key).await?;
        if !self.takes(&mut tx, &stored, &factor, given.as_ref()).await? {
            let after = json!({"email": stored.operator.email, "second_factor": given.map_or("unreadable", |given| given.word())});
            self.note(&mut tx, Note::new(Deed::SignInRefused, ObjectKind::Operator, stored.operator.id).after(after)).await?;
            tx.commit().await?;
            return Ok(Err(SignInRefused::Wrong));
        }
        // Of two at once one gets in; what the other one gave is not used up.
        if !second_factors::end_step(&mut tx, &step).await? {
            return Ok(Err(SignInRefused::Late));
        }
        let device = browser.device.filter(|_| known.is_some());
        let device = device.map_or_else(|| self.new_secret(), |device| Secret::new(device.to_owned()));
        let how = given.map(|given| given.word());
        let signed_in = self.write_session(&mut tx, &stored, device, browser.address, browser.agent, how).await?;
        tx.commit().await?;
        self.forgive(&counted).await?;
        Ok(Ok(signed_in))
    }

    /// Uses up what was given, if it is good.
    async fn takes(&self, tx: &mut Tx, stored: &operators::Stored, factor: &Factor, given: Option<&Given>) -> ServiceResult<bool> {
        let now = self.now();
        let Some(secret) = &factor.secret else { return Ok(false) };
        Ok(match given {
            Some(Given::Code(code)) => match step_of(code, secret, now, factor.last_step) {
                Some(step) => second_factors::take_step(tx, stored.key, step).await?,
                None => false,
            },
            Some(Given::Recovery(code)) => second_factors::take_recovery_code(tx, stored.key, &sha256_hex(code), now).await?,
            None => false,
        })
    }

    fn new_recovery_codes(&self) -> Vec<String> {
        let code = || {
            let mut bytes = [0; RECOVERY_CODE_BYTES];
            self.random().fill(&mut bytes);
            BASE32_NOPAD.encode(&bytes)
        };
        std::iter::repeat_with(code).take(RECOVERY_CODES).collect()
    }

    fn is_proven(&self) -> bool {
        matches!(self.by().who, Who::Operator { proven: true, .. })
    }

    /// One's own sign-in, whose password was given a short while ago.
    fn own_proven_session(&self) -> ServiceResult<(OperatorId, SessionId)> {
        let own = self.own_session()?;
        if self.is_proven() { Ok(own) } else { Err(Forbidden::Unproven { action: Action::ChangeOperators }.into()) }
    }
}

fn is_on_already() -> ServiceError {
    let message = "There is a second factor already. Turn it off first.".to_owned();
    ServiceError::Invalid { code: "second_factor_on", message }
}
