//! `?state=failed&party=provider&page=3&size=100&task=217`: which tasks of a batch, which page of them, and which one is open.

use super::{BatchQuery, Href, Params, Tab};
use crate::domain::id::BatchId;
use crate::domain::page::PageSize;
use crate::domain::task::TaskFilter;

/// Numbers of rows that a page of tasks may have.
pub const ROWS: [i64; 3] = [50, 100, 200];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TasksQuery {
    pub filter: TaskFilter,
    /// The task from which on is searched, where a search is done in parts.
    pub from: i32,
    /// From 1. A page beyond the last one shows the last one; only the server knows which that is.
    pub page: i64,
    pub size: PageSize,
    /// Number of the task that is open.
    pub task: Option<i32>,
}

impl Default for TasksQuery {
    fn default() -> Self {
        Self { filter: TaskFilter::ALL, from: 1, page: 1, size: PageSize::default(), task: None }
    }
}

impl TasksQuery {
    pub fn of(params: Params) -> Self {
        let number = |name| params(name).and_then(|text| text.parse::<i64>().ok()).filter(|number| *number >= 1);
        let task_number = |name| number(name).and_then(|number| i32::try_from(number).ok());
        Self {
            filter: TaskFilter {
                state: params("state").and_then(|word| word.parse().ok()),
                failure: params("failure").and_then(|word| word.parse().ok()),
                party: params("party").and_then(|word| word.parse().ok()),
                model: params("model").and_then(|name| TaskFilter::text_of(&name)),
                text: params("q").and_then(|text| TaskFilter::text_of(&text)),
            },
            from: task_number("from").unwrap_or(1),
            page: number("page").unwrap_or(1),
            size: number("size").filter(|rows| ROWS.contains(rows)).and_then(|rows| PageSize::new(rows).ok()).unwrap_or_default(),
            task: task_number("task"),
        }
    }

    pub(super) fn write(&self, href: &mut Href) {
        for (name, value) in self.kept() {
            href.with(name, Some(value));
        }
        href.with("page", (self.page != 1).then_some(self.page));
        href.with("task", self.task);
    }

    /// What stays from page to page: names and values.
    pub fn kept(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        let mut kept = self.conditions();
        if self.from != default.from {
            kept.push(("from", self.from.to_string()));
        }
        if self.size != default.size {
            kept.push(("size", self.size.get().to_string()));
        }
        kept
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let filter = &self.filter;
        [
            ("state", filter.state.map(|state| state.to_string())),
            ("failure", filter.failure.map(|failure| failure.to_string())),
            ("party", filter.party.map(|party| party.to_string())),
            ("model", filter.model.clone()),
            ("q", filter.text.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// The filter alone, for the same tasks at another address: `?state=failed`, or nothing.
    pub fn filter_query(&self) -> String {
        let mut href = Href::to(String::new());
        for (name, value) in self.conditions() {
            href.with(name, Some(value));
        }
        href.0
    }

    pub fn to_href(&self, batch: BatchId) -> String {
        BatchQuery { tab: Tab::Tasks, tasks: self.clone(), ..BatchQuery::default() }.to_href(batch)
    }

    /// Addresses with one task open, for all the rows of a page.
    pub fn to_task_hrefs(&self, batch: BatchId) -> impl Fn(i32) -> String {
        let closed = self.task(None).to_href(batch);
        move |number| {
            let mut href = Href::to(closed.clone());
            href.with("task", Some(number));
            href.0
        }
    }

    /// Another filter begins on its first page.
    #[must_use]
    pub fn filter(&self, filter: TaskFilter) -> Self {
        Self { filter, size: self.size, ..Self::default() }
    }

    #[must_use]
    pub fn from(&self, from: i32) -> Self {
        Self { from, page: 1, task: None, ..self.clone() }
    }

    #[must_use]
    pub fn page(&self, page: i64) -> Self {
        Self { page, task: None, ..self.clone() }
    }

    /// The page on which the first row of this one is, in pages of another size.
    #[must_use]
    pub fn size(&self, size: PageSize) -> Self {
        let first_row = (self.page - 1).saturating_mul(self.size.get());
        Self { page: first_row / size.get() + 1, size, task: None, ..self.clone() }
    }

    #[must_use]
    pub fn task(&self, task: Option<i32>) -> Self {
        Self { task, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::tests::{ID, id, params};
    use crate::console::query::{ROWS, TasksQuery};
    use crate::domain::failure::{FailureType, Party};
    use crate::domain::page::PageSize;
    use crate::domain::task::{TaskFilter, TaskState};

    fn size(rows: i64) -> PageSize {
        PageSize::new(rows).unwrap()
    }

    #[test]
    fn reads_what_it_writes() {
        let text = |text: &str| TaskFilter { text: Some(text.to_owned()), ..TaskFilter::ALL };
        let filters = [
            TaskFilter::ALL,
            TaskFilter::of_state(TaskState::Processing),
            TaskFilter::of_failure(FailureType::ContentPolicyInput),
            TaskFilter { model: Some("sora-2".to_owned()), ..TaskFilter::of_party(Party::Network) },
            text("100 % & more? #1=+"),
            text("灯塔 🗼 \u{202e}"),
        ];
        for filter in filters {
            for page in [1, 2, 20_000] {
                for rows in ROWS {
                    for (from, task) in [(1, None), (20_001, Some(17))] {
                        let query = TasksQuery { filter: filter.clone(), from, page, size: size(rows), task };
                        assert_eq!(TasksQuery::of(&params(&query.to_href(id()))), query);
                    }
                }
            }
        }
    }

    #[test]
    fn links_leave_defaults_out() {
        let query = TasksQuery::default();
        assert_eq!(query.to_href(id()), format!("/admin/batches/{ID}"));
        assert_eq!(query.page(3).task(Some(117)).to_href(id()), format!("/admin/batches/{ID}?page=3&task=117"));
        assert_eq!(query.page(3).to_task_hrefs(id())(117), query.page(3).task(Some(117)).to_href(id()));
        let failed = query.size(size(200)).page(7).filter(TaskFilter::of_state(TaskState::Failed));
        assert_eq!(failed.to_href(id()), format!("/admin/batches/{ID}?state=failed&size=200"));
    }

    #[test]
    fn nonsense_in_the_address_is_the_default() {
        let nonsense = [
            "?page=0",
            "?page=-1",
            "?page=abc",
            "?size=7",
            "?task=0",
            "?task=99999999999",
            "?page=1e9",
            "?state=sleeping",
            "?failure=blame",
            "?party=",
            "?model=%20",
            "?q=",
            "?from=-5",
        ];
        for nonsense in nonsense {
            assert_eq!(TasksQuery::of(&params(nonsense)), TasksQuery::default(), "{nonsense}");
        }
        assert_eq!(TasksQuery::of(&params("?page=1000000000")).page, 1_000_000_000);
    }

    #[test]
    fn another_page_size_keeps_the_first_row_in_sight() {
        let third = TasksQuery::default().page(3);
        assert_eq!(third.size(size(100)).page, 2);
        assert_eq!(third.size(size(200)).page, 1);
        assert_eq!(third.size(size(200)).size(size(50)).page, 1);
        let last = TasksQuery { page: i64::MAX, ..TasksQuery::default() };
        assert!(last.size(size(100)).page > 1);
    }
}
