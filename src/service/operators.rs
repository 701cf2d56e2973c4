//! Operators: who works in the console. They are added by an owner or by the command line, and set their own passwords.

use serde_json::json;

use crate::domain::access::{Action, Operator, Role};
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::id::OperatorId;
use crate::domain::session::{FIRST_LINK_S, LINK_S, check_password, normal_email};
use crate::domain::time::Time;
use crate::store::{StoreError, Tx, operators, second_factors, sessions};

use super::audit::Note;
use super::customers::is_email;
use super::keys::sha256_hex;
use super::{Service, ServiceError, ServiceResult};

/// An operator as colleagues see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOperator {
    pub operator: Operator,
    pub has_password: bool,
    pub has_second_factor: bool,
    pub created_at: Time,
    pub disabled_at: Option<Time>,
}

/// An operator with whatever it was given to get in, which is shown once.
#[derive(Clone, Debug)]
pub struct Invited {
    pub operator: Operator,
    /// What the link to set a password ends with.
    pub link: Secret,
}

/// A text that opens something. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn sha256(&self) -> String {
        sha256_hex(&self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Service {
    /// In the order in which they were added.
    pub async fn operators(&self) -> ServiceResult<Vec<ListedOperator>> {
        self.may_prepare(Action::ChangeOperators)?;
        let mut tx = self.db().read().await?;
        let listed = |stored: operators::Stored| ListedOperator {
            operator: stored.operator,
            has_password: stored.password_hash.is_some(),
            has_second_factor: stored.has_second_factor,
            created_at: stored.created_at,
            disabled_at: stored.disabled_at,
        };
        Ok(operators::list(&mut tx).await?.into_iter().map(listed).collect())
    }

    /// Adds an operator, who then sets a password by the link.
    pub async fn add_operator(&self, email: &str, name: &str, role: Role) -> ServiceResult<Invited> {
        self.may(Action::ChangeOperators)?;
        let operator = self.new_operator(email, name, role)?;
        let now = self.now();
        let link = self.new_secret();
        let mut tx = self.db().write().await?;
        let key = operators::insert(&mut tx, &operator, now).await.map_err(|error| match error {
            StoreError::Exists(_) => {
                let message = format!("There is an operator with the address {} already.", operator.email);
                ServiceError::Invalid { code: "operator_exists", message }
            }
            other => other.into(),
        })?;
        operators::insert_link(&mut tx, key, &link.sha256(), now.plus_s(LINK_S), now).await?;
        let after = json!({"email": operator.email, "name": operator.name, "role": role});
        self.note(&mut tx, Note::new(Deed::OperatorAdded, ObjectKind::Operator, operator.id).after(after)).await?;
        tx.commit().await?;
        Ok(Invited { operator, link })
    }

    /// A new link to set a password; links before it are not good any more. The password stays as it is until then.
    pub async fn invite_operator(&self, id: OperatorId) -> ServiceResult<Invited> {
        self.may(Action::ChangeOperators)?;
        let now = self.now();
        let link = self.new_secret();
        let mut tx = self.db().write().await?;
        let stored = one(&mut tx, id).await?;
        operators::insert_link(&mut tx, stored.key, &link.sha256(), now.plus_s(LINK_S), now).await?;
        self.note(&mut tx, Note::new(Deed::LinkMade, ObjectKind::Operator, id)).await?;
        tx.commit().await?;
        Ok(Invited { operator: stored.operator, link })
    }

    /// Gives another role. Counts from the operator's next request on.
    pub async fn change_role(&self, id: OperatorId, role: Role) -> ServiceResult<()> {
        self.may(Action::ChangeOperators)?;
        let mut tx = self.db().write().await?;
        let stored = one(&mut tx, id).await?;
        if !operators::change(&mut tx, stored.key, role, stored.disabled_at).await? {
            return Err(last_owner());
        }
        let (before, after) = (json!({"role": stored.operator.role}), json!({"role": role}));
        self.note(&mut tx, Note::new(Deed::OperatorChanged, ObjectKind::Operator, id).before(before).after(after)).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps an operator out, from the next request on: sessions are ended and tokens revoked.
    pub async fn disable_operator(&self, id: OperatorId) -> ServiceResult<()> {
        self.may(Action::ChangeOperators)?;
        let now = self.now();
        let mut tx = self.db().write().await?;
        let stored = one(&mut tx, id).await?;
        if !operators::change(&mut tx, stored.key, stored.operator.role, stored.disabled_at.or(Some(now))).await? {
            return Err(last_owner());
        }
        sessions::end_all(&mut tx, stored.key, now).await?;
        sessions::revoke_tokens(&mut tx, stored.key, now).await?;
        self.note(&mut tx, Note::new(Deed::OperatorDisabled, ObjectKind::Operator, id)).await?;
        Ok(tx.commit().await?)
    }

    /// Lets an operator in again.
    pub async fn enable_operator(&self, id: OperatorId) -> ServiceResult<()> {
        self.may(Action::ChangeOperators)?;
        let mut tx = self.db().write().await?;
        let stored = one(&mut tx, id).await?;
        operators::change(&mut tx, stored.key, stored.operator.role, None).await?;
        self.note(&mut tx, Note::new(Deed::OperatorEnabled, ObjectKind::Operator, id)).await?;
        Ok(tx.commit().await?)
    }

    /// Sets a password without a link. For the command line, which has the database in hand.
    pub async fn give_password(&self, id: OperatorId, password: &str) -> ServiceResult<()> {
        self.may(Action::ChangeOperators)?;
        let mut tx = self.db().read().await?;
        let stored = one(&mut tx, id).await?;
        drop(tx);
        let hash = self.new_hash(password, &stored.operator.email).await?;
        let mut tx = self.db().write().await?;
        self.replace_password(&mut tx, &stored, &hash).await?;
        self.note(&mut tx, Note::new(Deed::PasswordSet, ObjectKind::Operator, id)).await?;
        Ok(tx.commit().await?)
    }

    /// Sets a password by a one-time link, whoever has it. Every session of the operator ends.
    pub async fn set_password(&self, link: &Secret, password: &str) -> ServiceResult<Operator> {
        let gone = || {
            let message = "This link was used already, or is too old. Ask an owner for another one.".to_owned();
            ServiceError::Invalid { code: "link_used", message }
        };
        let hash = link.sha256();
        let mut tx = self.db().write().await?;
        let stored = operators::take_link(&mut tx, &hash, self.now()).await?.ok_or_else(gone)?;
        // The link is not used up by a password that is not taken.
        drop(tx);
        let password_hash = self.new_hash(password, &stored.operator.email).await?;
        let mut tx = self.db().write().await?;
        let stored = operators::take_link(&mut tx, &hash, self.now()).await?.ok_or_else(gone)?;
        self.replace_password(&mut tx, &stored, &password_hash).await?;
        self.note_of_operator(&mut tx, &stored.operator, Note::new(Deed::PasswordSet, ObjectKind::Operator, stored.operator.id)).await?;
        tx.commit().await?;
        Ok(stored.operator)
    }

    /// A link with which the first owner is made, as long as there is no operator; the one of the start before is good no more.
    pub async fn first_link(&self) -> ServiceResult<Option<Secret>> {
        self.may(Action::ChangeOperators)?;
        let link = self.new_secret();
        let mut tx = self.db().write().await?;
        if !operators::are_none(&mut tx).await? {
            return Ok(None);
        }
        operators::replace_first_link(&mut tx, &link.sha256(), self.now().plus_s(FIRST_LINK_S)).await?;
        self.note(&mut tx, Note::without_id(Deed::LinkMade, ObjectKind::Operator).after(json!({"first": true}))).await?;
        tx.commit().await?;
        Ok(Some(link))
    }

    /// Makes the first owner by that link, whoever has it.
    pub async fn add_first_owner(&self, link: &Secret, email: &str, password: &str) -> ServiceResult<Operator> {
        let operator = self.new_operator(email, "", Role::Owner)?;
        let (now, token) = (self.now(), link.sha256());
        let mut tx = self.db().write().await?;
        let good = operators::take_first_link(&mut tx, &token, now).await?;
        // The link is not used up by a password that is not taken, and nothing is hashed for one that is not good.
        drop(tx);
        if !good {
            return Err(first_link_gone());
        }
        let password_hash = self.new_hash(password, &operator.email).await?;
        let mut tx = self.db().write().await?;
        if !operators::take_first_link(&mut tx, &token, now).await? {
            return Err(first_link_gone());
        }
        let key = operators::insert(&mut tx, &operator, now).await?;
        operators::set_password(&mut tx, key, &password_hash).await?;
        let after = json!({"email": operator.email, "name": operator.name, "role": operator.role, "first": true});
        self.note_of_operator(&mut tx, &operator, Note::new(Deed::OperatorAdded, ObjectKind::Operator, operator.id).after(after)).await?;
        self.note_of_operator(&mut tx, &operator, Note::new(Deed::PasswordSet, ObjectKind::Operator, operator.id)).await?;
        tx.commit().await?;
        Ok(operator)
    }

    /// Refuses an address that is none, and a name that is too long.
    fn new_operator(&self, email: &str, name: &str, role: Role) -> ServiceResult<Operator> {
        let (email, name) = (normal_email(email), name.trim());
        let message = match (is_email(&email), name.chars().count() <= NAME_MAX_CHARS) {
            (false, _) => "That is not an e-mail address.".to_owned(),
            (_, false) => format!("A name has at most {NAME_MAX_CHARS} characters."),
            (true, true) => String::new(),
        };
        if !message.is_empty() {
            return Err(ServiceError::Invalid { code: "invalid_request", message });
        }
        let name = if name.is_empty() { email.split('@').next().unwrap_or_default() } else { name }.to_owned();
        Ok(Operator { id: OperatorId::new(self.now(), self.random()), email, name, role })
    }

    /// Refuses a password that is too weak.
    pub(super) async fn new_hash(&self, password: &str, email: &str) -> ServiceResult<String> {
        check_password(password, email).map_err(|weak| ServiceError::Invalid { code: "weak_password", message: weak.to_string() })?;
        self.inner.passwords.hash(password, self.random()).await
    }

    /// Whoever knew the old password is signed out, and does not get in by a code that is still to come.
    pub(super) async fn replace_password(&self, tx: &mut Tx, stored: &operators::Stored, hash: &str) -> ServiceResult<()> {
        operators::set_password(tx, stored.key, hash).await?;
        second_factors::end_steps(tx, stored.key).await?;
        Ok(sessions::end_all(tx, stored.key, self.now()).await?)
    }

    /// 256 random bits, as hex.
    pub(super) fn new_secret(&self) -> Secret {
        use std::fmt::Write as _;
        let mut bytes = [0; 32];
        self.random().fill(&mut bytes);
        Secret(bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            _ = write!(hex, "{byte:02x}");
            hex
        }))
    }
}

const NAME_MAX_CHARS: usize = 100;

fn last_owner() -> ServiceError {
    let message = "There would be no owner left. Make another operator an owner first.".to_owned();
    ServiceError::Invalid { code: "last_owner", message }
}

fn first_link_gone() -> ServiceError {
    let message = "This link was used already, is too old, or is not the one of the latest start.".to_owned();
    ServiceError::Invalid { code: "first_link_gone", message }
}

pub(super) async fn one(tx: &mut Tx, id: OperatorId) -> ServiceResult<operators::Stored> {
    operators::by_id(tx, id).await?.ok_or(ServiceError::NotFound { what: "operator" })
}
