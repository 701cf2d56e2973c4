//! The documents say what the program does: every figure is the program's, every claim names the test or the command that
//! proves it, every link leads somewhere, and both languages say the same.

mod claims;
mod languages;
pub mod read;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use sqlx::Connection;
use sqlx::migrate::Migrator;

use read::{Document, root, without_marks};

/// What is sent to customers. Each has a twin of the same name in `docs/zh/`.
const FOR_CUSTOMERS: [&str; 3] = ["ENTERPRISE_PRICING_SLA.md", "ENTERPRISE_SALES_EMAIL.md", "ENTERPRISE_SALES_COMPLETE.md"];

fn docs(arguments: &[&str], folder: &Path, database: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batchbook"));
    command.arg("docs").args(arguments).arg("--folder").arg(folder).env("DATABASE_URL", database).current_dir(std::env::temp_dir());
    command.output().expect("the program starts")
}

fn findings(output: &Output) -> Vec<Value> {
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    answer["findings"].as_array().expect("a list").clone()
}

#[test]
fn every_figure_is_that_of_the_program() {
    let checked = docs(&["--check"], root(), "");
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "Run `batchbook docs`, and look at what it changed:\n{said}");
}

#[tokio::test]
async fn a_changed_price_names_every_line_that_is_false_and_no_other() {
    let copy = tempfile::tempdir().unwrap();
    copy_documents(copy.path());
    let url = changed_catalogue(copy.path()).await;
    let before = texts(copy.path());
    let checked = docs(&["--check", "--of-database", "--json"], copy.path(), &url);
    assert!(!checked.status.success(), "false documents pass");
    let named: BTreeSet<(String, u64)> =
        findings(&checked).iter().map(|found| (found["file"].as_str().unwrap().to_owned(), found["line"].as_u64().unwrap())).collect();
    assert_eq!(texts(copy.path()), before, "checking changes nothing");

    assert!(docs(&["--of-database"], copy.path(), &url).status.success(), "what is false is mended");
    let mut changed = BTreeSet::new();
    for ((file, old), (_, new)) in before.iter().zip(&texts(copy.path())) {
        assert_eq!(old.lines().count(), new.lines().count(), "{file}");
        for (number, (old, new)) in (1..).zip(old.lines().zip(new.lines())) {
            if old != new {
                assert!(old.contains("<!--="), "{file}:{number}: only marked places are written");
                changed.insert((file.clone(), number));
            }
        }
    }
    assert_eq!(named, changed, "each false line is named, and no other");
    let price_list = |folder: &str| fs::read_to_string(copy.path().join(folder).join(FOR_CUSTOMERS[0])).unwrap();
    for text in [price_list("docs"), price_list("docs/zh")] {
        assert!(text.contains("US$0.51") && !text.contains("US$0.49") && text.contains("US$5.99"), "{text}");
    }
    assert!(docs(&["--check", "--of-database"], copy.path(), &url).status.success());
}

/// A database made from the migrations with one price changed in the catalogue's first rows.
async fn changed_catalogue(folder: &Path) -> String {
    let migrations = folder.join("migrations");
    fs::create_dir(&migrations).unwrap();
    for entry in fs::read_dir(root().join("migrations/sqlite")).unwrap() {
        let path = entry.unwrap().path();
        let sql = fs::read_to_string(&path).unwrap();
        let is_catalogue = path.ends_with("0002_catalogue.sql");
        let changed = if is_catalogue { sql.replace("WHEN 'sora-2' THEN 49 ", "WHEN 'sora-2' THEN 51 ") } else { sql.clone() };
        assert_eq!(is_catalogue, changed != sql, "the price is where the test looks for it");
        fs::write(migrations.join(path.file_name().unwrap()), changed).unwrap();
    }
    let url = format!("sqlite://{}", folder.join("changed.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    Migrator::new(migrations).await.unwrap().run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    url
}

fn copy_documents(to: &Path) {
    for document in read::all() {
        let path = to.join(&document.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, document.text).unwrap();
    }
}

fn texts(folder: &Path) -> Vec<(String, String)> {
    read::all().into_iter().map(|document| (document.path.clone(), fs::read_to_string(folder.join(&document.path)).unwrap())).collect()
}

#[test]
fn links_lead_somewhere() {
    let documents = read::all();
    let mut lost = Vec::new();
    for document in &documents {
        for (line, target) in document.links() {
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let here = Path::new(&document.path).parent().unwrap();
            let file = if path.is_empty() { document.path.clone() } else { read::joined(here, path) };
            let there = documents.iter().find(|other| other.path == file);
            let is_anchor = anchor.is_empty() || there.is_some_and(|other| other.anchors().contains(anchor));
            if !root().join(&file).exists() || !is_anchor {
                lost.push(format!("{}:{line}: {target}", document.path));
            }
        }
    }
    assert!(lost.is_empty(), "links that lead nowhere:\n{}", lost.join("\n"));
}

#[test]
fn placeholders_are_listed_and_used() {
    for folder in ["docs", "docs/zh"] {
        let documents = FOR_CUSTOMERS.map(|name| Document::read(&format!("{folder}/{name}")));
        let listed: BTreeSet<String> = documents[1].lines().filter_map(|(_, line)| listed_placeholder(line)).collect();
        assert!(listed.len() > 5, "{folder}: the list of placeholders was found: {listed:?}");
        let used: BTreeSet<String> = documents
            .iter()
            .flat_map(Document::lines)
            .filter(|(_, line)| listed_placeholder(line).is_none())
            .flat_map(|(_, line)| placeholders(line))
            .collect();
        assert_eq!(listed, used, "{folder}: each placeholder is listed once, with what it means, and used");
    }
}

/// A row of the list: the placeholder as code, what it means, an example.
fn listed_placeholder(line: &str) -> Option<String> {
    let cells: Vec<&str> = line.strip_prefix("| `{{")?.split('|').collect();
    let name = cells.first()?.trim().strip_suffix("}}`")?;
    assert!(cells.len() == 4 && cells[1..3].iter().all(|cell| !cell.trim().is_empty()), "meaning and example: {line}");
    Some(name.to_owned())
}

pub fn placeholders(line: &str) -> Vec<String> {
    without_marks(line).split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.to_owned())).collect()
}
