//! What `serve` says when it is ready: for people an address, a key and something to paste; with `--json` the same as one object.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::cli::demo::{Fresh, staff};
use crate::console::query::{LoginQuery, Step};
use crate::domain::session::FIRST_LINK_S;
use crate::service::operators::Secret;

/// What is running.
#[derive(Clone, Copy, Debug)]
pub struct Ready<'a> {
    pub role: &'static str,
    pub database: &'a str,
    /// Where API and console answer; `None` for a worker.
    pub addr: Option<SocketAddr>,
    /// Where the simulated provider answers.
    pub simulator: Option<SocketAddr>,
    pub fresh: Option<&'a Fresh>,
    /// The public address, where it is https: then a link leads there.
    pub public_url: Option<&'a str>,
    /// What the link ends with by which the first owner is made, while there is no operator who could sign in.
    pub first_link: Option<&'a Secret>,
}

/// Prompts of the batch to paste: as many as the smallest batch of its model has.
const PROMPTS: [&str; 10] = [
    "A lighthouse in fog, slow drone shot",
    "Rain on a neon street in Osaka, reflections",
    "A paper boat crossing a puddle, macro",
    "Time-lapse of bread rising in an oven",
    "A fox asleep in falling snow",
    "Hands shaping a bowl on a potter's wheel",
    "A tram climbing a hill in Lisbon at dusk",
    "Ink spreading in water, black on white",
    "Wind moving through a field of barley",
    "An old clock's gears turning, close up",
];

impl Ready<'_> {
    fn base_url(&self) -> Option<String> {
        self.addr.map(|addr| format!("http://{addr}"))
    }

    fn first_owner_url(&self) -> Option<String> {
        let base = self.public_url.map(str::to_owned).or_else(|| self.base_url())?;
        let link = LoginQuery { token: Some(self.first_link?.reveal().to_owned()), ..LoginQuery::going_to("") }.step(Step::First);
        Some(format!("{base}{}", link.href_to(LoginQuery::SET_PASSWORD)))
    }

    pub fn json(&self) -> Value {
        let key = self.fresh.map(|key| json!({"customer": key.customer, "name": key.customer_name, "secret": key.secret.reveal()}));
        json!({"object": "server", "role": self.role, "url": self.base_url(), "simulated": self.simulator.is_some(),
            "simulator_url": self.simulator.map(|addr| format!("http://{addr}")), "api_key": key,
            "first_owner_url": self.first_owner_url(),
            "operators": self.fresh.map(|fresh| staff::to_json(&fresh.staff))})
    }

    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(addr) = self.simulator {
            lines.push(format!("SIMULATED PROVIDER: no real provider is asked; every task goes to http://{addr}. No video is real."));
        }
        match self.base_url() {
            Some(url) => {
                lines.push(format!("Batchbook (role {}, {}) answers at {url}", self.role, self.database));
                lines.push(format!("  Console    {url}/admin"));
                lines.push(format!("  API        {url}/docs/api"));
                lines.extend(self.first_owner_url().map(|url| first_owner_text(&url)));
                lines.extend(self.fresh.map(|fresh| format!("  Sign in    {}", staff::lines(&fresh.staff))));
                lines.extend(self.fresh.map(|fresh| key_text(fresh, &url)));
            }
            None => lines.push(format!("Batchbook works (role {}, {}).", self.role, self.database)),
        }
        lines.push("Ctrl-C ends it in order.".to_owned());
        lines.join("\n")
    }
}

fn first_owner_text(url: &str) -> String {
    let hours = FIRST_LINK_S / 3_600;
    format!(
        "  Sign in    Nobody can yet. Make the first owner at this address, once, within {hours} hours:\n\n    {url}\n\n             \
         It is shown this once; the next start makes another one. Without a browser:\n             \
         batchbook operator add --email you@example.com --role owner"
    )
}

fn key_text(key: &Fresh, url: &str) -> String {
    let secret = key.secret.reveal();
    format!(
        "  API key    {secret}\n             (of {}, {}; made at this start)\n\nPaste this in another terminal to submit a batch:\n\n{}\n",
        key.customer_name,
        key.customer,
        curl(url, secret)
    )
}

/// A command line that works in sh, bash and zsh. The idempotency key is new for each paste.
fn curl(url: &str, secret: &str) -> String {
    let items: Vec<Value> = PROMPTS.iter().map(|prompt| json!({"prompt": prompt})).collect();
    let body = json!({"model": "sora-2", "items": items}).to_string().replace('\'', r"'\''");
    format!(
        "curl -sS {url}/api/v1/batches \\\n  -H 'Authorization: Bearer {secret}' \\\n  -H 'Content-Type: application/json' \\\n  \
         -H \"Idempotency-Key: paste-$(date +%s)\" \\\n  -d '{body}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_paste_is_quoted() {
        let line = curl("http://127.0.0.1:3000", "bb_x");
        assert!(line.contains(r"potter'\''s wheel") && line.contains("\"model\":\"sora-2\""), "{line}");
        assert_eq!(line.matches("prompt").count(), 10);
    }

    #[test]
    fn a_worker_has_no_address_and_a_simulated_provider_is_said() {
        let ready = Ready {
            role: "worker",
            database: "SQLite",
            addr: None,
            simulator: Some(([127, 0, 0, 1], 9).into()),
            fresh: None,
            public_url: None,
            first_link: None,
        };
        assert!(ready.text().starts_with("SIMULATED PROVIDER") && !ready.text().contains("Console"));
        assert_eq!((&ready.json()["url"], &ready.json()["simulated"]), (&Value::Null, &Value::Bool(true)));
    }

    #[test]
    fn the_first_link_leads_to_where_the_server_is_reached() {
        let link = Secret::new("0".repeat(64));
        let ready = Ready {
            role: "all",
            database: "SQLite",
            addr: Some(([127, 0, 0, 1], 9).into()),
            simulator: None,
            fresh: None,
            public_url: None,
            first_link: Some(&link),
        };
        let path = format!("/login/password?step=first&token={}", link.reveal());
        assert!(ready.text().contains(&format!("\n    http://127.0.0.1:9{path}\n")), "{}", ready.text());
        let ready = Ready { public_url: Some("https://books.example"), ..ready };
        assert_eq!(ready.json()["first_owner_url"], format!("https://books.example{path}"));
        let ready = Ready { first_link: None, ..ready };
        assert!(!ready.text().contains("Sign in") && ready.json()["first_owner_url"].is_null());
    }
}
