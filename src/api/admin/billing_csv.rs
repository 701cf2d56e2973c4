//! The ledger of a batch as a table for spreadsheets: a row per transaction, and a last row with what they add up to. Streamed
//! page by page; a fault in the middle breaks the transfer off.

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;

use super::csv::{BOM, dollars, row, text};
use crate::api::door::Signed;
use crate::api::parameters::batch_id;
use crate::api::problem::Problem;
use crate::domain::credits::Credits;
use crate::domain::id::BatchId;
use crate::domain::ledger::{AccountKind, Transaction};
use crate::domain::money::Money;
use crate::domain::page::{PAGE_MAX, PageSize};
use crate::service::Service;
use crate::service::billing::{Billing, From};
use crate::service::error::ServiceError;

const COLUMNS: [&str; 14] = [
    "transaction",
    "booked_at",
    "kind",
    "tasks",
    "credits",
    "available_change",
    "available_after",
    "held_change",
    "held_after",
    "revenue_credits",
    "revenue_usd",
    "reverses",
    "actor",
    "reason",
];

/// What is still to be written.
struct Writing {
    service: Service,
    id: BatchId,
    page: Option<Billing>,
    totals: Totals,
    started: bool,
}

/// Sums of the columns that have one.
#[derive(Clone, Copy, Default)]
struct Totals {
    transactions: i64,
    tasks: i64,
    available: i64,
    held: i64,
    revenue_credits: i64,
    revenue_micros: i64,
}

pub(super) async fn stream(Signed(api): Signed, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = batch_id(&id)?;
    // The first page is read before the answer starts, so that what is wrong with the request can still be said.
    let page = read(&api.service, id, From::First).await?;
    let writing = Writing { service: api.service, id, page: Some(page), totals: Totals::default(), started: false };
    let body = Body::from_stream(stream::try_unfold(writing, write_page));
    let disposition = format!("attachment; filename=\"{id}-billing.csv\"");
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)], body).into_response())
}

async fn read(service: &Service, id: BatchId, from: From) -> Result<Billing, ServiceError> {
    service.billing(id, None, from, PageSize::new(PAGE_MAX).unwrap_or_default()).await
}

async fn write_page(mut writing: Writing) -> Result<Option<(Bytes, Writing)>, ServiceError> {
    let Some(page) = writing.page.take() else { return Ok(None) };
    let mut text = if std::mem::replace(&mut writing.started, true) { String::new() } else { format!("{BOM}{}", row(&COLUMNS)) };
    for (transaction, _) in &page.rows {
        writing.totals.write(&mut text, transaction);
    }
    match page.rows.last().filter(|_| page.has_after) {
        Some((last, _)) => {
            let next = read(&writing.service, writing.id, From::After(last.id)).await;
            writing.page = Some(next.inspect_err(|error| tracing::error!(batch = %writing.id, "export broken off: {error}"))?);
        }
        None => writing.totals.end(&mut text),
    }
    Ok(Some((Bytes::from(text), writing)))
}

impl Totals {
    fn write(&mut self, file: &mut String, transaction: &Transaction) {
        let of = |account| transaction.entries.iter().find(|entry| entry.account == account);
        let change = |account| of(account).map(|entry| entry.credits.get());
        let after = |account| of(account).and_then(|entry| entry.balance_after).map(Credits::get);
        let (available, held, revenue) = (AccountKind::Available, AccountKind::Held, AccountKind::Revenue);
        let number = |value: Option<i64>| value.map_or_else(String::new, |value| value.to_string());
        let cells: [String; COLUMNS.len()] = [
            transaction.id.to_string(),
            transaction.created_at.to_string(),
            transaction.kind.to_string(),
            transaction.tasks.to_string(),
            transaction.credits.to_string(),
            number(change(available)),
            number(after(available)),
            number(change(held)),
            number(after(held)),
            number(change(revenue)),
            dollars(transaction.revenue),
            transaction.reverses.map_or_else(String::new, |id| id.to_string()),
            text(&transaction.actor),
            text(transaction.reason.as_deref().unwrap_or_default()),
        ];
        file.push_str(&row(&cells));
        self.transactions += 1;
        self.tasks += transaction.tasks;
        self.available += change(available).unwrap_or(0);
        self.held += change(held).unwrap_or(0);
        self.revenue_credits += change(revenue).unwrap_or(0);
        self.revenue_micros += transaction.revenue.micros();
    }

    fn end(self, file: &mut String) {
        let none = String::new;
        let cells: [String; COLUMNS.len()] = [
            format!("total of {}", self.transactions),
            none(),
            none(),
            self.tasks.to_string(),
            none(),
            self.available.to_string(),
            none(),
            self.held.to_string(),
            none(),
            self.revenue_credits.to_string(),
            dollars(Money::from_micros(self.revenue_micros)),
            none(),
            none(),
            none(),
        ];
        file.push_str(&row(&cells));
    }
}
