//! All shortcuts in a dialog. Written only when it is first opened: pages stay small.

use leptos::prelude::*;

use crate::console::browser;
use crate::console::i18n::Lang;

pub(super) fn help(lang: Lang, shortcuts: bool) -> AnyView {
    let words = lang.shell_words();
    let opened = RwSignal::new(false);
    let open = move |_| {
        opened.set(true);
        // Once it is written, so that what is in it can have the focus.
        browser::after(0, || browser::open_dialog("#help"));
    };
    view! {
        <button type="button" id="help-button" class="help" aria-haspopup="dialog" title=words.help on:click=open>
            <span>{words.shortcuts}</span>
        </button>
        <dialog id="help" aria-labelledby="help-title">
            {move || opened.get().then(|| content(lang, shortcuts))}
        </dialog>
    }
    .into_any()
}

fn content(lang: Lang, shortcuts: bool) -> AnyView {
    let words = lang.shell_words();
    let [overview, batches, customers] = words.key_go;
    let keys: [(&[&str], &'static str); 11] = [
        (&["/", "⌘K", "Ctrl K"], words.key_search),
        (&["?"], words.key_help),
        (&["j", "k"], words.key_rows),
        (&["Enter"], words.key_open),
        (&["[", "]"], words.key_pages),
        (&["g o"], overview),
        (&["g b"], batches),
        (&["g c"], customers),
        (&["t"], words.key_theme),
        (&["r"], words.key_pause),
        (&["Esc"], words.key_close),
    ];
    let rows: Vec<AnyView> = keys
        .into_iter()
        .map(|(keys, does)| {
            let keys: Vec<AnyView> = keys.iter().map(|key| view! { <kbd>{(*key).to_owned()}</kbd> }.into_any()).collect();
            view! {
                <dt>{keys}</dt>
                <dd>{does}</dd>
            }
            .into_any()
        })
        .collect();
    view! {
        <form method="dialog" class="dialog-head">
            <h2 id="help-title">{words.help}</h2>
            <button type="submit">{words.close}</button>
        </form>
        {(!shortcuts).then_some(view! { <p class="note">{words.help_off}</p> })}
        <dl class="keys">{rows}</dl>
    }
    .into_any()
}
