//! Every item and every row of a document for customers says how it is proved, in a comment that no reader sees:
//! `<!-- proof: test settling_twice_changes_nothing, command verify -->`. A commitment of the seller that no program can prove
//! is a `term`. A line that shows a generated figure is proved by it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::read::{Document, root};
use super::{FOR_CUSTOMERS, listed_placeholder};

const MARK: &str = "<!-- proof: ";

#[test]
fn every_claim_names_its_proof() {
    let tests = names_of_tests();
    let mut missing = Vec::new();
    let mut proofs = 0;
    for path in ["docs", "docs/zh"].iter().flat_map(|folder| FOR_CUSTOMERS.map(|name| format!("{folder}/{name}"))) {
        let document = Document::read(&path);
        for (number, line) in claims(&document) {
            let found = proofs_of(line);
            if found.is_empty() && !line.contains("<!--=") {
                missing.push(format!("{path}:{number}: proved by nothing: {line}"));
            }
            proofs += found.len();
            missing.extend(found.iter().filter_map(|proof| Some(format!("{path}:{number}: {}", wrong_with(proof, &tests)?))));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(proofs > 80, "the claims were found: {proofs}");
}

/// What can be said without a proof is in sentences; items and rows are claims. The head of a table is none.
fn claims(document: &Document) -> Vec<(usize, &str)> {
    let lines: Vec<(usize, &str)> = document.lines().collect();
    let is_head = |index: usize| lines.get(index + 1).is_some_and(|(_, next)| next.starts_with("|--") || next.starts_with("|:-"));
    let is_row = |index: usize, line: &str| line.starts_with("| ") && listed_placeholder(line).is_none() && !is_head(index);
    let is_claim = |index: usize, line: &str| line.trim_start().starts_with("- ") || is_row(index, line);
    lines.iter().enumerate().filter(|(index, (_, line))| is_claim(*index, line)).map(|(_, line)| *line).collect()
}

fn proofs_of(line: &str) -> Vec<&str> {
    let lists = line.split(MARK).skip(1).filter_map(|rest| Some(rest.split_once(" -->")?.0));
    lists.flat_map(|list| list.split(", ")).collect()
}

fn wrong_with(proof: &str, tests: &BTreeSet<String>) -> Option<String> {
    match proof.split_once(' ') {
        Some(("test", name)) if tests.contains(name) => None,
        Some(("test", name)) => Some(format!("there is no test {name}")),
        Some(("command", command)) => (!is_command(command)).then(|| format!("there is no command {command}")),
        Some(("page", address)) => (!is_page(address)).then(|| format!("no page has the address {address}")),
        None if proof == "term" => None,
        _ => Some(format!("{proof:?} is no proof: write test, command, page or term")),
    }
}

fn is_command(words: &str) -> bool {
    let asked = Command::new(env!("CARGO_BIN_EXE_batchbook")).args(words.split(' ')).arg("--help").output();
    asked.expect("the program starts").status.success()
}

fn is_page(address: &str) -> bool {
    let source = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let quoted = format!("\"{address}\"");
    ["src/console/app.rs", "src/site/mod.rs", "src/api/mod.rs"].iter().any(|path| source(path).contains(&quoted))
}

/// Functions that the test runner runs: those below a test attribute, and those stamped for both databases.
fn names_of_tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in rust_files(&["src", "tests"]) {
        let text = fs::read_to_string(path).unwrap();
        let mut is_next = false;
        let mut is_stamped = false;
        for line in text.lines().map(str::trim) {
            is_stamped = (is_stamped || line == "on_both! {") && line != "}";
            if let Some(name) = line.strip_suffix(',').filter(|_| is_stamped) {
                names.insert(name.to_owned());
            }
            if let Some(name) = line.split_once("fn ").filter(|_| is_next).and_then(|(_, rest)| rest.split_once('(')) {
                names.insert(name.0.to_owned());
            }
            is_next = (is_next && line.starts_with('#')) || line == "#[test]" || line.starts_with("#[tokio::test");
        }
    }
    assert!(names.len() > 300, "the tests were found: {}", names.len());
    names
}

fn rust_files(folders: &[&str]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(Path::new("rs").as_os_str()) {
                found.push(path);
            }
        }
    }
    found
}

// The rule must be able to fail.
#[test]
fn a_proof_that_does_not_exist_is_seen() {
    let tests = names_of_tests();
    assert_eq!(wrong_with("test settling_twice_changes_nothing", &tests), None);
    assert_eq!(wrong_with("command customer statement", &tests), None);
    assert_eq!(wrong_with("term", &tests), None);
    for wrong in ["test works_until_finished", "test nosuch", "command customer fly", "page /nowhere", "trust us", "terms"] {
        assert!(wrong_with(wrong, &tests).is_some(), "{wrong}: a helper is no test");
    }
    let document = Document { path: String::new(), text: "| a | b |\n|---|---|\n| c | d |\nText.\n- We never lose money.\n".to_owned() };
    assert_eq!(claims(&document), [(3, "| c | d |"), (5, "- We never lose money.")]);
    assert!(proofs_of("- We never lose money.").is_empty());
    assert_eq!(proofs_of("- A <!-- proof: test a, term --> and <!-- proof: command verify -->"), ["test a", "term", "command verify"]);
}
