//! The program as a process of its own: started, listened to, and ended in every way there is.

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Nothing that a test waits for takes longer.
pub const WAIT_MAX: Duration = Duration::from_mins(1);
/// Lines that a failing test shows of each process.
const LINES_SHOWN: usize = 60;

/// A running `batchbook`. Killed when it is dropped.
pub struct Program {
    what: String,
    child: Child,
    said: Arc<Said>,
}

#[derive(Default)]
struct Said {
    lines: Mutex<Vec<String>>,
    more: Notify,
}

impl Program {
    /// Starts the program with these arguments and, of the environment, only what it cannot do without and `env`.
    pub fn start(arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_batchbook"));
        command.args(arguments).env_clear().envs(std::env::vars().filter(|(name, _)| name == "PATH" || name == "HOME" || name == "TMPDIR"));
        command.envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let said = Arc::new(Said::default());
        tokio::spawn(listen(child.stdout.take().expect("a pipe"), Arc::clone(&said)));
        tokio::spawn(listen(child.stderr.take().expect("a pipe"), Arc::clone(&said)));
        Self { what: arguments.join(" "), child, said }
    }

    /// The first line with this text, of standard output or standard error, once there is one.
    pub async fn says(&self, text: &str) -> String {
        let found = async {
            loop {
                let more = self.said.more.notified();
                if let Some(line) = self.said.first_with(text) {
                    return line;
                }
                more.await;
            }
        };
        timeout(WAIT_MAX, found).await.unwrap_or_else(|_| panic!("{:?} was not said by {}", text, self.told()))
    }

    pub fn has_said(&self, text: &str) -> bool {
        self.said.first_with(text).is_some()
    }

    /// What it is and what it said, for a test that fails.
    pub fn told(&self) -> String {
        let lines = self.said.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let from = lines.len().saturating_sub(LINES_SHOWN);
        format!("`batchbook {}`, which said:\n{}\n", self.what, lines[from..].join("\n"))
    }

    /// Ends it as a power cut would.
    pub async fn kill_9(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Sends a signal by name: TERM, STOP, CONT.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap_or_else(|| panic!("it ended already: {}", self.told()));
        let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await.expect("the command kill");
        assert!(sent.success(), "SIG{name} was not sent to {}", self.told());
    }

    /// Waits for its end.
    pub async fn ends(&mut self) -> ExitStatus {
        match timeout(WAIT_MAX, self.child.wait()).await {
            Ok(ended) => ended.expect("its end is told"),
            Err(tokio::time::error::Elapsed { .. }) => panic!("it did not end: {}", self.told()),
        }
    }
}

impl Said {
    fn first_with(&self, text: &str) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().find(|line| line.contains(text)).cloned()
    }
}

async fn listen(pipe: impl AsyncRead + Unpin, said: Arc<Said>) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        said.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        said.more.notify_waiters();
    }
}

/// Runs a command of the program to its end; its standard output, when it exits with 0.
pub async fn batchbook(arguments: &[&str], env: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batchbook"));
    command.args(arguments).envs(env.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    let done = timeout(WAIT_MAX, command.output()).await.expect("the command ends").expect("the program starts");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "`batchbook {}` ended with {}:\n{out}\n{err}", arguments.join(" "), done.status);
    out.into_owned()
}
