//! Many requests at once: the balance is never overdrawn, and one idempotency key makes one batch.

use futures::future::join_all;

use crate::app::{Books, SORA_CREDITS, TestApp, batch_of};
use crate::database::{Kind, on_both};

on_both! {
    concurrent_submissions_never_hold_more_than_there_is,
    one_key_makes_one_batch_however_often_it_is_sent_at_once,
}

async fn concurrent_submissions_never_hold_more_than_there_is(kind: Kind) {
    let app = TestApp::on(kind).await;
    let each = 10 * SORA_CREDITS;
    // Enough for 7 of 20.
    let credits = 7 * each + each / 2;
    let customer = app.customer().with_credits(credits).await;
    let answers = join_all((0..20).map(|_| customer.submits(batch_of(10)))).await;
    let accepted = answers.iter().filter(|answer| answer.status == 201).count();
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.is_problem(402, "not_enough_credits");
    }
    assert_eq!(accepted, 7);
    assert_eq!(customer.books().await, Books { batches: 7, available: credits - 7 * each, held: 7 * each });
}

async fn one_key_makes_one_batch_however_often_it_is_sent_at_once(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000_000).await;
    let answers = join_all((0..50).map(|_| customer.submits_as("order-a", batch_of(100)))).await;
    let first = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none() && answer.status == 201).count();
    assert_eq!(first, 1);
    for answer in &answers {
        if answer.status == 409 {
            answer.is_problem(409, "idempotency_in_flight");
        } else {
            answer.is(201);
            assert_eq!(answer.text, answers.iter().find(|answer| answer.status == 201).unwrap().text);
        }
    }
    assert_eq!(customer.books().await, Books { batches: 1, available: 1_000_000 - 100 * SORA_CREDITS, held: 100 * SORA_CREDITS });
}
