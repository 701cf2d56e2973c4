//! Every use case asks who wants it: operators by `may`, customers by their key, which only a good secret gives. What is for our own
//! workers and for the door says so here.

use super::scan::{Source, code_only};
use super::sources;

/// A use case that mentions one of these has asked.
const ASKS: &[&str] = &[
    "self.may(",
    "self.may_prepare(",
    ".may(self, ",
    "self.may_find(",
    "self.may_have_tokens(",
    "self.own_session()",
    "self.own_proven_session()",
    "self.own_id()",
    "self.signed_in()",
];
/// Whoever has one of these was asked when it was given.
const GIVEN: &[&str] = &["&Caller", "CustomerKey", "WorkerKey", "sender: i64"];
/// Files of use cases that only workers, and what starts them, use.
const OF_WORKERS: &[&str] =
    &["service/dispatch.rs", "service/notify.rs", "service/settle.rs", "service/workers.rs", "service/passwords.rs", "service/mod.rs"];
/// Others that ask nobody, each with the reason.
const OPEN: &[(&str, &str)] = &[
    ("authenticate", "it is the question itself"),
    ("sign_in", "it is the question itself"),
    ("sign_in_introduced", "it is the question itself"),
    ("resume", "it is the question itself"),
    ("operator_of_token", "it is the question itself"),
    ("sign_in_with_code", "it is the question itself"),
    ("set_password", "whoever has the link may"),
    ("add_first_owner", "whoever has the link may"),
    ("offer", "what is on sale is for everybody"),
    ("expire_grants", "for workers"),
    ("compare_finished", "for workers"),
    ("seal", "for workers"),
    ("advance_replays", "for workers"),
    ("keep_usage", "for workers"),
    ("verify", "asks by `verify_whole`"),
    ("models_of", "the batches were read by whoever may"),
    ("task_with_provider", "asks by `task`"),
];

#[test]
fn every_use_case_asks_who_wants_it() {
    let findings: Vec<String> = sources().iter().filter(|source| is_watched(source)).flat_map(unasked).collect();
    assert!(findings.is_empty(), "begin with `self.may(Action::…)?`, or say here why nobody is asked:\n{}", findings.join("\n"));
}

fn is_watched(source: &Source) -> bool {
    source.path.starts_with("service/") && !OF_WORKERS.contains(&source.path.as_str())
}

fn unasked(source: &Source) -> Vec<String> {
    let code = code_only(&source.text);
    let mut found = Vec::new();
    for rest in code.split("    pub async fn ").skip(1) {
        let name = rest.split('(').next().unwrap_or_default();
        let whole = rest.split("\n    }\n").next().unwrap_or_default();
        let (signature, body) = whole.split_once(" {\n").unwrap_or((whole, ""));
        let asks = ASKS.iter().any(|asks| body.contains(asks)) || GIVEN.iter().any(|given| signature.contains(given));
        if !asks && !OPEN.iter().any(|(open, _)| *open == name) {
            found.push(format!("src/{}: {name}", source.path));
        }
    }
    found
}

#[test]
fn finds_use_cases_that_ask_nobody() {
    let count = |text: &str| unasked(&Source { path: "service/a.rs".to_owned(), text: text.to_owned() }).len();
    assert_eq!(count("impl Service {\n    pub async fn a(&self, id: BatchId) -> X {\n        self.db()\n    }\n}"), 1);
    assert_eq!(count("impl Service {\n    pub async fn a(&self) -> X {\n        self.may(Action::Read)?;\n    }\n}"), 0);
    assert_eq!(count("impl Service {\n    pub async fn a(&self, caller: &Caller) -> X {\n        x()\n    }\n}"), 0);
}
