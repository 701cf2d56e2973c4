//! What buttons and lists of a page do in the browser: the page says it in attributes, so it needs no code of its own.
//!
//! - `data-copy="text"`: puts the text on the clipboard (without a text, the address of the page) and says so for a moment;
//! - `data-prints`: prints the page;
//! - `data-submits` on a list: sends its form when something else is chosen;
//! - `data-own-zone`: shows the time zone of this machine, which only the browser knows.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, MouseEvent};

use super::browser;
use super::i18n::Lang;
use super::preferences::UTC;

/// How long a button says that it has copied.
const COPIED_MS: u32 = 1_600;

/// To be called once.
pub fn start(lang: Lang) {
    browser::lead_forms();
    browser::listen("click", move |event: MouseEvent| {
        let at = event.target().and_then(|at| at.dyn_into::<Element>().ok());
        let button = at.and_then(|at| at.closest("button[data-copy], button[data-prints]").ok()?);
        match button {
            Some(button) if button.has_attribute("data-prints") => browser::print(),
            Some(button) => copy(lang, &button),
            None => {}
        }
    });
    fill_in();
}

fn copy(lang: Lang, button: &Element) {
    let text = button.get_attribute("data-copy").filter(|text| !text.is_empty()).unwrap_or_else(browser::whole_address);
    browser::copy(&text);
    let said = button.parent_element().and_then(|parent| parent.query_selector("[role=status]").ok()?);
    let say = move |button: &Element, copied: bool| {
        let _ = button.class_list().toggle_with_force("done", copied);
        if let Some(said) = &said {
            said.set_text_content(copied.then_some(lang.words().copied));
        }
    };
    say(button, true);
    let button = button.clone();
    browser::after(COPIED_MS, move || say(&button, false));
}

/// Writes into a page what only the browser knows. To be called whenever there is another page.
pub fn fill_in() {
    let Some(choice) = browser::find::<HtmlElement>("[data-own-zone]") else { return };
    let field = choice.query_selector("input").ok().flatten().and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    let name = choice.query_selector("span").ok().flatten();
    // UTC is offered anyhow.
    let zone = browser::time_zone().filter(|zone| zone != UTC && choice.hidden());
    let (Some(zone), Some(field), Some(name)) = (zone, field, name) else { return };
    name.set_text_content(Some(&format!("{}: {zone}", name.text_content().unwrap_or_default())));
    field.set_value(&zone);
    field.set_disabled(false);
    if choice.get_attribute("data-own-zone").as_ref() == Some(&zone) {
        field.set_checked(true);
    }
    choice.set_hidden(false);
}
