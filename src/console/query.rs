//! The state of each page as its address says it. Parsing never fails: what cannot be read is the default, so that a mistyped
//! address shows a sensible page. Links leave defaults out.

use std::fmt::Write;

use crate::domain::id::BatchId;
use crate::domain::page::PageSize;
use crate::domain::word::words;

/// Finds a parameter of the address by name.
pub type Params<'a> = &'a dyn Fn(&str) -> Option<String>;

/// `/admin/batches?before=bat_…`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchesQuery {
    /// Only batches older than this one.
    pub before: Option<BatchId>,
}

impl BatchesQuery {
    pub const PATH: &'static str = "/admin/batches";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        Self { before: params("before").and_then(|id| id.parse().ok()) }
    }

    pub fn to_href(&self) -> String {
        let mut href = Href::to(Self::PATH.to_owned());
        href.with("before", self.before);
        href.0
    }
}

words! {
    /// Sections of the page of a batch.
    Tab {
        Tasks = "tasks",
        Billing = "billing",
        Webhooks = "webhooks",
    }
}

/// Numbers of rows that a page of tasks may have.
pub const ROWS: [i64; 3] = [50, 100, 200];

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

/// `/admin/batches/bat_…?tab=billing`, `?page=3&size=100&task=217`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchQuery {
    pub tab: Tab,
    /// From 1. A page beyond the last one shows the last one; only the server knows which that is.
    pub page: i64,
    pub size: PageSize,
    /// Number of the task that is open.
    pub task: Option<i32>,
}

impl Default for BatchQuery {
    fn default() -> Self {
        Self { tab: Tab::Tasks, page: 1, size: PageSize::default(), task: None }
    }
}

impl BatchQuery {
    pub fn of(params: Params) -> Self {
        let number = |name| params(name).and_then(|text| text.parse::<i64>().ok());
        Self {
            tab: params("tab").and_then(|word| word.parse().ok()).unwrap_or(Tab::Tasks),
            page: number("page").filter(|page| *page >= 1).unwrap_or(1),
            size: number("size").filter(|rows| ROWS.contains(rows)).and_then(|rows| PageSize::new(rows).ok()).unwrap_or_default(),
            task: number("task").filter(|number| *number >= 1).and_then(|number| i32::try_from(number).ok()),
        }
    }

    /// Parameters that belong to another tab are left out too.
    pub fn to_href(&self, batch: BatchId) -> String {
        let mut href = Href::to(format!("{}/{batch}", BatchesQuery::PATH));
        let default = Self::default();
        href.with("tab", (self.tab != default.tab).then_some(self.tab));
        if self.tab == Tab::Tasks {
            href.with("page", (self.page != default.page).then_some(self.page));
            href.with("size", (self.size != default.size).then_some(self.size.get()));
            href.with("task", self.task);
        }
        href.0
    }

    #[must_use]
    pub fn tab(&self, tab: Tab) -> Self {
        Self { tab, ..Self::default() }
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

/// An address that is being written. Values are words, numbers and ids: nothing in them needs escaping.
struct Href(String);

impl Href {
    fn to(path: String) -> Self {
        Self(path)
    }

    fn with(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            let mark = if self.0.contains('?') { '&' } else { '?' };
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{mark}{name}={value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::{BatchPlace, BatchQuery, BatchesQuery, ROWS, Tab};
    use crate::domain::id::BatchId;
    use crate::domain::page::PageSize;

    const ID: &str = "bat_00fkqz1b3r000000000000000g";

    fn id() -> BatchId {
        ID.parse().unwrap()
    }

    /// Reads an address as a browser would send it.
    fn params(href: &str) -> impl Fn(&str) -> Option<String> + use<> {
        let pairs: Vec<(String, String)> = href
            .split_once('?')
            .map(|(_, query)| query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
            .unwrap_or_default();
        move |name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn the_list_reads_what_it_writes() {
        for query in [BatchesQuery::default(), BatchesQuery { before: Some(id()) }] {
            assert_eq!(BatchesQuery::of(&params(&query.to_href())), query);
        }
        assert_eq!(BatchesQuery::default().to_href(), "/admin/batches");
        assert_eq!(BatchesQuery::of(&params("?before=nonsense")), BatchesQuery::default());
    }

    #[test]
    fn a_batch_reads_what_it_writes() {
        for tab in Tab::ALL {
            for page in [1, 2, 200] {
                for rows in ROWS {
                    for task in [None, Some(17)] {
                        let query = BatchQuery { tab: *tab, page, size: PageSize::new(rows).unwrap(), task };
                        let read = BatchQuery::of(&params(&query.to_href(id())));
                        let expected = if *tab == Tab::Tasks { query } else { query.tab(*tab) };
                        assert_eq!(read, expected);
                    }
                }
            }
        }
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
        assert_eq!(BatchesQuery::at("/admin/batches/", &none), Some(BatchesQuery::default()));
        assert_eq!(BatchesQuery::at("/admin/batches/bat_1", &none), None);
    }

    #[test]
    fn links_leave_defaults_out() {
        let query = BatchQuery::default();
        assert_eq!(query.to_href(id()), format!("/admin/batches/{ID}"));
        assert_eq!(query.tab(Tab::Billing).to_href(id()), format!("/admin/batches/{ID}?tab=billing"));
        assert_eq!(query.page(3).task(Some(117)).to_href(id()), format!("/admin/batches/{ID}?page=3&task=117"));
    }

    #[test]
    fn nonsense_in_the_address_is_the_default() {
        for nonsense in ["?page=0", "?page=-1", "?page=abc", "?size=7", "?tab=secrets", "?task=0", "?task=99999999999", "?page=1e9"] {
            assert_eq!(BatchQuery::of(&params(nonsense)), BatchQuery::default(), "{nonsense}");
        }
        assert_eq!(BatchQuery::of(&params("?page=1000000000")).page, 1_000_000_000);
    }

    #[test]
    fn another_page_size_keeps_the_first_row_in_sight() {
        let size = |rows| PageSize::new(rows).unwrap();
        let third = BatchQuery::default().page(3);
        assert_eq!(third.size(size(100)).page, 2);
        assert_eq!(third.size(size(200)).page, 1);
        assert_eq!(third.size(size(200)).size(size(50)).page, 1);
        let last = BatchQuery { page: i64::MAX, ..BatchQuery::default() };
        assert!(last.size(size(100)).page > 1);
    }
}
