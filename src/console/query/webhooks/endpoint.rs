//! `/admin/webhooks?tab=endpoints&show=failing&customer=cus_…`, `/admin/webhooks/endpoints/whe_…`, `/admin/webhooks/endpoints/new`

use super::super::{Href, Params};
use super::{WebhooksQuery, WebhooksTab, id_in};
use crate::domain::id::{CustomerId, EndpointId};
use crate::domain::webhook::{EndpointProblem, EventType, Subscription, TIMEOUT_MS};
use crate::domain::word::words;

words! {
    /// Which endpoints are shown.
    EndpointShow {
        Enabled = "enabled",
        Disabled = "disabled",
        /// Enabled, and everything has failed for a while.
        Failing = "failing",
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointsQuery {
    pub show: Option<EndpointShow>,
    pub customer: Option<CustomerId>,
    /// Only those older than this one.
    pub before: Option<EndpointId>,
}

impl EndpointsQuery {
    pub(super) fn of(params: Params) -> Self {
        Self {
            show: params("show").and_then(|word| word.parse().ok()),
            customer: params("customer").and_then(|id| id.parse().ok()),
            before: params("before").and_then(|id| id.parse().ok()),
        }
    }

    pub(super) fn pairs(self) -> Vec<(&'static str, String)> {
        let show = self.show.map(|show| ("show", show.to_string()));
        let customer = self.customer.map(|id| ("customer", id.to_string()));
        let before = self.before.map(|id| ("before", id.to_string()));
        [show, customer, before].into_iter().flatten().collect()
    }

    pub fn to_href(self) -> String {
        WebhooksQuery { endpoints: self, ..WebhooksQuery::tab(WebhooksTab::Endpoints) }.to_href()
    }

    #[must_use]
    pub fn show(self, show: Option<EndpointShow>) -> Self {
        Self { show, before: None, ..self }
    }
}

/// What was typed into the form of an endpoint, and why it was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointForm {
    pub url: String,
    pub description: String,
    /// None: everything but single tasks.
    pub types: Vec<EventType>,
    pub timeout_ms: i32,
    pub problem: Option<EndpointProblem>,
}

impl Default for EndpointForm {
    fn default() -> Self {
        Self { url: String::new(), description: String::new(), types: Vec::new(), timeout_ms: TIMEOUT_MS, problem: None }
    }
}

impl EndpointForm {
    fn of(params: Params) -> Self {
        let words = params("types").unwrap_or_default();
        let types: Vec<EventType> = words.split(',').filter_map(|word| word.parse().ok()).collect();
        Self {
            url: params("url").unwrap_or_default(),
            description: params("description").unwrap_or_default(),
            types: Subscription::new(&types).types().to_vec(),
            timeout_ms: params("timeout_ms").and_then(|text| text.parse().ok()).unwrap_or(TIMEOUT_MS),
            problem: params("problem").and_then(|word| word.parse().ok()),
        }
    }

    fn write(&self, href: &mut Href) {
        href.with("url", (!self.url.is_empty()).then_some(&self.url));
        href.with("description", (!self.description.is_empty()).then_some(&self.description));
        let words: Vec<&str> = self.types.iter().map(|kind| kind.as_str()).collect();
        href.with("types", (!words.is_empty()).then(|| words.join(",")));
        href.with("timeout_ms", (self.timeout_ms != TIMEOUT_MS).then_some(self.timeout_ms));
        href.with("problem", self.problem);
    }
}

/// An endpoint, or the form of one that is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointPlace {
    /// As it stands in the address: perhaps not an id.
    pub id: String,
    /// Whose a new one will be.
    pub customer: Option<CustomerId>,
    pub form: EndpointForm,
    /// Shows a secret that was just made, once.
    pub reveal: Option<String>,
    /// The form is open, or something is to be confirmed.
    pub open: Option<EndpointOpen>,
}

words! {
    /// What is open on the page of an endpoint.
    EndpointOpen {
        Edit = "edit",
        Rotate = "rotate",
        Delete = "delete",
    }
}

impl EndpointPlace {
    const SECTION: &'static str = "/endpoints/";
    /// Stands where an id would: no id is like it.
    const NEW: &'static str = "new";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        let id = id_in(path, Self::SECTION)?;
        let form = EndpointForm::of(params);
        let open = params("open").and_then(|word| word.parse().ok()).or(form.problem.map(|_| EndpointOpen::Edit));
        Some(Self { id, customer: params("customer").and_then(|id| id.parse().ok()), form, reveal: params("reveal"), open })
    }

    pub fn is_new(&self) -> bool {
        self.id == Self::NEW
    }

    pub fn href(id: EndpointId) -> String {
        format!("{}{}{id}", WebhooksQuery::PATH, Self::SECTION)
    }

    pub fn href_open(id: EndpointId, open: EndpointOpen) -> String {
        let mut href = Href::to(Self::href(id));
        href.with("open", Some(open));
        href.0
    }

    /// The page that shows a secret, once.
    pub fn href_reveal(id: EndpointId, reveal: &str) -> String {
        let mut href = Href::to(Self::href(id));
        href.with("reveal", Some(reveal));
        href.0
    }

    pub fn href_new(customer: Option<CustomerId>, form: &EndpointForm) -> String {
        let mut href = Href::to(format!("{}{}{}", WebhooksQuery::PATH, Self::SECTION, Self::NEW));
        href.with("customer", customer);
        form.write(&mut href);
        href.0
    }

    /// The form of an endpoint that is there, with what was typed.
    pub fn href_edit(id: EndpointId, form: &EndpointForm) -> String {
        let mut href = Href::to(Self::href_open(id, EndpointOpen::Edit));
        form.write(&mut href);
        href.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::query::tests::params;

    const ENDPOINT: &str = "whe_00fkqz1b3r000000000000000g";
    const CUSTOMER: &str = "cus_00fkqz1b3r000000000000000g";

    fn at(href: &str) -> EndpointPlace {
        EndpointPlace::at(href.split('?').next().unwrap(), &params(href)).unwrap()
    }

    #[test]
    fn the_list_reads_what_it_writes() {
        for show in std::iter::once(None).chain(EndpointShow::ALL.iter().copied().map(Some)) {
            let query = EndpointsQuery { show, customer: CUSTOMER.parse().ok(), before: ENDPOINT.parse().ok() };
            assert_eq!(WebhooksQuery::of(&params(&query.to_href())).endpoints, query);
        }
        assert_eq!(EndpointsQuery::default().to_href(), "/admin/webhooks?tab=endpoints");
    }

    #[test]
    fn a_form_reads_what_it_writes() {
        let form = EndpointForm {
            url: "https://example.com/hook?a=1&b=%20".to_owned(),
            description: "夜间 & 白天".to_owned(),
            types: vec![EventType::BatchPartial, EventType::TaskFailed],
            timeout_ms: 5_000,
            problem: Some(EndpointProblem::UrlPort),
        };
        for form in [EndpointForm::default(), form] {
            let new = at(&EndpointPlace::href_new(CUSTOMER.parse().ok(), &form));
            assert!(new.is_new() && new.customer == CUSTOMER.parse().ok() && new.form == form, "{new:?}");
            let edit = at(&EndpointPlace::href_edit(ENDPOINT.parse().unwrap(), &form));
            assert_eq!((edit.id.as_str(), edit.open, &edit.form), (ENDPOINT, Some(EndpointOpen::Edit), &form));
        }
    }

    #[test]
    fn a_secret_is_shown_by_its_own_address() {
        let place = at(&EndpointPlace::href_reveal(ENDPOINT.parse().unwrap(), "0a1b"));
        assert_eq!((place.reveal.as_deref(), place.open), (Some("0a1b"), None));
        assert_eq!(at(&EndpointPlace::href_open(ENDPOINT.parse().unwrap(), EndpointOpen::Delete)).open, Some(EndpointOpen::Delete));
    }
}
