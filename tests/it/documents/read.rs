//! Documents as text: enough of Markdown to see headings, items, rows, links and what is marked. Not a parser.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub struct Document {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and everything below `docs/`.
pub fn all() -> Vec<Document> {
    let mut paths = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/zh"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                paths.push(format!("{folder}/{name}"));
            }
        }
    }
    paths.sort();
    assert!(paths.len() > 8, "the documents were found: {paths:?}");
    paths.iter().map(|path| Document::read(path)).collect()
}

impl Document {
    pub fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    /// Lines that are not in a block of code, with their numbers from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut in_code = false;
        (1..).zip(self.text.lines()).filter(move |(_, line)| {
            let is_fence = line.trim_start().starts_with("```");
            in_code ^= is_fence;
            !in_code && !is_fence
        })
    }

    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.lines().filter(|(_, line)| line.starts_with('#')).map(|(_, line)| line)
    }

    /// Names of headings as links write them.
    pub fn anchors(&self) -> BTreeSet<String> {
        let slug = |heading: &str| -> String {
            let kept = heading.trim_start_matches('#').trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        };
        self.headings().map(slug).collect()
    }

    /// Links and pictures within the project.
    pub fn links(&self) -> Vec<(usize, String)> {
        let targets =
            |line: &str| -> Vec<String> { line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect() };
        self.lines()
            .flat_map(|(number, line)| targets(line).into_iter().map(move |target| (number, target)))
            .filter(|(_, target)| !target.contains("://") && !target.starts_with("mailto:") && !target.starts_with('/'))
            .collect()
    }
}

/// `docs/zh` and `../money.md` as `docs/money.md`.
pub fn joined(folder: &Path, path: &str) -> String {
    let mut names: Vec<&str> = folder.to_str().unwrap().split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split('/') {
        match name {
            "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    names.join("/")
}

/// What a reader sees of a line.
pub fn without_marks(line: &str) -> String {
    let mut seen = String::new();
    let mut rest = line;
    while let Some((before, comment)) = rest.split_once("<!--") {
        seen.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    seen + rest
}
