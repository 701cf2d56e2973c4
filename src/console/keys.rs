//! Single keys. One listener for the whole console; it presses and focuses what is on the page, so whatever a key does can be
//! done without it. They can be switched off (WCAG 2.2, 2.1.4); Esc and ⌘K, which are no characters, stay.

use leptos::prelude::*;

use super::browser;
use super::frame::{Clock, Moving, Pace};
use crate::console::i18n::Lang;
use crate::console::preferences::{Preferences, Theme};

/// Closes what is open over or beside a page.
const CLOSE: &str = "[data-close], .drawer-head a";

pub fn listen(lang: Lang, moving: Moving, preferences: &Preferences) {
    let Moving { clock, said } = moving;
    let (mut theme, shortcuts) = (preferences.theme, preferences.shortcuts);
    let mut go = false;
    browser::on_key(move |key| {
        let goes = std::mem::take(&mut go);
        match key {
            "^k" => return browser::focus("#search"),
            "Escape" => return browser::press(CLOSE),
            _ if !shortcuts => return false,
            _ if goes => return browser::press(&format!(".side [data-go=\"{}\"]", if key.len() == 1 { key } else { "" })),
            _ => {}
        }
        match key {
            "g" => go = true,
            "/" => return browser::focus("#search"),
            "?" => return browser::press("#help-button"),
            "j" => return browser::focus_next("main .row-link", false),
            "k" => return browser::focus_next("main .row-link", true),
            "[" => return browser::press("main a[rel~=prev]"),
            "]" => return browser::press("main a[rel~=next]"),
            "r" => {
                clock.toggle();
                said.set(said_of(lang, clock).to_owned());
            }
            "t" => {
                theme = theme.next();
                take_theme(theme);
                said.set(theme_said(lang, theme));
            }
            _ => return false,
        }
        true
    });
}

/// Takes another theme and keeps it.
fn take_theme(to: Theme) {
    let preferences = Preferences { theme: to, ..Preferences::of_cookies(&browser::cookies()) };
    browser::set_cookie(&preferences.to_cookie());
    browser::set_attribute(":root", "data-theme", to.mark());
}

fn said_of(lang: Lang, clock: Clock) -> &'static str {
    let words = lang.shell_words();
    match untrack(|| clock.pace()) {
        Pace::Paused => words.pace_paused,
        _ => words.pace_live,
    }
}

fn theme_said(lang: Lang, theme: Theme) -> String {
    let words = lang.shell_words();
    let name = Theme::ALL.into_iter().zip(words.themes).find(|(other, _)| *other == theme).map_or("", |(_, name)| name);
    format!("{}: {name}", words.theme_is)
}
