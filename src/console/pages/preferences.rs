//! How a person wants to read. A plain form that the server answers with a cookie, so it needs no WASM; it is always loaded
//! whole, because the server alone knows the zones.

use leptos::prelude::*;
use leptos_meta::Title;

use super::place::here;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::{Lang, Language};
use crate::console::preferences::{Preferences, REFRESH_S, Theme, UTC};
use crate::console::query::PreferencesQuery;

/// The value of the zone's choice that means: as written beside it.
const OTHER: &str = "other";

#[component]
pub fn PreferencesPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.shell_words();
    let now = use_context::<Preferences>().unwrap_or_default();
    let query = here(PreferencesQuery::at);
    let themes = Theme::ALL.into_iter().zip(words.themes).map(|(theme, name)| Choice::new(theme.word(), name, theme == now.theme));
    let languages = Language::ALL.into_iter().map(|language| Choice::new(language.word(), language.name(), language == now.language));
    let densities = [Choice::new("comfortable", words.comfortable, !now.compact), Choice::new("compact", words.compact, now.compact)];
    let refreshes = REFRESH_S.into_iter().map(|seconds| {
        let name = if seconds == 0 { words.off.to_owned() } else { (words.seconds)(seconds) };
        Choice { value: seconds.to_string(), name, chosen: seconds == now.refresh_s }
    });
    let keys = [Choice::new("on", words.on, now.shortcuts), Choice::new("off", words.off, !now.shortcuts)];
    view! {
        <Title text=words.preferences />
        <div class="head">
            <h1>{words.preferences}</h1>
        </div>
        <p class="note">{words.preferences_text}</p>
        <form method="post" action=lang.link(PreferencesQuery::PATH) class="card preferences">
            <input type="hidden" name="next" value=query.next.clone() />
            {choices("theme", words.theme, "", themes.collect())}
            {choices("lang", lang.words().language, words.language_text, languages.collect())}
            {zone(lang, &now, &query)}
            {choices("density", words.density, "", densities.into())}
            {choices("refresh", words.refresh, words.refresh_text, refreshes.collect())}
            {choices("keys", words.keys, words.keys_text, keys.into())}
            <p class="actions">
                <button type="submit" class="primary">
                    {words.save}
                </button>
                <a class="button" href=lang.link(&query.next)>
                    {words.cancel}
                </a>
            </p>
        </form>
    }
    .written()
}

/// One of a few.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

impl Choice {
    fn new(value: &str, name: &str, chosen: bool) -> Self {
        Self { value: value.to_owned(), name: name.to_owned(), chosen }
    }

    fn view(self, field: &'static str) -> Markup {
        view! {
            <label class="choice">
                <input type="radio" name=field value=self.value checked=self.chosen />
                <span>{self.name}</span>
            </label>
        }
        .written()
    }
}

fn choices(field: &'static str, legend: &'static str, text: &'static str, choices: Vec<Choice>) -> Markup {
    let choices: Vec<Markup> = choices.into_iter().map(|choice| choice.view(field)).collect();
    fieldset(legend, text, choices.written())
}

fn fieldset(legend: &'static str, text: &'static str, inside: Markup) -> Markup {
    view! {
        <fieldset>
            <legend>{legend}</legend>
            <div class="choices">{inside}</div>
            {(!text.is_empty()).then_some(view! { <p class="note">{text}</p> })}
        </fieldset>
    }
    .written()
}

/// UTC, the browser's own, or any. Only the browser knows its own, so that one is offered once WASM has taken over.
fn zone(lang: Lang, now: &Preferences, query: &PreferencesQuery) -> Markup {
    let words = lang.shell_words();
    let of_browser = view! {
        <label class="choice" hidden="" data-own-zone=now.zone.clone()>
            <input type="radio" name="zone" disabled="" />
            <span>{words.zone_of_browser}</span>
        </label>
    };
    let unknown = query.unknown_zone.clone();
    let other = now.zone != UTC || unknown.is_some();
    let written = unknown.clone().unwrap_or_else(|| if other { now.zone.clone() } else { String::new() });
    let invalid = unknown.is_some();
    let wrong = unknown.map(|text| {
        view! {
            <p class="note bad" id="zone-wrong" role="alert">
                {words.zone_unknown} " " <b>{text}</b>
            </p>
        }
    });
    let inside = view! {
        {Choice::new(UTC, UTC, !other).view("zone")}
        {of_browser}
        {Choice::new(OTHER, words.zone_other, other).view("zone")}
        <label class="other-zone">
            <span class="unseen">{words.zone_name}</span>
            <input
                type="text"
                name="zone_name"
                value=written
                placeholder="Asia/Shanghai"
                maxlength="60"
                autocomplete="off"
                spellcheck="false"
                title=words.zone_name
                aria-invalid=invalid.then_some("true")
                aria-describedby=invalid.then_some("zone-wrong")
            />
        </label>
        {wrong}
    };
    fieldset(words.zone, words.zone_text, inside.written())
}
