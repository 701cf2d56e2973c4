//! The HTML document around the app.

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags};

use super::App;
use super::api::request::asks_for_part;

pub fn shell(options: LeptosOptions) -> impl IntoView {
    // Whoever asks for a part has the rest.
    let files = (!asks_for_part()).then(|| {
        view! {
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <meta name="robots" content="noindex" />
            <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
            <HashedStylesheet options=options.clone() id="leptos" />
            <AutoReload options=options.clone() />
            <HydrationScripts options />
        }
    });
    view! {
        <!DOCTYPE html>
        <html>
            <head>{files} <MetaTags /></head>
            <body>
                <App />
            </body>
        </html>
    }
}
