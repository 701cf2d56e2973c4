//! Rows of deliveries.

use leptos::prelude::*;

use crate::console::api::webhooks::DeliveryRow;
use crate::console::components::attempt::{lines, result};
use crate::console::components::badge::delivery_badge;
use crate::console::components::copy::short_id;
use crate::console::components::figure::span;
use crate::console::components::markup::Markup;
use crate::console::components::table::{Cell, Row, number, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{BatchWebhooksPlace, DeliveryPlace};
use crate::domain::time::Time;
use crate::domain::webhook::{AttemptMark, DeliveryStatus};

/// Rows, each with its attempts where they are known. Also on the page of a batch, which needs no column of batches.
pub fn deliveries_table<'r>(
    lang: Lang,
    rows: impl Iterator<Item = (&'r DeliveryRow, Option<&'r [AttemptMark]>)>,
    now: Time,
    with_batch: bool,
) -> Markup {
    let words = lang.webhooks();
    let mut columns = vec![text(words.state), text(words.delivery), text(words.event), text(words.to)];
    columns.extend(with_batch.then(|| text(words.batch)));
    let attempts = if with_batch { number(words.attempts) } else { text(words.attempts) };
    columns.extend([attempts, text(lang.deliveries().last_result), text(words.next), text(words.made)]);
    let rows = rows.map(|(delivery, marks)| delivery_row(lang, delivery, marks, now, with_batch)).collect();
    table(words.deliveries, &columns, rows)
}

fn delivery_row(lang: Lang, delivery: &DeliveryRow, marks: Option<&[AttemptMark]>, now: Time, with_batch: bool) -> Row {
    let words = lang.webhooks();
    let href = lang.link(&DeliveryPlace::href(delivery.id));
    let batch = with_batch.then(|| {
        Cell::new(delivery.batch.map(|batch| {
            let href = lang.link(&BatchWebhooksPlace::href(batch, None));
            view! { <a href=href>{short_id(&batch.to_string())}</a> }
        }))
    });
    let next = match delivery.status {
        DeliveryStatus::Pending { sending: true, .. } => words.sending.to_owned(),
        DeliveryStatus::Pending { next_attempt_at, .. } => lang.moment_short(next_attempt_at),
        DeliveryStatus::Canceled { because, .. } => lang.canceled_because(because).to_owned(),
        DeliveryStatus::Succeeded { .. } | DeliveryStatus::Exhausted { .. } => "–".to_owned(),
    };
    let count = lang.number(delivery.attempts.into());
    let attempts = match marks.filter(|marks| !marks.is_empty()) {
        Some(marks) => {
            let label = format!("{} {count}", words.attempts);
            Cell::new(view! { <details class="attempts-of"><summary aria-label=label>{count}</summary>{lines(lang, marks, now)}</details> })
        }
        None => Cell::quiet_figure(count, delivery.attempts == 0),
    };
    // The class that was recorded last; its status is known where the attempts are.
    let status = marks.and_then(|marks| marks.iter().find(|mark| mark.outcome.is_some())).and_then(|mark| mark.http_status);
    let last = delivery.last_class.map_or_else(|| span("soft", "–".to_owned()), |class| result(lang, class, status));
    let mut cells = vec![
        Cell::new(delivery_badge(lang, delivery.status.state())),
        Cell::new(view! { <a class="row-link" href=href>{short_id(&delivery.id.to_string())}</a> }),
        Cell::new(view! { <code>{delivery.kind.as_str()}</code> }),
        Cell::new(view! { <bdi>{delivery.url.clone()}</bdi> }).class("cut").title(delivery.url.clone()),
    ];
    cells.extend(batch);
    cells.extend([
        attempts,
        Cell::new(last),
        Cell::new(next).class("moment"),
        Cell::new(lang.moment_near(delivery.created_at, now)).class("moment").title(lang.moment_title(delivery.created_at, now)),
    ]);
    row("", cells)
}
