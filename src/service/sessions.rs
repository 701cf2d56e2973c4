//! Sessions: how operators get in, and out again. An answer to a sign-in says nothing about which accounts there are: not by its
//! words, and not by the time it takes.

use std::net::IpAddr;

use serde_json::json;

use crate::domain::access::{Action, By, Forbidden, Operator, Who};
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::id::{OperatorId, SessionId};
use crate::domain::session::{Patience, Session, normal_email};
use crate::domain::time::Time;
use crate::store::sessions::NewSession;
use crate::store::{Tx, dialect, operators, sessions, sign_ins};

pub use crate::store::sessions::Token;

use super::audit::Note;
use super::guesses::Counted;
use super::keys::sha256_hex;
use super::operators::{Secret, one};
use super::{Service, ServiceError, ServiceResult};

/// What tokens of operators begin with.
pub const TOKEN_PREFIX: &str = "bbo_";
const AGENT_MAX_CHARS: usize = 200;
const TOKEN_NAME_MAX_CHARS: usize = 100;
/// Of an address that was refused; a longer one is nobody's.
const EMAIL_MAX_CHARS: usize = 200;

/// What somebody sends who wants to get in.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct Credentials<'c> {
    pub email: &'c str,
    pub password: &'c str,
    /// What the browser keeps of an earlier sign-in.
    pub device: Option<&'c str>,
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: &'c str,
}

/// Why a sign-in is refused. One answer for everything that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRefused {
    /// No account with this address and this password.
    Wrong,
    /// Too many were refused; nothing was looked at.
    Wait { seconds: i64 },
    /// The code came too late after the password, or that sign-in is over: it begins anew.
    Late,
}

/// What the right password comes to.
#[derive(Clone, Debug)]
pub enum Entry {
    In(SignedIn),
    /// There is no session yet: a code of the second factor is asked for, of whoever brings this back.
    Code(Secret),
}

/// Somebody got in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub operator: Operator,
    pub session: SessionId,
    /// For the session's cookie.
    pub token: Secret,
    /// For the cookie by which the browser is known from now on.
    pub device: Secret,
}

impl Service {
    pub async fn sign_in(&self, credentials: Credentials<'_>) -> ServiceResult<Result<Entry, SignInRefused>> {
        let email = normal_email(credentials.email);
        let mut tx = self.db().read().await?;
        let stored = operators::by_email(&mut tx, &email).await?;
        let device = credentials.device.map(sha256_hex);
        let known = match (&stored, &device) {
            (Some(stored), Some(device)) => sign_ins::knows_device(&mut tx, stored.key, device).await?,
            _ => false,
        };
        drop(tx);
        let counted = Counted::of(&email, credentials.address, device.as_deref().filter(|_| known));
        if let Some(seconds) = self.count(&counted).await? {
            return Ok(Err(SignInRefused::Wait { seconds }));
        }
        let good = stored.as_ref().filter(|stored| stored.disabled_at.is_none());
        let right = self.inner.passwords.is_right(credentials.password, good.and_then(|stored| stored.password_hash.as_deref())).await?;
        let Some(stored) = good.filter(|_| right) else {
            self.record_refused_sign_in(&email, stored.as_ref().map(|stored| stored.operator.id)).await?;
            return Ok(Err(SignInRefused::Wrong));
        };
        self.forgive(&counted).await?;
        if stored.has_second_factor {
            return Ok(Ok(Entry::Code(self.ask_for_code(stored).await?)));
        }
        let device = credentials.device.filter(|_| known).map_or_else(|| self.new_secret(), |device| Secret::new(device.to_owned()));
        Ok(Ok(Entry::In(self.open_session(stored, device, credentials.address, credentials.agent).await?)))
    }

    pub(super) async fn open_session(
        &self,
        stored: &operators::Stored,
        device: Secret,
        address: Option<IpAddr>,
        agent: &str,
    ) -> ServiceResult<SignedIn> {
        let mut tx = self.db().write().await?;
        let signed_in = self.write_session(&mut tx, stored, device, address, agent, None).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// Always a new token: one that was there before the sign-in is worth nothing.
    pub(super) async fn write_session(
        &self,
        tx: &mut Tx,
        stored: &operators::Stored,
        device: Secret,
        address: Option<IpAddr>,
        agent: &str,
        second_factor: Option<&'static str>,
    ) -> ServiceResult<SignedIn> {
        let now = self.now();
        let (session, token) = (SessionId::new(now, self.random()), self.new_secret());
        let agent: String = agent.chars().filter(|c| !c.is_control()).take(AGENT_MAX_CHARS).collect();
        let address = address.map(|address| address.to_string());
        let (token_sha256, operator) = (token.sha256(), stored.key);
        let new = NewSession { id: session, token_sha256: &token_sha256, operator, address: address.as_deref(), agent: &agent };
        sessions::insert(tx, new, now).await?;
        sign_ins::remember_device(tx, stored.key, &device.sha256(), now).await?;
        sign_ins::forget(tx, now.plus_s(-2 * Patience::FORGETS_S)).await?;
        let note =
            Note { after: second_factor.map(|by| json!({"second_factor": by})), ..Note::new(Deed::SignedIn, ObjectKind::Session, session) };
        self.note_of_operator(tx, &stored.operator, note).await?;
        Ok(SignedIn { operator: stored.operator.clone(), session, token, device })
    }

    /// Whether there is such an account or not, so that the answer takes the same time. How many there can be is limited by
    /// [`Patience`].
    async fn record_refused_sign_in(&self, email: &str, operator: Option<OperatorId>) -> ServiceResult<()> {
        let email: String = email.chars().take(EMAIL_MAX_CHARS).collect();
        let mut note = Note::without_id(Deed::SignInRefused, ObjectKind::Operator).after(json!({"email": email}));
        note.object.1 = operator.map(|id| id.to_string());
        let mut tx = self.db().write().await?;
        self.note(&mut tx, note).await?;
        Ok(tx.commit().await?)
    }

    /// Who has this session, if it goes on: and so it does.
    pub async fn resume(&self, token: &str) -> ServiceResult<Option<Session>> {
        let now = self.now();
        let mut tx = self.db().glance().await?;
        let session = sessions::by_token(&mut tx, &sha256_hex(token)).await?.filter(|session| !session.is_over(now));
        drop(tx);
        if let Some(session) = &session
            && session.is_to_be_touched(now)
        {
            let mut tx = self.db().write().await?;
            dialect::commit_without_waiting(&mut tx).await?;
            sessions::touch(&mut tx, session.id, now).await?;
            tx.commit().await?;
        }
        Ok(session)
    }

    /// For whom this token of a script acts.
    pub async fn operator_of_token(&self, token: &str) -> ServiceResult<Option<Operator>> {
        if !token.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let mut tx = self.db().glance().await?;
        Ok(sessions::operator_of_token(&mut tx, &sha256_hex(token)).await?)
    }

    /// Ends the session that is in use.
    pub async fn sign_out(&self) -> ServiceResult<()> {
        let Some((operator, Some(session))) = self.signed_in() else { return Ok(()) };
        self.end_session_of(operator, session).await.map(|_| ())
    }

    /// The sessions of whoever is signed in, newest first.
    pub async fn own_sessions(&self) -> ServiceResult<Vec<Session>> {
        let operator = self.own_id()?;
        let now = self.now();
        let mut tx = self.db().read().await?;
        let key = one(&mut tx, operator).await?.key;
        Ok(sessions::of_operator(&mut tx, key).await?.into_iter().filter(|session| !session.is_over(now)).collect())
    }

    /// Ends one of one's own sessions. Ending one that is over is done already.
    pub async fn end_own_session(&self, session: SessionId) -> ServiceResult<()> {
        self.end_session_of(self.own_id()?, session).await.map(|_| ())
    }

    async fn end_session_of(&self, operator: OperatorId, session: SessionId) -> ServiceResult<bool> {
        let mut tx = self.db().write().await?;
        let key = one(&mut tx, operator).await?.key;
        let ended = sessions::end(&mut tx, key, session, self.now()).await?;
        if ended {
            self.note(&mut tx, Note::new(Deed::SessionEnded, ObjectKind::Session, session)).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Gives the password again, for what asks for it. `Err` as at a sign-in.
    pub async fn prove(&self, password: &str) -> ServiceResult<Result<(), SignInRefused>> {
        let (operator, session) = self.own_session()?;
        if let Err(refused) = self.check_own_password(operator, session, password).await? {
            return Ok(Err(refused));
        }
        let mut tx = self.db().write().await?;
        sessions::prove(&mut tx, session, self.now()).await?;
        self.note(&mut tx, Note::new(Deed::PasswordAsked, ObjectKind::Session, session)).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Takes another password. All sessions end, and a new one begins.
    pub async fn change_own_password(&self, old: &str, new: &str, agent: &str) -> ServiceResult<Result<SignedIn, SignInRefused>> {
        let (operator, session) = self.own_session()?;
        let stored = match self.check_own_password(operator, session, old).await? {
            Err(refused) => return Ok(Err(refused)),
            Ok(stored) => stored,
        };
        let hash = self.new_hash(new, &stored.operator.email).await?;
        let mut tx = self.db().write().await?;
        self.replace_password(&mut tx, &stored, &hash).await?;
        self.note(&mut tx, Note::new(Deed::PasswordSet, ObjectKind::Operator, operator)).await?;
        tx.commit().await?;
        self.open_session(&stored, self.new_secret(), self.by().address, agent).await.map(Ok)
    }

    /// Guesses at the password of a session that somebody left open are counted like others.
    async fn check_own_password(
        &self,
        operator: OperatorId,
        session: SessionId,
        password: &str,
    ) -> ServiceResult<Result<operators::Stored, SignInRefused>> {
        let counted = Counted::of_one(&format!("session {session}"));
        if let Some(seconds) = self.count(&counted).await? {
            return Ok(Err(SignInRefused::Wait { seconds }));
        }
        let mut tx = self.db().read().await?;
        let stored = one(&mut tx, operator).await?;
        drop(tx);
        if !self.inner.passwords.is_right(password, stored.password_hash.as_deref()).await? {
            return Ok(Err(SignInRefused::Wrong));
        }
        self.forgive(&counted).await?;
        Ok(Ok(stored))
    }

    /// A token with which a script acts for an operator. Its own, or on the command line anybody's.
    pub async fn add_operator_token(&self, operator: OperatorId, name: &str) -> ServiceResult<Secret> {
        self.may_have_tokens(operator)?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > TOKEN_NAME_MAX_CHARS {
            let message = format!("The name of a token has 1 to {TOKEN_NAME_MAX_CHARS} characters.");
            return Err(ServiceError::Invalid { code: "invalid_request", message });
        }
        let token = Secret::new(format!("{TOKEN_PREFIX}{}", self.new_secret().reveal()));
        let mut tx = self.db().write().await?;
        let key = one(&mut tx, operator).await?.key;
        sessions::insert_token(&mut tx, key, name, &token.sha256(), self.now()).await?;
        let note = Note::new(Deed::TokenAdded, ObjectKind::Operator, operator).after(json!({"token": name}));
        self.note(&mut tx, note).await?;
        tx.commit().await?;
        Ok(token)
    }

    pub async fn own_tokens(&self) -> ServiceResult<Vec<Token>> {
        let operator = self.own_id()?;
        let mut tx = self.db().read().await?;
        let key = one(&mut tx, operator).await?.key;
        Ok(sessions::tokens(&mut tx, key).await?)
    }

    pub async fn revoke_own_token(&self, token: i64) -> ServiceResult<()> {
        let operator = self.own_id()?;
        let mut tx = self.db().write().await?;
        let key = one(&mut tx, operator).await?.key;
        sessions::revoke_token(&mut tx, key, token, self.now()).await?;
        self.note(&mut tx, Note::new(Deed::TokenRevoked, ObjectKind::Token, token)).await?;
        Ok(tx.commit().await?)
    }

    /// One's own need the password; those of others only the command line makes.
    fn may_have_tokens(&self, operator: OperatorId) -> ServiceResult<()> {
        let action = Action::ChangeOperators;
        match &self.by().who {
            Who::Operator { operator: own, proven, .. } if own.id == operator => {
                if *proven {
                    Ok(())
                } else {
                    Err(Forbidden::Unproven { action }.into())
                }
            }
            Who::Operator { .. } => Err(Forbidden::Role { action }.into()),
            Who::Nobody | Who::CommandLine | Who::Workers => self.may(action),
        }
    }

    fn signed_in(&self) -> Option<(OperatorId, Option<SessionId>)> {
        match &self.by.who {
            Who::Operator { operator, session, .. } => Some((operator.id, *session)),
            Who::Nobody | Who::CommandLine | Who::Workers => None,
        }
    }

    /// A token is no session: it has no password to be asked for.
    pub(super) fn own_session(&self) -> ServiceResult<(OperatorId, SessionId)> {
        let (operator, session) = self.signed_in().ok_or_else(signed_out)?;
        let message = || "A token cannot do this: sign in.".to_owned();
        let session = session.ok_or_else(|| ServiceError::Invalid { code: "invalid_request", message: message() })?;
        Ok((operator, session))
    }

    pub(super) fn own_id(&self) -> ServiceResult<OperatorId> {
        self.signed_in().map(|(operator, _)| operator).ok_or_else(signed_out)
    }
}

fn signed_out() -> ServiceError {
    Forbidden::SignedOut.into()
}

/// Whom a session acts for.
pub fn by_session(session: Session, now: Time, request_id: Option<String>, address: Option<IpAddr>) -> By {
    let proven = session.is_proven(now);
    By { who: Who::Operator { operator: session.operator, session: Some(session.id), proven }, request_id, address }
}
