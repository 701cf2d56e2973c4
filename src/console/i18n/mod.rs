//! Every word that the console shows, in each language. [`Words`] is a struct, so a language that lacks a word does not
//! compile; words of domain enums are functions with an exhaustive `match`, for the same reason.

mod en;
mod format;
mod sentence;
mod words;
mod zh;

pub use format::shortened;
pub use sentence::{BatchFacts, Part, PartyFailures};
pub use words::Words;

/// A language of the console. The address carries it (`?lang=zh`), so a copied address shows a colleague the same page; the
/// default is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    En,
    Zh,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];
    /// Name of the parameter in addresses.
    pub const PARAM: &'static str = "lang";

    /// Reads the parameter; whatever is unknown is the default.
    pub fn of(param: Option<&str>) -> Self {
        match param {
            Some("zh" | "zh-CN" | "zh-Hans") => Self::Zh,
            _ => Self::En,
        }
    }

    /// The value of the parameter; `None` for the default.
    pub const fn param(self) -> Option<&'static str> {
        match self {
            Self::En => None,
            Self::Zh => Some("zh"),
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

    pub const fn words(self) -> &'static Words {
        match self {
            Self::En => &en::WORDS,
            Self::Zh => &zh::WORDS,
        }
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

    /// The sentence that sums a batch up.
    pub fn batch_sentence(self, facts: &BatchFacts) -> Vec<Part> {
        match self {
            Self::En => sentence::english(facts),
            Self::Zh => sentence::chinese(facts),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::console::i18n::Lang;

    #[test]
    fn every_language_reads_its_own_parameter() {
        for lang in Lang::ALL {
            assert_eq!(Lang::of(lang.param()), lang);
        }
        assert_eq!(Lang::of(Some("tlh")), Lang::En);
    }

    #[test]
    fn links_keep_the_language_and_leave_the_default_out() {
        assert_eq!(Lang::En.link("/admin/batches?size=100"), "/admin/batches?size=100");
        assert_eq!(Lang::Zh.link("/admin/batches"), "/admin/batches?lang=zh");
        assert_eq!(Lang::Zh.link("/a?b=1#fault"), "/a?b=1&lang=zh#fault");
    }

    #[test]
    fn no_word_is_empty() {
        for lang in Lang::ALL {
            assert_eq!(lang.words().all().iter().position(|word| word.trim().is_empty()), None, "{lang:?}");
        }
    }
}
