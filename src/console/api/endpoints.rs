//! What the pages of endpoints show, and what operators do to endpoints. The forms are plain: they work without WASM, and the
//! answer leads to a page.

use leptos::prelude::*;

use crate::console::api::ConsoleError;
use crate::console::api::refusal::{lead_to, not_found, refuse};
use crate::console::query::{DeliveryPlace, EndpointForm, EndpointPlace, EndpointShow, EndpointsQuery};
use crate::domain::id::{CustomerId, EndpointId};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::outcome::{HealthFigures, Outcomes, Span};
use crate::domain::webhook::{Endpoint, EndpointProblem, EndpointSource, EndpointState, EndpointStatus, EventType, Subscription};
use crate::service::endpoints::{EndpointFields, EndpointFilter};
use crate::service::once::Once;
use crate::service::{Reader, Service, ServiceError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRow {
    pub id: EndpointId,
    pub customer: CustomerId,
    pub customer_name: String,
    pub url: String,
    pub description: String,
    /// Empty: all but those of tasks.
    pub types: Vec<EventType>,
    pub timeout_ms: i32,
    pub source: EndpointSource,
    pub status: EndpointStatus,
    pub failing_since: Option<Time>,
    pub warned_at: Option<Time>,
    pub announced_at: Option<Time>,
    pub created_at: Time,
    /// Of the last 24 hours.
    pub health: HealthFigures,
}

impl EndpointRow {
    pub fn new(endpoint: Endpoint, customer: CustomerId, customer_name: String, health: HealthFigures) -> Self {
        Self {
            id: endpoint.id,
            customer,
            customer_name,
            url: endpoint.url,
            description: endpoint.description,
            types: endpoint.subscription.types().to_vec(),
            timeout_ms: endpoint.timeout_ms,
            source: endpoint.source,
            status: endpoint.status,
            failing_since: endpoint.failing_since,
            warned_at: endpoint.warned_at,
            announced_at: endpoint.announced_at,
            created_at: endpoint.created_at,
            health,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointsPage {
    pub rows: Vec<EndpointRow>,
    pub has_more: bool,
    /// Name of the customer that is asked for, if there is one.
    pub customer: Option<String>,
    pub now: Time,
}

/// An endpoint with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointDetail {
    pub row: EndpointRow,
    /// Of the last seven days.
    pub outcomes: Outcomes,
    /// The secrets that sign, newest first: when each was made, and until when it signs.
    pub secrets: Vec<(Time, Option<Time>)>,
    /// What operators were told, newest first: what and when.
    pub told: Vec<(String, Time)>,
    /// Makes a form that is sent twice one request.
    pub token: String,
    pub now: Time,
}

/// What a form needs that makes an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEndpoint {
    /// Ids and names.
    pub customers: Vec<(String, String)>,
    pub token: String,
}

pub async fn list_endpoints(query: EndpointsQuery) -> Result<EndpointsPage, ConsoleError> {
    let service = expect_context::<Service>();
    let EndpointsQuery { show, customer, before } = query;
    let state = match show {
        Some(EndpointShow::Enabled) => Some(EndpointState::Enabled),
        Some(EndpointShow::Disabled) => Some(EndpointState::Disabled),
        Some(EndpointShow::Failing) | None => None,
    };
    let asked = EndpointFilter { customer, state, failing: show == Some(EndpointShow::Failing) };
    let listed = service.endpoints_with_customers(&asked, before, PageSize::default()).await.map_err(refuse)?;
    let keys: Vec<_> = listed.rows.iter().map(|(endpoint, _)| endpoint.key).collect();
    let health = service.health_of(&keys).await.map_err(refuse)?;
    let customer = match customer {
        Some(id) => service.customer(id).await.ok().map(|customer| customer.name),
        None => None,
    };
    let rows = listed.rows.into_iter().map(|(endpoint, customer)| {
        let health = health.get(&endpoint.key).copied().unwrap_or_default();
        EndpointRow::new(endpoint, customer.id, customer.name, health)
    });
    Ok(EndpointsPage { rows: rows.collect(), has_more: listed.has_more, customer, now: service.now() })
}

/// The id is taken as text: whatever stands in the address is either an endpoint or not found.
pub async fn read_endpoint(id: String) -> Result<EndpointDetail, ConsoleError> {
    let service = expect_context::<Service>();
    let id: EndpointId = id.parse().map_err(|_| not_found())?;
    let (endpoint, customer) = service.endpoint_with_customer(id).await.map_err(refuse)?;
    let health = service.health_of(&[endpoint.key]).await.map_err(refuse)?.remove(&endpoint.key).unwrap_or_default();
    let secrets = service.secret_lives(endpoint.key).await.map_err(refuse)?;
    let told = service.operator_events(Some(id)).await.map_err(refuse)?;
    Ok(EndpointDetail {
        outcomes: service.outcomes(Some(id), None, Span::Week).await.map_err(refuse)?,
        secrets: secrets.into_iter().map(|life| (life.created_at, life.expires_at)).collect(),
        told: told.into_iter().map(|event| (event.text, event.created_at)).collect(),
        row: EndpointRow::new(endpoint, customer.id, customer.name, health),
        token: service.new_token(),
        now: service.now(),
    })
}

pub async fn read_new_endpoint() -> Result<NewEndpoint, ConsoleError> {
    let service = expect_context::<Service>();
    let choices = service.batch_choices().await.map_err(refuse)?;
    let customers = choices.customers.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    Ok(NewEndpoint { customers, token: service.new_token() })
}

/// The secret that a token shows; `None` when it was shown. Asked for once: a page that is loaded anew does not get it again.
pub async fn reveal_secret(id: String, token: String) -> Result<Option<String>, ConsoleError> {
    let service = expect_context::<Service>();
    let id: EndpointId = id.parse().map_err(|_| not_found())?;
    let secret = service.reveal_secret(id, &token).await.map_err(refuse)?;
    Ok(secret.map(|secret| secret.reveal().to_owned()))
}

/// `whose` is the endpoint that is changed, or the customer who gets a new one. What cannot be leads back to the form, which says
/// why.
#[server(prefix = "/admin/data", endpoint = "endpoint_save")]
pub async fn save_endpoint(
    whose: String,
    url: String,
    #[server(default)] description: String,
    #[server(default)] types: Vec<String>,
    timeout_ms: String,
    token: String,
    lang: Option<String>,
) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let kinds: Vec<EventType> = types.iter().filter_map(|word| word.parse().ok()).collect();
    let fields = EndpointFields {
        url: url.trim().to_owned(),
        description: description.trim().to_owned(),
        subscription: Subscription::new(&kinds),
        timeout_ms: timeout_ms.trim().parse().unwrap_or_default(),
    };
    let form = |problem| EndpointForm {
        url: fields.url.clone(),
        description: fields.description.clone(),
        types: fields.subscription.types().to_vec(),
        timeout_ms: fields.timeout_ms,
        problem: Some(problem),
    };
    let problem = service.endpoint_problem(&fields);
    let href = if let Ok(id) = whose.parse::<EndpointId>() {
        if let Some(problem) = problem {
            EndpointPlace::href_edit(id, &form(problem))
        } else {
            service.change_endpoint(Reader::Operator, id, fields).await.map_err(refuse)?;
            EndpointPlace::href(id)
        }
    } else {
        let customer: Option<CustomerId> = whose.trim().parse().ok();
        let new = |problem| EndpointPlace::href_new(customer, &form(problem));
        match (problem, customer) {
            (Some(problem), _) => new(problem),
            (None, None) => new(EndpointProblem::Customer),
            (None, Some(owner)) => match service.add_endpoint_once(owner, fields.clone(), Once { token: &token }).await {
                Ok(made) => EndpointPlace::href_reveal(made.endpoint, &made.reveal),
                Err(ServiceError::Invalid { code: "too_many_endpoints", .. }) => new(EndpointProblem::TooMany),
                Err(ServiceError::NotFound { .. }) => new(EndpointProblem::Customer),
                Err(error) => return Err(refuse(error)),
            },
        }
    };
    lead_to(&href, lang.as_deref());
    Ok(())
}

/// Does something to an endpoint, and leads to where its effect is seen.
#[server(prefix = "/admin/data", endpoint = "endpoint_act")]
pub async fn act_on_endpoint(id: String, act: String, #[server(default)] token: String, lang: Option<String>) -> Result<(), ConsoleError> {
    let service = expect_context::<Service>();
    let id: EndpointId = id.parse().map_err(|_| not_found())?;
    let once = Once { token: &token };
    let href = match act.as_str() {
        "test" => DeliveryPlace::href(service.test_endpoint_once(id, once).await.map_err(refuse)?),
        "rotate" => {
            let made = service.rotate_secret_once(id, once).await.map_err(refuse)?;
            EndpointPlace::href_reveal(id, &made.reveal)
        }
        "enable" => {
            service.enable_endpoint(Reader::Operator, id).await.map_err(refuse)?;
            EndpointPlace::href(id)
        }
        "disable" => {
            service.disable_endpoint(Reader::Operator, id).await.map_err(refuse)?;
            EndpointPlace::href(id)
        }
        "delete" => {
            service.delete_endpoint(Reader::Operator, id).await.map_err(refuse)?;
            EndpointsQuery::default().to_href()
        }
        _ => return Err(not_found()),
    };
    lead_to(&href, lang.as_deref());
    Ok(())
}
