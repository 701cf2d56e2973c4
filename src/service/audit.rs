//! The record of who did what. Every use case of operators writes its row in its own transaction: what is done is recorded, and
//! what is recorded was done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::access::{Action, Operator, Who};
use crate::domain::audit::{ActorKind, AuditEntry, AuditFilter, Deed, ObjectKind};
use crate::domain::id::CustomerKey;
use crate::domain::page::{PageSize, Seek, Stretch};
use crate::store::Tx;
use crate::store::audit::{self, NewEntry};

use super::{Service, ServiceResult};

/// Bytes of `before` and of `after` at most: they tell what changed, and do not store it a second time.
const CHANGE_MAX_BYTES: usize = 4_096;
/// Rows of the history of one thing.
pub const HISTORY_MAX: usize = 100;
const HISTORY_ROWS: i64 = 100;

/// What is to be recorded. Nothing of it is a secret.
#[derive(Clone, Debug)]
pub struct Note<'n> {
    pub deed: Deed,
    pub object: (ObjectKind, Option<String>),
    /// Whose rows these are.
    pub customer: Option<CustomerKey>,
    /// What changed, as it was and as it is.
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub reason: Option<&'n str>,
}

impl<'n> Note<'n> {
    pub fn new(deed: Deed, kind: ObjectKind, id: impl ToString) -> Self {
        Self { object: (kind, Some(id.to_string())), ..Self::without_id(deed, kind) }
    }

    pub const fn without_id(deed: Deed, kind: ObjectKind) -> Self {
        Self { deed, object: (kind, None), customer: None, before: None, after: None, reason: None }
    }

    #[must_use]
    pub fn of(self, customer: CustomerKey) -> Self {
        Self { customer: Some(customer), ..self }
    }

    #[must_use]
    pub fn before(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    #[must_use]
    pub fn after(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }

    #[must_use]
    pub fn because(self, reason: Option<&'n str>) -> Self {
        Self { reason, ..self }
    }
}

impl Service {
    /// Records what whoever the service acts for did. Our own workers are no operators: the ledger and the timeline tell of them.
    pub(super) async fn note(&self, tx: &mut Tx, note: Note<'_>) -> ServiceResult<()> {
        let (kind, id) = match &self.by().who {
            Who::Workers => return Ok(()),
            Who::Operator { operator, .. } => (ActorKind::Operator, Some(operator.id.to_string())),
            Who::CommandLine => (ActorKind::Command, None),
            Who::Nobody => (ActorKind::Nobody, None),
        };
        self.note_of(tx, kind, id, self.by().to_string(), note).await
    }

    /// The same for an operator who is not signed in yet.
    pub(super) async fn note_of_operator(&self, tx: &mut Tx, operator: &Operator, note: Note<'_>) -> ServiceResult<()> {
        self.note_of(tx, ActorKind::Operator, Some(operator.id.to_string()), operator.email.clone(), note).await
    }

    /// The same for somebody else: a key that was refused.
    pub(super) async fn note_of(
        &self,
        tx: &mut Tx,
        kind: ActorKind,
        id: Option<String>,
        name: String,
        note: Note<'_>,
    ) -> ServiceResult<()> {
        let by = self.by();
        let entry = NewEntry {
            actor_kind: kind,
            actor_id: id,
            actor: name,
            deed: note.deed,
            object_kind: note.object.0,
            object: note.object.1,
            customer: note.customer,
            before: note.before.map(|value| short(&value)),
            after: note.after.map(|value| short(&value)),
            reason: note.reason,
            request_id: by.request_id.as_deref(),
            address: by.address.map(|address| address.to_string()),
        };
        Ok(audit::insert(tx, &entry, self.now()).await?)
    }

    /// A page of the record, newest first.
    pub async fn audit(&self, filter: &AuditFilter, seek: Seek<i64>, size: PageSize) -> ServiceResult<Stretch<AuditEntry>> {
        self.may(Action::ReadAudit)?;
        let mut tx = self.db().read().await?;
        Ok(audit::page(&mut tx, filter, seek, size).await?)
    }

    /// What operators did to a customer and to what belongs to it, newest first, the latest 100.
    pub async fn history_of_customer(&self, customer: CustomerKey) -> ServiceResult<Vec<AuditEntry>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(audit::of_customer(&mut tx, customer, HISTORY_ROWS).await?)
    }

    /// What operators did to one thing, by its public id, newest first, the latest 100.
    pub async fn history_of(&self, object: &str) -> ServiceResult<Vec<AuditEntry>> {
        self.may(Action::Read)?;
        let mut tx = self.db().read().await?;
        Ok(audit::of_object(&mut tx, object, HISTORY_ROWS).await?)
    }
}

/// What changed, for people: the name of each field that is different, what it was, and what it is.
pub fn changes(entry: &AuditEntry) -> Vec<(String, String, String)> {
    let fields = |text: &Option<String>| -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        if let Some(value) = text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            flatten("", &value, &mut fields);
        }
        fields
    };
    let (before, after) = (fields(&entry.before), fields(&entry.after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |fields: &BTreeMap<String, String>, name: &String| fields.get(name).cloned().unwrap_or_default();
    let changes = names.into_iter().map(|name| (name.clone(), value(&before, name), value(&after, name)));
    changes.filter(|(_, was, is)| was != is).collect()
}

/// `terms.scopes`: the way to each value.
fn flatten(path: &str, value: &Value, fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, member, fields);
            }
        }
        Value::Null => {}
        Value::String(text) => _ = fields.insert(path.to_owned(), text.clone()),
        other => _ = fields.insert(path.to_owned(), other.to_string()),
    }
}

/// JSON that is too long says so instead.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= CHANGE_MAX_BYTES { text } else { serde_json::json!({"bytes": text.len(), "left_out": true}).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_says_so() {
        assert_eq!(short(&serde_json::json!({"a": 1})), r#"{"a":1}"#);
        let long = serde_json::json!({"a": "x".repeat(CHANGE_MAX_BYTES)});
        assert_eq!(short(&long), format!(r#"{{"bytes":{},"left_out":true}}"#, CHANGE_MAX_BYTES + 8));
    }
}
