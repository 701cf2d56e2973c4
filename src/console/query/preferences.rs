//! `/admin/preferences?next=/admin/batches`

use super::{Href, Params};

/// The page of preferences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreferencesQuery {
    /// Where to go on: always an address of the console.
    pub next: String,
    /// What was written as a time zone, and is none.
    pub unknown_zone: Option<String>,
}

impl PreferencesQuery {
    pub const PATH: &'static str = "/admin/preferences";
    /// Where to go on when nothing says it.
    pub const HOME: &'static str = "/admin";
    const ZONE_MAX_CHARS: usize = 60;

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        Self {
            next: params("next").filter(|next| is_local(next)).unwrap_or_else(|| Self::HOME.to_owned()),
            unknown_zone: params("zone").map(|zone| zone.chars().take(Self::ZONE_MAX_CHARS).collect()),
        }
    }

    pub fn to_href(&self) -> String {
        let mut href = Href::to(Self::PATH.to_owned());
        href.with("next", (self.next != Self::HOME && is_local(&self.next)).then_some(&self.next));
        href.with("zone", self.unknown_zone.as_ref());
        href.0
    }
}

/// Whether an address is one of the console, and not of another site (`//evil.example`, `https:…`) in disguise.
pub(super) fn is_local(address: &str) -> bool {
    const ADDRESS_MAX_BYTES: usize = 2_000;
    let below = address.strip_prefix(PreferencesQuery::HOME).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    below && address.len() <= ADDRESS_MAX_BYTES && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use crate::console::query::PreferencesQuery;
    use crate::console::query::tests::params;

    #[test]
    fn reads_what_it_writes() {
        for next in ["/admin", "/admin/batches?status=failed&page=3", "/admin?days=7"] {
            for unknown_zone in [None, Some("Atlantis & Co".to_owned())] {
                let query = PreferencesQuery { next: next.to_owned(), unknown_zone };
                assert_eq!(PreferencesQuery::of(&params(&query.to_href())), query);
            }
        }
        assert_eq!(PreferencesQuery { next: "/admin".to_owned(), unknown_zone: None }.to_href(), "/admin/preferences");
    }

    #[test]
    fn goes_on_to_no_other_site() {
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/admin\\..",
            "/admin\r\nx: y",
            "/administrator",
            "",
            "/api",
            "/admin/\u{e9}",
        ] {
            let read = PreferencesQuery::of(&|name| (name == "next").then(|| bad.to_owned()));
            assert_eq!(read.next, "/admin", "{bad:?}");
        }
    }
}
