//! What only a browser can do. `no_browser.rs` is the part of it that the frame uses, for the server.

use gloo_timers::callback::{Interval, Timeout};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::convert::FromWasmAbi;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Document, Element, Event, EventTarget, FormData, HtmlDialogElement, HtmlDocument, HtmlElement, HtmlFormElement, KeyboardEvent,
    UrlSearchParams,
};

/// Where a key is text, not a shortcut.
const WRITING: &str = "input:not([type=radio]):not([type=checkbox]),select,textarea,[contenteditable]";

/// Calls `act` again and again, for as long as the page lives.
pub fn every(ms: u32, act: impl FnMut() + 'static) {
    Interval::new(ms, act).forget();
}

/// Calls `act` once, later.
pub fn after(ms: u32, act: impl FnOnce() + 'static) {
    Timeout::new(ms, act).forget();
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// What a selector finds first.
pub fn find<T: JsCast>(selector: &str) -> Option<T> {
    document()?.query_selector(selector).ok()??.dyn_into().ok()
}

/// Whether nobody sees the tab.
pub fn is_hidden() -> bool {
    document().is_some_and(|document| document.hidden())
}

/// Whether text of the page is selected.
pub fn is_selecting() -> bool {
    let selection = web_sys::window().and_then(|window| window.get_selection().ok()?);
    selection.is_some_and(|selection| !selection.is_collapsed())
}

/// Puts `text` on the clipboard. An address that is neither https nor loopback has no clipboard: there the text is selected in
/// a field that is not seen, and copied as a person would.
pub fn copy(text: &str) {
    let Some(window) = web_sys::window() else { return };
    if window.is_secure_context() {
        // A refusal (no permission) is left to the browser to tell.
        let _ = window.navigator().clipboard().write_text(text);
    } else if let Some(document) = window.document() {
        copy_by_selection(&document, text);
    }
}

/// Nothing to be done where the browser does not even do that.
fn copy_by_selection(document: &web_sys::Document, text: &str) -> Option<()> {
    let body = document.body()?;
    let field: web_sys::HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    field.set_class_name("unseen");
    field.set_value(text);
    body.append_child(&field).ok()?;
    field.select();
    let copied = document.dyn_ref::<web_sys::HtmlDocument>()?.exec_command("copy");
    field.remove();
    copied.ok().map(|_| ())
}

pub fn is_there(selector: &str) -> bool {
    find::<Element>(selector).is_some()
}

/// An attribute of what a selector finds first.
pub fn attribute(selector: &str, name: &str) -> Option<String> {
    find::<Element>(selector)?.get_attribute(name)
}

/// The address of the page, to be copied.
pub fn whole_address() -> String {
    web_sys::window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// The address of the page on this server: path, query and fragment.
pub fn address() -> String {
    local(&whole_address()).unwrap_or_default()
}

/// A whole address, if it is one of this server, from its path on.
pub fn local(address: &str) -> Option<String> {
    let origin = web_sys::window()?.location().origin().ok()?;
    address.strip_prefix(&origin).map(str::to_owned)
}

/// Leaves for another address.
pub fn load(address: &str) {
    if let Some(window) = web_sys::window() {
        // Fails only for what is no address.
        let _ = window.location().assign(address);
    }
}

/// Sets an attribute of what a selector finds first, or takes it away.
pub fn set_attribute(selector: &str, name: &str, value: Option<&str>) {
    let Some(element) = find::<Element>(selector) else { return };
    // The names are good ones.
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

pub fn print() {
    if let Some(window) = web_sys::window() {
        // Where there is nothing to print with, nothing happens.
        let _ = window.print();
    }
}

/// Calls `act` with the name of each key that is pressed and that nobody else wants: not while something is written, not with
/// Alt, and not while a dialog is open, which has keys of its own. Ctrl and ⌘ are named before the key: `^k`. When `act` says
/// that it knew the key, the browser does nothing more with it.
pub fn on_key(mut act: impl FnMut(&str) -> bool + 'static) {
    listen("keydown", move |event: KeyboardEvent| {
        if event.default_prevented() || event.alt_key() || event.is_composing() || find::<Element>("dialog[open]").is_some() {
            return;
        }
        let command = event.ctrl_key() || event.meta_key();
        let writing = event.target().and_then(|at| at.dyn_into::<Element>().ok()).is_some_and(|at| at.matches(WRITING) == Ok(true));
        if writing && !command && event.key() != "Escape" {
            return;
        }
        let known = if command { act(&format!("^{}", event.key())) } else { act(&event.key()) };
        if known {
            event.prevent_default();
        }
    });
}

/// Listens to the whole page, for as long as it lives.
pub fn listen<E: FromWasmAbi + 'static>(name: &str, act: impl FnMut(E) + 'static) {
    listen_on(document(), name, act);
}

pub fn listen_to_window<E: FromWasmAbi + 'static>(name: &str, act: impl FnMut(E) + 'static) {
    listen_on(web_sys::window(), name, act);
}

fn listen_on<E: FromWasmAbi + 'static>(target: Option<impl AsRef<EventTarget>>, name: &str, act: impl FnMut(E) + 'static) {
    let listener = Closure::<dyn FnMut(E)>::new(act);
    if let Some(target) = target {
        // Nothing forbids to listen.
        let _ = target.as_ref().add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        listener.forget();
    }
}

pub fn focus(selector: &str) -> bool {
    find::<HtmlElement>(selector).is_some_and(|element| element.focus().is_ok())
}

/// Presses what a selector finds first; says whether there was something.
pub fn press(selector: &str) -> bool {
    find::<HtmlElement>(selector).map(|element| element.click()).is_some()
}

/// Moves the focus to the next of the elements that a selector finds, or back; from elsewhere to the first.
pub fn focus_next(selector: &str, back: bool) -> bool {
    let Some(document) = document() else { return false };
    let Ok(list) = document.query_selector_all(selector) else { return false };
    let active = document.active_element();
    let at = (0..list.length()).find(|index| list.item(*index).as_ref() == active.as_deref());
    let to = match (at, back) {
        (None, _) => 0,
        (Some(at), true) => at.saturating_sub(1),
        (Some(at), false) => (at + 1).min(list.length().saturating_sub(1)),
    };
    list.item(to).and_then(|node| node.dyn_into::<HtmlElement>().ok()).is_some_and(|element| element.focus().is_ok())
}

/// Opens a dialog over the page.
pub fn open_dialog(selector: &str) {
    if let Some(dialog) = find::<HtmlDialogElement>(selector).filter(|dialog| !dialog.open()) {
        // Fails only for a dialog that is open.
        let _ = dialog.show_modal();
    }
}

/// All cookies of the page, as `name=value; name=value`.
pub fn cookies() -> String {
    document().and_then(|document| document.dyn_into::<HtmlDocument>().ok()).and_then(|document| document.cookie().ok()).unwrap_or_default()
}

pub fn set_cookie(cookie: &str) {
    if let Some(document) = document().and_then(|document| document.dyn_into::<HtmlDocument>().ok()) {
        // A browser that keeps no cookies keeps no preferences.
        let _ = document.set_cookie(cookie);
    }
}

/// The name of the machine's time zone.
pub fn time_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone")).ok()?.as_string()
}

/// Makes GET forms lead on as links do, without loading the page anew; empty fields are left out of the address. A list that is
/// marked `data-submits` sends its form when something else is chosen.
pub fn lead_forms() {
    listen("submit", |event: Event| {
        if let Some(form) = form_of(&event).filter(|form| form.method() == "get" && !event.default_prevented())
            && lead(&form).is_some()
        {
            event.prevent_default();
        }
    });
    listen("change", |event: Event| {
        let marked = event.target().and_then(|list| list.dyn_into::<Element>().ok()).is_some_and(|list| list.has_attribute("data-submits"));
        if let Some(form) = form_of(&event).filter(|_| marked) {
            // Fails only for a form that is not in the page.
            let _ = form.request_submit();
        }
    });
}

fn form_of(event: &Event) -> Option<HtmlFormElement> {
    event.target()?.dyn_into::<Element>().ok()?.closest("form").ok()??.dyn_into().ok()
}

/// A link that is made to be pressed: the router knows what to do with links.
fn lead(form: &HtmlFormElement) -> Option<()> {
    let fields = FormData::new_with_form(form).ok()?;
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    let fields = String::from(fields.to_string());
    let given: Vec<&str> = fields.split('&').filter(|field| !field.ends_with('=')).collect();
    let link: HtmlElement = document()?.create_element("a").ok()?.dyn_into().ok()?;
    let mark = if given.is_empty() { "" } else { "?" };
    link.set_attribute("href", &format!("{}{mark}{}", form.get_attribute("action")?, given.join("&"))).ok()?;
    link.set_attribute("data-noscroll", "").ok()?;
    link.set_hidden(true);
    form.append_child(&link).ok()?;
    link.click();
    link.remove();
    Some(())
}
