//! What an operator types to find one thing: an id, or a text that customers, batches and keys are known by.

use serde::{Deserialize, Serialize};

use super::id::{BatchId, CustomerId, EventId, GrantId, KeyId, TransactionId};
use super::word::words;

/// Characters of a search that are read.
pub const SEARCH_MAX_CHARS: usize = 200;
/// Every id is as long: a prefix of four characters, and 26 more.
const ID_BYTES: usize = 30;

words! {
    /// What can be found.
    HitKind {
        Batch = "batch",
        Task = "task",
        Customer = "customer",
        Transaction = "transaction",
        Grant = "grant",
        Key = "key",
        Event = "event",
    }
}

/// What a search is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needle {
    Batch(BatchId),
    Task(BatchId, i32),
    Customer(CustomerId),
    Transaction(TransactionId),
    Grant(GrantId),
    Key(KeyId),
    Event(EventId),
    /// An idempotency key, the beginning of an API key, or a part of a customer's name or e-mail address.
    Text(String),
}

impl Needle {
    /// `None` when nothing is searched for. An id is found anywhere in the text, so a whole address may be pasted.
    pub fn of(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().filter(|c| !c.is_control()).take(SEARCH_MAX_CHARS).collect();
        if text.is_empty() {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let at = lower.match_indices('_').filter_map(|(at, _)| at.checked_sub(3));
        Some(at.filter_map(|at| lower.get(at..)).find_map(Self::of_id).unwrap_or(Self::Text(text)))
    }

    /// What begins with an id.
    fn of_id(text: &str) -> Option<Self> {
        let (id, rest) = (text.get(..ID_BYTES)?, text.get(ID_BYTES..)?);
        if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        match id.get(..4)? {
            BatchId::PREFIX => {
                let batch = id.parse().ok()?;
                Some(task_number(rest).map_or(Self::Batch(batch), |number| Self::Task(batch, number)))
            }
            CustomerId::PREFIX => id.parse().ok().map(Self::Customer),
            TransactionId::PREFIX => id.parse().ok().map(Self::Transaction),
            GrantId::PREFIX => id.parse().ok().map(Self::Grant),
            KeyId::PREFIX => id.parse().ok().map(Self::Key),
            EventId::PREFIX => id.parse().ok().map(Self::Event),
            _ => None,
        }
    }
}

/// `/tasks/17` as the API names a task, `/17` as providers know it, `?task=17` as the console does.
fn task_number(after_id: &str) -> Option<i32> {
    let by_console = || after_id.split(['?', '&']).find_map(|pair| pair.strip_prefix("task="));
    let by_path = after_id.strip_prefix("/tasks/").or_else(|| after_id.strip_prefix('/'));
    let number = by_path.or_else(by_console)?;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|number| *number >= 1)
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hit {
    pub kind: HitKind,
    /// Its public id; of a task the id of its batch.
    pub id: String,
    pub customer: CustomerId,
    pub customer_name: String,
    /// The batch that it belongs to.
    pub batch: Option<BatchId>,
    /// Its number, if it is a task.
    pub task: Option<i32>,
    /// What else tells it apart: a state, a kind, an e-mail address, the beginning of a key.
    pub note: String,
    /// Whether it is what was typed, and not only a part of it.
    pub exact: bool,
}

/// What was found, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// There are more than are listed.
    pub has_more: bool,
}

impl Found {
    /// The one thing that was meant: there is no need to choose.
    pub fn only(&self) -> Option<&Hit> {
        match self.hits.as_slice() {
            [hit] if hit.exact => Some(hit),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: &str = "bat_00fkqz1b3r000000000000000g";

    #[test]
    fn ids_are_found_in_whatever_is_pasted() {
        let batch: BatchId = BATCH.parse().unwrap();
        for text in [
            BATCH.to_owned(),
            format!("  {BATCH} "),
            BATCH.to_uppercase(),
            format!("http://127.0.0.1:3000/admin/batches/{BATCH}?tab=billing"),
        ] {
            assert_eq!(Needle::of(&text), Some(Needle::Batch(batch)), "{text}");
        }
        for text in ["/tasks/17", "/17/1", "?status=failed&task=17", "?task=17"] {
            assert_eq!(Needle::of(&format!("{BATCH}{text}")), Some(Needle::Task(batch, 17)), "{text}");
        }
        assert_eq!(Needle::of(&format!("{BATCH}/tasks/0")), Some(Needle::Batch(batch)));
        assert_eq!(Needle::of(&format!("{BATCH}/tasks/99999999999")), Some(Needle::Batch(batch)));
    }

    #[test]
    fn every_kind_of_id_is_known() {
        let of = |prefix: &str| Needle::of(&BATCH.replace("bat_", prefix));
        assert!(matches!(of("cus_"), Some(Needle::Customer(_))));
        assert!(matches!(of("txn_"), Some(Needle::Transaction(_))));
        assert!(matches!(of("grt_"), Some(Needle::Grant(_))));
        assert!(matches!(of("key_"), Some(Needle::Key(_))));
        assert!(matches!(of("evt_"), Some(Needle::Event(_))));
        assert!(matches!(of("dlv_"), Some(Needle::Text(_))));
    }

    #[test]
    fn everything_else_is_text() {
        assert_eq!((Needle::of("   "), Needle::of("\0")), (None, None));
        for text in ["order-2026_11_22", "Müller", "bat_short", "_", "无线_耳机", &format!("{BATCH}x")] {
            assert_eq!(Needle::of(text), Some(Needle::Text(text.to_owned())));
        }
        assert_eq!(Needle::of(&"ü".repeat(300)), Some(Needle::Text("ü".repeat(SEARCH_MAX_CHARS))));
    }
}
