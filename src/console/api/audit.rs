//! What the record of who did what shows.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::refuse;
use crate::console::query::AuditQuery;
use crate::domain::audit::{ActorKind, AuditEntry, Deed, ObjectKind};
use crate::domain::id::CustomerId;
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::service::Service;
use crate::service::audit::changes;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub number: i64,
    pub at: Time,
    pub actor_kind: ActorKind,
    pub actor: String,
    pub deed: Deed,
    pub object_kind: ObjectKind,
    pub object: Option<String>,
    pub customer: Option<CustomerId>,
    /// What changed: its name, what it was, what it is.
    pub changes: Vec<(String, String, String)>,
    pub reason: Option<String>,
    pub request_id: Option<String>,
    pub address: Option<String>,
}

/// A page of the record, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    pub rows: Vec<AuditRow>,
    pub has_newer: bool,
    pub has_older: bool,
    pub now: Time,
}

impl AuditRow {
    pub fn new(entry: AuditEntry, changes: Vec<(String, String, String)>) -> Self {
        Self {
            number: entry.number,
            at: entry.at,
            actor_kind: entry.actor_kind,
            actor: entry.actor,
            deed: entry.deed,
            object_kind: entry.object_kind,
            object: entry.object,
            customer: entry.customer,
            changes,
            reason: entry.reason,
            request_id: entry.request_id,
            address: entry.address,
        }
    }
}

pub async fn list_audit(query: AuditQuery) -> Result<AuditPage, ConsoleError> {
    let service = expect_context::<Service>();
    let page = service.audit(&query.filter, query.seek, PageSize::default()).await.map_err(refuse)?;
    let row = |entry: AuditEntry| {
        let changes = changes(&entry);
        AuditRow::new(entry, changes)
    };
    Ok(AuditPage {
        rows: page.rows.into_iter().map(row).collect(),
        has_newer: page.has_newer,
        has_older: page.has_older,
        now: service.now(),
    })
}
