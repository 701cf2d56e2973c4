//! `/admin/batches`

use super::{Href, Params};
use crate::domain::id::BatchId;

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

#[cfg(test)]
mod tests {
    use crate::console::query::BatchesQuery;
    use crate::console::query::tests::{id, params};

    #[test]
    fn the_list_reads_what_it_writes() {
        for query in [BatchesQuery::default(), BatchesQuery { before: Some(id()) }] {
            assert_eq!(BatchesQuery::of(&params(&query.to_href())), query);
        }
        assert_eq!(BatchesQuery::default().to_href(), "/admin/batches");
        assert_eq!(BatchesQuery::of(&params("?before=nonsense")), BatchesQuery::default());
    }

    #[test]
    fn a_list_knows_its_own_address() {
        let none = params("");
        assert_eq!(BatchesQuery::at("/admin/batches/", &none), Some(BatchesQuery::default()));
        assert_eq!(BatchesQuery::at("/admin/batches/bat_1", &none), None);
    }
}
