//! Where the console is, as the address bar says it.

use leptos::prelude::*;

use crate::console::i18n::Lang;
use crate::console::query::OverviewQuery;

/// Path and query.
#[derive(Clone, Copy, Debug)]
pub struct Address(RwSignal<String>);

impl Address {
    pub fn new(address: String) -> Self {
        Self(RwSignal::new(address))
    }

    pub fn set(self, address: String) {
        self.0.set(address);
    }

    pub fn whole(self) -> String {
        self.0.get_untracked()
    }

    /// How the person reads, as the address says it.
    pub fn language(self) -> Option<String> {
        self.0.with_untracked(|address| {
            let (_, query) = address.split_once('?')?;
            query.split('&').find_map(|pair| pair.strip_prefix(Lang::PARAM)?.strip_prefix('=')).map(str::to_owned)
        })
    }

    pub fn without_language(self) -> String {
        self.0.with(|address| {
            let (path, query) = address.split_once('?').unwrap_or((address, ""));
            Lang::without(path, query)
        })
    }

    /// Whether it is that of a section, or of anything inside of it. Everything is inside of the first page, so that one must be met.
    pub fn is_in(self, section: &str) -> bool {
        self.0.with(|address| {
            let path = address.split('?').next().unwrap_or_default();
            match path.strip_prefix(section) {
                Some(rest) => rest.is_empty() || rest == "/" || (rest.starts_with('/') && section != OverviewQuery::PATH),
                None => false,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(address: &str, ask: impl FnOnce(Address) -> T) -> T {
        Owner::new().with(|| ask(Address::new(address.to_owned())))
    }

    #[test]
    fn a_page_is_in_its_section() {
        let is_in = |address, section| with(address, |address| address.is_in(section));
        assert!(is_in("/admin/batches/bat_1?task=3", "/admin/batches") && is_in("/admin/batches?lang=zh", "/admin/batches"));
        assert!(!is_in("/admin/batches-of-old", "/admin/batches") && !is_in("/admin/batches", "/admin"));
        assert!(is_in("/admin", "/admin") && is_in("/admin/?window=7d", "/admin"));
    }

    #[test]
    fn names_a_language_or_not() {
        assert_eq!(with("/admin?lang=zh&page=2", Address::language).as_deref(), Some("zh"));
        assert_eq!(with("/admin?language=zh", Address::language), None);
        assert_eq!(with("/admin?lang=zh&page=2", Address::without_language), "/admin?page=2");
    }
}
