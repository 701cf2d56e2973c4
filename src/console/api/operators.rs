//! What the page of operators shows.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::{fresh_link, refuse};
use crate::domain::access::Role;
use crate::domain::id::OperatorId;
use crate::domain::time::Time;
use crate::service::Service;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRow {
    pub id: OperatorId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub has_password: bool,
    pub has_second_factor: bool,
    pub created_at: Time,
    pub disabled_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorsPage {
    pub rows: Vec<OperatorRow>,
    /// A one-time link that was made a moment ago, to be handed over.
    pub link: Option<String>,
    pub now: Time,
}

pub async fn list_operators() -> Result<OperatorsPage, ConsoleError> {
    let service = expect_context::<Service>();
    let rows = service.operators().await.map_err(refuse)?.into_iter().map(|listed| OperatorRow {
        id: listed.operator.id,
        email: listed.operator.email,
        name: listed.operator.name,
        role: listed.operator.role,
        has_password: listed.has_password,
        has_second_factor: listed.has_second_factor,
        created_at: listed.created_at,
        disabled_at: listed.disabled_at,
    });
    Ok(OperatorsPage { rows: rows.collect(), link: fresh_link(), now: service.now() })
}
