//! What stands around every page: navigation, search, the refresh clock's state, preferences, help, languages, and the keys. The
//! server writes it and the browser half takes it over, so both run this.

mod address;
mod clock;
mod found;
mod help;
mod search;

pub use self::address::Address;
pub use self::clock::{Clock, Pace};

use leptos::prelude::*;

use self::search::search_form;
use super::Opening;
use super::i18n::{Lang, Language};
use super::preferences::Preferences;
use super::query::{AuditQuery, BatchesQuery, CustomersQuery, LoginQuery, OverviewQuery, PreferencesQuery, WebhooksQuery};
use crate::domain::access::{Action, Operator};

/// What of the frame moves.
#[derive(Clone, Copy, Debug)]
pub struct Moving {
    pub clock: Clock,
    /// What a key did, for whoever cannot see it.
    pub said: RwSignal<String>,
}

impl Moving {
    pub fn new(preferences: &Preferences) -> Self {
        Self { clock: Clock::new(preferences.refresh_s), said: RwSignal::new(String::new()) }
    }
}

/// `page` is the element `main`.
pub fn frame(opening: &Opening, lang: Lang, address: Address, moving: Moving, page: AnyView) -> AnyView {
    let words = lang.words();
    let shortcuts = opening.preferences.shortcuts;
    let class = if opening.operator.is_some() { "app" } else { "app outside" };
    let sidebar = opening.operator.as_ref().map(|operator| side(lang, address, moving, shortcuts, operator));
    view! {
        <a class="skip" href="#main" rel="external">
            {words.skip_to_content}
        </a>
        <div class=class>
            {sidebar}
            <div class="content">
                {opening.simulated.then(|| view! { <p class="banner" role="note">{words.simulated}</p> })}
                {page}
            </div>
        </div>
    }
    .into_any()
}

/// The side bar, for whoever is signed in.
fn side(lang: Lang, address: Address, moving: Moving, shortcuts: bool, operator: &Operator) -> AnyView {
    let words = lang.words();
    let link = |path: &str, name, key| section(lang, address, path.to_owned(), name, key);
    let approvals = operator.may(Action::ApproveCredits).then(|| link(LoginQuery::APPROVALS, lang.account().approvals, "v"));
    let audit = operator.may(Action::ReadAudit).then(|| link(AuditQuery::PATH, lang.audit().audit, "a"));
    let operators = operator.may(Action::ChangeOperators).then(|| link(LoginQuery::OPERATORS, lang.account().operators, "p"));
    view! {
        <header class="side">
            <a class="brand" href=lang.link(OverviewQuery::PATH)>
                "Batchbook"
            </a>
            {search_form(lang)}
            <nav aria-label=words.main_navigation>
                {link(OverviewQuery::PATH, lang.overview().overview, "o")}
                {link(BatchesQuery::PATH, words.batches, "b")}
                {link(CustomersQuery::PATH, lang.customers().customers, "c")}
                {link(WebhooksQuery::PATH, lang.webhooks().webhooks, "w")}
                {approvals}
                {audit}
                {operators}
            </nav>
            {utilities(lang, address, moving, shortcuts, operator)}
        </header>
    }
    .into_any()
}

/// A link of the navigation; `key` after `g` leads there.
fn section(lang: Lang, address: Address, path: String, name: &'static str, key: &'static str) -> AnyView {
    let href = lang.link(&path);
    let current = move || address.is_in(&path).then_some("page");
    view! {
        <a href=href aria-current=current data-go=key>
            {name}
        </a>
    }
    .into_any()
}

/// The lower end of the side bar.
fn utilities(lang: Lang, address: Address, moving: Moving, shortcuts: bool, operator: &Operator) -> AnyView {
    let words = lang.shell_words();
    let Moving { clock, said, .. } = moving;
    let preferences = move || {
        let next = address.without_language();
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
        {languages(lang, address)}
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
        Pace::Lost => ("lost", words.pace_lost.to_owned()),
    };
    let does = move || match clock.pace() {
        Pace::Off | Pace::Lost => words.refresh_now,
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
fn languages(lang: Lang, address: Address) -> AnyView {
    let links: Vec<_> = Language::ALL
        .into_iter()
        .map(|other| {
            let href = move || lang.to(other).link(&address.without_language());
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
