//! The addresses of webhooks: deliveries, endpoints, replays, and one of each.

mod endpoint;
mod replay;

pub use self::endpoint::{EndpointForm, EndpointOpen, EndpointPlace, EndpointShow, EndpointsQuery};
pub use self::replay::{ReplayForm, ReplayPlace, ReplayProblem};

use super::{BatchesQuery, Href, Params};
use crate::domain::id::{BatchId, DeliveryId, EndpointId, ReplayId};
use crate::domain::webhook::outcome::Span;
use crate::domain::webhook::{DeliveryFilter, DeliveryState};
use crate::domain::word::words;

words! {
    /// Sections of the page of webhooks.
    WebhooksTab {
        Deliveries = "deliveries",
        Endpoints = "endpoints",
        Replays = "replays",
    }
}

/// `/admin/webhooks?state=exhausted&class=timeout_response&span=7d&before=dlv_…`, `?tab=endpoints&show=failing`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhooksQuery {
    pub tab: WebhooksTab,
    pub filter: DeliveryFilter,
    /// How far back the charts look.
    pub span: Span,
    /// Only deliveries older than this one.
    pub before: Option<DeliveryId>,
    pub endpoints: EndpointsQuery,
    /// Only replays older than this one.
    pub replays_before: Option<ReplayId>,
}

impl Default for WebhooksQuery {
    fn default() -> Self {
        Self {
            tab: WebhooksTab::Deliveries,
            filter: DeliveryFilter::default(),
            span: Span::Day,
            before: None,
            endpoints: EndpointsQuery::default(),
            replays_before: None,
        }
    }
}

impl WebhooksQuery {
    pub const PATH: &'static str = "/admin/webhooks";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    /// Parameters of one tab mean nothing on another.
    pub fn of(params: Params) -> Self {
        let tab = params("tab").and_then(|word| word.parse().ok()).unwrap_or(WebhooksTab::Deliveries);
        match tab {
            WebhooksTab::Deliveries => Self {
                filter: DeliveryFilter::read(params),
                span: params("span").and_then(|word| word.parse().ok()).unwrap_or(Span::Day),
                before: params("before").and_then(|id| id.parse().ok()),
                ..Self::default()
            },
            WebhooksTab::Endpoints => Self { tab, endpoints: EndpointsQuery::of(params), ..Self::default() },
            WebhooksTab::Replays => Self { tab, replays_before: params("before").and_then(|id| id.parse().ok()), ..Self::default() },
        }
    }

    /// Names and values of what differs from the default.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut put = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        put("tab", (self.tab != WebhooksTab::Deliveries).then(|| self.tab.to_string()));
        match self.tab {
            WebhooksTab::Deliveries => {
                put("span", (self.span != Span::Day).then(|| self.span.to_string()));
                put("before", self.before.map(|id| id.to_string()));
                pairs.extend(self.filter.pairs());
            }
            WebhooksTab::Endpoints => pairs.extend(self.endpoints.pairs()),
            WebhooksTab::Replays => put("before", self.replays_before.map(|id| id.to_string())),
        }
        pairs
    }

    pub fn to_href(&self) -> String {
        let mut href = Href::to(Self::PATH.to_owned());
        for (name, value) in self.pairs() {
            href.with(name, Some(value));
        }
        href.0
    }

    #[must_use]
    pub fn tab(tab: WebhooksTab) -> Self {
        Self { tab, ..Self::default() }
    }

    /// The deliveries of an endpoint.
    #[must_use]
    pub fn of_endpoint(id: EndpointId) -> Self {
        Self::default().filtered(|filter| filter.endpoint = Some(id))
    }

    /// From the start, with another filter.
    #[must_use]
    pub fn filtered(&self, change: impl FnOnce(&mut DeliveryFilter)) -> Self {
        let mut changed = Self { before: None, ..self.clone() };
        change(&mut changed.filter);
        changed
    }

    #[must_use]
    pub fn state(&self, state: Option<DeliveryState>) -> Self {
        self.filtered(|filter| filter.state = state)
    }

    #[must_use]
    pub fn span(&self, span: Span) -> Self {
        Self { span, ..self.clone() }
    }

    #[must_use]
    pub fn before(&self, before: Option<DeliveryId>) -> Self {
        Self { before, ..self.clone() }
    }
}

/// The id behind a prefix of a path: perhaps not an id.
fn id_in(path: &str, section: &str) -> Option<String> {
    let id = path.strip_prefix(WebhooksQuery::PATH)?.strip_prefix(section)?.trim_end_matches('/');
    let is_one = !id.is_empty() && !id.contains('/');
    is_one.then(|| id.to_owned())
}

/// `/admin/webhooks/deliveries/dlv_…`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryPlace {
    /// As it stands in the address: perhaps not an id.
    pub id: String,
}

impl DeliveryPlace {
    const SECTION: &'static str = "/deliveries/";

    /// `None` at the address of another page.
    pub fn at(path: &str, _: Params) -> Option<Self> {
        id_in(path, Self::SECTION).map(|id| Self { id })
    }

    pub fn href(id: DeliveryId) -> String {
        format!("{}{}{id}", WebhooksQuery::PATH, Self::SECTION)
    }
}

/// `/admin/batches/bat_…?tab=webhooks&before=dlv_…`: which part of a batch's deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchWebhooksPlace {
    pub id: String,
    pub before: Option<DeliveryId>,
}

impl BatchWebhooksPlace {
    /// `None` at the address of another page, or of another tab.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        let id = path.strip_prefix(BatchesQuery::PATH)?.strip_prefix('/')?.trim_end_matches('/');
        let is_here = !id.is_empty() && !id.contains('/') && params("tab").as_deref() == Some("webhooks");
        is_here.then(|| Self { id: id.to_owned(), before: params("before").and_then(|id| id.parse().ok()) })
    }

    pub fn href(batch: BatchId, before: Option<DeliveryId>) -> String {
        let mut href = Href::to(format!("{}/{batch}", BatchesQuery::PATH));
        href.with("tab", Some("webhooks"));
        href.with("before", before);
        href.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::query::tests::{ID, id, params};
    use crate::domain::webhook::{AttemptClass, EventType};

    const DELIVERY: &str = "dlv_00fkqz1b3r000000000000000g";

    #[test]
    fn reads_what_it_writes() {
        let filter = DeliveryFilter {
            class: Some(AttemptClass::Dns),
            kind: Some(EventType::BatchPartial),
            endpoint: "whe_00fkqz1b3r000000000000000g".parse().ok(),
            from: "2026-11-25T13:00:00Z".parse().ok(),
            to: "2026-11-26T00:00:00Z".parse().ok(),
            attempts_min: Some(2),
            unreadable: vec![("customer", "A & B?".to_owned())],
            ..DeliveryFilter::default()
        };
        for filter in [DeliveryFilter::default(), filter] {
            for state in [None, Some(DeliveryState::Exhausted)] {
                for before in [None, DELIVERY.parse().ok()] {
                    for span in Span::ALL {
                        let query = WebhooksQuery { filter: filter.clone(), ..WebhooksQuery::default() };
                        let query = query.state(state).span(*span).before(before);
                        assert_eq!(WebhooksQuery::of(&params(&query.to_href())), query);
                    }
                }
            }
        }
        assert_eq!(WebhooksQuery::default().to_href(), "/admin/webhooks");
        for tab in WebhooksTab::ALL {
            let query = WebhooksQuery::tab(*tab);
            assert_eq!(WebhooksQuery::of(&params(&query.to_href())), query);
        }
        let replays =
            WebhooksQuery { replays_before: "rpl_00fkqz1b3r000000000000000g".parse().ok(), ..WebhooksQuery::tab(WebhooksTab::Replays) };
        assert_eq!(WebhooksQuery::of(&params(&replays.to_href())), replays);
    }

    #[test]
    fn nonsense_about_the_view_is_the_default_and_about_the_rows_is_nothing() {
        for nonsense in ["?tab=secrets", "?before=bat_1", "?span=aeon"] {
            assert_eq!(WebhooksQuery::of(&params(nonsense)), WebhooksQuery::default(), "{nonsense}");
        }
        for nonsense in ["?state=lost", "?endpoint=x", "?class=luck", "?attempts=-1"] {
            assert_eq!(WebhooksQuery::of(&params(nonsense)).filter.unreadable.len(), 1, "{nonsense}");
        }
    }

    #[test]
    fn another_filter_starts_at_the_newest() {
        let deep = WebhooksQuery::default().before(DELIVERY.parse().ok());
        assert_eq!(deep.state(Some(DeliveryState::Pending)).before, None);
        assert_eq!(deep.span(Span::Week).before, deep.before);
    }

    #[test]
    fn a_page_knows_its_own_addresses() {
        let none = params("");
        assert_eq!(WebhooksQuery::at("/admin/webhooks/", &none), Some(WebhooksQuery::default()));
        assert_eq!(WebhooksQuery::at("/admin/webhooks/deliveries/dlv_1", &none), None);
        assert_eq!(DeliveryPlace::at("/admin/webhooks/deliveries/dlv_1", &none).map(|place| place.id), Some("dlv_1".to_owned()));
        assert_eq!(DeliveryPlace::at("/admin/webhooks/deliveries/", &none), None);
        assert_eq!(DeliveryPlace::at("/admin/webhooks/endpoints/whe_1", &none), None);
        assert_eq!(DeliveryPlace::href(DELIVERY.parse().unwrap()), format!("/admin/webhooks/deliveries/{DELIVERY}"));
    }

    #[test]
    fn the_tab_of_a_batch_reads_what_it_writes() {
        for before in [None, DELIVERY.parse().ok()] {
            let href = BatchWebhooksPlace::href(id(), before);
            let place = BatchWebhooksPlace::at(href.split('?').next().unwrap(), &params(&href));
            assert_eq!(place, Some(BatchWebhooksPlace { id: ID.to_owned(), before }));
        }
        assert_eq!(BatchWebhooksPlace::at("/admin/batches/bat_1", &params("?tab=tasks")), None);
    }
}
