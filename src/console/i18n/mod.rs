//! Every word that the console shows, in each language. [`Words`] is a struct, so a language that lacks a word does not
//! compile; words of domain enums are functions with an exhaustive `match`, for the same reason.

mod account;
mod attempts;
mod audit;
mod batch;
mod batches;
mod customers;
mod deliveries;
mod en;
mod endpoints;
mod format;
mod keys;
mod overview;
mod refund;
mod replays;
mod sentence;
mod shell;
mod tasks;
mod ticket;
mod webhooks;
mod words;
mod zh;
mod zone;

pub use audit::AuditWords;
pub use customers::CustomersWords;
pub use format::shortened;
pub use keys::KeysWords;
pub use refund::RefundWords;
pub use sentence::{BatchFacts, NAMED_MAX, Part, PartyFailure};
pub use shell::ShellWords;
pub use tasks::TasksWords;
pub use ticket::TicketFacts;
pub use webhooks::WebhooksWords;
pub use words::Words;
pub use zone::{Zone, ZoneTable};

/// A language of the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    En,
    Zh,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// Reads a word of an address or of the preferences.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "en" => Some(Self::En),
            "zh" | "zh-CN" | "zh-Hans" => Some(Self::Zh),
            _ => None,
        }
    }

    /// Its word in addresses and preferences.
    pub const fn word(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// BCP 47, for the `lang` attribute.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-Hans",
        }
    }

    /// What the language calls itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Zh => "简体中文",
        }
    }
}

/// How a person reads: language and time zone. The same for as long as a page is loaded: to change either loads it anew.
///
/// The address may carry the language (`?lang=zh`), so a copied address shows a colleague the same words; without it, the
/// person's preference holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lang {
    language: Language,
    /// What holds where the address does not say.
    preferred: Language,
    zone: Zone,
}

impl Lang {
    pub const EN: Self = Self { language: Language::En, preferred: Language::En, zone: Zone::UTC };
    pub const ZH: Self = Self { language: Language::Zh, preferred: Language::En, zone: Zone::UTC };
    pub const ALL: [Self; 2] = [Self::EN, Self::ZH];
    /// Name of the parameter in addresses.
    pub const PARAM: &'static str = "lang";

    /// Reads the parameter; whatever is unknown is what the person prefers.
    pub fn of(param: Option<&str>, preferred: Language, zone: Zone) -> Self {
        Self { language: param.and_then(Language::of).unwrap_or(preferred), preferred, zone }
    }

    #[must_use]
    pub const fn in_zone(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// The same person, reading in another language.
    #[must_use]
    pub const fn to(self, language: Language) -> Self {
        Self { language, ..self }
    }

    pub const fn language(self) -> Language {
        self.language
    }

    pub const fn zone(self) -> Zone {
        self.zone
    }

    /// The one of two that is in this language. Each page has its words so: `lang.pick(&EN, &ZH)`.
    pub const fn pick<T: ?Sized>(self, en: &'static T, zh: &'static T) -> &'static T {
        match self.language {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    /// The value of the parameter; `None` where it can be left out.
    pub fn param(self) -> Option<&'static str> {
        (self.language != self.preferred).then_some(self.language.word())
    }

    /// BCP 47, for the `lang` attribute.
    pub const fn tag(self) -> &'static str {
        self.language.tag()
    }

    pub const fn words(self) -> &'static Words {
        self.pick(&en::WORDS, &zh::WORDS)
    }

    /// Puts the language into an address of the console that has none yet.
    pub fn link(self, href: &str) -> String {
        let Some(value) = self.param() else { return href.to_owned() };
        let (address, fragment) = href.split_once('#').map_or((href, None), |(address, fragment)| (address, Some(fragment)));
        let mark = if address.contains('?') { '&' } else { '?' };
        let mut linked = format!("{address}{mark}{}={value}", Self::PARAM);
        if let Some(fragment) = fragment {
            linked.push('#');
            linked.push_str(fragment);
        }
        linked
    }

    /// An address without the language that it names.
    pub fn without(path: &str, search: &str) -> String {
        let pairs = search.trim_start_matches('?').split('&');
        let others: Vec<&str> = pairs.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(Self::PARAM)).collect();
        let mark = if others.is_empty() { "" } else { "?" };
        format!("{path}{mark}{}", others.join("&"))
    }

    /// The sentence that sums a batch up.
    pub fn batch_sentence(self, facts: &BatchFacts) -> Vec<Part> {
        match self.language {
            Language::En => sentence::english(self, facts),
            Language::Zh => sentence::chinese(self, facts),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::console::i18n::{Lang, Language, Zone};

    #[test]
    fn every_language_reads_its_own_word() {
        for language in Language::ALL {
            assert_eq!(Language::of(language.word()), Some(language));
            assert_eq!(Lang::of(Some(language.word()), Language::En, Zone::UTC).language(), language);
        }
    }

    #[test]
    fn the_address_wins_over_the_preference() {
        let read = |param, preferred| Lang::of(param, preferred, Zone::UTC);
        assert_eq!(read(None, Language::Zh).language(), Language::Zh);
        assert_eq!(read(Some("en"), Language::Zh).language(), Language::En);
        assert_eq!(read(Some("tlh"), Language::Zh).language(), Language::Zh);
        assert_eq!(read(Some("en"), Language::Zh).link("/admin"), "/admin?lang=en");
        assert_eq!(read(None, Language::Zh).link("/admin"), "/admin");
    }

    #[test]
    fn links_keep_the_language_and_leave_the_default_out() {
        assert_eq!(Lang::EN.link("/admin/batches?size=100"), "/admin/batches?size=100");
        assert_eq!(Lang::ZH.link("/admin/batches"), "/admin/batches?lang=zh");
        assert_eq!(Lang::ZH.link("/a?b=1#fault"), "/a?b=1&lang=zh#fault");
    }

    #[test]
    fn a_language_can_be_taken_out_of_an_address() {
        assert_eq!(Lang::without("/admin/batches", "?lang=zh&page=2"), "/admin/batches?page=2");
        assert_eq!(Lang::without("/admin", "lang=zh"), "/admin");
    }

    #[test]
    fn no_word_is_empty() {
        for lang in Lang::ALL {
            assert_eq!(lang.words().all().iter().position(|word| word.trim().is_empty()), None, "{lang:?}");
        }
    }
}
