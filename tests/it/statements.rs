//! Monthly statements: they add up, month after month, to what the customer has.

use batchbook::domain::attempt::Retry;
use batchbook::domain::failure::FailureType;
use batchbook::domain::grant::GrantKind;
use batchbook::domain::ledger::TransactionKind;
use batchbook::domain::money::Money;
use batchbook::domain::statement::{Month, Statement};
use batchbook::service::Caller;

use crate::books::{Books, failed, succeeded};
use crate::database::{Kind, on_both};

on_both! {
    a_statement_adds_up_to_the_balance,
    a_statement_shows_nobody_elses_entries,
}

async fn statement(books: &Books, caller: &Caller, month: &str) -> Statement {
    books.service.statement(caller.customer_id, month.parse::<Month>().unwrap()).await.unwrap()
}

async fn a_statement_adds_up_to_the_balance(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 80_000_000).await;
    books.grant(&caller, GrantKind::Promo, 500, 0, None).await;
    books.submit(&caller, "november", 20).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books
        .settle(worker, &claimed, |row| if row.task.number <= 3 { failed(FailureType::ModelError, Retry::Never) } else { succeeded(row) })
        .await;
    let waiting = books.submit(&caller, "over the end of the month", 10).await.unwrap();
    let november = statement(&books, &caller, "2026-11").await;

    let balances = books.service.balances(caller.customer).await.unwrap();
    assert_eq!((november.opening, november.closing), (batchbook::domain::ledger::Balances::default(), balances));
    let of = |kind| november.movements.iter().find(|movement| movement.kind == kind).map(|m| (m.available.get(), m.held.get()));
    assert_eq!(of(TransactionKind::Purchase), Some((10_000, 0)));
    assert_eq!(of(TransactionKind::Promo), Some((500, 0)));
    assert_eq!(of(TransactionKind::Hold), Some((-30 * 49, 30 * 49)));
    assert_eq!(of(TransactionKind::Capture), Some((0, -17 * 49)));
    assert_eq!(of(TransactionKind::Release), Some((3 * 49, -3 * 49)));
    assert_eq!(november.paid, Money::from_micros(80_000_000));
    let by_batch: Vec<_> = november.batches.iter().map(|b| (b.held.get(), b.charged.get(), b.refunded.get())).collect();
    assert_eq!(by_batch, [(980, 17 * 49, 3 * 49), (490, 0, 0)]);

    books.clock.advance_ms(20 * 86_400_000);
    books.service.cancel(batchbook::service::Reader::Operator, waiting.id, None).await.unwrap();
    let december = statement(&books, &caller, "2026-12").await;
    assert_eq!(december.opening, november.closing, "a month opens as the one before closed");
    assert_eq!(december.closing, books.service.balances(caller.customer).await.unwrap());
    assert_eq!(december.closing.held.get(), 0);
    assert_eq!((december.paid, december.batches.len(), december.batches[0].refunded.get()), (Money::ZERO, 1, 490));
    assert_eq!(statement(&books, &caller, "2026-11").await, november, "what is past does not change");
    books.verify().await;
}

async fn a_statement_shows_nobody_elses_entries(kind: Kind) {
    let books = Books::open(kind).await;
    let mine = books.customer_with(10_000, 80_000_000).await;
    let other = books.customer("other").await;
    books.submit(&mine, "k", 10).await.unwrap();
    let of_other = statement(&books, &other, "2026-11").await;
    assert_eq!((of_other.movements.len(), of_other.batches.len(), of_other.paid), (0, 0, Money::ZERO));
}
