//! Holds the rules of shape: who may use whom, where SQL and HTTP clients may be, where feature gates may be, how modules are
//! called, how long files are, and that what is written twice (migrations, Leptos configuration) agrees. The files are read as
//! text, so a rule says in one line what is wrong where; `scan` has what it takes to read them.

mod migrations;
mod scan;
mod use_cases;

use std::fs;
use std::path::{Path, PathBuf};

use scan::{Source, code_only, has_word, layer_of, line_of, used_paths};

/// Layer → what it may use besides itself. `src/lib.rs`, `main.rs`, `cli/` and `server/` put everything together and may use all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("providers", &["domain"]),
    ("delivery", &["domain"]),
    ("service", &["domain", "store"]),
    ("api", &["domain", "service"]),
    ("site", &["domain", "service", "console/i18n"]),
    ("workers", &["domain", "service", "providers", "delivery"]),
    (
        "console",
        &[
            "domain",
            "console/api",
            "console/pages",
            "console/components",
            "console/query",
            "console/i18n",
            "console/preferences",
            "console/part",
        ],
    ),
    ("console/api", &["domain", "service", "console/query", "console/i18n", "console/part"]),
    ("console/pages", &["domain", "console/api", "console/components", "console/query", "console/i18n", "console/preferences"]),
    ("console/components", &["domain", "console/i18n"]),
    ("console/query", &["domain"]),
    ("console/i18n", &["domain"]),
    ("console/part", &[]),
    ("console/preferences", &["console/i18n"]),
];
const COMPOSERS: &[&str] = &["lib", "main", "cli", "server"];

/// Crate → the only layers where it may appear.
const CRATE_ONLY_IN: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("reqwest", &["providers", "delivery"]),
    (
        "leptos",
        &["console", "console/api", "console/pages", "console/components", "console/query", "console/i18n", "site", "server", "lib"],
    ),
    ("axum", &["api", "site", "server", "providers", "console/api"]),
];

/// Names that say nothing about what is inside.
const BANNED_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "types"];

const LINES_MAX: usize = 400;
/// Files that are longer, each with the reason.
const LONGER: &[(&str, &str)] = &[];

#[test]
fn layers_use_only_what_they_may() {
    report(&sources(), dependency_findings);
}

#[test]
fn crates_stay_in_their_layers() {
    report(&sources(), crate_findings);
}

#[test]
fn feature_gates_are_only_in_lib() {
    report(&sources(), gate_findings);
}

#[test]
fn modules_have_telling_names() {
    report(&sources(), name_findings);
}

#[test]
fn files_are_short() {
    report(&sources(), length_findings);
}

#[test]
fn exceptions_are_still_needed() {
    for (path, reason) in LONGER {
        let lines = fs::read_to_string(root().join("src").join(path)).map_or(0, |text| text.lines().count());
        assert!(lines > LINES_MAX, "{path} is {lines} lines long: take it off the list ({reason})");
    }
}

#[test]
fn leptos_toml_agrees_with_the_manifest() {
    let own = toml_table("Leptos.toml")["package"]["metadata"]["leptos"].clone();
    let manifest = toml_table("Cargo.toml")["package"]["metadata"]["leptos"].clone();
    for (key, value) in own.as_table().expect("a table") {
        assert_eq!(Some(value), manifest.get(key), "`{key}` in Leptos.toml and in [package.metadata.leptos]");
    }
    for key in ["output-name", "site-root", "site-pkg-dir", "site-addr"] {
        assert!(own.get(key).is_some(), "Leptos.toml has no `{key}`, and the server needs it");
    }
    let built_in = toml_table(".cargo/config.toml")["env"]["LEPTOS_OUTPUT_NAME"].clone();
    assert_eq!(built_in, own["output-name"], "LEPTOS_OUTPUT_NAME in .cargo/config.toml is compiled into the server");
}

fn dependency_findings(source: &Source) -> Vec<String> {
    let layer = layer_of(&source.path);
    if COMPOSERS.contains(&layer.as_str()) {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("src/{}: the layer `{layer}` is unknown: add it to MAY_USE with what it may use", source.path)];
    };
    used_paths(source)
        .into_iter()
        .map(|used| (layer_of(&used.path), used.line))
        .filter(|(target, _)| *target != layer && is_layer(target) && !allowed.contains(&target.as_str()))
        .map(|(target, line)| {
            let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
            format!("src/{}:{line}: `{layer}` uses `{target}`, and may use: {may}", source.path)
        })
        .collect()
}

fn is_layer(name: &str) -> bool {
    MAY_USE.iter().any(|(layer, _)| *layer == name) || COMPOSERS.contains(&name)
}

fn crate_findings(source: &Source) -> Vec<String> {
    let layer = layer_of(&source.path);
    let code = code_only(&source.text);
    CRATE_ONLY_IN
        .iter()
        .filter(|(_, layers)| !layers.contains(&layer.as_str()))
        .filter_map(|(name, layers)| {
            let at = has_word(&code, name)?;
            Some(format!("src/{}:{}: uses `{name}`, which belongs in: {}", source.path, line_of(&code, at), layers.join(", ")))
        })
        .collect()
}

fn gate_findings(source: &Source) -> Vec<String> {
    if source.path == "lib.rs" {
        return Vec::new();
    }
    let code = code_only(&source.text);
    code.match_indices("cfg")
        .filter(|(at, _)| has_word(scan::in_brackets(&code[*at..]), "feature").is_some())
        .map(|(at, _)| format!("src/{}:{}: a feature gate outside lib.rs", source.path, line_of(&code, at)))
        .collect()
}

fn name_findings(source: &Source) -> Vec<String> {
    let in_path = source.path.trim_end_matches(".rs").split('/').find(|name| BANNED_NAMES.contains(name));
    let code = code_only(&source.text);
    let inline = BANNED_NAMES.iter().copied().find(|name| code.contains(&format!("mod {name} ")) || code.contains(&format!("mod {name};")));
    in_path.or(inline).map(|name| format!("src/{}: `{name}` says nothing: name what is inside", source.path)).into_iter().collect()
}

fn length_findings(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= LINES_MAX || LONGER.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    vec![format!("src/{}: {lines} lines, and {LINES_MAX} are the most: split it by what its parts are about", source.path)]
}

/// Fails with every finding of a rule, one on a line.
fn report(sources: &[Source], rule: fn(&Source) -> Vec<String>) {
    let findings: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn toml_table(file: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every Rust file under `src/`.
fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&src).expect("below src").to_string_lossy().replace('\\', "/");
                found.push(Source { path: relative, text: fs::read_to_string(&path).expect("a text file") });
            }
        }
    }
    assert!(found.iter().any(|source| source.path == "lib.rs"), "the sources were found");
    found
}

/// What is in a folder, sorted; nothing when there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).map(|read| read.map(|entry| entry.expect("readable").path()).collect()).unwrap_or_default();
    paths.sort();
    paths
}

// The rules must be able to fail: each is shown what it forbids, and what only looks like it.

fn findings(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
    rule(&Source { path: path.to_owned(), text: text.to_owned() }).len()
}

#[test]
fn finds_forbidden_uses() {
    let count = |path, text| findings(dependency_findings, path, text);
    assert_eq!(count("domain/a.rs", "use crate::store::Db;"), 1);
    assert_eq!(count("api/v1/batches.rs", "use crate::{domain::Id, store::{self, batches}};"), 2);
    assert_eq!(count("api/v1/batches.rs", "fn f() { crate::store::get() }"), 1);
    assert_eq!(count("console/api/batch.rs", "use crate::console::pages::batch;"), 1);
    assert_eq!(count("console/components/table.rs", "use super::super::api::batch;"), 1);
    assert_eq!(count("workers/settle.rs", "use super::super::store::tasks;"), 1);
    assert_eq!(count("service/batches.rs", "use crate::server::State;"), 1);
    assert_eq!(count("misc/a.rs", ""), 1, "an unknown layer");
}

#[test]
fn lets_allowed_uses_pass() {
    let count = |path, text| findings(dependency_findings, path, text);
    assert_eq!(count("domain/a.rs", "use super::money::Money;\nuse crate::domain::id::Id;"), 0);
    assert_eq!(count("service/batches.rs", "use crate::{domain::{batch, id::Id}, store::batches};"), 0);
    assert_eq!(count("console/pages/batch.rs", "use crate::console::{api::batch, components::table, query};"), 0);
    assert_eq!(count("cli/serve.rs", "use crate::{store, workers};"), 0);
    assert_eq!(
        count("api/v1/batches.rs", "// not crate::store\nconst A: &str = \"crate::store\"; /* crate::store */ const B: char = '\"';"),
        0
    );
    assert_eq!(count("service/batches.rs", "mod tests { use super::*; use super::super::tasks; }"), 0);
}

#[test]
fn finds_crates_outside_their_layers() {
    let count = |path, text| findings(crate_findings, path, text);
    assert_eq!(count("service/batches.rs", "use sqlx::Row;"), 1);
    assert_eq!(count("api/mod.rs", "#[derive(sqlx::FromRow)] struct A;"), 1);
    assert_eq!(count("workers/poll.rs", "fn f() -> reqwest::Result<()> { todo() }"), 1);
    assert_eq!(count("store/batches.rs", "use sqlx::Row; let reqwester = 1;"), 0);
    assert_eq!(count("service/batches.rs", "// sqlx is elsewhere\nlet sqlx_like = r#\"sqlx\"#;"), 0);
}

#[test]
fn finds_gates_names_and_lengths() {
    assert_eq!(findings(gate_findings, "domain/a.rs", "#[cfg(feature = \"ssr\")]\nmod b;"), 1);
    assert_eq!(findings(gate_findings, "domain/a.rs", "#[cfg_attr(feature = \"ssr\", derive(A))]\nstruct B;"), 1);
    assert_eq!(findings(gate_findings, "domain/a.rs", "#[cfg(test)]\nmod tests { fn feature() {} }"), 0);
    assert_eq!(findings(gate_findings, "domain/a.rs", "if cfg!(debug_assertions) { feature() }"), 0);
    assert_eq!(findings(gate_findings, "lib.rs", "#[cfg(feature = \"ssr\")]\nmod b;"), 0);
    assert_eq!(findings(name_findings, "api/helpers.rs", ""), 1);
    assert_eq!(findings(name_findings, "store/common/mod.rs", ""), 1);
    assert_eq!(findings(name_findings, "store/a.rs", "mod utils { }"), 1);
    assert_eq!(findings(name_findings, "store/commonly.rs", "use std::types;"), 0);
    assert_eq!(findings(length_findings, "store/a.rs", &"\n".repeat(LINES_MAX)), 0);
    assert_eq!(findings(length_findings, "store/a.rs", &"\n".repeat(LINES_MAX + 1)), 1);
}
