//! An address that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::console::components::markup::Written;
use crate::console::i18n::Lang;
use crate::console::query::BatchesQuery;

#[component]
pub fn NotFound() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.words();
    view! {
        <Title text=words.page_not_found />
        <h1>{words.page_not_found}</h1>
        <div class="card panel-note">
            <p>{words.page_not_found_text}</p>
            <p>
                <a class="button" href=lang.link(BatchesQuery::PATH)>
                    {words.to_batches}
                </a>
            </p>
        </div>
    }
    .written()
}
