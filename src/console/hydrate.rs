//! Where the browser half begins.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::console::App;

/// Called by the script of the page once its WASM is loaded: takes over the HTML that the server has sent.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    crate::browser::lead_forms();
    leptos::mount::hydrate_body(App);
}
