//! Who may do what. An [`Action`] names the roles that may do it; whoever is not named may not. The services ask
//! ([`By::may`]) at the beginning of every use case of operators; pages only hide what would be refused.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::id::{OperatorId, SessionId};
use super::word::words;

words! {
    /// What an operator is trusted with.
    Role {
        /// Everything, and who else gets in.
        Owner = "owner",
        /// Credits.
        Finance = "finance",
        /// Customers and their batches.
        Support = "support",
        /// Looks, and changes nothing.
        Viewer = "viewer",
    }
}

words! {
    /// What operators do. [`Action::rule`] says who may.
    Action {
        /// See batches, customers, books, deliveries and sums.
        Read = "read",
        /// Read what customers wrote: prompts, and what was made of them.
        ReadPrompts = "read_prompts",
        /// Save and delete the team's views.
        SaveViews = "save_views",
        /// Have task rows compared with the ledger.
        CompareBooks = "compare_books",
        /// Cancel batches.
        CancelBatches = "cancel_batches",
        /// Send webhooks again.
        ResendWebhooks = "resend_webhooks",
        /// Enable, disable and test where customers are told.
        ChangeEndpoints = "change_endpoints",
        /// Read and change secrets that sign webhooks.
        ChangeSecrets = "change_secrets",
        /// Add customers.
        AddCustomers = "add_customers",
        /// Make, change and revoke customers' API keys.
        ChangeKeys = "change_keys",
        /// Grant credits, adjust and refund them.
        ChangeCredits = "change_credits",
        /// Approve what another operator asked for.
        ApproveCredits = "approve_credits",
        /// Read the record of what everybody did.
        ReadAudit = "read_audit",
        /// Add operators, change their roles, let them out.
        ChangeOperators = "change_operators",
    }
}

/// Stands where something is hidden from a role.
pub const MASK: &str = "••••••";

words! {
    /// What a second operator says to what another one asked for.
    Decision {
        Approved = "approved",
        Refused = "refused",
    }
}

/// Who may do an action, and what they must have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub roles: &'static [Role],
    /// Whether the operator must have given the password a short while ago.
    pub proof: bool,
}

impl Action {
    /// The whole table.
    pub const fn rule(self) -> Rule {
        use Role::{Finance, Owner, Support, Viewer};
        let roles: &[Role] = match self {
            Self::Read => &[Owner, Finance, Support, Viewer],
            Self::ReadPrompts
            | Self::SaveViews
            | Self::CompareBooks
            | Self::CancelBatches
            | Self::ResendWebhooks
            | Self::ChangeEndpoints
            | Self::AddCustomers => &[Owner, Finance, Support],
            Self::ChangeSecrets | Self::ChangeKeys => &[Owner, Support],
            Self::ChangeCredits | Self::ApproveCredits | Self::ReadAudit => &[Owner, Finance],
            Self::ChangeOperators => &[Owner],
        };
        let proof =
            matches!(self, Self::ChangeSecrets | Self::ChangeKeys | Self::ChangeCredits | Self::ApproveCredits | Self::ChangeOperators);
        Rule { roles, proof }
    }

    pub fn is_for(self, role: Role) -> bool {
        self.rule().roles.contains(&role)
    }
}

/// Somebody who works in the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub id: OperatorId,
    /// What the books call whoever did something.
    pub email: String,
    pub name: String,
    pub role: Role,
}

impl Operator {
    /// Whether the role is right: what it may not do is not offered.
    pub fn may(&self, action: Action) -> bool {
        action.is_for(self.role)
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever has not signed in. May do nothing.
    Nobody,
    Operator {
        operator: Operator,
        /// The sign-in; none where a token was sent.
        session: Option<SessionId>,
        /// Whether the password was given a short while ago, or a token was sent, which is as good.
        proven: bool,
    },
    /// Whoever runs the program's commands has its database in hand.
    CommandLine,
    /// Our own workers.
    Workers,
}

/// Who acts, and by which request: what the books and the record of actions keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    pub who: Who,
    pub request_id: Option<String>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("nobody is signed in")]
    SignedOut,
    #[error("{action} is for other roles")]
    Role { action: Action },
    /// The role is right: the password has to be given again.
    #[error("{action} asks for the password again")]
    Unproven { action: Action },
}

impl By {
    pub const NOBODY: Self = Self::of(Who::Nobody);
    pub const COMMAND_LINE: Self = Self::of(Who::CommandLine);
    pub const WORKERS: Self = Self::of(Who::Workers);

    const fn of(who: Who) -> Self {
        Self { who, request_id: None, address: None }
    }

    /// Lets those pass who may.
    pub fn may(&self, action: Action) -> Result<(), Forbidden> {
        self.may_prepare(action)?;
        match &self.who {
            Who::Operator { proven: false, .. } if action.rule().proof => Err(Forbidden::Unproven { action }),
            _ => Ok(()),
        }
    }

    /// Lets those pass whose role is right: for previews, which need no password.
    pub fn may_prepare(&self, action: Action) -> Result<(), Forbidden> {
        match &self.who {
            Who::Nobody => Err(Forbidden::SignedOut),
            Who::Operator { operator, .. } if !action.is_for(operator.role) => Err(Forbidden::Role { action }),
            Who::Operator { .. } | Who::CommandLine | Who::Workers => Ok(()),
        }
    }

    pub const fn operator(&self) -> Option<&Operator> {
        match &self.who {
            Who::Operator { operator, .. } => Some(operator),
            Who::Nobody | Who::CommandLine | Who::Workers => None,
        }
    }
}

/// As ledger transactions, cancellations and deliveries call whoever it was.
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.who {
            Who::Nobody => "nobody",
            Who::Operator { operator, .. } => &operator.email,
            Who::CommandLine => "command line",
            Who::Workers => "batchbook",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Random;
    use crate::domain::time::Time;

    #[derive(Debug)]
    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn operator(role: Role, proven: bool) -> By {
        let id = OperatorId::new(Time::from_micros(0), &Fixed);
        let operator = Operator { id, email: "anna@example.com".to_owned(), name: "Anna".to_owned(), role };
        By::of(Who::Operator { operator, session: None, proven })
    }

    /// The table of docs/security.md.
    #[test]
    fn the_guide_shows_the_table() {
        let guide = include_str!("../../docs/security.md");
        for action in Action::ALL {
            let yes = |yes: bool| if yes { "yes" } else { "" };
            let roles: Vec<&str> = Role::ALL.iter().map(|role| yes(action.is_for(*role))).collect();
            let row = format!("| `{action}` | {} | {} |", roles.join(" | "), yes(action.rule().proof));
            assert!(guide.contains(&row), "docs/security.md lacks or belies:\n{row}");
        }
        assert_eq!(guide.matches("\n| `").count(), Action::ALL.len(), "a row is about no action");
    }

    #[test]
    fn nobody_may_do_anything() {
        for action in Action::ALL {
            assert_eq!(By::NOBODY.may(*action), Err(Forbidden::SignedOut), "{action}");
        }
    }

    #[test]
    fn roles_may_do_what_the_table_says() {
        let actions = |role| Action::ALL.iter().copied().filter(|action| operator(role, true).may(*action).is_ok()).collect::<Vec<_>>();
        assert_eq!(actions(Role::Owner), Action::ALL);
        assert_eq!(actions(Role::Viewer), [Action::Read]);
        for (role, may, may_not) in [
            (Role::Finance, Action::ChangeCredits, Action::ChangeKeys),
            (Role::Support, Action::CancelBatches, Action::ChangeCredits),
            (Role::Support, Action::ReadPrompts, Action::ChangeOperators),
        ] {
            assert_eq!(operator(role, true).may(may), Ok(()), "{role}");
            assert_eq!(operator(role, true).may(may_not), Err(Forbidden::Role { action: may_not }), "{role}");
        }
    }

    #[test]
    fn what_moves_credits_or_shows_secrets_asks_for_the_password_again() {
        for action in Action::ALL {
            let asked = operator(Role::Owner, false).may(*action);
            let expected = if action.rule().proof { Err(Forbidden::Unproven { action: *action }) } else { Ok(()) };
            assert_eq!(asked, expected, "{action}");
        }
        let action = Action::ChangeCredits;
        assert_eq!(operator(Role::Viewer, false).may(action), Err(Forbidden::Role { action }), "a role is not asked to prove anything");
    }

    #[test]
    fn the_books_name_operators_by_their_address() {
        assert_eq!(operator(Role::Owner, true).to_string(), "anna@example.com");
        assert_eq!(By::COMMAND_LINE.to_string(), "command line");
    }
}
