//! What an operator does to an endpoint. What cannot be taken back is asked about first.

use leptos::prelude::*;

use super::{back, form};
use crate::console::api::endpoints::EndpointDetail;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::pages::place::may;
use crate::console::query::{EndpointOpen, EndpointPlace};
use crate::domain::access::Action;
use crate::domain::webhook::EndpointState;

const ACTION: &str = "/admin/data/endpoint_act";

fn hidden(name: &'static str, value: String) -> Markup {
    view! { <input type="hidden" name=name value=value /> }.written()
}

/// A button that is a form.
fn act(lang: Lang, found: &EndpointDetail, act: &'static str, class: &'static str, name: &'static str) -> Markup {
    view! {
        <form method="post" action=ACTION>
            {hidden("id", found.row.id.to_string())}
            {hidden("act", act.to_owned())}
            {hidden("token", found.token.clone())}
            {lang.param().map(|value| hidden(Lang::PARAM, value.to_owned()))}
            <button type="submit" class=class>
                {name}
            </button>
        </form>
    }
    .written()
}

pub fn acts(lang: Lang, found: &EndpointDetail) -> Markup {
    let own = lang.endpoints();
    let to = |open| lang.link(&EndpointPlace::href_open(found.row.id, open));
    let switch = match found.row.status.state() {
        EndpointState::Enabled => act(lang, found, "disable", "", own.disable),
        EndpointState::Disabled => act(lang, found, "enable", "primary", own.enable),
    };
    if !may(Action::ChangeEndpoints) {
        return ().written();
    }
    let rotate = may(Action::ChangeSecrets).then(|| {
        view! {
            <a class="button" href=to(EndpointOpen::Rotate) data-noscroll="">
                {own.rotate}
                "…"
            </a>
        }
    });
    view! {
        <div class="acts">
            {act(lang, found, "test", "", own.test)}
            <a class="button" href=to(EndpointOpen::Edit) data-noscroll="">
                {own.edit}
                "…"
            </a>
            {rotate} {switch}
            <a class="button danger" href=to(EndpointOpen::Delete) data-noscroll="">
                {own.delete}
                "…"
            </a>
            <small class="soft">{own.test_text} " " {own.disable} ": " {own.disable_text}</small>
        </div>
    }
    .written()
}

/// What is open: the form, or a question.
pub fn open(lang: Lang, place: &EndpointPlace, found: &EndpointDetail) -> Markup {
    let own = lang.endpoints();
    match place.open {
        None => ().written(),
        Some(EndpointOpen::Edit) => form::edit(lang, place, found),
        Some(EndpointOpen::Rotate) => {
            question(lang, found, own.rotate, own.rotate_text, act(lang, found, "rotate", "primary", own.rotate_do))
        }
        Some(EndpointOpen::Delete) => {
            question(lang, found, own.delete, own.delete_text, act(lang, found, "delete", "primary danger", own.delete_do))
        }
    }
}

fn question(lang: Lang, found: &EndpointDetail, title: &'static str, text: &'static str, button: Markup) -> Markup {
    view! {
        <section class="card dialog" aria-labelledby="dialog-title" id="dialog">
            <h2 id="dialog-title">{title}</h2>
            <p>{text}</p>
            <div class="acts">
                {button}
                <a class="button" href=back(lang, found.row.id) data-noscroll="">
                    {lang.endpoints().keep}
                </a>
            </div>
        </section>
    }
    .written()
}
