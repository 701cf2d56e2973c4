//! `batchbook verify`: recomputes the books from their rows and says check by check whether they close.

use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::open;
use super::output::Output;
use crate::domain::chain::ChainState;
use crate::domain::money::group_thousands;
use crate::server::config::Config;
use crate::service::verify::{Check, Verified};

#[derive(Debug, Args)]
pub struct Verify {
    /// The hash of the last link that an earlier run printed, kept elsewhere: fails unless it is still in the hash chain.
    #[arg(long, value_name = "HASH")]
    kept: Option<String>,
}

pub async fn run(verify: Verify, config: Config, output: Output) -> Result<(), Failure> {
    let state = open::existing(&config).await?;
    let verified = state.service.verify_whole(verify.kept.as_deref()).await;
    state.db.close().await;
    let Verified { checks, chain } = verified?;
    let failed = checks.iter().filter(|check| !check.offending.is_empty()).count();
    output.answer(&as_json(&checks, &chain), &as_text(&checks, &chain, failed));
    if failed == 0 {
        return Ok(());
    }
    let message = format!(
        "{failed} of {} checks failed: the books do not close. Keep the database as it is (a copy is safe) and look at the rows named above.",
        checks.len()
    );
    Err(Failure::new("books_do_not_close", message))
}

fn as_json(checks: &[Check], chain: &ChainState) -> Value {
    let row =
        |check: &Check| json!({"name": check.name, "rows": check.rows, "passed": check.offending.is_empty(), "offending": check.offending});
    let passed = checks.iter().all(|check| check.offending.is_empty());
    let chain = json!({"links": chain.links, "head": chain.head, "unsealed_transactions": chain.unsealed_transactions, "unsealed_audit": chain.unsealed_audit});
    json!({"object": "verification", "passed": passed, "checks": checks.iter().map(row).collect::<Vec<_>>(), "chain": chain})
}

fn as_text(checks: &[Check], chain: &ChainState, failed: usize) -> String {
    let thousands = |number: i64| group_thousands(u64::try_from(number).unwrap_or_default());
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for check in checks {
        let rows = thousands(check.rows);
        let (mark, word) = if check.offending.is_empty() { ("✓", "passed") } else { ("✗", "FAILED") };
        lines.push(format!("{mark} {word}  {:width$}  {rows:>12} rows", check.name));
        lines.extend(check.offending.iter().map(|row| format!("            {row}")));
    }
    lines.push(format!("\nHash chain: {} links, the last one {}.", thousands(chain.links), chain.head));
    if chain.unsealed_transactions + chain.unsealed_audit > 0 {
        let (transactions, actions) = (thousands(chain.unsealed_transactions), thousands(chain.unsealed_audit));
        lines.push(format!(
            "Not sealed yet: the newest {transactions} transactions and {actions} records of actions; a worker does it within seconds."
        ));
    }
    if failed == 0 {
        lines.push(format!("\nAll {} checks passed: the books close.", checks.len()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_failed_and_its_first_rows() {
        let checks = [
            Check { name: "transactions sum to zero", rows: 12_345, offending: Vec::new() },
            Check { name: "balances", rows: 2, offending: vec!["cus_1 available 3, entries 4".to_owned()] },
        ];
        let chain = ChainState { links: 2, head: "ab12".to_owned(), unsealed_transactions: 1_500, unsealed_audit: 0 };
        let text = as_text(&checks, &chain, 1);
        assert!(text.contains("✓ passed  transactions sum to zero        12,345 rows"), "{text}");
        assert!(text.contains("✗ FAILED  balances") && text.contains("cus_1 available 3, entries 4"), "{text}");
        assert!(!text.contains("books close"));
        assert!(text.contains("Hash chain: 2 links, the last one ab12.") && text.contains("the newest 1,500 transactions"), "{text}");
        assert_eq!(as_json(&checks, &chain)["passed"], false);
        assert_eq!(as_json(&checks, &chain)["chain"]["head"], "ab12");
    }
}
