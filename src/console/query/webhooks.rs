//! The addresses of webhooks: deliveries, endpoints, and one delivery.

use super::{Href, Params};
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::webhook::DeliveryState;
use crate::domain::word::words;

words! {
    /// Sections of the page of webhooks.
    WebhooksTab {
        Deliveries = "deliveries",
        Endpoints = "endpoints",
    }
}

/// `/admin/webhooks?state=exhausted&endpoint=whe_…&before=dlv_…`, `?tab=endpoints`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhooksQuery {
    pub tab: WebhooksTab,
    pub state: Option<DeliveryState>,
    pub endpoint: Option<EndpointId>,
    /// Only deliveries older than this one.
    pub before: Option<DeliveryId>,
}

impl Default for WebhooksQuery {
    fn default() -> Self {
        Self { tab: WebhooksTab::Deliveries, state: None, endpoint: None, before: None }
    }
}

impl WebhooksQuery {
    pub const PATH: &'static str = "/admin/webhooks";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        let tab = params("tab").and_then(|word| word.parse().ok()).unwrap_or(WebhooksTab::Deliveries);
        if tab == WebhooksTab::Endpoints {
            return Self { tab, ..Self::default() };
        }
        Self {
            tab,
            state: params("state").and_then(|word| word.parse().ok()),
            endpoint: params("endpoint").and_then(|id| id.parse().ok()),
            before: params("before").and_then(|id| id.parse().ok()),
        }
    }

    /// Parameters that belong to another tab are left out.
    pub fn to_href(&self) -> String {
        let mut href = Href::to(Self::PATH.to_owned());
        href.with("tab", (self.tab != WebhooksTab::Deliveries).then_some(self.tab));
        if self.tab == WebhooksTab::Deliveries {
            href.with("state", self.state);
            href.with("endpoint", self.endpoint);
            href.with("before", self.before);
        }
        href.0
    }

    #[must_use]
    pub fn tab(tab: WebhooksTab) -> Self {
        Self { tab, ..Self::default() }
    }

    #[must_use]
    pub fn state(&self, state: Option<DeliveryState>) -> Self {
        Self { state, before: None, ..self.clone() }
    }
}

/// `/admin/webhooks/dlv_…`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryPlace {
    /// As it stands in the address: perhaps not an id.
    pub id: String,
}

impl DeliveryPlace {
    /// `None` at the address of another page.
    pub fn at(path: &str, _: Params) -> Option<Self> {
        let id = path.strip_prefix(WebhooksQuery::PATH)?.strip_prefix('/')?.trim_end_matches('/');
        let is_one = !id.is_empty() && !id.contains('/');
        is_one.then(|| Self { id: id.to_owned() })
    }

    pub fn href(id: DeliveryId) -> String {
        format!("{}/{id}", WebhooksQuery::PATH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::query::tests::params;

    const DELIVERY: &str = "dlv_00fkqz1b3r000000000000000g";

    #[test]
    fn reads_what_it_writes() {
        let (endpoint, before) = ("whe_00fkqz1b3r000000000000000g".parse().unwrap(), DELIVERY.parse().unwrap());
        for tab in WebhooksTab::ALL {
            for state in [None, Some(DeliveryState::Exhausted)] {
                for (endpoint, before) in [(None, None), (Some(endpoint), Some(before))] {
                    let query = WebhooksQuery { tab: *tab, state, endpoint, before };
                    let expected = if *tab == WebhooksTab::Deliveries { query.clone() } else { WebhooksQuery::tab(*tab) };
                    assert_eq!(WebhooksQuery::of(&params(&query.to_href())), expected);
                }
            }
        }
        assert_eq!(WebhooksQuery::default().to_href(), "/admin/webhooks");
    }

    #[test]
    fn nonsense_in_the_address_is_the_default() {
        for nonsense in ["?tab=secrets", "?state=lost", "?before=bat_1", "?endpoint=x"] {
            assert_eq!(WebhooksQuery::of(&params(nonsense)), WebhooksQuery::default(), "{nonsense}");
        }
    }

    #[test]
    fn a_page_knows_its_own_addresses() {
        let none = params("");
        assert_eq!(WebhooksQuery::at("/admin/webhooks/", &none), Some(WebhooksQuery::default()));
        assert_eq!(WebhooksQuery::at("/admin/webhooks/dlv_1", &none), None);
        assert_eq!(DeliveryPlace::at("/admin/webhooks/dlv_1", &none).map(|place| place.id), Some("dlv_1".to_owned()));
        assert_eq!(DeliveryPlace::at("/admin/webhooks", &none), None);
        assert_eq!(DeliveryPlace::href(DELIVERY.parse().unwrap()), format!("/admin/webhooks/{DELIVERY}"));
    }
}
