//! What stands around every page besides the navigation: the refresh clock's state, preferences, help, languages, and the keys.

mod help;
mod keys;
mod search;

pub use search::search_form;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::components::clock::{Clock, Pace};
use super::i18n::{Lang, Language};
use super::preferences::{Preferences, Theme};
use super::query::{LoginQuery, PreferencesQuery};
use crate::domain::access::Operator;

/// The theme, which a key may change under a running page.
pub type CurrentTheme = RwSignal<Theme>;

/// To be called once, from an effect.
pub fn start(lang: Lang, clock: Clock, theme: CurrentTheme, said: RwSignal<String>, shortcuts: bool) {
    clock.start();
    keys::listen(lang, clock, theme, said, shortcuts);
}

/// The lower end of the side bar.
pub fn utilities(lang: Lang, clock: Clock, said: RwSignal<String>, shortcuts: bool, operator: &Operator) -> AnyView {
    let words = lang.shell_words();
    let location = use_location();
    // Loads the page anew, so that what the server knows of zones comes along.
    let preferences = move || {
        let next = location.pathname.with(|path| location.search.with(|search| Lang::without(path, search)));
        lang.link(&PreferencesQuery { next, ..PreferencesQuery::default() }.to_href())
    };
    view! {
        <div class="utilities" role="group" aria-label=words.utilities>
            {pace(lang, clock)}
            <a class="gear" href=preferences rel="external">
                <span>{words.preferences}</span>
            </a>
            {help::help(lang, shortcuts)}
            {who(lang, operator)}
            <p class="unseen" role="status">
                {said}
            </p>
        </div>
        {languages(lang)}
    }
    .into_any()
}

/// Who is signed in, which leads to the account; and the way out.
fn who(lang: Lang, operator: &Operator) -> AnyView {
    let words = lang.account();
    view! {
        <a class="who" href=lang.link(LoginQuery::ACCOUNT) title=format!("{} {}", words.signed_in_as, operator.email)>
            <span>
                <bdi>{operator.email.clone()}</bdi>
                <small>{lang.role_word(operator.role)}</small>
            </span>
        </a>
        <form class="out" method="post" action=LoginQuery::SIGN_OUT>
            {lang.param().map(|value| view! { <input type="hidden" name=Lang::PARAM value=value /> })}
            <button type="submit">{words.sign_out}</button>
        </form>
    }
    .into_any()
}

/// The state of the refresh clock, which is a button that pauses it.
fn pace(lang: Lang, clock: Clock) -> AnyView {
    let words = lang.shell_words();
    let state = move || match clock.pace() {
        Pace::Every(seconds) => ("live", format!("{} · {}", words.pace_live, (words.seconds)(seconds))),
        Pace::Off => ("off", words.pace_off.to_owned()),
        Pace::Paused => ("paused", words.pace_paused.to_owned()),
        Pace::Frozen => ("frozen", words.pace_frozen.to_owned()),
        Pace::Still => ("still", words.pace_still.to_owned()),
    };
    let does = move || match clock.pace() {
        Pace::Off => words.refresh_now,
        Pace::Paused => words.resume,
        _ => words.pause,
    };
    view! {
        <button type="button" class="pace" data-pace=move || state().0 title=does on:click=move |_| clock.toggle()>
            <span>{move || state().1}</span>
            <span class="unseen">{move || format!(". {}", does())}</span>
        </button>
    }
    .into_any()
}

/// Links to this page in every language. They load the page anew.
fn languages(lang: Lang) -> AnyView {
    let location = use_location();
    let links: Vec<_> = Language::ALL
        .into_iter()
        .map(|other| {
            let href = move || {
                let here = location.pathname.with(|path| location.search.with(|search| Lang::without(path, search)));
                lang.to(other).link(&here)
            };
            view! { <a href=href rel="external" lang=other.tag() hreflang=other.tag() aria-current=(other == lang.language()).then_some("true")>{other.name()}</a> }
        })
        .collect();
    view! {
        <nav class="languages" aria-label=lang.words().language>
            {links}
        </nav>
    }
    .into_any()
}

/// Takes another theme and keeps it.
fn take_theme(theme: CurrentTheme, to: Theme) {
    theme.set(to);
    let preferences = Preferences { theme: to, ..Preferences::of_cookies(&crate::browser::cookies()) };
    crate::browser::set_cookie(&preferences.to_cookie());
}
