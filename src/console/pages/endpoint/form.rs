//! The form of an endpoint, new or changed. What was typed comes back in the address when it cannot be saved, with the reason.

use leptos::prelude::*;
use leptos_meta::Title;

use super::back;
use crate::console::api::endpoints::{EndpointDetail, NewEndpoint};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::{EndpointForm, EndpointPlace, EndpointsQuery, WebhooksQuery};
use crate::domain::webhook::{DESCRIPTION_MAX_CHARS, EventType, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN};

const ACTION: &str = "/admin/data/endpoint_save";

fn hidden(name: &'static str, value: String) -> Markup {
    view! { <input type="hidden" name=name value=value /> }.written()
}

pub fn new(lang: Lang, place: &EndpointPlace, new: &NewEndpoint) -> Markup {
    let (words, own) = (lang.webhooks(), lang.endpoints());
    let people: Vec<Markup> =
        new.customers.iter().map(|(id, name)| view! { <option value=id.clone()>{name.clone()}</option> }.written()).collect();
    let customer = place.customer.map(|id| id.to_string());
    let whose = view! {
        <label class="wide">
            <span>{own.customer_field}</span>
            <input type="text" name="whose" value=customer list="customers" placeholder=own.customer_hint autocomplete="off" required="" />
        </label>
        <datalist id="customers">{people}</datalist>
    };
    let all = lang.link(&EndpointsQuery::default().to_href());
    view! {
        <Title text=own.new_title />
        <nav class="crumb" aria-label=words.webhooks>
            <a href=lang.link(WebhooksQuery::PATH)>{words.webhooks}</a>
            " / "
            <a href=all.clone()>{words.endpoints}</a>
        </nav>
        <div class="head">
            <h1>{own.new_title}</h1>
        </div>
        <p class="note">{own.none_text}</p>
        <section class="card sheet">{fields(lang, &place.form, whose.written(), &new.token, own.register, all)}</section>
    }
    .written()
}

pub fn edit(lang: Lang, place: &EndpointPlace, found: &EndpointDetail) -> Markup {
    let (own, row) = (lang.endpoints(), &found.row);
    let stored = EndpointForm {
        url: row.url.clone(),
        description: row.description.clone(),
        types: row.types.clone(),
        timeout_ms: row.timeout_ms,
        problem: None,
    };
    let form = if place.form.problem.is_some() { &place.form } else { &stored };
    view! {
        <section class="card dialog" aria-labelledby="dialog-title" id="dialog">
            <h2 id="dialog-title">{own.edit_title}</h2>
            {fields(lang, form, hidden("whose", row.id.to_string()), &found.token, own.save, back(lang, row.id))}
        </section>
    }
    .written()
}

fn fields(lang: Lang, form: &EndpointForm, first: Markup, token: &str, save: &'static str, back: String) -> Markup {
    let own = lang.endpoints();
    let problem = form.problem.map(|problem| {
        view! {
            <p class="said bad" role="alert">
                <b>{own.cannot}</b>
                " "
                {lang.endpoint_problem(problem)}
            </p>
        }
    });
    let kinds: Vec<Markup> = EventType::ALL
        .iter()
        .filter(|kind| kind.is_selectable())
        .map(|kind| {
            let on = form.types.contains(kind);
            view! {
                <label class="check">
                    <input type="checkbox" name="types[]" value=kind.as_str() checked=on />
                    <code>{kind.as_str()}</code>
                </label>
            }
            .written()
        })
        .collect();
    view! {
        {problem}
        <form method="post" action=ACTION class="endpoint-form">
            {first}
            {hidden("token", token.to_owned())}
            {lang.param().map(|value| hidden(Lang::PARAM, value.to_owned()))}
            <label class="wide">
                <span>{own.url_field}</span>
                <input type="text" inputmode="url" name="url" value=form.url.clone() placeholder=own.url_hint autocomplete="off" required="" />
            </label>
            <label class="wide">
                <span>{own.description_field}</span>
                <input type="text" name="description" value=form.description.clone() maxlength=DESCRIPTION_MAX_CHARS.to_string() />
            </label>
            <label>
                <span>{own.timeout_field}</span>
                <input type="number" name="timeout_ms" value=form.timeout_ms min=TIMEOUT_MS_MIN max=TIMEOUT_MS_MAX required="" />
            </label>
            <fieldset>
                <legend>{own.types_field}</legend>
                <p class="soft">{own.types_text}</p>
                <div class="checks">{kinds}</div>
            </fieldset>
            <p class="row">
                <button type="submit" class="primary">
                    {save}
                </button>
                <a class="button" href=back data-noscroll="">
                    {own.cancel}
                </a>
            </p>
        </form>
    }
    .written()
}
