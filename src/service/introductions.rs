//! Operators whom somebody else vouches for: they need no password here, and their role is what is said of them at each sign-in.

use std::net::IpAddr;

use serde_json::json;

use crate::domain::access::{Forbidden, Operator, Role};
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::id::OperatorId;
use crate::domain::session::normal_email;
use crate::store::{Tx, operators, sign_ins};

use super::audit::Note;
use super::keys::sha256_hex;
use super::operators::Secret;
use super::sessions::{SignInRefused, SignedIn};
use super::{Service, ServiceResult};

/// What is said of a person by whoever vouches.
#[derive(Clone, Copy, Debug)]
pub struct Introduced<'i> {
    /// Who vouches, and whom it means: the same person for ever.
    pub subject: &'i str,
    /// Only where it was verified.
    pub email: Option<&'i str>,
    pub name: &'i str,
    /// None of our roles: then there is nothing to do here.
    pub role: Option<Role>,
}

/// The browser that comes with it.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds the token of a browser")]
pub struct Browser<'b> {
    pub device: Option<&'b str>,
    pub address: Option<IpAddr>,
    pub agent: &'b str,
}

impl Service {
    /// Signs in whoever is vouched for; an operator who is not known yet is added. A verified address is that of the operator who
    /// has it already, as long as nobody else was introduced as that one.
    pub async fn sign_in_introduced(&self, who: Introduced<'_>, browser: Browser<'_>) -> ServiceResult<Result<SignedIn, SignInRefused>> {
        let role = who.role.ok_or(Forbidden::SignedOut)?;
        let mut tx = self.db().write().await?;
        let Some(stored) = self.introduced(&mut tx, who, role).await?.filter(|stored| stored.disabled_at.is_none()) else {
            return Ok(Err(SignInRefused::Wrong));
        };
        let known = match browser.device.map(sha256_hex) {
            Some(device) => sign_ins::knows_device(&mut tx, stored.key, &device).await?,
            None => false,
        };
        tx.commit().await?;
        let device = browser.device.filter(|_| known).map_or_else(|| self.new_secret(), |device| Secret::new(device.to_owned()));
        self.open_session(&stored, device, browser.address, browser.agent).await.map(Ok)
    }

    /// The operator who is meant, with the role that is said; `None` where nobody can be.
    async fn introduced(&self, tx: &mut Tx, who: Introduced<'_>, role: Role) -> ServiceResult<Option<operators::Stored>> {
        let email = who.email.map(normal_email);
        let mut stored = if let Some(stored) = operators::by_subject(tx, who.subject).await? {
            stored
        } else {
            let Some(email) = email else { return Ok(None) };
            let stored = match operators::by_email(tx, &email).await? {
                Some(stored) => stored,
                None => self.add_introduced(tx, email, who.name, role).await?,
            };
            if !operators::set_subject(tx, stored.key, who.subject).await? {
                return Ok(None);
            }
            stored
        };
        // The last owner stays one, whatever is said.
        if stored.operator.role != role && stored.disabled_at.is_none() && operators::may_become(tx, stored.key, role).await? {
            operators::change(tx, stored.key, role, None).await?;
            let note = Note::new(Deed::OperatorChanged, ObjectKind::Operator, stored.operator.id);
            let note = note.before(json!({"role": stored.operator.role})).after(json!({"role": role}));
            self.note_of_operator(tx, &stored.operator, note).await?;
            stored.operator.role = role;
        }
        Ok(Some(stored))
    }

    async fn add_introduced(&self, tx: &mut Tx, email: String, name: &str, role: Role) -> ServiceResult<operators::Stored> {
        const NAME_MAX_CHARS: usize = 100;
        let now = self.now();
        let name = name.chars().filter(|c| !c.is_control()).take(NAME_MAX_CHARS).collect();
        let operator = Operator { id: OperatorId::new(now, self.random()), email, name, role };
        let key = operators::insert(tx, &operator, now).await?;
        let after = json!({"email": operator.email, "role": role});
        let note = Note::new(Deed::OperatorAdded, ObjectKind::Operator, operator.id).after(after);
        self.note_of_operator(tx, &operator, note).await?;
        Ok(operators::Stored { key, operator, password_hash: None, has_second_factor: false, created_at: now, disabled_at: None })
    }
}
