//! Who sells.

use std::str::FromStr;

/// The company, as the pages that everybody sees call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seller {
    pub name: String,
    pub contact: Option<Contact>,
}

impl Default for Seller {
    fn default() -> Self {
        Self { name: "Batchbook".to_owned(), contact: None }
    }
}

/// Where questions go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    Email(String),
    /// Of a form, say.
    Page(String),
}

impl Contact {
    /// Where a link to it leads.
    pub fn href(&self) -> String {
        match self {
            Self::Email(address) => format!("mailto:{address}"),
            Self::Page(address) => address.clone(),
        }
    }

    /// What the link is called.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address,
            Self::Page(address) => address.trim_start_matches("https://"),
        }
    }
}

impl FromStr for Contact {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.contains(char::is_whitespace) {
            return Err(());
        }
        if text.starts_with("https://") {
            let has_host = url::Url::parse(text).is_ok_and(|url| url.host_str().is_some());
            return has_host.then(|| Self::Page(text.to_owned())).ok_or(());
        }
        let is_email = text.split_once('@').is_some_and(|(name, host)| {
            let is_plain = |part: &str| !part.is_empty() && !part.contains(['@', ':', '/', '?', '<', '>', '"']);
            is_plain(name) && is_plain(host) && host.contains('.')
        });
        is_email.then(|| Self::Email(text.to_owned())).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_an_email_address_or_a_page() {
        let contact = |text: &str| text.parse::<Contact>();
        assert_eq!(contact("sales@example.com").unwrap().href(), "mailto:sales@example.com");
        let page = contact("https://example.com/contact").unwrap();
        assert_eq!((page.href(), page.as_str()), ("https://example.com/contact".to_owned(), "example.com/contact"));
        for wrong in [
            "",
            "sales",
            "sales@",
            "@example.com",
            "a b@example.com",
            "http://example.com",
            "https://",
            "javascript:alert(1)@a.b",
            "a@b.c?cc=d@e.f",
        ] {
            assert_eq!(contact(wrong), Err(()), "{wrong}");
        }
    }
}
