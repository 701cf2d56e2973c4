//! `/admin/batches/bat_…` and what of it is shown.

use super::{AttemptsQuery, BatchesQuery, BillingQuery, Href, Params, TasksQuery, TimelineQuery};
use crate::domain::id::BatchId;
use crate::domain::task::TaskFilter;
use crate::domain::word::words;

words! {
    /// Sections of the page of a batch.
    Tab {
        Tasks = "tasks",
        /// What was sent to providers, and what it cost.
        Attempts = "attempts",
        Billing = "billing",
        Timeline = "timeline",
        Webhooks = "webhooks",
    }
}

words! {
    /// What is open above the sections.
    Action {
        Cancel = "cancel",
        /// Gives the credits of charged tasks back.
        Refund = "refund",
        /// A summary to be pasted into a ticket.
        Ticket = "ticket",
    }
}

/// Longer lists of numbers are cut: what is left is refused or shown, and nothing is done without being shown.
const NUMBERS_MAX_CHARS: usize = 500;

/// A page of a batch: which one, and what of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchPlace {
    /// As it stands in the address: perhaps not an id.
    pub id: String,
    pub query: BatchQuery,
}

impl BatchPlace {
    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        let id = path.strip_prefix(BatchesQuery::PATH)?.strip_prefix('/')?.trim_end_matches('/');
        let is_one = !id.is_empty() && !id.contains('/');
        is_one.then(|| Self { id: id.to_owned(), query: BatchQuery::of(params) })
    }
}

/// `/admin/batches/bat_…?tab=billing`; what belongs to a tab is in a struct of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchQuery {
    pub tab: Tab,
    pub action: Option<Action>,
    /// Numbers of tasks as somebody typed them, `3,7-9`; empty unless the action is to refund.
    pub refund: String,
    pub tasks: TasksQuery,
    pub attempts: AttemptsQuery,
    pub billing: BillingQuery,
    pub timeline: TimelineQuery,
}

impl Default for BatchQuery {
    fn default() -> Self {
        Self {
            tab: Tab::Tasks,
            action: None,
            refund: String::new(),
            tasks: TasksQuery::default(),
            attempts: AttemptsQuery::default(),
            billing: BillingQuery::default(),
            timeline: TimelineQuery::default(),
        }
    }
}

impl BatchQuery {
    pub fn of(params: Params) -> Self {
        let tab = params("tab").and_then(|word| word.parse().ok()).unwrap_or(Tab::Tasks);
        let action = params("action").and_then(|word| word.parse().ok());
        let refund = params("refund").filter(|_| action == Some(Action::Refund)).unwrap_or_default();
        let refund: String = refund.trim().chars().take(NUMBERS_MAX_CHARS).collect();
        let query = Self { tab, action, refund, ..Self::default() };
        // Parameters of one tab mean nothing on another.
        match tab {
            Tab::Tasks => Self { tasks: TasksQuery::of(params), ..query },
            Tab::Attempts => Self { attempts: AttemptsQuery::of(params), ..query },
            Tab::Billing => Self { billing: BillingQuery::of(params), ..query },
            Tab::Timeline => Self { timeline: TimelineQuery::of(params), ..query },
            Tab::Webhooks => query,
        }
    }

    /// The tab of tasks with those that a filter asks for.
    pub fn tasks(filter: TaskFilter) -> Self {
        Self { tasks: TasksQuery { filter, ..TasksQuery::default() }, ..Self::default() }
    }

    /// Parameters that belong to another tab are left out too.
    pub fn to_href(&self, batch: BatchId) -> String {
        let mut href = Href::to(format!("{}/{batch}", BatchesQuery::PATH));
        href.with("tab", (self.tab != Tab::Tasks).then_some(self.tab));
        match self.tab {
            Tab::Tasks => self.tasks.write(&mut href),
            Tab::Attempts => self.attempts.write(&mut href),
            Tab::Billing => self.billing.write(&mut href),
            Tab::Timeline => self.timeline.write(&mut href),
            Tab::Webhooks => {}
        }
        href.with("action", self.action);
        href.with("refund", (!self.refund.is_empty()).then_some(&self.refund));
        href.0
    }

    #[must_use]
    pub fn tab(&self, tab: Tab) -> Self {
        Self { tab, ..Self::default() }
    }

    #[must_use]
    pub fn action(&self, action: Option<Action>) -> Self {
        Self { action, refund: String::new(), ..self.clone() }
    }

    /// With the dialog that gives the credits of these tasks back.
    #[must_use]
    pub fn refunding(&self, tasks: &str) -> Self {
        Self { action: Some(Action::Refund), refund: tasks.to_owned(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::tests::{ID, id, params};
    use crate::console::query::{Action, BatchPlace, BatchQuery, Tab};
    use crate::domain::failure::Party;
    use crate::domain::task::TaskFilter;

    #[test]
    fn a_batch_reads_what_it_writes() {
        for tab in Tab::ALL {
            for action in [None, Some(Action::Cancel)] {
                let query = BatchQuery::default().tab(*tab).action(action);
                assert_eq!(BatchQuery::of(&params(&query.to_href(id()))), query);
            }
        }
        let query = BatchQuery::default().refunding("3,7-9");
        assert_eq!(BatchQuery::of(&params(&query.to_href(id()))), query);
        assert_eq!(BatchQuery::of(&params("?refund=3")), BatchQuery::default(), "of an action that is not asked for");
        assert_eq!(BatchQuery::of(&params("?tab=secrets")), BatchQuery::default());
    }

    #[test]
    fn a_page_knows_its_own_addresses() {
        let none = params("");
        let batch = |path| BatchPlace::at(path, &none).map(|place| place.id);
        assert_eq!(batch("/admin/batches/bat_1"), Some("bat_1".to_owned()));
        assert_eq!(batch("/admin/batches/bat_1/"), Some("bat_1".to_owned()));
        assert_eq!(
            [batch("/admin/batches"), batch("/admin/batches/"), batch("/admin/batchesx"), batch("/admin/batches/a/b")],
            [const { None }; 4]
        );
    }

    #[test]
    fn links_leave_defaults_and_other_tabs_out() {
        let query = BatchQuery::default();
        assert_eq!(query.to_href(id()), format!("/admin/batches/{ID}"));
        assert_eq!(query.tab(Tab::Billing).to_href(id()), format!("/admin/batches/{ID}?tab=billing"));
        let faults = BatchQuery::tasks(TaskFilter::of_party(Party::Provider));
        assert_eq!(faults.to_href(id()), format!("/admin/batches/{ID}?party=provider"));
        assert_eq!(BatchQuery { tab: Tab::Webhooks, ..faults }.to_href(id()), format!("/admin/batches/{ID}?tab=webhooks"));
    }
}
