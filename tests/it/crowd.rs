//! Everybody at the same batches at once: claims, settlements, deadlines and cancellations wait for each other in one order,
//! never in a circle, and the books close. Who has no place at a provider stands in nobody's way.

use batchbook::domain::attempt::Retry;
use batchbook::domain::batch::BatchStatus;
use batchbook::domain::failure::{FailureType, Party};
use batchbook::domain::id::BatchId;
use batchbook::service::Reader;
use batchbook::service::dispatch::Places;
use batchbook::service::settle::Outcome;
use batchbook::service::workers::LEASE_MS;
use batchbook::store::batches;
use futures::future::join_all;

use crate::books::{Books, failed, submission, succeeded};
use crate::database::{Kind, on_both};

on_both! {
    workers_deadlines_and_a_cancellation_meet_in_the_same_batches,
    batches_whose_model_has_no_place_leave_the_line_to_others,
    one_look_at_the_line_is_good_for_several_claims,
    a_worker_that_was_given_up_after_its_claim_gets_no_orders,
}

const WORKERS: usize = 4;
const TASKS: i32 = 400;
/// Every so many-th task waits until its deadline has passed.
const LATE: i32 = 25;

async fn workers_deadlines_and_a_cancellation_meet_in_the_same_batches(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 10_000_000).await;
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(books.submit(&caller, key, usize::try_from(TASKS).unwrap()).await.unwrap().id);
    }
    let mut places = books.places().await;
    for place in &mut places {
        place.free = 25;
    }
    let cancels = async {
        while books.batch(ids[0]).await.counts.succeeded < 100 {
            tokio::task::yield_now().await;
        }
        books.service.cancel(Reader::from(&caller), ids[0], Some("enough")).await.unwrap();
    };
    let deadlines = async {
        while !all_finished(&books, &ids).await {
            books.clock.advance_ms(5_000);
            books.service.fail_overdue().await.unwrap();
        }
    };
    let working = join_all((0..WORKERS).map(|first| works(&books, &ids, &places, first)));
    tokio::join!(cancels, deadlines, working);
    for id in &ids {
        let batch = books.batch(*id).await;
        let ended = batch.counts.succeeded + batch.counts.failed + batch.counts.canceled;
        assert_eq!((ended, batch.credits.open.get()), (i64::from(TASKS), 0), "{id}");
    }
    assert_eq!(books.batch(ids[0]).await.status(), BatchStatus::Canceled);
    for id in &ids[1..] {
        let failures = books.service.failures(*id).await.unwrap();
        let overdue = failures.iter().find(|sum| (sum.failure, sum.party) == (FailureType::Timeout, Party::Platform));
        assert!(overdue.is_some_and(|sum| sum.tasks >= i64::from(TASKS / LATE)), "{failures:?}");
    }
    books.verify().await;
}

/// Claims and settles until everything is finished: of five tasks one is put back, and one fails and is tried again; some wait
/// for what never comes, and only their deadline ends them.
async fn works(books: &Books, ids: &[BatchId], places: &[Places], first: usize) {
    let worker = books.worker().await;
    for turn in first.. {
        let claimed = books.service.claim(worker, places).await.unwrap();
        if claimed.is_empty() {
            if all_finished(books, ids).await {
                return;
            }
            continue;
        }
        let (due, never) = (books.service.now(), books.service.now().plus_s(100_000));
        books
            .settle(worker, &claimed, |row| match (usize::try_from(row.task.number).unwrap() + turn) % 5 {
                _ if row.task.number % LATE == 0 => Outcome::PutBack { due: never },
                0 => Outcome::PutBack { due },
                1 => failed(FailureType::ModelError, Retry::Backoff),
                _ => succeeded(row),
            })
            .await;
    }
}

async fn all_finished(books: &Books, ids: &[BatchId]) -> bool {
    let batches = join_all(ids.iter().map(|id| books.batch(*id))).await;
    batches.iter().all(|batch| batch.status().is_finished())
}

async fn batches_whose_model_has_no_place_leave_the_line_to_others(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 10_000_000).await;
    books.submit(&caller, "first in line", 10).await.unwrap();
    let mut behind = submission("behind", "behind", 10);
    behind.batch.model = Some("veo-pro".to_owned());
    books.service.submit(&caller, behind).await.unwrap();
    let db = books.database.connect().await;
    let mut tx = db.glance().await.unwrap();
    let models: Vec<_> = books.places().await.into_iter().map(|place| place.route.model).collect();
    let (waiting, makes) = batches::waiting(&mut tx, &models, 1).await.unwrap();
    assert_eq!(waiting.len(), 1, "the line is cut after the first");
    let (first, full) = makes[0];
    let others: Vec<_> = models.into_iter().filter(|model| *model != full).collect();
    let (waiting, _) = batches::waiting(&mut tx, &others, 1).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_ne!(waiting[0].batch, first);
}

async fn one_look_at_the_line_is_good_for_several_claims(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 10_000_000).await;
    let id = books.submit(&caller, "key", 35).await.unwrap().id;
    let (worker, other) = (books.worker().await, books.worker().await);
    let mut places = books.places().await;
    for place in &mut places {
        place.free = 10;
    }
    let mut list = books.service.waiting_list(&places).await.unwrap();
    let mut taken = Vec::new();
    for turn in 0..3 {
        let claim = books.service.take(worker, &places, &mut list).await.unwrap();
        taken.extend(claim.tasks().map(|(task, _)| task.number));
        // Somebody else takes of the same batch meanwhile.
        if turn == 0 {
            taken.extend(books.service.claim(other, &places).await.unwrap().iter().map(|row| row.task.number));
        }
    }
    assert_eq!(taken, (1..=35).collect::<Vec<_>>(), "each once, and the rest when less is there than was seen");
    assert_eq!(books.batch(id).await.counts.processing, 35);
    assert!(books.service.take(worker, &places, &mut list).await.unwrap().is_empty());
    books.verify().await;
}

async fn a_worker_that_was_given_up_after_its_claim_gets_no_orders(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(100_000, 10_000_000).await;
    books.submit(&caller, "key", 10).await.unwrap();
    let gone = books.worker().await;
    let places = books.places().await;
    let mut list = books.service.waiting_list(&places).await.unwrap();
    let claim = books.service.take(gone, &places, &mut list).await.unwrap();
    assert_eq!(books.service.orders(gone, &claim, &places).await.unwrap().len(), 10);
    books.clock.advance_ms(LEASE_MS + 1);
    let other = books.worker().await;
    assert_eq!(books.service.rescue(other).await.unwrap().len(), 10);
    assert!(books.service.orders(gone, &claim, &places).await.unwrap().is_empty(), "they are the other's");
    books.verify().await;
}
