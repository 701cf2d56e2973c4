//! The search of the frame: a form that leads to a page of its own, and while one types a list of suggestions (ARIA's combobox
//! with a listbox: the focus stays in the field, the arrows move the choice).

use leptos::prelude::*;

use super::found::find;
use crate::console::browser;
use crate::console::components::hit::hit_line;
use crate::console::i18n::Lang;
use crate::console::query::{SearchQuery, href_of};
use crate::domain::search::Found;

/// Suggestions at most.
const ROWS_MAX: u32 = 8;
/// A pause in typing of this length is waited for.
const PAUSE_MS: u32 = 140;
/// Shorter texts are in everything.
const TEXT_MIN_CHARS: usize = 2;

/// What the field suggests.
#[derive(Clone, Copy)]
struct Suggestions {
    text: RwSignal<String>,
    found: RwSignal<Found>,
    /// The one that Enter opens, from 0.
    chosen: RwSignal<Option<usize>>,
}

impl Suggestions {
    fn close(self) {
        self.found.set(Found::default());
        self.chosen.set(None);
    }

    /// Asks once nobody has typed for a while; an answer to what is not asked any more is dropped.
    fn typed(self, text: String) {
        self.text.set(text.clone());
        if text.trim().chars().count() < TEXT_MIN_CHARS {
            return self.close();
        }
        browser::after(PAUSE_MS, move || {
            if self.text.get_untracked() != text {
                return;
            }
            leptos::task::spawn_local(async move {
                // Suggestions are a help: where they fail, the form still leads to the page, which says what is wrong.
                let found = find(text.clone(), ROWS_MAX).await.unwrap_or_default();
                if self.text.get_untracked() == text {
                    self.chosen.set(None);
                    self.found.set(found);
                }
            });
        });
    }

    /// Says whether it knew the key.
    fn key(self, key: &str) -> bool {
        let count = self.found.with_untracked(|found| found.hits.len());
        let chosen = self.chosen.get_untracked();
        match (key, chosen) {
            ("ArrowDown", _) if count > 0 => self.chosen.set(Some(chosen.map_or(0, |at| (at + 1) % count))),
            ("ArrowUp", _) if count > 0 => self.chosen.set(Some(chosen.map_or(count - 1, |at| (at + count - 1) % count))),
            ("Enter", Some(_)) => {
                browser::press("#suggestions [aria-selected=true]");
            }
            ("Escape", _) if count > 0 => self.close(),
            _ => return false,
        }
        true
    }
}

pub fn search_form(lang: Lang) -> AnyView {
    let words = lang.shell_words();
    let suggestions =
        Suggestions { text: RwSignal::new(String::new()), found: RwSignal::new(Found::default()), chosen: RwSignal::new(None) };
    let is_open = move || suggestions.found.with(|found| !found.hits.is_empty());
    let language = lang.param().map(|value| view! { <input type="hidden" name=Lang::PARAM value=value /> });
    view! {
        <form method="get" action=SearchQuery::PATH role="search" class="find">
            {language}
            <input
                id="search"
                type="search"
                name="q"
                maxlength="200"
                autocomplete="off"
                spellcheck="false"
                placeholder=words.search
                title=words.search_text
                aria-label=words.search_text
                aria-keyshortcuts="/ Control+K Meta+K"
                role="combobox"
                aria-autocomplete="list"
                aria-controls="suggestions"
                aria-expanded=move || if is_open() { "true" } else { "false" }
                aria-activedescendant=move || suggestions.chosen.get().map(|at| format!("suggestion-{at}"))
                on:input=move |event| suggestions.typed(event_target_value(&event))
                on:keydown=move |event| {
                    if !event.is_composing() && suggestions.key(&event.key()) {
                        event.prevent_default();
                    }
                }
                on:blur=move |_| suggestions.close()
            />
            <kbd aria-hidden="true">"/"</kbd>
            // Pressing must not take the focus out of the field: the list would close before it is pressed.
            <ul id="suggestions" role="listbox" aria-label=words.search_found hidden=move || !is_open() on:mousedown=|event| event.prevent_default()>
                {move || options(lang, suggestions)}
            </ul>
            <p class="unseen" role="status">
                {move || suggestions.found.with(|found| (!found.hits.is_empty()).then(|| (words.search_count)(found.hits.len())))}
            </p>
        </form>
    }
    .into_any()
}

fn options(lang: Lang, suggestions: Suggestions) -> Vec<AnyView> {
    let hits = suggestions.found.get().hits;
    hits.iter()
        .enumerate()
        .map(|(at, hit)| {
            view! {
                <li role="presentation">
                    <a
                        id=format!("suggestion-{at}")
                        role="option"
                        tabindex="-1"
                        class="hit"
                        href=lang.link(&href_of(hit))
                        aria-selected=move || if suggestions.chosen.get() == Some(at) { "true" } else { "false" }
                        on:click=move |_| suggestions.close()
                    >
                        {hit_line(lang, hit)}
                    </a>
                </li>
            }
            .into_any()
        })
        .collect()
}
