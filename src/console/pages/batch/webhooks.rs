//! What was written for the customer's webhooks. Sending them is a part of its own; until it is there, this says so.

use leptos::prelude::*;

use crate::console::api::batch::{EventRow, ReadWebhooks, WebhooksPage};
use crate::console::api::{ConsoleError, load};
use crate::console::components::clock::Clock;
use crate::console::components::copy::short_id;
use crate::console::components::figure::code_whole;
use crate::console::components::panel;
use crate::console::components::table::{Cell, row, table, text};
use crate::console::i18n::Lang;
use crate::console::pages::failed::failed;

#[component]
pub fn Webhooks(id: Memo<String>) -> impl IntoView {
    let lang = expect_context::<Lang>();
    let clock = Clock::current();
    let webhooks = load(move || (ReadWebhooks { id: id.get() }, clock.tick()));
    view! {
        <section class="card rows">
            <Transition fallback=move || panel::skeleton(lang)>
                {move || Suspend::new(async move {
                    match webhooks.await {
                        Ok(page) => events(lang, &page),
                        Err(ConsoleError::NotFound) => ().into_any(),
                        Err(error) => failed(lang, &error),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

fn events(lang: Lang, page: &WebhooksPage) -> AnyView {
    let words = lang.words();
    let url = page.url.clone().map_or_else(|| words.no_webhook_url.into_any(), code_whole);
    let list = if page.events.is_empty() {
        panel::empty(words.no_events, ())
    } else {
        let columns = [text(words.written), text(words.event), text(words.kind), text(words.payload)];
        table(words.events, &columns, page.events.iter().map(|event| event_row(lang, event)).collect())
    };
    view! {
        <p class="note inset">{words.deliveries_later}</p>
        <p class="inset">
            {words.webhook_url} ": " {url}
        </p>
        <h3 class="inset">
            {words.events} " " <small>{words.events_text}</small>
        </h3>
        {list}
    }
    .into_any()
}

fn event_row(lang: Lang, event: &EventRow) -> AnyView {
    let payload = view! {
        <details>
            <summary>{lang.words().payload}</summary>
            <pre tabindex="0">{event.payload.clone()}</pre>
        </details>
    };
    row(
        "",
        [
            Cell::new(lang.moment(event.created_at)).class("moment"),
            Cell::new(short_id(&event.id.to_string())),
            Cell::new(code_whole(event.kind.clone())),
            Cell::new(payload),
        ],
    )
}
