//! The hash chain: everything is sealed once, and whatever is changed behind the program's back is found.

use std::sync::Arc;

use batchbook::domain::attempt::Retry;
use batchbook::domain::chain::{ChainState, GENESIS};
use batchbook::domain::credits::Credits;
use batchbook::domain::failure::FailureType;
use batchbook::domain::grant::GrantKind;
use batchbook::domain::id::{GrantKey, TransactionId};
use batchbook::domain::ledger::{Posting, TransactionKind};
use batchbook::domain::money::Money;
use batchbook::server::clock::SystemClock;
use batchbook::server::random::{OsRandom, SeededRandom};
use batchbook::service::{Caller, Limits, Service};
use batchbook::store::ledger::{self, NewTransaction};
use batchbook::store::{Db, DbConfig, Tx};
use sqlx::{Connection, Executor};

use crate::books::{Books, failed, succeeded};
use crate::database::{Database, Kind, on_both};
use crate::process::{Program, batchbook};

/// Transactions of other tests keep PostgreSQL's horizon back for a moment; nothing is waited for longer.
const SEAL_ROUNDS_MAX: usize = 2_000;

on_both! {
    whatever_is_changed_after_it_was_sealed_is_found,
    a_row_that_is_gone_is_found,
    links_cannot_be_changed,
    a_link_that_is_gone_or_changed_is_found,
    sealers_side_by_side_make_one_chain,
    a_link_covers_a_thousand_rows_at_most,
    a_chain_that_was_made_anew_lacks_the_hash_that_was_kept,
    the_command_says_what_was_changed,
}

/// Seals everything that is there.
pub async fn seal(service: &Service) {
    let mut mark = None;
    for _ in 0..SEAL_ROUNDS_MAX {
        match service.seal(&mut mark).await.unwrap() {
            0 if mark.is_none() => return,
            0 => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            _ => {}
        }
    }
    panic!("not everything could be sealed: {:?}", state(service).await);
}

/// What is wrong with the chain, and how far it reaches.
pub async fn walk(service: &Service) -> (Vec<String>, ChainState) {
    let verified = service.verify_whole(None).await.unwrap();
    let check = verified.checks.into_iter().find(|check| check.name.contains("as they were sealed")).unwrap();
    (check.offending, verified.chain)
}

async fn state(service: &Service) -> ChainState {
    walk(service).await.1
}

/// A batch with captures and releases, sealed in one link.
async fn sealed(kind: Kind) -> Books {
    let books = Books::open(kind).await;
    let caller = books.customer_with(10_000, 100_000_000).await;
    books.submit(&caller, "k", 20).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    let (good, bad) = claimed.split_at(12);
    books.settle(worker, good, succeeded).await;
    books.settle(worker, bad, |_| failed(FailureType::ContentPolicyInput, Retry::Never)).await;
    assert_eq!(state(&books.service).await, ChainState { links: 0, head: GENESIS.to_owned(), unsealed_transactions: 4, unsealed_audit: 0 });
    seal(&books.service).await;
    books.verify().await;
    let state = state(&books.service).await;
    assert_eq!((state.links, state.unsealed_transactions), (1, 0));
    books
}

/// Runs a statement as somebody who owns the database would: no trigger is in the way.
pub async fn as_intruder(database: &Database, sql: &str) {
    if database.url.starts_with("sqlite:") {
        let mut all = vec!["PRAGMA foreign_keys = OFF;".to_owned()];
        for table in ["ledger_transactions", "ledger_entries", "ledger_lines", "chain_links", "audit"] {
            all.extend(
                ["never_updated", "never_deleted", "balanced", "closed"].map(|rule| format!("DROP TRIGGER IF EXISTS {table}_{rule};")),
            );
        }
        all.push(sql.to_owned());
        let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(all.concat())).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    } else {
        let all = format!("SET session_replication_role = replica; {sql}");
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(all)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

async fn whatever_is_changed_after_it_was_sealed_is_found(kind: Kind) {
    let books = sealed(kind).await;
    let last = "(SELECT MAX(id) FROM ledger_transactions)";
    let forged = "INSERT INTO ledger_transactions (id, public_id, kind, customer_id, grant_id, credits, revenue_microusd, tasks, actor, created_at_us)";
    // Each change, and what undoes it.
    let changes = [
        (
            "UPDATE ledger_transactions SET revenue_microusd = revenue_microusd + 1 WHERE id = 3",
            "UPDATE ledger_transactions SET revenue_microusd = revenue_microusd - 1 WHERE id = 3",
        ),
        ("UPDATE ledger_transactions SET reason = 'because' WHERE id = 1", "UPDATE ledger_transactions SET reason = 'test' WHERE id = 1"),
        ("UPDATE ledger_transactions SET reason = '' WHERE id = 2", "UPDATE ledger_transactions SET reason = NULL WHERE id = 2"),
        (
            "UPDATE ledger_transactions SET actor = actor || 'x' WHERE id = 1",
            "UPDATE ledger_transactions SET actor = replace(actor, 'x', '') WHERE id = 1",
        ),
        (
            "UPDATE ledger_transactions SET created_at_us = created_at_us + 1 WHERE id = 1",
            "UPDATE ledger_transactions SET created_at_us = created_at_us - 1 WHERE id = 1",
        ),
        (
            "UPDATE ledger_entries SET balance_after = balance_after + 1 WHERE transaction_id = 1 AND balance_after IS NOT NULL",
            "UPDATE ledger_entries SET balance_after = balance_after - 1 WHERE transaction_id = 1 AND balance_after IS NOT NULL",
        ),
        (
            "UPDATE ledger_entries SET credits = credits * 2 WHERE transaction_id = 1",
            "UPDATE ledger_entries SET credits = credits / 2 WHERE transaction_id = 1",
        ),
        (
            "UPDATE ledger_lines SET credits = credits + 1 WHERE task_no = 5",
            "UPDATE ledger_lines SET credits = credits - 1 WHERE task_no = 5",
        ),
        (
            "INSERT INTO ledger_lines SELECT batch_id, transaction_id, credits, revenue_microusd, 999, step, kind FROM ledger_lines WHERE task_no = 5",
            "DELETE FROM ledger_lines WHERE task_no = 999",
        ),
        (
            &format!("{forged} VALUES (-7, 'txn_forged', 'promo', 1, 1, 5, 0, 0, 'nobody', 1)"),
            "DELETE FROM ledger_transactions WHERE id = -7",
        ),
        (
            &format!("INSERT INTO ledger_entries (transaction_id, account_id, credits) SELECT {last}, 99, 5"),
            "DELETE FROM ledger_entries WHERE account_id = 99",
        ),
        ("UPDATE chain_links SET sealed_at_us = sealed_at_us + 1", "UPDATE chain_links SET sealed_at_us = sealed_at_us - 1"),
    ];
    for (change, undo) in changes {
        as_intruder(&books.database, change).await;
        let (broken, _) = walk(&books.service).await;
        assert_eq!(broken.len(), 1, "{change}: {broken:?}");
        assert!(broken[0].starts_with("link 1 of ") && broken[0].contains("(ledger transactions: txn_"), "{change}: {broken:?}");
        as_intruder(&books.database, undo).await;
        assert_eq!(walk(&books.service).await.0, Vec::<String>::new(), "{undo}");
    }
    books.verify().await;
}

async fn a_row_that_is_gone_is_found(kind: Kind) {
    let books = sealed(kind).await;
    as_intruder(&books.database, "DELETE FROM ledger_lines WHERE task_no = 7").await;
    let (broken, _) = walk(&books.service).await;
    assert!(broken[0].ends_with("what is there is not what was sealed"), "{broken:?}");
    as_intruder(&books.database, "DELETE FROM ledger_transactions WHERE id = 4").await;
    let (broken, _) = walk(&books.service).await;
    assert!(broken[0].ends_with("4 rows were sealed, and 3 are there"), "{broken:?}");
    as_intruder(&books.database, "DELETE FROM ledger_transactions").await;
    let (broken, _) = walk(&books.service).await;
    assert!(broken[0].contains("none is there") && broken[0].ends_with("and 0 are there"), "{broken:?}");
}

async fn links_cannot_be_changed(kind: Kind) {
    let books = sealed(kind).await;
    for sql in ["UPDATE chain_links SET hash = 'x'", "DELETE FROM chain_links"] {
        let refused = crate::books::run_sql(&books, sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
}

async fn a_link_that_is_gone_or_changed_is_found(kind: Kind) {
    let books = sealed(kind).await;
    let caller = books.customer("second").await;
    for _ in 0..3 {
        books.grant(&caller, GrantKind::Promo, 10, 0, None).await;
        seal(&books.service).await;
    }
    assert_eq!(state(&books.service).await.links, 4);
    as_intruder(&books.database, "UPDATE chain_links SET hash = 'ff' WHERE seq = 2").await;
    let (broken, _) = walk(&books.service).await;
    assert!(broken[0].starts_with("link 2 of "), "{broken:?}");
    assert_eq!(broken[1], "link 3 does not follow from the link before it");
    as_intruder(&books.database, "DELETE FROM chain_links WHERE seq = 2").await;
    let (broken, _) = walk(&books.service).await;
    assert_eq!(broken[0], "link 2 is missing: the next one is link 3");
}

async fn sealers_side_by_side_make_one_chain(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer("busy").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let db = Db::connect(&DbConfig::new(&books.database.url)).await.unwrap();
        others.push(Service::new(db, Arc::new(SystemClock), Arc::new(OsRandom), Limits::default()));
    }
    for _ in 0..10 {
        books.grant(&caller, GrantKind::Promo, 10, 0, None).await;
        let sealing = others.iter().map(|service| {
            let service = service.clone();
            tokio::spawn(async move { seal(&service).await })
        });
        for done in sealing.collect::<Vec<_>>() {
            done.await.unwrap();
        }
    }
    books.verify().await;
    assert_eq!(state(&books.service).await, ChainState { links: 10, unsealed_transactions: 0, ..state(&others[0]).await });
}

/// Transactions of a customer that nothing else knows of.
fn promos(caller: &Caller, count: usize, seed: u64) -> Vec<NewTransaction> {
    let random = SeededRandom::new(seed);
    let promo = |_| NewTransaction {
        id: TransactionId::new(batchbook::domain::time::Time::from_micros(1), &random),
        posting: Posting::new(TransactionKind::Promo, Credits::new(1)).unwrap(),
        customer: caller.customer,
        batch: None,
        grant: Some(GrantKey(1)),
        reverses: None,
        revenue: Money::ZERO,
        tasks: 0,
        actor: "test".to_owned(),
        reason: None,
    };
    (0..count).map(promo).collect()
}

async fn post(tx: &mut Tx, transactions: &[NewTransaction]) {
    ledger::post(tx, transactions, batchbook::domain::time::Time::from_micros(1)).await.unwrap();
}

async fn a_link_covers_a_thousand_rows_at_most(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer("many").await;
    let mut tx = books.database.connect().await.write().await.unwrap();
    post(&mut tx, &promos(&caller, 2_001, 3)).await;
    tx.commit().await.unwrap();
    seal(&books.service).await;
    let (broken, state) = walk(&books.service).await;
    assert_eq!((broken, state.links, state.unsealed_transactions), (Vec::new(), 3, 0));
}

/// Keys are drawn in one order and committed in another. What commits last has the lowest key, and is sealed all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_commits_late_is_sealed_on_postgres() {
    let books = Books::open(Kind::Postgres).await;
    let (slow, quick) = (books.customer("slow").await, books.customer("quick").await);
    let db = books.database.connect().await;
    let mut late = db.write().await.unwrap();
    post(&mut late, &promos(&slow, 1, 1)).await;
    let mut early = db.write().await.unwrap();
    post(&mut early, &promos(&quick, 1, 2)).await;
    early.commit().await.unwrap();
    let mut mark = None;
    for _ in 0..20 {
        assert_eq!(books.service.seal(&mut mark).await.unwrap(), 0, "a lower key is still open");
    }
    let waiting = state(&books.service).await;
    assert_eq!((waiting.links, waiting.unsealed_transactions), (0, 1));
    late.commit().await.unwrap();
    seal(&books.service).await;
    let (broken, state) = walk(&books.service).await;
    assert_eq!((broken, state.links, state.unsealed_transactions), (Vec::new(), 1, 0));
    let sealed: i64 = sqlx::query_scalar("SELECT rows_sealed FROM chain_links")
        .fetch_one(&mut sqlx::PgConnection::connect(&books.database.url).await.unwrap())
        .await
        .unwrap();
    assert_eq!(sealed, 2, "both");
}

/// Whoever owns the database can seal what he changed once more; the hash that was kept elsewhere tells.
async fn a_chain_that_was_made_anew_lacks_the_hash_that_was_kept(kind: Kind) {
    let books = sealed(kind).await;
    let kept = state(&books.service).await.head;
    let failed = async |kept: &str| {
        let verified = books.service.verify_whole(Some(kept)).await.unwrap();
        verified.checks.into_iter().filter(|check| !check.offending.is_empty()).map(|check| check.name).collect::<Vec<_>>()
    };
    assert_eq!(failed(&kept).await, [""; 0]);
    as_intruder(&books.database, "UPDATE ledger_transactions SET reason = 'a better one' WHERE id = 1").await;
    as_intruder(&books.database, "DELETE FROM chain_links").await;
    seal(&books.service).await;
    assert_eq!(walk(&books.service).await.0, Vec::<String>::new(), "by itself it is whole");
    assert_eq!(failed(&kept).await, ["the hash that was kept elsewhere is in the chain"]);
}

async fn the_command_says_what_was_changed(kind: Kind) {
    let books = sealed(kind).await;
    let env = [("DATABASE_URL", books.database.url.as_str())];
    let answer: serde_json::Value = serde_json::from_str(&batchbook(&["verify", "--json"], &env).await).unwrap();
    assert_eq!((&answer["passed"], &answer["chain"]["links"]), (&true.into(), &1.into()));
    assert_eq!(answer["chain"]["head"].as_str().unwrap().len(), 64);
    let said = batchbook(&["verify"], &env).await;
    assert!(said.contains("Hash chain: 1 links, the last one ") && !said.contains("Not sealed yet"), "{said}");
    let head = answer["chain"]["head"].as_str().unwrap();
    batchbook(&["verify", "--kept", head], &env).await;
    as_intruder(&books.database, "UPDATE ledger_transactions SET reason = 'a better one' WHERE id = 1").await;
    let mut verify = Program::start(&["verify"], &env);
    verify.says("link 1 of ").await;
    assert_eq!(verify.ends().await.code(), Some(1), "{}", verify.told());
}
