//! `/admin/search?q=acme`, and where what was found is shown.

use super::{BatchQuery, CustomerQuery, CustomerTab, Href, Params, Tab};
use crate::domain::search::{Hit, HitKind};

/// The page of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    pub text: String,
}

impl SearchQuery {
    pub const PATH: &'static str = "/admin/search";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        Self { text: params("q").unwrap_or_default() }
    }

    pub fn to_href(&self) -> String {
        let mut href = Href::to(Self::PATH.to_owned());
        href.with("q", Some(&self.text).filter(|text| !text.is_empty()));
        href.0
    }
}

/// Where a thing is shown: of its own page, or of the page of what it belongs to.
pub fn href_of(hit: &Hit) -> String {
    let of_customer = |tab| CustomerQuery::tab(tab).to_href(hit.customer);
    let here = BatchQuery::default();
    match (hit.kind, hit.batch) {
        (HitKind::Batch, Some(batch)) => here.to_href(batch),
        (HitKind::Task, Some(batch)) => format!("{}?task={}", here.to_href(batch), hit.task.unwrap_or(1)),
        (HitKind::Event, Some(batch)) => here.tab(Tab::Webhooks).to_href(batch),
        (HitKind::Transaction, _) => match hit.id.parse() {
            Ok(id) => CustomerQuery::href_of_transaction(hit.customer, id),
            Err(_) => of_customer(CustomerTab::Ledger),
        },
        (HitKind::Key, _) => of_customer(CustomerTab::Keys),
        _ => of_customer(CustomerTab::Grants),
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::tests::{ID, id, params};
    use crate::console::query::{SearchQuery, href_of};
    use crate::domain::search::{Hit, HitKind};

    #[test]
    fn reads_what_it_writes() {
        for text in ["", "acme", "50 % & more?", "无线耳机", "bat_1/tasks/17"] {
            let query = SearchQuery { text: text.to_owned() };
            assert_eq!(SearchQuery::of(&params(&query.to_href())), query);
        }
        assert_eq!(SearchQuery::default().to_href(), "/admin/search");
    }

    #[test]
    fn leads_to_where_a_thing_is_shown() {
        let href = |kind, with_batch: bool| {
            href_of(&Hit {
                kind,
                id: ID.replace("bat_", "txn_"),
                customer: ID.replace("bat_", "cus_").parse().unwrap(),
                customer_name: "Acme".to_owned(),
                batch: with_batch.then(id),
                task: (kind == HitKind::Task).then_some(17),
                note: String::new(),
                exact: true,
            })
        };
        let (batch, customer) = (format!("/admin/batches/{ID}"), format!("/admin/customers/{}", ID.replace("bat_", "cus_")));
        assert_eq!(href(HitKind::Batch, true), batch);
        assert_eq!(href(HitKind::Task, true), format!("{batch}?task=17"));
        assert_eq!(href(HitKind::Event, true), format!("{batch}?tab=webhooks"));
        for kind in [HitKind::Customer, HitKind::Grant, HitKind::Event] {
            assert_eq!(href(kind, false), customer);
        }
        assert_eq!(href(HitKind::Key, false), format!("{customer}?tab=keys"));
        assert!(href(HitKind::Transaction, true).starts_with(&format!("{customer}?tab=ledger&at=txn_")));
    }
}
