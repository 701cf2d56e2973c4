//! Turns pages: what a link, a form or the refresh clock asks for is fetched without its frame, and what is different is changed
//! in place, so that nothing else moves. Whatever goes wrong, the browser loads the address by itself.

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, DomParser, Element, Headers, MouseEvent, PopStateEvent, RequestInit, Response, ScrollRestoration, SupportedType, Window,
};

use super::components::clock::{LIVE, STILL};
use super::frame::{Address, Clock};
use super::part::{PART, SEEN};
use super::{browser, morph, presses};

/// Only pages of the console have this frame.
const INSIDE: &str = "/admin";
const MAIN: &str = "#main";
/// The clock is looked at once in this time, so that a tab that is shown again is fresh within it.
const STEP_MS: u32 = 1_000;
/// What is open beside or over a page has the focus; the attribute finds what has it afterwards.
const OPEN: &str = "data-open";

/// Why a page is turned.
#[derive(Clone, Copy, PartialEq)]
enum Turn {
    /// A link or a form. The page begins at its top, unless the link says that it stays.
    To { stays: bool },
    /// Back or forward, to this height.
    Back { top: f64 },
    /// The same page, as it is now. Rows that are looked at stay.
    Refresh,
}

#[derive(Clone)]
struct Turner {
    address: Address,
    clock: Clock,
    /// Only the answer to the last question is shown.
    asked: Rc<Cell<u32>>,
    /// A page that somebody asked for is on its way: a refresh of the one before must not come in between.
    turns: Rc<Cell<bool>>,
}

/// What came of a question.
enum Answer {
    /// The address that the page really has, and the page.
    Page(String, Document),
    /// It leads to what is no page of the console: to the sign-in, when the session is over.
    Elsewhere,
    /// None that can be shown.
    Nothing,
}

/// To be called once.
pub fn start(address: Address, clock: Clock) {
    let turner = Turner { address, clock, asked: Rc::default(), turns: Rc::default() };
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        // Otherwise browsers go back to a height before the page is there.
        let _ = history.set_scroll_restoration(ScrollRestoration::Manual);
    }
    turner.heed_page();
    let clicked = turner.clone();
    browser::listen("click", move |event: MouseEvent| _ = clicked.clicked(&event));
    let back = turner.clone();
    browser::listen_to_window("popstate", move |event: PopStateEvent| {
        back.turn(browser::address(), Turn::Back { top: event.state().as_f64().unwrap_or_default() });
    });
    run(clock);
    Effect::new(move |before: Option<()>| {
        clock.tick();
        if before.is_some() {
            turner.turn(browser::address(), Turn::Refresh);
        }
    });
}

/// Refreshes whenever the clock says so, and not while nobody sees the tab, or text in it is selected.
fn run(clock: Clock) {
    let mut passed_s = 0;
    browser::every(STEP_MS, move || {
        passed_s += 1;
        let is_due = clock.due_s().is_some_and(|due_s| passed_s >= due_s);
        if is_due && !browser::is_hidden() && !browser::is_selecting() {
            passed_s = 0;
            clock.refresh_now();
        }
    });
}

impl Turner {
    /// A link inside of the console is followed here, unless something else is wanted of it.
    fn clicked(&self, event: &MouseEvent) -> Option<()> {
        if event.default_prevented() || event.button() != 0 || event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key()
        {
            return None;
        }
        let link = event.target()?.dyn_into::<Element>().ok()?.closest("a[href]:not([download], [target], [rel~=external])").ok()??;
        let to = link.get_attribute("href").filter(|href| is_inside(href))?;
        event.prevent_default();
        self.turn(to, Turn::To { stays: link.has_attribute("data-noscroll") });
        Some(())
    }

    fn turn(&self, to: String, turn: Turn) {
        let is_refresh = turn == Turn::Refresh;
        if is_refresh && self.turns.get() {
            return;
        }
        let number = self.asked.get().wrapping_add(1);
        self.asked.set(number);
        self.turns.set(!is_refresh);
        browser::set_attribute(MAIN, "aria-busy", (!is_refresh).then_some("true"));
        let turner = self.clone();
        leptos::task::spawn_local(async move {
            let answer = ask(&to, is_refresh).await.unwrap_or(Answer::Nothing);
            if turner.asked.get() != number {
                return;
            }
            turner.turns.set(false);
            browser::set_attribute(MAIN, "aria-busy", None);
            match answer {
                Answer::Page(address, page) if turner.show(&address, &page, turn).is_some() => {}
                Answer::Page(..) | Answer::Nothing if is_refresh => turner.clock.no_answer(),
                _ => browser::load(&to),
            }
        });
    }

    /// Puts a page in the place of the one that is shown.
    fn show(&self, address: &str, page: &Document, turn: Turn) -> Option<()> {
        let window = web_sys::window()?;
        let document = window.document()?;
        let main = document.query_selector(MAIN).ok()??;
        let new = page.query_selector(MAIN).ok()??;
        let was_open = opened(&main);
        let is_same = path_of(&self.address.whole()) == path_of(address);
        if turn != Turn::Refresh {
            remember(&window, address, turn)?;
        }
        document.set_title(&page.title());
        if is_same {
            morph::children(&main, &new, turn != Turn::Refresh);
        } else {
            morph::replace_children(&main, &new);
        }
        self.address.set(address.split('#').next().unwrap_or_default().to_owned());
        self.heed_page();
        presses::fill_in();
        move_focus(was_open.as_ref(), opened(&main).as_ref(), is_same);
        if turn != Turn::Refresh {
            scroll(&window, &document, address, turn);
        }
        Some(())
    }

    /// Does what the page says to the clock.
    fn heed_page(&self) {
        let says = |mark: &str| browser::is_there(&format!("{MAIN} [{mark}]"));
        self.clock.page_is(says(LIVE), says(STILL));
    }
}

fn path_of(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn is_inside(address: &str) -> bool {
    let path = path_of(address);
    path == INSIDE || path.strip_prefix(INSIDE).is_some_and(|rest| rest.starts_with('/'))
}

/// The page at an address of the console, without its frame.
async fn ask(to: &str, keeps_rows: bool) -> Option<Answer> {
    let headers = Headers::new().ok()?;
    headers.set("accept", "text/html").ok()?;
    headers.set(PART, "main").ok()?;
    if let Some(seen) = browser::attribute(&format!("{MAIN} [data-seen]"), "data-seen").filter(|_| keeps_rows) {
        headers.set(SEEN, &seen).ok()?;
    }
    let how = RequestInit::new();
    how.set_headers(&headers);
    let window = web_sys::window()?;
    let response: Response = JsFuture::from(window.fetch_with_str_and_init(to, &how)).await.ok()?.dyn_into().ok()?;
    let address = if response.redirected() { browser::local(&response.url()).unwrap_or_default() } else { to.to_owned() };
    if !is_inside(&address) {
        return Some(Answer::Elsewhere);
    }
    if !response.headers().get("content-type").ok()??.starts_with("text/html") {
        return None;
    }
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    let page = DomParser::new().ok()?.parse_from_string(&text, SupportedType::TextHtml).ok()?;
    Some(Answer::Page(address, page))
}

/// Writes the address down, and how far the page before was read.
fn remember(window: &Window, address: &str, turn: Turn) -> Option<()> {
    let history = window.history().ok()?;
    if matches!(turn, Turn::To { .. }) && browser::address() != address {
        let top = JsValue::from_f64(window.scroll_y().unwrap_or_default());
        history.replace_state(&top, "").ok()?;
        history.push_state_with_url(&JsValue::NULL, "", Some(address)).ok()
    } else {
        history.replace_state_with_url(&JsValue::NULL, "", Some(address)).ok()
    }
}

/// What is open beside or over the page: its id, and what has the focus when it is closed.
fn opened(main: &Element) -> Option<(String, String)> {
    let open = main.query_selector(&format!("[{OPEN}]")).ok()??;
    Some((open.get_attribute("id")?, open.get_attribute(OPEN)?))
}

/// Whoever works by keyboard or by ear goes on where something has changed: in what was opened, at what opened it once it is
/// closed, at the beginning of another page.
fn move_focus(before: Option<&(String, String)>, now: Option<&(String, String)>, is_same_page: bool) {
    match (before, now) {
        (before, Some((id, _))) if before.is_none_or(|(was, _)| was != id) => {
            browser::focus(&format!("#{id}:not(:focus-within)"));
        }
        (Some((_, back)), None) if is_same_page => {
            browser::focus(back);
        }
        _ if !is_same_page => {
            browser::focus(MAIN);
        }
        _ => {}
    }
}

fn scroll(window: &Window, document: &Document, address: &str, turn: Turn) {
    let named = address.split_once('#').and_then(|(_, id)| document.get_element_by_id(id));
    match (turn, named) {
        (Turn::Back { top }, _) => window.scroll_to_with_x_and_y(0.0, top),
        (_, Some(named)) => named.scroll_into_view(),
        (Turn::To { stays: false }, None) => window.scroll_to_with_x_and_y(0.0, 0.0),
        _ => {}
    }
}
