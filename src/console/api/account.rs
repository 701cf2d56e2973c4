//! What the page of one's account shows.

use leptos::prelude::*;

use super::ConsoleError;
use crate::domain::id::SessionId;
use crate::domain::time::Time;

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub sessions: Vec<SessionRow>,
    pub tokens: Vec<TokenRow>,
    pub now: Time,
}

pub async fn read_account() -> Result<Account, ConsoleError> {
    use crate::console::api::refusal::refuse;
    use crate::domain::access::Who;
    use crate::service::Service;

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
    Ok(Account { sessions: sessions.collect(), tokens: tokens.collect(), now: service.now() })
}
