//! What the page of one's account shows.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::{fresh_codes, refuse};
use crate::domain::access::Who;
use crate::domain::id::SessionId;
use crate::domain::second_factor::grouped;
use crate::domain::time::Time;
use crate::service::Service;
use crate::service::qr_code::draw;
use crate::service::second_factors::SecondFactor;

/// A sign-in that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub id: SessionId,
    /// The one that asks.
    pub is_this: bool,
    pub agent: String,
    pub address: Option<String>,
    pub created_at: Time,
    pub seen_at: Time,
}

/// A token for scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    pub key: i64,
    pub name: String,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
}

/// One's own second factor.
#[derive(Clone, PartialEq, Eq)]
pub enum SecondFactorState {
    Off,
    /// Waits for its first code.
    Offered {
        /// Base32, in groups.
        secret: String,
        /// What authenticators read.
        uri: String,
        qr: QrCode,
    },
    On {
        recovery_codes_left: i64,
    },
}

impl std::fmt::Debug for SecondFactorState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Offered { .. } => "Offered(…)",
            Self::On { .. } => "On",
        })
    }
}

/// A picture of squares, as the path of an SVG.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct QrCode {
    /// Squares on each side, with the margin.
    pub side: i64,
    pub path: String,
}

impl std::fmt::Debug for QrCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QrCode").field("side", &self.side).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub sessions: Vec<SessionRow>,
    pub tokens: Vec<TokenRow>,
    /// `None` where there is no password that it could follow.
    pub second_factor: Option<SecondFactorState>,
    /// Recovery codes that were made a moment ago, to be kept.
    pub recovery_codes: Vec<String>,
    pub now: Time,
}

pub async fn read_account() -> Result<Account, ConsoleError> {
    let service = expect_context::<Service>();
    let this = match &service.by().who {
        Who::Operator { session, .. } => *session,
        _ => None,
    };
    let sessions = service.own_sessions().await.map_err(refuse)?.into_iter().map(|session| SessionRow {
        is_this: this == Some(session.id),
        id: session.id,
        agent: session.agent,
        address: session.address,
        created_at: session.created_at,
        seen_at: session.seen_at,
    });
    let tokens = service.own_tokens().await.map_err(refuse)?.into_iter().map(|token| TokenRow {
        key: token.key,
        name: token.name,
        created_at: token.created_at,
        revoked_at: token.revoked_at,
    });
    let second_factor = service.own_second_factor().await.map_err(refuse)?.map(|factor| match factor {
        SecondFactor::Off => SecondFactorState::Off,
        SecondFactor::Offered { secret, uri } => {
            let drawn = draw(uri.reveal());
            SecondFactorState::Offered {
                secret: grouped(secret.reveal(), " "),
                uri: uri.reveal().to_owned(),
                qr: QrCode { side: drawn.side, path: drawn.path },
            }
        }
        SecondFactor::On { recovery_codes_left } => SecondFactorState::On { recovery_codes_left },
    });
    Ok(Account { sessions: sessions.collect(), tokens: tokens.collect(), second_factor, recovery_codes: fresh_codes(), now: service.now() })
}
