//! The addresses of customers: the list, and one customer.

use super::{Href, Params};
use crate::domain::id::{CustomerId, KeyId, TransactionId};
use crate::domain::ledger::TransactionKind;
use crate::domain::page::Seek;
use crate::domain::word::words;

/// `/admin/customers?q=studio&before=cus_…`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomersQuery {
    /// Part of a name, an e-mail address or an id.
    pub search: String,
    pub seek: Seek<CustomerId>,
}

/// A longer search is cut.
const SEARCH_MAX_CHARS: usize = 100;

impl CustomersQuery {
    pub const PATH: &'static str = "/admin/customers";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        let search = params("q").map(|q| q.trim().chars().take(SEARCH_MAX_CHARS).collect()).unwrap_or_default();
        Self { search, seek: Seek::of(None, read(params, "before"), read(params, "after")) }
    }

    pub fn to_href(&self) -> String {
        let mut href = Href::to(Self::PATH.to_owned());
        href.with("q", (!self.search.is_empty()).then_some(&self.search));
        let (_, before, after) = self.seek.parts();
        href.with("before", before);
        href.with("after", after);
        href.0
    }

    #[must_use]
    pub fn seek(&self, seek: Seek<CustomerId>) -> Self {
        Self { seek, ..self.clone() }
    }
}

words! {
    /// Sections of the page of a customer.
    CustomerTab {
        Grants = "grants",
        Ledger = "ledger",
        Keys = "keys",
        Credits = "credits",
        /// What operators did to it.
        History = "history",
    }
}

words! {
    /// What an operator may do to a customer's credits.
    CreditAction {
        Purchase = "purchase",
        Promo = "promo",
        Adjustment = "adjustment",
        TakeBack = "take_back",
    }
}

/// A form as it was filled in: text, perhaps nonsense. Empty at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditForm {
    pub action: CreditAction,
    pub credits: String,
    pub paid: String,
    pub expires: String,
    pub reason: String,
}

/// Longer answers are cut.
const FIELD_MAX_CHARS: usize = 500;

impl Default for CreditForm {
    fn default() -> Self {
        let [credits, paid, expires, reason] = [const { String::new() }; 4];
        Self { action: CreditAction::Purchase, credits, paid, expires, reason }
    }
}

impl CreditForm {
    fn of(params: Params) -> Self {
        let text = |name| params(name).map(|text| text.trim().chars().take(FIELD_MAX_CHARS).collect()).unwrap_or_default();
        Self {
            action: params("do").and_then(|word| word.parse().ok()).unwrap_or(CreditAction::Purchase),
            credits: text("credits"),
            paid: text("paid"),
            expires: text("expires"),
            reason: text("reason"),
        }
    }

    fn write(&self, href: &mut Href) {
        href.with("do", (self.action != CreditAction::Purchase).then_some(self.action));
        for (name, value) in self.fields() {
            href.with(name, (!value.is_empty()).then_some(value));
        }
    }

    /// The texts by their names in the address.
    pub fn fields(&self) -> [(&'static str, &str); 4] {
        [("credits", &self.credits), ("paid", &self.paid), ("expires", &self.expires), ("reason", &self.reason)]
    }
}

/// A page of a customer: which one, and what of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerPlace {
    /// As it stands in the address: perhaps not an id.
    pub id: String,
    pub query: CustomerQuery,
}

impl CustomerPlace {
    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        let id = path.strip_prefix(CustomersQuery::PATH)?.strip_prefix('/')?.trim_end_matches('/');
        let is_one = !id.is_empty() && !id.contains('/');
        is_one.then(|| Self { id: id.to_owned(), query: CustomerQuery::of(params) })
    }
}

/// `/admin/customers/cus_…?tab=ledger&kind=hold&before=txn_…`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerQuery {
    pub tab: CustomerTab,
    /// Only transactions of this kind.
    pub kind: Option<TransactionKind>,
    pub seek: Seek<TransactionId>,
    /// The key whose uses are shown.
    pub key: Option<KeyId>,
    /// What is about to be done to the credits.
    pub form: CreditForm,
}

impl Default for CustomerQuery {
    fn default() -> Self {
        Self { tab: CustomerTab::Grants, kind: None, seek: Seek::Newest, key: None, form: CreditForm::default() }
    }
}

impl CustomerQuery {
    pub fn of(params: Params) -> Self {
        let tab = params("tab").and_then(|word| word.parse().ok()).unwrap_or(CustomerTab::Grants);
        match tab {
            CustomerTab::Grants | CustomerTab::History => Self::tab(tab),
            CustomerTab::Keys => Self { key: read(params, "key"), ..Self::tab(tab) },
            CustomerTab::Credits => Self { form: CreditForm::of(params), ..Self::tab(tab) },
            CustomerTab::Ledger => Self {
                kind: params("kind").and_then(|word| word.parse().ok()),
                seek: Seek::of(read(params, "at"), read(params, "before"), read(params, "after")),
                ..Self::tab(tab)
            },
        }
    }

    /// Parameters that belong to another tab are left out.
    pub fn to_href(&self, customer: CustomerId) -> String {
        let mut href = Href::to(format!("{}/{customer}", CustomersQuery::PATH));
        href.with("tab", (self.tab != CustomerTab::Grants).then_some(self.tab));
        if self.tab == CustomerTab::Ledger {
            href.with("kind", self.kind);
            let (at, before, after) = self.seek.parts();
            href.with("at", at);
            href.with("before", before);
            href.with("after", after);
        }
        if self.tab == CustomerTab::Keys {
            href.with("key", self.key);
        }
        if self.tab == CustomerTab::Credits {
            self.form.write(&mut href);
        }
        href.0
    }

    #[must_use]
    pub fn tab(tab: CustomerTab) -> Self {
        Self { tab, ..Self::default() }
    }

    #[must_use]
    pub fn seek(&self, seek: Seek<TransactionId>) -> Self {
        Self { seek, ..self.clone() }
    }

    /// Where a transaction stands in its customer's ledger.
    pub fn href_of_transaction(customer: CustomerId, transaction: TransactionId) -> String {
        let href = Self::tab(CustomerTab::Ledger).seek(Seek::At(transaction)).to_href(customer);
        format!("{href}#{transaction}")
    }
}

fn read<T: std::str::FromStr>(params: Params, name: &str) -> Option<T> {
    params(name).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::query::tests::params;

    const CUSTOMER: &str = "cus_00fkqz1b3r000000000000000g";
    const TRANSACTION: &str = "txn_00fkqz1b3r000000000000000g";

    fn id() -> CustomerId {
        CUSTOMER.parse().unwrap()
    }

    #[test]
    fn the_list_reads_what_it_writes() {
        for search in ["", "studio", "a@b.example", "50 % & Söhne #1?", "视频", "<b>"] {
            for seek in [Seek::Newest, Seek::Before(id()), Seek::After(id())] {
                let query = CustomersQuery { search: search.to_owned(), seek };
                assert_eq!(CustomersQuery::of(&params(&query.to_href())), query);
            }
        }
        assert_eq!(CustomersQuery::default().to_href(), "/admin/customers");
    }

    #[test]
    fn a_customer_reads_what_it_writes() {
        let transaction: TransactionId = TRANSACTION.parse().unwrap();
        for tab in CustomerTab::ALL {
            for kind in [None, Some(TransactionKind::Hold)] {
                for seek in [Seek::Newest, Seek::At(transaction), Seek::Before(transaction), Seek::After(transaction)] {
                    let query = CustomerQuery { tab: *tab, kind, seek, ..CustomerQuery::default() };
                    let expected = if *tab == CustomerTab::Ledger { query.clone() } else { CustomerQuery::tab(*tab) };
                    assert_eq!(CustomerQuery::of(&params(&query.to_href(id()))), expected);
                }
            }
        }
        assert_eq!(CustomerQuery::default().to_href(id()), format!("/admin/customers/{CUSTOMER}"));
        let anchored = CustomerQuery::href_of_transaction(id(), transaction);
        assert_eq!(anchored, format!("/admin/customers/{CUSTOMER}?tab=ledger&at={TRANSACTION}#{TRANSACTION}"));
        assert_eq!(CustomerQuery::of(&params(anchored.split('#').next().unwrap())).seek, Seek::At(transaction));
    }

    #[test]
    fn the_open_key_is_in_the_address() {
        let key = "key_00fkqz1b3r000000000000000g".parse().ok();
        let query = CustomerQuery { key, ..CustomerQuery::tab(CustomerTab::Keys) };
        assert_eq!(CustomerQuery::of(&params(&query.to_href(id()))), query);
    }

    #[test]
    fn a_form_survives_its_address() {
        for action in CreditAction::ALL {
            let form = CreditForm {
                action: *action,
                credits: "1,000".to_owned(),
                paid: "49.90".to_owned(),
                expires: "2026-12-31".to_owned(),
                reason: "Agreed & signed — 合同 #7?".to_owned(),
            };
            let query = CustomerQuery { form, ..CustomerQuery::tab(CustomerTab::Credits) };
            assert_eq!(CustomerQuery::of(&params(&query.to_href(id()))), query);
        }
        assert_eq!(CustomerQuery::tab(CustomerTab::Credits).to_href(id()), format!("/admin/customers/{CUSTOMER}?tab=credits"));
    }

    #[test]
    fn nonsense_in_the_address_is_the_default() {
        for nonsense in ["?tab=secrets", "?kind=theft", "?before=bat_1", "?at=x", "?after="] {
            assert_eq!(CustomerQuery::of(&params(nonsense)), CustomerQuery::default(), "{nonsense}");
            assert_eq!(CustomersQuery::of(&params(nonsense)), CustomersQuery::default(), "{nonsense}");
        }
        assert_eq!(CustomersQuery::of(&params(&format!("?q={}", "a".repeat(500)))).search.len(), SEARCH_MAX_CHARS);
    }

    #[test]
    fn a_page_knows_its_own_addresses() {
        let none = params("");
        assert_eq!(CustomerPlace::at("/admin/customers/cus_1/", &none).map(|place| place.id), Some("cus_1".to_owned()));
        assert_eq!(CustomerPlace::at("/admin/customers", &none), None);
        assert_eq!(CustomerPlace::at("/admin/customers/a/b", &none), None);
        assert_eq!(CustomersQuery::at("/admin/customers/", &none), Some(CustomersQuery::default()));
    }
}
