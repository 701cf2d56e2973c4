//! What the page of a batch says, through the services, on both databases: the books from several witnesses, the ledger in
//! pages, the last refund, and who canceled and why.

use std::sync::Arc;

use batchbook::domain::access::By;
use batchbook::domain::attempt::Retry;
use batchbook::domain::billing::Booking;
use batchbook::domain::books::{DifferenceKind, Sums, Verdict};
use batchbook::domain::credits::Credits;
use batchbook::domain::failure::FailureType;
use batchbook::domain::id::{BatchId, TransactionId};
use batchbook::domain::ledger::TransactionKind;
use batchbook::domain::page::PageSize;
use batchbook::domain::timeline::{Happening, Mark, Side, What};
use batchbook::server::random::SeededRandom;
use batchbook::service::adjustments::Once;
use batchbook::service::billing::From;
use batchbook::service::settle::{Ended, Outcome};
use batchbook::service::timeline::Seek;
use batchbook::service::{Caller, Limits, Reader, Service, ServiceError};

use crate::app::{TestApp, batch_of};
use crate::books::{Books, failed, run_sql, succeeded};
use crate::database::{Kind, on_both};

on_both! {
    all_witnesses_agree_and_a_comparison_is_kept,
    a_changed_task_is_named,
    transactions_are_added_up_once_and_all_of_them,
    a_changed_ledger_is_seen_without_reading_a_task,
    finished_batches_are_compared_once,
    what_is_wrong_in_one_batch_is_not_said_of_another,
    transactions_page_both_ways_and_all_are_seen_once,
    the_lines_of_a_transaction_add_up_to_it,
    the_last_refund_says_how_long_it_took,
    a_cancellation_keeps_who_and_why,
    the_timeline_pages_both_ways_and_each_side_has_its_own,
    operators_cancel_with_a_reason_and_read_exports,
}

/// A batch of `tasks` in which `settled` at a time have ended, every tenth task with a timeout.
async fn settled_in_groups(books: &Books, caller: &Caller, tasks: usize, group: usize) -> BatchId {
    let batch = books.submit(caller, "spring", tasks).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    for claimed in claimed.chunks(group) {
        books.clock.advance_ms(1_000);
        books
            .settle(
                worker,
                claimed,
                |row| {
                    if row.task.number % 10 == 0 { failed(FailureType::Timeout, Retry::Never) } else { succeeded(row) }
                },
            )
            .await;
    }
    batch.id
}

async fn all_witnesses_agree_and_a_comparison_is_kept(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = settled_in_groups(&books, &caller, 100, 20).await;
    let kept = books.service.books(id).await.unwrap();
    let sums = Sums::new([4_900, 4_410, 490, 0]);
    assert_eq!((kept.ledger, kept.kept, kept.grants, kept.transactions), (sums, sums, sums, 11));
    assert_eq!((kept.verdict(true), kept.comparison), (Verdict::AgreeSoFar, None), "no task row was read");
    let comparison = books.service.compare(id).await.unwrap();
    assert!(comparison.agrees(), "{comparison:?}");
    assert_eq!((comparison.tasks, comparison.task_rows, comparison.actor.as_str()), (sums, 100, "batchbook"));
    let kept = books.service.books(id).await.unwrap();
    assert_eq!((kept.verdict(true), kept.comparison), (Verdict::Agree, Some(comparison)));
    books.verify().await;
}

async fn a_changed_task_is_named(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = settled_in_groups(&books, &caller, 30, 30).await;
    run_sql(&books, "UPDATE tasks SET price = price + 7 WHERE task_no = 17").await.unwrap();
    run_sql(&books, "UPDATE tasks SET status = 'canceled' WHERE task_no = 18").await.unwrap();
    books.service.compare(id).await.unwrap();
    let kept = books.service.books(id).await.unwrap();
    let comparison = kept.comparison.clone().unwrap();
    assert_eq!((kept.verdict(true), comparison.differing), (Verdict::Differ, 2));
    assert_eq!(comparison.tasks.charged.get(), comparison.ledger.charged.get() + 7 - 49);
    let named: Vec<_> = comparison.examples.iter().map(|example| (example.task, example.kind, example.expected, example.found)).collect();
    let differs = DifferenceKind::LineDiffers;
    assert_eq!(named, [(Some(17), differs, 56, Some(49)), (Some(18), differs, 49, Some(49))]);
}

/// What each look adds to what an earlier one has added up comes to what a look from the beginning finds.
async fn transactions_are_added_up_once_and_all_of_them(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = books.submit(&caller, "k", 30).await.unwrap().id;
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    let looks = async |transactions| {
        let afresh = Service::new(books.database.connect().await, books.clock.clone(), Arc::new(SeededRandom::new(1)), Limits::default());
        let known = books.service.books(id).await.unwrap();
        assert_eq!(known, afresh.books(id).await.unwrap());
        assert_eq!(known.transactions, transactions);
        assert!(known.ledger.add_up());
    };
    looks(1).await;
    looks(1).await;
    books.settle(worker, &claimed[..10], succeeded).await;
    looks(2).await;
    books.settle(worker, &claimed[10..20], |_| failed(FailureType::Timeout, Retry::Never)).await;
    books.settle(worker, &claimed[20..], succeeded).await;
    looks(4).await;
    let first = claimed[0].task.number.to_string().parse().unwrap();
    books.service.refund_tasks(id, &first, "goodwill", Once { token: "t" }).await.unwrap();
    looks(5).await;
    books.clock.advance_ms(30_000);
    looks(5).await;
    books.verify().await;
}

async fn a_changed_ledger_is_seen_without_reading_a_task(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = settled_in_groups(&books, &caller, 30, 30).await;
    books.service.compare(id).await.unwrap();
    assert_eq!(books.service.books(id).await.unwrap().verdict(true), Verdict::Agree);
    let drop_triggers: &[&'static str] = match kind {
        Kind::Sqlite => &["DROP TRIGGER ledger_entries_never_updated", "DROP TRIGGER ledger_lines_never_deleted"],
        Kind::Postgres => &["ALTER TABLE ledger_entries DISABLE TRIGGER USER", "ALTER TABLE ledger_lines DISABLE TRIGGER USER"],
    };
    for sql in drop_triggers {
        run_sql(&books, sql).await.unwrap();
    }
    run_sql(&books, "UPDATE ledger_entries SET credits = 1320 WHERE credits = 1323").await.unwrap();
    // What was added up a moment ago is taken for granted so long.
    books.clock.advance_ms(30_000);
    let kept = books.service.books(id).await.unwrap();
    assert_eq!((kept.ledger.charged.get(), kept.kept.charged.get()), (1_320, 1_323));
    assert_eq!(kept.verdict(true), Verdict::Differ, "without reading a task");
    run_sql(&books, "DELETE FROM ledger_lines WHERE task_no = 5").await.unwrap();
    let comparison = books.service.compare(id).await.unwrap();
    let kinds: Vec<_> = comparison.examples.iter().map(|example| example.kind).collect();
    assert_eq!(kinds, [DifferenceKind::LineMissing, DifferenceKind::LinesDiffer, DifferenceKind::EntriesDiffer]);
    assert_eq!((comparison.examples[0].task, comparison.examples[1].transaction), (Some(5), comparison.examples[2].transaction));
}

async fn finished_batches_are_compared_once(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    books.submit(&caller, "open", 10).await.unwrap();
    assert_eq!(books.service.compare_finished().await.unwrap(), 0, "nothing has ended");
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books.settle(worker, &claimed, succeeded).await;
    books.clock.advance_ms(1);
    assert_eq!(books.service.compare_finished().await.unwrap(), 1);
    assert_eq!(books.service.compare_finished().await.unwrap(), 0);
}

async fn what_is_wrong_in_one_batch_is_not_said_of_another(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let worker = books.worker().await;
    let mut ids = Vec::new();
    for key in ["good", "other prices", "an open task", "no tasks"] {
        ids.push(books.submit(&caller, key, 30).await.unwrap().id);
        let claimed = books.claim(worker).await;
        books.settle(worker, &claimed, succeeded).await;
    }
    let of = |id: BatchId| format!("batch_id = (SELECT id FROM batches WHERE public_id = '{id}')");
    run_sql(&books, &format!("UPDATE tasks SET price = price + 7 WHERE task_no > 15 AND {}", of(ids[1]))).await.unwrap();
    run_sql(&books, &format!("UPDATE tasks SET status = 'pending', finished_at_us = NULL WHERE task_no = 4 AND {}", of(ids[2])))
        .await
        .unwrap();
    for table in ["attempts", "task_inputs", "tasks"] {
        run_sql(&books, &format!("DELETE FROM {table} WHERE {}", of(ids[3]))).await.unwrap();
    }
    assert_eq!(books.service.compare_finished().await.unwrap(), 4);
    assert_eq!(books.service.compare_finished().await.unwrap(), 0, "what is wrong is said once, and not looked for again and again");
    let mut found = Vec::new();
    for id in ids {
        let comparison = books.service.books(id).await.unwrap().comparison.unwrap();
        let kinds: Vec<_> = comparison.examples.iter().map(|example| (example.task.unwrap(), example.kind)).collect();
        found.push((comparison.task_rows, comparison.differing, kinds));
    }
    let first_ten = |from: i32, kind| (from..from + 10).map(|task| (task, kind)).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            (30, 0, vec![]),
            (30, 15, first_ten(16, DifferenceKind::LineDiffers)),
            (30, 1, vec![(4, DifferenceKind::LineTooEarly)]),
            (0, 10, first_ten(1, DifferenceKind::TaskMissing)),
        ]
    );
}

async fn transactions_page_both_ways_and_all_are_seen_once(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = settled_in_groups(&books, &caller, 100, 20).await;
    let size = PageSize::new(4).unwrap();
    let page = async |from| books.service.billing(id, None, from, size).await.unwrap();
    let (mut seen, mut pages, mut from) = (Vec::<TransactionId>::new(), 0, From::First);
    loop {
        let page = page(from).await;
        assert_eq!(page.has_before, pages > 0);
        seen.extend(page.rows.iter().map(|(transaction, _)| transaction.id));
        from = From::After(*seen.last().unwrap());
        pages += 1;
        if !page.has_after {
            let (_, position) = page.rows.last().unwrap();
            let end = position.unwrap();
            assert_eq!([end.charged, end.refunded, end.open].map(Credits::get), [4_410, 490, 0], "where the batch then stood");
            break;
        }
    }
    assert_eq!((seen.len(), pages), (11, 3));
    let mut back = Vec::new();
    let mut from = From::After(seen[10]);
    assert!(page(from).await.rows.is_empty(), "nothing is after the last");
    from = From::At(seen[10]);
    loop {
        let page = page(from).await;
        let ids: Vec<_> = page.rows.iter().map(|(transaction, _)| transaction.id).collect();
        from = From::Before(ids[0]);
        back.splice(0..0, ids);
        if !page.has_before {
            break;
        }
    }
    assert_eq!(back, seen);
    let at = page(From::At(seen[5])).await;
    assert_eq!((at.rows[0].0.id, at.has_before, at.has_after), (seen[5], true, true));
    let refunds = books.service.billing(id, Some(Booking::Refunded), From::First, size).await.unwrap();
    assert!(refunds.rows.iter().all(|(transaction, position)| transaction.kind == TransactionKind::Release && position.is_none()));
    assert_eq!((refunds.rows.len(), refunds.has_before, refunds.has_after), (4, false, true));
    let of = |kind| refunds.sums.iter().find(|sum| sum.kind == kind).map(|sum| (sum.transactions, sum.credits.get(), sum.tasks)).unwrap();
    assert_eq!(
        [of(TransactionKind::Hold), of(TransactionKind::Capture), of(TransactionKind::Release)],
        [(1, 4_900, 0), (5, 4_410, 90), (5, 490, 10)]
    );
    books.verify().await;
}

async fn the_lines_of_a_transaction_add_up_to_it(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = settled_in_groups(&books, &caller, 60, 60).await;
    let all = books.service.billing(id, None, From::First, PageSize::default()).await.unwrap();
    let capture = all.rows.iter().map(|(transaction, _)| transaction).find(|row| row.kind == TransactionKind::Capture).unwrap();
    let size = PageSize::new(20).unwrap();
    let (mut lines, mut after) = (Vec::new(), 0);
    loop {
        let page = books.service.transaction_lines(id, capture.id, after, size).await.unwrap();
        lines.extend(page.rows);
        after = lines.last().unwrap().task_number;
        if !page.has_more {
            break;
        }
    }
    assert_eq!(i64::try_from(lines.len()).unwrap(), capture.tasks);
    assert_eq!(lines.iter().map(|line| line.credits.get()).sum::<i64>(), capture.credits.get());
    assert_eq!(lines.iter().map(|line| line.revenue.micros()).sum::<i64>(), capture.revenue.micros());
    assert!(lines.windows(2).all(|pair| pair[0].task_number < pair[1].task_number));
    let other = books.submit(&caller, "other", 10).await.unwrap();
    let none = books.service.transaction_lines(other.id, capture.id, 0, size).await.unwrap();
    assert!(none.rows.is_empty(), "a transaction of another batch has no lines here");
}

async fn the_last_refund_says_how_long_it_took(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    assert_eq!(books.service.overview(batch.id).await.unwrap().last_refund, None);
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    let known_at = books.service.now();
    books.clock.advance_ms(3_000);
    let routes = books.service.routes().await.unwrap();
    let ended: Vec<Ended> = claimed
        .iter()
        .map(|row| {
            let route = &routes.iter().find(|(route, _)| route.key == row.route).unwrap().0;
            let outcome = if row.task.number == 4 { failed(FailureType::ModelError, Retry::Never) } else { succeeded(row) };
            Ended { task: row.task, attempt: row.attempt, unit_cost: route.unit_cost, billing: route.billing, at: known_at, outcome }
        })
        .collect();
    books.service.settle(worker, &ended).await.unwrap();
    let last = books.service.overview(batch.id).await.unwrap().last_refund.unwrap();
    assert_eq!((last.task, last.refunded_at.micros_since(last.failed_at)), (4, 3_000_000));
    assert_eq!(books.service.attempts(batch.id, 4).await.unwrap()[0].finished_at, Some(known_at));
    books.verify().await;
}

async fn a_cancellation_keeps_who_and_why(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let batch = books.submit(&caller, "k", 30).await.unwrap();
    let worker = books.worker().await;
    let mut places = books.places().await;
    places[0].free = 10;
    places.truncate(1);
    let claimed = books.service.claim(worker, &places).await.unwrap();
    let reason = "the customer asked by mail";
    books.service.cancel(Reader::Operator, batch.id, Some(reason)).await.unwrap();
    let overview = books.service.overview(batch.id).await.unwrap();
    assert_eq!(overview.origin.cancel_actor.as_deref(), Some("batchbook"));
    assert_eq!(overview.origin.cancel_reason.as_deref(), Some(reason));
    assert_eq!(overview.origin.cancel_requested_at, Some(books.service.now()));
    let page = books.service.billing(batch.id, Some(Booking::Refunded), From::First, PageSize::default()).await.unwrap();
    let (released, _) = &page.rows[0];
    assert_eq!((released.tasks, released.actor.as_str(), released.reason.as_deref()), (20, "batchbook", Some(reason)));
    books.settle(worker, &claimed, |_| Outcome::PutBack { due: books.service.now() }).await;
    let again = books.service.acting_for(By::COMMAND_LINE).cancel(Reader::Operator, batch.id, None).await;
    assert!(matches!(again, Err(ServiceError::BatchFinished(_))), "{again:?}");
    let overview = books.service.overview(batch.id).await.unwrap();
    assert_eq!(overview.origin.cancel_actor.as_deref(), Some("batchbook"), "said once");
    assert!(books.service.compare(batch.id).await.unwrap().agrees());
    books.verify().await;
}

async fn the_timeline_pages_both_ways_and_each_side_has_its_own(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    let id = settled_in_groups(&books, &caller, 60, 20).await;
    let page = async |side, seek, rows| books.service.timeline(id, side, seek, PageSize::new(rows).unwrap()).await.unwrap();
    let all = page(None, Seek::First, 200).await;
    let marks = |rows: &[Happening]| rows.iter().map(|row| row.mark).collect::<Vec<Mark>>();
    let whole = marks(&all.rows);
    assert!(whole.windows(2).all(|pair| pair[0] < pair[1]), "{whole:?}");
    // Submitted, started, finished; one hold, three captures and releases; created, running, three refunds and the end announced.
    assert_eq!((whole.len(), all.has_before, all.has_after), (3 + 7 + 6, false, false));
    assert!(matches!(all.rows[0].what, What::Submitted { tasks: 60 }) && matches!(all.rows[15].what, What::Announced { .. }));
    let (mut forward, mut seek) = (Vec::new(), Seek::First);
    loop {
        let part = page(None, seek, 4).await;
        forward.extend(marks(&part.rows));
        seek = Seek::After(*forward.last().unwrap());
        if !part.has_after {
            break;
        }
    }
    assert_eq!(forward, whole);
    let (mut backward, mut seek) = (vec![whole[15]], Seek::Before(whole[15]));
    loop {
        let part = page(None, seek, 4).await;
        let part_marks = marks(&part.rows);
        seek = Seek::Before(part_marks[0]);
        backward.splice(0..0, part_marks);
        if !part.has_before {
            break;
        }
    }
    assert_eq!(backward, whole);
    let mut by_side = 0;
    for side in Side::ALL {
        let of_side = page(Some(*side), Seek::First, 200).await;
        assert!(of_side.rows.iter().all(|row| row.side == *side));
        by_side += of_side.rows.len();
    }
    assert_eq!(by_side, whole.len());
}

async fn operators_cancel_with_a_reason_and_read_exports(kind: Kind) {
    let app = TestApp::on(kind).await;
    let customer = app.customer().with_credits(1_000).await;
    let batch = customer.submits(batch_of(10)).await.is(201);
    let path = format!("/api/admin/batches/{}", batch["id"].as_str().unwrap());
    let json = [("content-type", "application/json")];
    let get = async |path: String| app.send(reqwest::Method::GET, &path, &[], None).await;
    let post = async |body: &str| app.send(reqwest::Method::POST, &format!("{path}/cancel"), &json, Some(body.to_owned())).await;
    let offer = get(format!("{path}/cancel")).await.is(200);
    assert_eq!((&offer["would_cancel"], &offer["would_refund"], &offer["still_running"]), (&10.into(), &490.into(), &0.into()));
    post(r#"{"reason":"  "}"#).await.is_problem(422, "invalid_request");
    let canceled = post(r#"{"reason":"=asked, by mail"}"#).await.is(200);
    assert_eq!((&canceled["canceled"], &canceled["refunded"]), (&10.into(), &490.into()));
    post(r#"{"reason":"again"}"#).await.is_problem(409, "batch_finished");
    let billing = get(format!("{path}/billing?limit=1")).await.is(200);
    let next = billing["next_cursor"].as_str().unwrap();
    let rest = get(format!("{path}/billing?limit=1&cursor={next}")).await.is(200);
    assert_eq!((&rest["transactions"][0]["reason"], &rest["next_cursor"]), (&"=asked, by mail".into(), &serde_json::Value::Null));
    let table = get(format!("{path}/billing.csv")).await;
    assert_eq!((table.status.as_u16(), table.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let lines: Vec<&str> = table.text.lines().collect();
    assert_eq!(lines.len(), 4, "headings, hold, release, total: {lines:#?}");
    assert!(lines[2].ends_with("\"'=asked, by mail\""), "{}", lines[2]);
    assert_eq!(lines[3], "total of 2,,,10,,0,,0,,0,0.000000,,,");
    let timeline = get(format!("{path}/timeline?actor=operator")).await.is(200);
    assert_eq!(timeline["data"][0]["what"]["cancel_requested"]["reason"], "=asked, by mail");
    get("/api/admin/batches/bat_1/billing.csv".to_owned()).await.is_problem(404, "not_found");
}
