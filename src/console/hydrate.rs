//! Where the browser half begins.

use leptos::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

use super::frame::{Address, Moving, frame};
use super::{Opening, browser, keys, presses, turning};

/// Called by the script of the page once its WASM is loaded: takes over the frame that the server has written.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(|| {
        let opening = SharedValue::new(Opening::default).into_inner();
        let address = Address::new(browser::address());
        let lang = opening.lang(address);
        let moving = Moving::new(&opening.preferences);
        let preferences = opening.preferences.clone();
        Effect::new(move |_| {
            keys::listen(lang, moving, &preferences);
            presses::start(lang);
            turning::start(address, moving.clock);
            browser::set_attribute("#main", "data-hydrated", Some("true"));
        });
        // What is in the page is not taken over: it has no state but its address.
        frame(&opening, lang, address, moving, view! { <main id="main" tabindex="-1" inner_html=""></main> }.into_any())
    });
}
