//! Rows of deliveries and of endpoints.

use leptos::prelude::*;

use crate::console::api::webhooks::{DeliveriesPage, DeliveryRow, EndpointRow, EndpointsPage};
use crate::console::components::badge::{delivery_badge, endpoint_badge};
use crate::console::components::copy::short_id;
use crate::console::components::panel;
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{BatchQuery, CustomerQuery, DeliveryPlace, WebhooksQuery};
use crate::domain::time::Time;
use crate::domain::webhook::{DeliveryStatus, EndpointSource, EndpointStatus};

/// Also on the page of a batch.
pub fn deliveries_table(lang: Lang, page: &DeliveriesPage) -> AnyView {
    let words = lang.webhooks();
    let columns = [
        text(words.state),
        text(words.delivery),
        text(words.event),
        text(words.to),
        text(words.batch),
        number(words.attempts),
        text(words.next),
        text(words.made),
    ];
    let rows = page.rows.iter().map(|row| delivery_row(lang, row, page.now)).collect();
    table(words.deliveries, &columns, rows)
}

fn delivery_row(lang: Lang, delivery: &DeliveryRow, now: Time) -> AnyView {
    let words = lang.webhooks();
    let href = lang.link(&DeliveryPlace::href(delivery.id));
    let batch = delivery.batch.map(|batch| {
        let href = lang.link(&BatchQuery::default().to_href(batch));
        view! { <a href=href>{short_id(&batch.to_string())}</a> }
    });
    let next = match delivery.status {
        DeliveryStatus::Pending { sending: true, .. } => words.sending.to_owned(),
        DeliveryStatus::Pending { next_attempt_at, .. } => lang.moment_short(next_attempt_at),
        DeliveryStatus::Canceled { because, .. } => lang.canceled_because(because).to_owned(),
        DeliveryStatus::Succeeded { .. } | DeliveryStatus::Exhausted { .. } => "–".to_owned(),
    };
    row(
        "",
        [
            Cell::new(delivery_badge(lang, delivery.status.state())),
            Cell::new(view! { <a class="row-link" href=href>{short_id(&delivery.id.to_string())}</a> }),
            Cell::new(view! { <code>{delivery.kind.as_str()}</code> }),
            Cell::new(view! { <bdi>{delivery.url.clone()}</bdi> }).class("cut").title(delivery.url.clone()),
            Cell::new(batch),
            Cell::figure(lang.number(delivery.attempts.into())),
            Cell::new(next).class("moment"),
            Cell::new(lang.moment_near(delivery.created_at, now)).class("moment").title(lang.moment_title(delivery.created_at, now)),
        ],
    )
}

pub(super) fn endpoints_table(lang: Lang, page: &EndpointsPage) -> AnyView {
    let words = lang.webhooks();
    if page.rows.is_empty() {
        return panel::empty(words.no_endpoints, view! { <p>{words.none_text}</p> });
    }
    let columns = [
        text(words.state),
        text(words.url),
        text(lang.words().customer),
        text(words.types),
        text(words.source),
        text(words.health),
        text(words.made),
    ];
    let rows = page.rows.iter().map(|row| endpoint_row(lang, row, page.now)).collect();
    table(words.endpoints, &columns, rows)
}

fn endpoint_row(lang: Lang, endpoint: &EndpointRow, now: Time) -> AnyView {
    let words = lang.webhooks();
    let deliveries = WebhooksQuery { endpoint: Some(endpoint.id), ..WebhooksQuery::default() };
    let customer = lang.link(&CustomerQuery::default().to_href(endpoint.customer));
    let types: Vec<&str> = endpoint.types.iter().map(|kind| kind.as_str()).collect();
    let types = if types.is_empty() { words.all_types.to_owned() } else { types.join(", ") };
    let health = match (endpoint.status, endpoint.failing_since) {
        (EndpointStatus::Disabled { because, .. }, _) => lang.disabled_because(because).to_owned(),
        (EndpointStatus::Enabled, Some(since)) => format!("{} {}", words.failing_since, lang.moment_short(since)),
        (EndpointStatus::Enabled, None) => words.well.to_owned(),
    };
    let source = match endpoint.source {
        EndpointSource::Registered => words.registered,
        EndpointSource::Batch => words.of_batch,
    };
    let href = lang.link(&deliveries.to_href());
    row(
        "",
        [
            Cell::new(endpoint_badge(lang, endpoint.status.state())),
            Cell::new(view! { <a class="row-link" href=href><bdi>{endpoint.url.clone()}</bdi></a> })
                .class("cut")
                .title(endpoint.url.clone()),
            Cell::new(view! { <a href=customer><bdi>{endpoint.customer_name.clone()}</bdi></a> }),
            Cell::new(types),
            Cell::new(source),
            Cell::new(health),
            Cell::new(lang.moment_near(endpoint.created_at, now)).class("moment").title(lang.moment_title(endpoint.created_at, now)),
        ],
    )
}
