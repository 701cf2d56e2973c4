//! The guides work as they are written: their blocks of code are run, in order, in one shell, against the real program.
//!
//! What stands before a block says what becomes of it: `<!-- run: shows TEXT -->` is run and must print the text,
//! `<!-- verify -->` is a verification of webhooks, `<!-- read -->` is only read, by people.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use batchbook::delivery::sign;
use batchbook::domain::attempt::Retry;
use batchbook::domain::failure::FailureType;
use batchbook::domain::grant::GrantKind;
use batchbook::domain::money::{Money, group_thousands};
use batchbook::domain::time::{Clock, Time};
use batchbook::domain::webhook::WebhookSecret;
use batchbook::server::clock::SystemClock;
use batchbook::service::Reader;
use batchbook::service::adjustments::Once;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::books::{Books, failed, succeeded};
use crate::database::Kind;
use crate::documents::read::Document;
use crate::process::{Program, WAIT_MAX};

struct Block {
    line: usize,
    language: String,
    text: String,
    /// What stands before it: `run: shows …`.
    mark: String,
}

impl Block {
    fn of(document: &Document) -> Vec<Self> {
        let mut blocks: Vec<Self> = Vec::new();
        let (mut mark, mut open) = (String::new(), false);
        for (line, text) in (1..).zip(document.text.lines()) {
            match text.strip_prefix("```") {
                Some(_) if open => open = false,
                Some(language) => {
                    open = true;
                    blocks.push(Self { line, language: language.to_owned(), text: String::new(), mark: std::mem::take(&mut mark) });
                }
                None if open => {
                    let block = blocks.last_mut().unwrap();
                    block.text.push_str(text);
                    block.text.push('\n');
                }
                None => text.strip_prefix("<!-- ").and_then(|text| text.strip_suffix(" -->")).unwrap_or_default().clone_into(&mut mark),
            }
        }
        blocks
    }

    /// What it must print, if it is to be run.
    fn shows(&self) -> Option<&str> {
        self.mark.strip_prefix("run: shows ").or_else(|| (self.mark == "run").then_some(""))
    }

    /// The command of a shell that runs it.
    fn command(&self) -> String {
        let interpreter = match self.language.as_str() {
            "sh" => return self.text.clone(),
            "python" => "python3 -",
            "js" => "node --input-type=module -",
            "perl" => "perl -",
            other => panic!("nothing runs {other:?}"),
        };
        format!("{interpreter} <<'END_OF_BLOCK'\n{}END_OF_BLOCK\n", self.text)
    }
}

/// A shell in a folder of its own, with the program on its path.
fn shell(folder: &Path, env: &[(&str, &str)]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_batchbook")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.current_dir(folder).env("PATH", path).envs(env.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// Runs the blocks one after the other in one shell, so that a later one knows the variables of an earlier one, and looks
/// whether each shows what it should.
async fn run(document: &str, blocks: &[(&Block, &str)], folder: &Path, env: &[(&str, &str)], here: &str) {
    let mut script = "set -euo pipefail\n".to_owned();
    for (block, _) in blocks {
        writeln!(script, "echo '@@{}'", block.line).unwrap();
        script.push_str(&block.command().replace("http://127.0.0.1:3000", here));
    }
    let child = shell(folder, env).args(["-c", &script]).stdin(Stdio::null()).output();
    let done = timeout(WAIT_MAX, child).await.unwrap_or_else(|_| panic!("{document}: it does not end")).unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{document}: {}\n{out}\n{err}", done.status);
    for (block, shows) in blocks {
        let (_, after) = out.split_once(&format!("@@{}\n", block.line)).unwrap_or_else(|| panic!("{document}:{}: not run", block.line));
        let shown = after.split("@@").next().unwrap_or_default();
        assert!(shown.contains(shows), "{document}:{}: does not show {shows:?}:\n{shown}\n{err}", block.line);
    }
}

/// Every block is marked: what nobody runs is said to be only read.
fn marked_blocks(path: &str) -> Vec<Block> {
    let blocks = Block::of(&Document::read(path));
    for block in &blocks {
        let is_known = block.shows().is_some() || block.mark == "read" || block.mark.starts_with("run: postgres shows ");
        assert!(is_known, "{path}:{}: say before the block whether it is run or only read: {:?}", block.line, block.mark);
    }
    blocks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quickstart_works_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("batchbook.db").display());
    let env = [("DATABASE_URL", database.as_str())];
    let mut server =
        Program::start(&["serve", "--simulate", "--latency-ms", "300", "--failure-rate", "0", "--addr", "127.0.0.1:0", "--json"], &env);
    let ready: Value = serde_json::from_str(&server.says(r#""object":"server""#).await).unwrap();
    let blocks = marked_blocks("docs/quickstart.md");
    let run_ones: Vec<(&Block, &str)> = blocks.iter().filter_map(|block| Some((block, block.shows()?))).collect();
    assert!(run_ones.len() >= 7, "the blocks were found");
    run("docs/quickstart.md", &run_ones, folder.path(), &env, ready["url"].as_str().unwrap()).await;
    server.signal("TERM").await;
    assert!(server.ends().await.success(), "{}", server.told());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_for_operators_work_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("data/batchbook.db").display());
    let env = [("DATABASE_URL", database.as_str())];
    crate::process::batchbook(&["migrate"], &env).await;
    let blocks = marked_blocks("docs/operations.md");
    let on_sqlite: Vec<(&Block, &str)> = blocks.iter().filter_map(|block| Some((block, block.shows()?))).collect();
    run("docs/operations.md", &on_sqlite, folder.path(), &env, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_postgres_is_made_and_restored_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let url = crate::postgres::new_database().await;
    crate::process::batchbook(&["migrate"], &[("DATABASE_URL", &url)]).await;
    let tools = fs::read_dir("/usr/lib/postgresql").unwrap().map(|entry| entry.unwrap().path().join("bin")).max().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let blocks = marked_blocks("docs/operations.md");
    let of_postgres = blocks.iter().filter_map(|block| Some((block, block.mark.strip_prefix("run: postgres shows ")?)));
    // The name of the new database is its own in each run.
    let database = url.rsplit('/').next().unwrap().to_owned();
    let renamed: Vec<(Block, String)> = of_postgres
        .map(|(block, shows)| {
            let text = block.text.replace("batchbook_restored", &format!("{database}_restored"));
            (Block { line: block.line, language: block.language.clone(), text, mark: String::new() }, shows.to_owned())
        })
        .collect();
    let run_ones: Vec<(&Block, &str)> = renamed.iter().map(|(block, shows)| (block, shows.as_str())).collect();
    assert_eq!(run_ones.len(), 1, "the block was found");
    let program = Path::new(env!("CARGO_BIN_EXE_batchbook")).parent().unwrap();
    let path = format!("{}:{path}", program.display());
    run("docs/operations.md", &run_ones, folder.path(), &[("DATABASE_URL", &url), ("PATH", &path)], "").await;
}

/// Each program of the guide takes what was signed, and refuses what was changed, what another secret signed, and what is old.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verification_of_the_guide_tells_ours_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc=").unwrap();
    let other = WebhookSecret::parse("whsec_AAKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc=").unwrap();
    let body = "{\"type\":\"batch.completed\",\"note\":\"灯塔 ends with a line break\"}\n";
    let now_s = SystemClock.now().micros() / 1_000_000;
    let blocks = Block::of(&Document::read("docs/webhooks.md"));
    let verifications: Vec<&Block> = blocks.iter().filter(|block| block.mark == "verify").collect();
    let languages: Vec<&str> = verifications.iter().map(|block| block.language.as_str()).collect();
    assert_eq!(languages, ["js", "python", "sh", "perl"]);
    let changed = body.replace("completed", "canceled");
    for (number, block) in verifications.iter().enumerate() {
        let file = folder.path().join(format!("{number}"));
        fs::write(&file, &block.text).unwrap();
        let program = match block.language.as_str() {
            "js" => format!("node --input-type=module -e \"$(cat {})\"", file.display()),
            "python" => format!("python3 {}", file.display()),
            "perl" => format!("perl {}", file.display()),
            _ => format!("bash {}", file.display()),
        };
        let rotated = [other.clone(), secret.clone()];
        for (what, sent, timestamp_s, secrets, is_ours) in [
            ("signed", body, now_s, &rotated[1..], true),
            ("signed by two secrets", body, now_s, &rotated[..], true),
            ("changed", changed.as_str(), now_s, &rotated[1..], false),
            ("of another", body, now_s, &rotated[..1], false),
            ("old", body, now_s - 601, &rotated[1..], false),
        ] {
            let signature = sign(secrets, "dlv_1", timestamp_s, body);
            let env = [
                ("WEBHOOK_SECRET", secret.reveal()),
                ("WEBHOOK_ID", "dlv_1"),
                ("WEBHOOK_TIMESTAMP", &timestamp_s.to_string()),
                ("WEBHOOK_SIGNATURE", &signature),
            ];
            let mut child = shell(folder.path(), &env).args(["-c", &program]).stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(sent.as_bytes()).await.unwrap();
            let done = timeout(WAIT_MAX, child.wait_with_output()).await.unwrap().unwrap();
            let told = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.success(), is_ours, "docs/webhooks.md:{}: {what}: {told}", block.line);
        }
    }
}

/// The worked example of `docs/money.md`, row by row.
#[tokio::test]
async fn the_worked_example_of_money_comes_out() {
    let books = Books::open(Kind::Sqlite).await;
    let caller = books.customer("northwind").await;
    let mut rows = Vec::new();
    let mut revenue = Money::ZERO;
    let mut add = async |books: &Books, step: &str, transaction: &str, batch: Option<batchbook::domain::id::BatchId>| {
        if let Some(id) = batch {
            revenue = books.batch(id).await.revenue;
        }
        let balances = books.service.balances(caller.customer).await.unwrap();
        let [available, held] = [balances.available, balances.held].map(|credits| group_thousands(credits.get().unsigned_abs()));
        let dollars = format!("{}.{:04}", revenue.micros() / 1_000_000, revenue.micros() % 1_000_000 / 100);
        rows.push(format!("| {step} | {transaction} | {available} | {held} | {dollars} |"));
    };
    books.grant(&caller, GrantKind::Purchase, 10_000, 80_000_000, None).await;
    add(&books, "10,000 credits for US$80", "purchase +10,000", None).await;
    books.grant(&caller, GrantKind::Promo, 100, 0, Some(Time::from_micros(1_800_000_000_000_000))).await;
    add(&books, "100 credits as a gift", "promo +100", None).await;
    let batch = books.submit(&caller, "example", 20).await.unwrap();
    add(&books, "20 videos at 49 credits are ordered", "hold 980", Some(batch.id)).await;
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books.settle(worker, &claimed[..17], succeeded).await;
    add(&books, "17 are delivered", "capture 833", Some(batch.id)).await;
    books.settle(worker, &claimed[17..], |_| failed(FailureType::ModelError, Retry::Never)).await;
    add(&books, "3 fail", "release 147", Some(batch.id)).await;
    let once = Once { token: "example" };
    books.service.refund_tasks(batch.id, &"1".parse().unwrap(), "goodwill", once).await.unwrap();
    add(&books, "one of the 17 is given back", "reversal 49", Some(batch.id)).await;
    books.verify().await;
    assert_eq!(books.batch(batch.id).await.credits.refunded.get(), 147 + 49);
    assert_eq!(books.service.batch(Reader::Operator, batch.id).await.unwrap().credits.charged.get(), 833 - 49);

    let document = Document::read("docs/money.md");
    for row in &rows {
        assert!(document.text.lines().any(|line| line == row), "docs/money.md says something else than\n{}", rows.join("\n"));
    }
}
