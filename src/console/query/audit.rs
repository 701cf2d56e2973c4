//! `/admin/audit?who=anna@example.com&action=key.revoked&object=cus_…&from=2026-11-01&before=120`

use super::{Href, Params};
use crate::domain::audit::AuditFilter;
use crate::domain::page::Seek;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub filter: AuditFilter,
    pub seek: Seek<i64>,
}

impl AuditQuery {
    pub const PATH: &'static str = "/admin/audit";
    const FILE: &'static str = "/api/admin/audit.csv";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        let number = |name| params(name).and_then(|text| text.parse().ok());
        Self { filter: AuditFilter::read(params), seek: Seek::of(None, number("before"), number("after")) }
    }

    pub fn to_href(&self) -> String {
        let mut href = self.filtered(Self::PATH);
        let (_, before, after) = self.seek.parts();
        href.with("before", before);
        href.with("after", after);
        href.0
    }

    /// Address of the file with the same rows.
    pub fn to_file(&self) -> String {
        self.filtered(Self::FILE).0
    }

    fn filtered(&self, path: &str) -> Href {
        let mut href = Href::to(path.to_owned());
        for (name, value) in self.filter.parameters() {
            href.with(name, value);
        }
        href
    }

    #[must_use]
    pub fn seek(&self, seek: Seek<i64>) -> Self {
        Self { seek, ..self.clone() }
    }

    /// All that was done to an object and to what belongs to it.
    pub fn of_object(id: String) -> Self {
        Self { filter: AuditFilter { object: id, ..AuditFilter::default() }, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::query::tests::params;
    use crate::domain::audit::Deed;

    #[test]
    fn reads_what_it_writes() {
        for seek in [Seek::Newest, Seek::Before(7), Seek::After(7)] {
            let filter = AuditFilter {
                who: "anna+1@example.com".to_owned(),
                deed: Some(Deed::CreditsTakenBack),
                object: "bat_1".to_owned(),
                from: "2026-11-01".parse().ok(),
                to: None,
                unreadable: None,
            };
            let query = AuditQuery { filter, seek };
            assert_eq!(AuditQuery::of(&params(&query.to_href())), query);
        }
        assert_eq!(AuditQuery::default().to_href(), "/admin/audit");
        assert_eq!(AuditQuery::default().to_file(), "/api/admin/audit.csv");
    }

    #[test]
    fn what_cannot_be_read_stays_in_the_address() {
        let query = AuditQuery::of(&params("?action=theft&before=x"));
        assert_eq!(query.to_href(), "/admin/audit?action=theft");
    }
}
