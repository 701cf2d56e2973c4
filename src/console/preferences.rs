//! What a person chose once and for all pages: kept in one cookie, read by the server before it writes a page, so nothing of a
//! page ever changes its look while it loads. Reading never fails: what cannot be read is the default. Defaults are left out.
//!
//! The text of the cookie is that of a form, without escapes: `theme=dark&zone=Asia/Shanghai&refresh=30`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::i18n::Language;

/// Name of the cookie.
pub const COOKIE: &str = "batchbook_preferences";
/// Pauses between two refreshes to choose from; 0 is none.
pub const REFRESH_S: [u32; 5] = [0, 1, 5, 10, 30];
/// The longest name of a zone is `America/Argentina/ComodRivadavia`.
const ZONE_NAME_MAX_BYTES: usize = 40;
/// The preference's name of no zone but UTC.
pub const UTC: &str = "UTC";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the machine has it.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What `<html>` says of it: nothing where the machine decides.
    pub fn mark(self) -> Option<&'static str> {
        (self != Self::System).then_some(self.word())
    }

    /// The one after it, in turn.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    pub theme: Theme,
    /// Holds where the address does not say another one.
    pub language: Language,
    /// As the IANA database calls it. Only the server knows whether there is such a zone.
    pub zone: String,
    /// Rows closer together.
    pub compact: bool,
    /// One of [`REFRESH_S`].
    pub refresh_s: u32,
    /// Whether single keys do something.
    pub shortcuts: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { theme: Theme::System, language: Language::En, zone: UTC.to_owned(), compact: false, refresh_s: 5, shortcuts: true }
    }
}

impl Preferences {
    /// Reads them by name: from the cookie or from a form.
    pub fn of(field: &dyn Fn(&str) -> Option<String>) -> Self {
        let default = Self::default();
        let theme = field("theme").and_then(|word| Theme::ALL.into_iter().find(|theme| theme.word() == word));
        Self {
            theme: theme.unwrap_or_default(),
            language: field("lang").and_then(|word| Language::of(&word)).unwrap_or_default(),
            zone: field("zone").filter(|name| may_be_zone(name)).unwrap_or(default.zone),
            compact: field("density").is_some_and(|word| word == "compact"),
            refresh_s: field("refresh")
                .and_then(|text| text.parse().ok())
                .filter(|seconds| REFRESH_S.contains(seconds))
                .unwrap_or(default.refresh_s),
            shortcuts: field("keys").is_none_or(|word| word != "off"),
        }
    }

    /// Reads the cookie's text.
    pub fn parse(text: &str) -> Self {
        Self::of(&|name| text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned)))
    }

    /// Finds the cookie among all of them: in the header of a request, or in what a browser says a page has.
    pub fn of_cookies(cookies: &str) -> Self {
        let own = cookies.split(';').find_map(|cookie| cookie.trim_start().strip_prefix(COOKIE)?.strip_prefix('='));
        own.map(|text| Self::parse(text.trim())).unwrap_or_default()
    }

    /// What to set for a browser to keep them: for a year, from today on or from their next change.
    pub fn to_cookie(&self) -> String {
        const YEAR_S: u32 = 365 * 24 * 3_600;
        format!("{COOKIE}={self}; Path=/; Max-Age={YEAR_S}; SameSite=Lax")
    }

    pub fn density(&self) -> Option<&'static str> {
        self.compact.then_some("compact")
    }
}

/// Whether a text looks like the name of a zone, and may stand in a cookie as it is.
pub fn may_be_zone(name: &str) -> bool {
    let fits = (1..=ZONE_NAME_MAX_BYTES).contains(&name.len());
    fits && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte))
}

impl fmt::Display for Preferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = Self::default();
        let pairs = [
            (self.theme != default.theme).then(|| format!("theme={}", self.theme.word())),
            (self.language != default.language).then(|| format!("lang={}", self.language.word())),
            (self.zone != default.zone).then(|| format!("zone={}", self.zone)),
            self.density().map(|density| format!("density={density}")),
            (self.refresh_s != default.refresh_s).then(|| format!("refresh={}", self.refresh_s)),
            (!self.shortcuts).then(|| "keys=off".to_owned()),
        ];
        f.write_str(&pairs.into_iter().flatten().collect::<Vec<_>>().join("&"))
    }
}

impl Serialize for Preferences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Preferences {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::console::i18n::Language;
    use crate::console::preferences::{COOKIE, Preferences, REFRESH_S, Theme};

    fn chosen() -> Preferences {
        Preferences {
            theme: Theme::Dark,
            language: Language::Zh,
            zone: "America/Argentina/ComodRivadavia".to_owned(),
            compact: true,
            refresh_s: 30,
            shortcuts: false,
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let text = "theme=dark&lang=zh&zone=America/Argentina/ComodRivadavia&density=compact&refresh=30&keys=off";
        assert_eq!(chosen().to_string(), text);
        for theme in Theme::ALL {
            for refresh_s in REFRESH_S {
                for preferences in
                    [Preferences { theme, refresh_s, ..chosen() }, Preferences { theme, refresh_s, ..Preferences::default() }]
                {
                    assert_eq!(Preferences::parse(&preferences.to_string()), preferences);
                }
            }
        }
        assert_eq!(Preferences::default().to_string(), "");
    }

    #[test]
    fn finds_its_cookie_among_others() {
        let cookies = format!("a=1; not_{COOKIE}=theme=light; {COOKIE}={}; b=theme=light", chosen());
        assert_eq!(Preferences::of_cookies(&cookies), chosen());
        assert_eq!(Preferences::of_cookies("a=1"), Preferences::default());
        assert!(chosen().to_cookie().starts_with(&format!("{COOKIE}=theme=dark&")));
    }

    #[test]
    fn what_cannot_be_read_is_the_default() {
        for text in
            ["theme=pink", "refresh=2", "refresh=-1", "refresh=99999999999", "zone=", "zone=a;b", "zone=\"x\"", "lang=tlh", "=&&=", "theme"]
        {
            assert_eq!(Preferences::parse(text), Preferences::default(), "{text}");
        }
        assert_eq!(Preferences::parse(&format!("zone={}", "x".repeat(41))), Preferences::default());
    }

    proptest! {
        #[test]
        fn any_cookie_can_be_read_and_what_is_kept_is_fit_for_a_cookie(text in ".*") {
            let read = Preferences::of_cookies(&format!("{COOKIE}={text}"));
            let written = read.to_string();
            prop_assert!(written.bytes().all(|b| b.is_ascii_graphic() && !b"\",;\\".contains(&b)), "{written}");
            prop_assert_eq!(Preferences::parse(&written), read);
        }
    }
}
