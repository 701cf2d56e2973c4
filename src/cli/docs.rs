//! `batchbook docs`: writes the figures of the program into the marked places of its documents, or with `--check` names every
//! line that says something else.
//!
//! The figures are those of a new installation: a database is made, migrated, read through the service, and thrown away. So
//! the price of a model has one source, the catalogue's first rows. `--of-database` takes the configured database instead,
//! for a seller whose prices are others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use self::figures::Figures;
use self::marks::{Finding, mend};
use super::failure::Failure;
use super::open;
use super::output::Output;
use crate::server::clock::SystemClock;
use crate::server::config::Config;
use crate::server::random::OsRandom;
use crate::service::{Limits, Service};
use crate::store::{Db, DbConfig, StoreError};

mod economics;
mod figures;
mod marks;

#[derive(Debug, Args)]
pub struct Docs {
    /// Change nothing; name each line that is false, and fail if there is one.
    #[arg(long)]
    check: bool,
    /// Take prices and packages from the configured database instead of those of a new installation.
    #[arg(long)]
    of_database: bool,
    /// Folder that holds README.md and docs/.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

/// What is wrong in one document.
struct Document {
    path: PathBuf,
    findings: Vec<Finding>,
}

impl Docs {
    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        let figures = if self.of_database {
            let state = open::existing(&config).await?;
            let figures = figures::read(&state.service).await;
            state.db.close().await;
            figures?
        } else {
            of_new_installation().await?
        };
        let documents = self.documents(&figures)?;
        let (marks, wrong) = (documents.iter().map(|(_, marks)| marks).sum::<usize>(), false_ones(&documents));
        let broken = wrong.iter().filter(|(_, finding)| finding.should.is_none()).count();
        let answer = json!({"object": "documents", "documents": documents.len(), "figures": marks, "checked_only": self.check,
            "findings": wrong.iter().map(|(path, finding)| as_json(path, finding)).collect::<Vec<_>>()});
        let lines: Vec<String> = wrong.iter().map(|(path, finding)| format!("{}:{finding}", path.display())).collect();
        let said = if self.check || broken > 0 { "" } else { ", and now say what is true" };
        let sum = format!("{marks} figures in {} documents; {} were false{said}.", documents.len(), wrong.len());
        output.answer(&answer, &[lines, vec![sum]].concat().join("\n"));
        if broken > 0 || (self.check && !wrong.is_empty()) {
            return Err(Failure::new("documents_are_false", "Mend the lines named above: `batchbook docs` writes the figures."));
        }
        Ok(())
    }

    /// Reads, and unless only checking mends, every document. With each the number of its marks.
    fn documents(&self, figures: &Figures) -> Result<Vec<(Document, usize)>, Failure> {
        let mut documents = Vec::new();
        for path in markdown_files(&self.folder).map_err(|error| unreadable(&self.folder, &error))? {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let mended = mend(&text, figures);
            if !self.check && mended.text != text {
                fs::write(&path, &mended.text).map_err(|error| unreadable(&path, &error))?;
            }
            let path = path.strip_prefix(&self.folder).map_or_else(|_| path.clone(), Path::to_path_buf);
            documents.push((Document { path, findings: mended.findings }, mended.marks));
        }
        if documents.is_empty() {
            let message = format!("There are no documents in {}: give --folder the one with README.md.", self.folder.display());
            return Err(Failure::new("no_documents", message));
        }
        Ok(documents)
    }
}

fn false_ones(documents: &[(Document, usize)]) -> Vec<(&Path, &Finding)> {
    documents.iter().flat_map(|(document, _)| document.findings.iter().map(|finding| (document.path.as_path(), finding))).collect()
}

fn as_json(path: &Path, finding: &Finding) -> Value {
    json!({"file": path.display().to_string(), "line": finding.line, "figure": finding.name, "is": finding.is, "should_be": finding.should})
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new("documents", format!("{}: {error}", path.display()))
}

/// `README.md`, and every document below `docs/`, in order of their names.
fn markdown_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let readme = folder.join("README.md");
    let mut found: Vec<PathBuf> = readme.is_file().then_some(readme).into_iter().collect();
    let mut folders = vec![folder.join("docs")];
    while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Figures of a database that was made a moment ago, and is gone a moment later.
async fn of_new_installation() -> Result<Figures, Failure> {
    let folder = std::env::temp_dir().join(format!("batchbook-docs-{}", std::process::id()));
    let failed = |error: &dyn std::fmt::Display| Failure::new("database", format!("{}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
    let url = format!("sqlite://{}", folder.join("batchbook.db").display());
    let read = async {
        let db = Db::connect(&DbConfig::new(url)).await?;
        db.migrate().await?;
        let service = Service::new(db.clone(), Arc::new(SystemClock), Arc::new(OsRandom), Limits::default());
        let figures = figures::read(&service).await;
        db.close().await;
        Ok::<_, StoreError>(figures)
    };
    let figures = read.await.map_err(|error| failed(&error));
    fs::remove_dir_all(&folder).map_err(|error| failed(&error))?;
    figures?
}
