//! A PostgreSQL cluster of a test's own, which it may crash. Durable: what it acknowledged must be there after a crash.

use std::path::Path;

use tokio::process::Command;

pub struct Cluster {
    directory: tempfile::TempDir,
    pub url: String,
}

impl Cluster {
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = script(&["start", path(directory.path()), "durable"]).await;
        Self { directory, url: url.trim().to_owned() }
    }

    /// Ends the server at once, as a crash would, and starts it again.
    pub async fn crash(&self) {
        script(&["restart", path(self.directory.path())]).await;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Also when a test fails: a server left behind keeps its memory.
        let stopped = std::process::Command::new(SCRIPT).args(["stop", path(self.directory.path())]).status();
        assert!(stopped.is_ok_and(|status| status.success()) || std::thread::panicking(), "the cluster can be stopped");
    }
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres.sh");

fn path(path: &Path) -> &str {
    path.to_str().expect("a path that can be written down")
}

async fn script(arguments: &[&str]) -> String {
    let done = Command::new(SCRIPT).args(arguments).output().await.expect("the script runs");
    assert!(done.status.success(), "postgres.sh {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("an address")
}
