//! The state of each page as its address says it, one file per page. Parsing never fails: what cannot be read is the default,
//! so that a mistyped address shows a sensible page. Links leave defaults out.

mod attempts;
mod audit;
mod batch;
mod batches;
mod billing;
mod customers;
mod login;
mod overview;
mod preferences;
mod search;
mod tasks;
mod timeline;
mod webhooks;

use std::fmt::Write;

pub use self::attempts::AttemptsQuery;
pub use self::audit::AuditQuery;
pub use self::batch::{Action, BatchPlace, BatchQuery, Tab};
pub use self::batches::{BatchesQuery, Column, Columns};
pub use self::billing::{BillingQuery, Place};
pub use self::customers::{CreditAction, CreditForm, CustomerPlace, CustomerQuery, CustomerTab, CustomersQuery};
pub use self::login::{LoginQuery, Said, Step, Vouches};
pub use self::overview::OverviewQuery;
pub use self::preferences::PreferencesQuery;
pub use self::search::{SearchQuery, href_of};
pub use self::tasks::{ROWS, TasksQuery};
pub use self::timeline::TimelineQuery;
pub use self::webhooks::{
    BatchWebhooksPlace, DeliveryPlace, EndpointForm, EndpointOpen, EndpointPlace, EndpointShow, EndpointsQuery, ReplayForm, ReplayPlace,
    ReplayProblem, WebhooksQuery, WebhooksTab,
};

/// Finds a parameter of the address by name; its value is decoded.
pub type Params<'a> = &'a dyn Fn(&str) -> Option<String>;

/// An address that is being written.
struct Href(String);

impl Href {
    fn to(path: String) -> Self {
        Self(path)
    }

    /// A value may be any text: whatever is more than letters, digits and `-_.~,` is escaped.
    fn with(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            let mark = if self.0.contains('?') { '&' } else { '?' };
            self.0.push(mark);
            self.0.push_str(name);
            self.0.push('=');
            // Writing to a String cannot fail.
            let _ = write!(Escaped(&mut self.0), "{value}");
        }
    }
}

/// Escapes what is written through it, byte by byte.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~,".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                write!(self.0, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::id::BatchId;

    pub const ID: &str = "bat_00fkqz1b3r000000000000000g";

    pub fn id() -> BatchId {
        ID.parse().unwrap()
    }

    /// Reads an address as the router would.
    pub fn params(href: &str) -> impl Fn(&str) -> Option<String> + use<> {
        let pairs: Vec<(String, String)> = href
            .split_once('?')
            .map(|(_, query)| {
                query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), decoded(value))).collect()
            })
            .unwrap_or_default();
        move |name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn decoded(value: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = value.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
            match (first, hex) {
                (b'%', Some(byte)) => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                (b'+', _) => {
                    bytes.push(b' ');
                    rest = after;
                }
                _ => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        String::from_utf8(bytes).unwrap()
    }
}
