//! The checks of `batchbook verify`: everything recomputed from the rows, in one snapshot.
//!
//! Each check counts the rows it looked at and names the first offending ones.

use std::collections::BTreeMap;

use crate::domain::chain::ChainState;
use crate::domain::credits::Credits;
use crate::domain::grant::recognised;
use crate::domain::money::Money;

use super::{StoreResult, Tx, chain, on};

/// One check and what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    /// Rows looked at.
    pub rows: i64,
    /// The first offending rows; none when the check passed.
    pub offending: Vec<String>,
}

/// Every check, and how far the hash chain reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub checks: Vec<Check>,
    pub chain: ChainState,
}

struct Query {
    name: &'static str,
    /// How many rows there are to look at.
    rows: &'static str,
    /// Names of offending rows.
    offending: &'static str,
}

/// Every check names at most five offending rows.
const CHECKS: &[Query] = &[
    Query {
        name: "every ledger transaction sums to zero",
        rows: "SELECT COUNT(*) FROM ledger_transactions",
        offending: "SELECT t.public_id FROM ledger_transactions AS t LEFT JOIN ledger_entries AS e ON e.transaction_id = t.id
            GROUP BY t.id, t.public_id HAVING COUNT(e.credits) < 2 OR SUM(e.credits) <> 0 ORDER BY t.id LIMIT 5",
    },
    Query {
        name: "all entries together sum to zero",
        rows: "SELECT COUNT(*) FROM ledger_entries",
        offending: "SELECT 'all entries sum to ' || CAST(SUM(credits) AS TEXT) FROM ledger_entries HAVING SUM(credits) <> 0",
    },
    Query {
        name: "balances equal the sums of their entries",
        rows: "SELECT COUNT(*) FROM ledger_accounts WHERE customer_id IS NOT NULL",
        offending: "SELECT c.public_id || ' ' || a.kind FROM ledger_accounts AS a JOIN customers AS c ON c.id = a.customer_id
            LEFT JOIN ledger_entries AS e ON e.account_id = a.id
            GROUP BY a.id, c.public_id, a.kind, a.balance HAVING a.balance <> COALESCE(SUM(e.credits), 0) ORDER BY a.id LIMIT 5",
    },
    Query {
        name: "every entry carries the balance after it",
        rows: "SELECT COUNT(*) FROM ledger_entries AS e JOIN ledger_accounts AS a ON a.id = e.account_id WHERE a.customer_id IS NOT NULL",
        offending: "SELECT t.public_id FROM (
                SELECT e.transaction_id, e.balance_after, SUM(e.credits) OVER (PARTITION BY e.account_id ORDER BY e.transaction_id) AS running
                FROM ledger_entries AS e JOIN ledger_accounts AS a ON a.id = e.account_id WHERE a.customer_id IS NOT NULL
            ) AS s JOIN ledger_transactions AS t ON t.id = s.transaction_id
            WHERE s.balance_after IS NULL OR s.balance_after <> s.running ORDER BY t.id LIMIT 5",
    },
    Query {
        name: "held = charged + refunded + open, per batch, in the ledger",
        rows: "SELECT COUNT(*) FROM batches",
        offending: "SELECT b.public_id FROM batches AS b LEFT JOIN (
                SELECT batch_id,
                    SUM(CASE kind WHEN 'hold' THEN credits ELSE 0 END) AS held,
                    SUM(CASE kind WHEN 'capture' THEN credits WHEN 'reversal' THEN -credits ELSE 0 END) AS charged,
                    SUM(CASE WHEN kind IN ('release', 'reversal') THEN credits ELSE 0 END) AS refunded
                FROM ledger_transactions WHERE batch_id IS NOT NULL GROUP BY batch_id
            ) AS l ON l.batch_id = b.id
            WHERE l.batch_id IS NULL OR l.held <> b.credits_held OR l.charged <> b.credits_charged OR l.refunded <> b.credits_refunded
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "held = charged + refunded + open, per batch, in its tasks",
        rows: "SELECT COUNT(*) FROM tasks",
        offending: "SELECT b.public_id FROM batches AS b LEFT JOIN (
                SELECT t.batch_id, SUM(t.price) AS held,
                    SUM(CASE WHEN t.status = 'succeeded' AND r.task_no IS NULL THEN t.price ELSE 0 END) AS charged,
                    SUM(CASE WHEN t.status IN ('failed', 'canceled') OR r.task_no IS NOT NULL THEN t.price ELSE 0 END) AS refunded
                FROM tasks AS t LEFT JOIN ledger_lines AS r ON r.batch_id = t.batch_id AND r.task_no = t.task_no AND r.step = 1
                GROUP BY t.batch_id
            ) AS s ON s.batch_id = b.id
            WHERE s.batch_id IS NULL OR s.held <> b.credits_held OR s.charged <> b.credits_charged OR s.refunded <> b.credits_refunded
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "every finished task has exactly one capture or release",
        rows: "SELECT COUNT(*) FROM tasks WHERE finished_at_us IS NOT NULL",
        offending: "SELECT b.public_id || '/' || CAST(t.task_no AS TEXT) FROM tasks AS t JOIN batches AS b ON b.id = t.batch_id
            LEFT JOIN ledger_lines AS l ON l.batch_id = t.batch_id AND l.task_no = t.task_no AND l.step = 0
            WHERE t.finished_at_us IS NOT NULL AND (l.kind IS NULL OR l.credits <> t.price
                OR l.kind <> CASE t.status WHEN 'succeeded' THEN 'capture' ELSE 'release' END)
            ORDER BY t.batch_id, t.task_no LIMIT 5",
    },
    Query {
        name: "no open task has a capture or release",
        rows: "SELECT COUNT(*) FROM ledger_lines",
        offending: "SELECT b.public_id || '/' || CAST(l.task_no AS TEXT) FROM ledger_lines AS l JOIN batches AS b ON b.id = l.batch_id
            LEFT JOIN tasks AS t ON t.batch_id = l.batch_id AND t.task_no = l.task_no
            WHERE t.finished_at_us IS NULL ORDER BY l.batch_id, l.task_no LIMIT 5",
    },
    Query {
        name: "the lines of a transaction add up to it",
        rows: "SELECT COUNT(*) FROM ledger_transactions WHERE kind IN ('capture', 'release', 'reversal')",
        offending: "SELECT t.public_id FROM ledger_transactions AS t LEFT JOIN (
                SELECT transaction_id, COUNT(*) AS tasks, SUM(credits) AS credits, SUM(revenue_microusd) AS revenue
                FROM ledger_lines GROUP BY transaction_id
            ) AS l ON l.transaction_id = t.id
            WHERE t.kind IN ('capture', 'release', 'reversal')
                AND (l.tasks IS NULL OR l.tasks <> t.tasks OR l.credits <> t.credits OR l.revenue < t.revenue_microusd
                    OR l.revenue - t.revenue_microusd > CASE t.kind WHEN 'reversal' THEN
                        (SELECT 4 * b.total FROM batches AS b WHERE b.id = t.batch_id) ELSE 0 END)
            ORDER BY t.id LIMIT 5",
    },
    Query {
        name: "every reversal gives back what the capture it names had taken",
        rows: "SELECT COUNT(*) FROM ledger_lines WHERE step = 1",
        offending: "SELECT b.public_id || '/' || CAST(r.task_no AS TEXT) FROM ledger_lines AS r
            JOIN batches AS b ON b.id = r.batch_id JOIN ledger_transactions AS t ON t.id = r.transaction_id
            LEFT JOIN ledger_lines AS l ON l.batch_id = r.batch_id AND l.task_no = r.task_no AND l.step = 0
            WHERE r.step = 1 AND (l.kind IS NULL OR l.kind <> 'capture' OR l.credits <> r.credits OR t.kind <> 'reversal'
                OR t.reverses_id <> l.transaction_id)
            ORDER BY r.batch_id, r.task_no LIMIT 5",
    },
    Query {
        name: "what is gone of a grant expired or was taken back, in the ledger",
        rows: "SELECT COUNT(*) FROM grants WHERE expired > 0",
        offending: "SELECT g.public_id FROM grants AS g LEFT JOIN (
                SELECT t.grant_id, SUM(CASE t.kind WHEN 'expiry' THEN t.credits ELSE 0 END) AS expired,
                    SUM(CASE WHEN t.kind = 'adjustment' AND EXISTS (
                        SELECT 1 FROM ledger_entries AS e JOIN ledger_accounts AS a ON a.id = e.account_id
                        WHERE e.transaction_id = t.id AND a.kind = 'adjustments' AND e.credits > 0) THEN t.credits ELSE 0 END) AS withdrawn
                FROM ledger_transactions AS t WHERE t.grant_id IS NOT NULL GROUP BY t.grant_id
            ) AS l ON l.grant_id = g.id
            WHERE COALESCE(l.expired, 0) <> g.expired - g.withdrawn OR COALESCE(l.withdrawn, 0) <> g.withdrawn
            ORDER BY g.id LIMIT 5",
    },
    Query {
        name: "counters of batches equal a recount of their tasks",
        rows: "SELECT COUNT(*) FROM batches",
        offending: "SELECT b.public_id FROM batches AS b LEFT JOIN (
                SELECT batch_id, COUNT(*) AS total,
                    SUM(CASE status WHEN 'pending' THEN 1 ELSE 0 END) AS pending,
                    SUM(CASE WHEN status IN ('submitting', 'processing') THEN 1 ELSE 0 END) AS processing,
                    SUM(CASE status WHEN 'succeeded' THEN 1 ELSE 0 END) AS succeeded,
                    SUM(CASE status WHEN 'failed' THEN 1 ELSE 0 END) AS failed,
                    SUM(CASE status WHEN 'canceled' THEN 1 ELSE 0 END) AS canceled
                FROM tasks GROUP BY batch_id
            ) AS t ON t.batch_id = b.id
            WHERE t.total IS NULL OR t.total <> b.total OR t.pending <> b.pending OR t.processing <> b.processing
                OR t.succeeded <> b.succeeded OR t.failed <> b.failed OR t.canceled <> b.canceled
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "revenue and provider cost of batches equal the sums of their rows",
        rows: "SELECT COUNT(*) FROM attempts",
        offending: "SELECT b.public_id FROM batches AS b
            LEFT JOIN (SELECT batch_id, SUM(revenue_microusd) AS revenue FROM ledger_lines GROUP BY batch_id) AS l ON l.batch_id = b.id
            LEFT JOIN (
                SELECT batch_id, SUM(CASE state WHEN 'succeeded' THEN cost_microusd ELSE 0 END) AS ok,
                    SUM(CASE state WHEN 'failed' THEN cost_microusd ELSE 0 END) AS bad
                FROM attempts GROUP BY batch_id
            ) AS a ON a.batch_id = b.id
            WHERE COALESCE(l.revenue, 0) <> b.revenue_microusd OR COALESCE(a.ok, 0) <> b.cost_succeeded_microusd
                OR COALESCE(a.bad, 0) <> b.cost_failed_microusd
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "failures of batches equal a recount by type and party",
        rows: "SELECT COUNT(*) FROM batch_failures",
        offending: "SELECT b.public_id FROM batches AS b
            LEFT JOIN (SELECT batch_id, SUM(tasks) AS tasks, SUM(credits) AS credits, SUM(cost_microusd) AS cost
                FROM batch_failures GROUP BY batch_id) AS f ON f.batch_id = b.id
            WHERE COALESCE(f.tasks, 0) <> b.failed OR COALESCE(f.cost, 0) <> b.cost_failed_microusd
                OR EXISTS (
                    SELECT 1 FROM batch_failures AS g LEFT JOIN (
                        SELECT batch_id, failure_type, party, COUNT(*) AS tasks, SUM(price) AS credits FROM tasks
                        WHERE status = 'failed' GROUP BY batch_id, failure_type, party
                    ) AS t ON t.batch_id = g.batch_id AND t.failure_type = g.failure_type AND t.party = g.party
                    WHERE g.batch_id = b.id AND (COALESCE(t.tasks, 0) <> g.tasks OR COALESCE(t.credits, 0) <> g.credits))
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "tallies of tasks equal a recount by block",
        rows: "SELECT COUNT(*) FROM task_tallies",
        offending: "SELECT b.public_id FROM batches AS b WHERE b.id IN (
                SELECT batch_id FROM (
                    SELECT batch_id, outcome, failure_type, party, model_id, block, tasks FROM task_tallies
                    UNION ALL
                    SELECT batch_id, status, COALESCE(failure_type, ''), COALESCE(party, ''), model_id, (task_no - 1) / 500, -COUNT(*)
                    FROM tasks WHERE finished_at_us IS NOT NULL
                    GROUP BY batch_id, status, COALESCE(failure_type, ''), COALESCE(party, ''), model_id, (task_no - 1) / 500
                    UNION ALL
                    SELECT batch_id, 'ordered', '', '', model_id, (task_no - 1) / 500, -COUNT(*)
                    FROM tasks WHERE batch_id IN (SELECT batch_id FROM batch_models GROUP BY batch_id HAVING COUNT(*) > 1)
                    GROUP BY batch_id, model_id, (task_no - 1) / 500
                ) AS t GROUP BY batch_id, outcome, failure_type, party, model_id, block HAVING SUM(tasks) <> 0)
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "lists show finished batches as they are",
        rows: "SELECT COUNT(*) FROM finished_batches",
        offending: "SELECT b.public_id FROM batches AS b LEFT JOIN finished_batches AS f ON f.batch_id = b.id
            WHERE (b.finished_at_us IS NOT NULL) <> (f.batch_id IS NOT NULL) OR f.status <> b.status OR f.customer_id <> b.customer_id
                OR f.total <> b.total OR f.succeeded <> b.succeeded OR f.failed <> b.failed OR f.canceled <> b.canceled
                OR f.credits_charged <> b.credits_charged OR f.credits_refunded <> b.credits_refunded
                OR f.revenue_microusd <> b.revenue_microusd OR f.cost_microusd <> b.cost_succeeded_microusd + b.cost_failed_microusd
                OR f.profit_microusd <> f.revenue_microusd - f.cost_microusd
                OR f.created_at_us <> b.created_at_us OR f.finished_at_us <> b.finished_at_us
                OR f.duration_us <> f.finished_at_us - f.created_at_us
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "no lease outlives its task, and no open attempt a finished one",
        rows: "SELECT COUNT(*) FROM attempts WHERE state = 'open'",
        offending: "SELECT b.public_id || '/' || CAST(t.task_no AS TEXT) FROM tasks AS t JOIN batches AS b ON b.id = t.batch_id
            WHERE (t.lease_owner IS NOT NULL AND t.status NOT IN ('submitting', 'processing'))
                OR (t.lease_owner IS NULL AND t.status IN ('submitting', 'processing'))
                OR (t.status NOT IN ('submitting', 'processing') AND EXISTS (
                    SELECT 1 FROM attempts AS a WHERE a.batch_id = t.batch_id AND a.task_no = t.task_no AND a.state = 'open'))
            ORDER BY t.batch_id, t.task_no LIMIT 5",
    },
    Query {
        name: "every waiting task is in line, once",
        rows: "SELECT COUNT(*) FROM tasks WHERE status = 'pending'",
        offending: "SELECT b.public_id || '/' || CAST(t.task_no AS TEXT) FROM tasks AS t JOIN batches AS b ON b.id = t.batch_id
            LEFT JOIN retries AS r ON r.batch_id = t.batch_id AND r.task_no = t.task_no
            WHERE (t.status = 'pending' AND t.task_no < b.next_task_no AND r.task_no IS NULL)
                OR (r.task_no IS NOT NULL AND (t.status <> 'pending' OR t.task_no >= b.next_task_no))
                OR (t.task_no >= b.next_task_no AND t.status NOT IN ('pending', 'canceled'))
            ORDER BY t.batch_id, t.task_no LIMIT 5",
    },
    Query {
        name: "grants add up, and hold what batches drew on them",
        rows: "SELECT COUNT(*) FROM grants",
        offending: "SELECT g.public_id FROM grants AS g LEFT JOIN (
                SELECT grant_id, SUM(credits - captured - released) AS held, SUM(captured) AS captured FROM hold_draws GROUP BY grant_id
            ) AS d ON d.grant_id = g.id
            WHERE g.available + g.held + g.captured + g.expired <> g.credits
                OR COALESCE(d.held, 0) <> g.held OR COALESCE(d.captured, 0) <> g.captured
            ORDER BY g.id LIMIT 5",
    },
    Query {
        name: "balances of customers equal their grants",
        rows: "SELECT COUNT(*) FROM customers",
        offending: "SELECT c.public_id FROM customers AS c
            JOIN ledger_accounts AS a ON a.customer_id = c.id AND a.kind = 'available'
            JOIN ledger_accounts AS h ON h.customer_id = c.id AND h.kind = 'held'
            LEFT JOIN (SELECT customer_id, SUM(available) AS available, SUM(held) AS held FROM grants GROUP BY customer_id) AS g
                ON g.customer_id = c.id
            WHERE COALESCE(g.available, 0) <> a.balance OR COALESCE(g.held, 0) <> h.balance
            ORDER BY c.id LIMIT 5",
    },
    Query {
        name: "holds of batches equal what is open of them",
        rows: "SELECT COUNT(*) FROM hold_draws",
        offending: "SELECT b.public_id FROM batches AS b LEFT JOIN (
                SELECT batch_id, SUM(credits) AS credits, SUM(captured) AS captured, SUM(released) AS released FROM hold_draws GROUP BY batch_id
            ) AS d ON d.batch_id = b.id
            WHERE d.credits IS NULL OR d.credits <> b.credits_held OR d.captured <> b.credits_charged OR d.released <> b.credits_refunded
            ORDER BY b.id LIMIT 5",
    },
    Query {
        name: "every batch has the answer that was given for it",
        rows: "SELECT COUNT(*) FROM idempotency_keys",
        offending: "SELECT b.public_id FROM batches AS b
            LEFT JOIN idempotency_keys AS i ON i.customer_id = b.customer_id AND i.key = b.idempotency_key
            WHERE i.batch_id IS NULL OR i.batch_id <> b.id OR i.response IS NULL ORDER BY b.id LIMIT 5",
    },
];

/// Runs every check in the snapshot of one transaction.
pub async fn run(tx: &mut Tx, kept: Option<&str>) -> StoreResult<Verified> {
    let mut checks = Vec::with_capacity(CHECKS.len() + 3);
    for query in CHECKS {
        let rows: i64 = on!(&mut *tx, c => sqlx::query_scalar(query.rows).fetch_one(c).await)?;
        let offending: Vec<String> = on!(&mut *tx, c => sqlx::query_scalar(query.offending).fetch_all(c).await)?;
        checks.push(Check { name: query.name, rows, offending });
    }
    checks.push(revenue_is_what_was_paid(tx).await?);
    let (check, chain) = chain::check(tx).await?;
    checks.push(check);
    if let Some(kept) = kept {
        checks.push(chain::check_kept(tx, kept).await?);
    }
    Ok(Verified { checks, chain })
}

/// Revenue recognised for a customer = what was paid for the captured credits of each of its grants. Computed here, not in
/// SQL: the product of money and credits does not fit into 64 bits.
async fn revenue_is_what_was_paid(tx: &mut Tx) -> StoreResult<Check> {
    const GRANTS: &str = "SELECT c.public_id, g.paid_microusd, g.credits, g.captured FROM grants AS g
        JOIN customers AS c ON c.id = g.customer_id WHERE g.captured > 0";
    const REVENUE: &str = "SELECT c.public_id, CAST(SUM(t.revenue_microusd) AS BIGINT) FROM ledger_transactions AS t
        JOIN customers AS c ON c.id = t.customer_id GROUP BY c.public_id HAVING SUM(t.revenue_microusd) <> 0";
    let grants: Vec<(String, i64, i64, i64)> = on!(&mut *tx, c => sqlx::query_as(GRANTS).fetch_all(c).await)?;
    let revenue: Vec<(String, i64)> = on!(tx, c => sqlx::query_as(REVENUE).fetch_all(c).await)?;
    let mut difference: BTreeMap<String, i64> = revenue.into_iter().collect();
    let rows = i64::try_from(grants.len()).unwrap_or(i64::MAX);
    for (customer, paid, credits, captured) in grants {
        let worth = recognised(Money::from_micros(paid), Credits::new(credits), Credits::new(captured));
        *difference.entry(customer).or_default() -= worth.micros();
    }
    let offending = difference.into_iter().filter(|(_, micros)| *micros != 0).take(5);
    Ok(Check {
        name: "revenue is what was paid for the captured credits",
        rows,
        offending: offending.map(|(customer, micros)| format!("{customer} differs by {micros} micro-dollars")).collect(),
    })
}
