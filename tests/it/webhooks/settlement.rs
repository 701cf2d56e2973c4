//! Settlement and telling of it share nothing: whoever hangs, the money moves.

use std::time::Duration;

use batchbook::delivery::Client;
use batchbook::domain::attempt::Retry;
use batchbook::domain::batch::BatchStatus;
use batchbook::domain::failure::FailureType;
use batchbook::domain::page::PageSize;
use batchbook::domain::webhook::{DeliveryStatus, Subscription};
use batchbook::service::deliveries::DeliveryFilter;
use batchbook::service::dispatch::Claimed;
use batchbook::service::endpoints::EndpointFields;
use batchbook::service::{Limits, Reader};
use sqlx::Connection;

use super::Sending;
use super::receiver::{Receiver, Say};
use crate::app::LOOPBACK;
use crate::books::{Books, failed, succeeded};
use crate::database::{Kind, on_both};

on_both! {
    a_batch_is_settled_while_its_receiver_hangs,
    what_is_sent_locks_nothing_that_settlement_needs,
}

async fn books(kind: Kind, url: &str) -> (Books, batchbook::service::Caller) {
    let books = Books::open_with(kind, Limits { subnets: LOOPBACK.parse().unwrap(), ..Limits::default() }).await;
    let caller = books.customer_with(100_000, 1_000_000_000).await;
    let fields =
        EndpointFields { url: url.to_owned(), description: String::new(), subscription: Subscription::default(), timeout_ms: 30_000 };
    books.service.add_endpoint(caller.customer, fields).await.unwrap();
    (books, caller)
}

/// Runs a batch from the order to its end.
async fn run(books: &Books, caller: &batchbook::service::Caller, order: &str) {
    let batch = books.submit(caller, order, 50).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    assert_eq!(claimed.len(), 50);
    for group in claimed.chunks(10) {
        let outcome = |claimed: &Claimed| {
            if claimed.task.number % 10 == 1 { failed(FailureType::Timeout, Retry::Never) } else { succeeded(claimed) }
        };
        books.settle(worker, group, outcome).await;
    }
    let batch = books.batch(batch.id).await;
    assert_eq!((batch.status(), batch.counts.failed, batch.credits.open.get()), (BatchStatus::Partial, 5, 0));
    books.verify().await;
}

async fn a_batch_is_settled_while_its_receiver_hangs(kind: Kind) {
    let inbox = Receiver::that([Say::Hang]).await;
    let (books, caller) = books(kind, &inbox.url).await;
    let sending = Sending::by(&books.service, Client::new(LOOPBACK.parse().unwrap()).unwrap(), "0,600");
    for order in 0..5 {
        run(&books, &caller, &format!("order-{order}")).await;
    }
    // Every place at the receiver is taken, and not one of its answers has come.
    inbox.gets(10).await;
    let listed = books.service.deliveries(Reader::Operator, DeliveryFilter::default(), None, PageSize::new(200).unwrap()).await.unwrap();
    let sending_now = listed.rows.iter().filter(|row| matches!(row.status, DeliveryStatus::Pending { sending: true, .. })).count();
    assert_eq!(sending_now, 10, "{:#?}", listed.rows.len());
    assert!(listed.rows.iter().all(|row| matches!(row.status, DeliveryStatus::Pending { .. })), "nothing was answered yet");
    sending.stop.cancel();
}

/// PostgreSQL only: SQLite has one writer, and whoever sends holds it no longer than a statement.
async fn what_is_sent_locks_nothing_that_settlement_needs(kind: Kind) {
    const LOCK: &str = "LOCK TABLE deliveries, delivery_attempts, endpoint_hours, operator_events IN ACCESS EXCLUSIVE MODE";
    let (books, caller) = books(kind, "https://example.com/hook").await;
    if kind == Kind::Postgres {
        let mut other = sqlx::PgConnection::connect(&books.database.url).await.unwrap();
        let mut locked = other.begin().await.unwrap();
        sqlx::query(LOCK).execute(&mut *locked).await.unwrap();
        let settled = tokio::time::timeout(Duration::from_secs(30), run(&books, &caller, "locked")).await;
        assert!(settled.is_ok(), "settlement waited for a table of deliveries");
        locked.rollback().await.unwrap();
    }
    run(&books, &caller, "free").await;
}
