//! What the list of deliveries is asked for: states, the filters that are on, and the form that sets them. Links and a GET form,
//! so that it works without WASM.

use leptos::prelude::*;

use crate::console::api::webhooks::DeliveriesPage;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::{Lang, shortened};
use crate::console::query::WebhooksQuery;
use crate::domain::webhook::outcome::Span;
use crate::domain::webhook::{AttemptClass, DeliveryFilter, DeliveryState, EventType, day_or_moment};

pub fn tools(lang: Lang, query: &WebhooksQuery, page: &DeliveriesPage) -> Markup {
    let own = lang.endpoints();
    let clear = (!query.filter.is_default()).then(|| {
        let href = lang.link(&query.filtered(|filter| *filter = DeliveryFilter::default()).to_href());
        view! { <a class="clear" href=href data-noscroll="">{own.clear}</a> }
    });
    view! {
        <div class="tools">
            {states(lang, query)}
            <div class="menus">
                <details class="menu filters">
                    <summary>{own.filters}</summary>
                    {form(lang, query)}
                </details>
            </div>
        </div>
        <div class="pills">{pills(lang, query, page)} {clear}</div>
    }
    .written()
}

/// A link for each state.
fn states(lang: Lang, query: &WebhooksQuery) -> Markup {
    let words = lang.webhooks();
    let chip = |state: Option<DeliveryState>| {
        let name = state.map_or(words.all_states, |state| lang.delivery_state(state));
        let href = lang.link(&query.state(state).to_href());
        view! { <a class="chip" href=href data-noscroll="" aria-current=(query.filter.state == state).then_some("true")>{name}</a> }
            .written()
    };
    let chips: Vec<Markup> = std::iter::once(None).chain(DeliveryState::ALL.iter().copied().map(Some)).map(chip).collect();
    view! { <nav class="chips" aria-label=words.state>{chips}</nav> }.written()
}

/// The filters that are on, the state apart, each with a link that takes it off.
fn pills(lang: Lang, query: &WebhooksQuery, page: &DeliveriesPage) -> Vec<Markup> {
    let (words, own, filter) = (lang.words(), lang.endpoints(), &query.filter);
    let mut pills = Vec::new();
    let mut pill = |name: &str, value: Option<String>, off: fn(&mut DeliveryFilter)| {
        if let Some(value) = value {
            pills.push(pill_of(lang, format!("{name}: {value}"), &query.filtered(off)));
        }
    };
    let named = |id: Option<String>, name: &Option<String>| id.map(|id| name.clone().unwrap_or_else(|| shortened(&id)));
    pill(own.class, filter.class.map(|class| class.to_string()), |filter| filter.class = None);
    pill(own.kind, filter.kind.map(|kind| kind.to_string()), |filter| filter.kind = None);
    pill(own.endpoint, named(filter.endpoint.map(|id| id.to_string()), &page.endpoint), |filter| filter.endpoint = None);
    pill(words.customer, named(filter.customer.map(|id| id.to_string()), &page.customer), |filter| filter.customer = None);
    pill(words.batch, filter.batch.map(|id| shortened(&id.to_string())), |filter| filter.batch = None);
    pill(own.from, filter.from.map(|at| lang.moment(at)), |filter| filter.from = None);
    pill(own.to, filter.to.map(|at| lang.moment(at)), |filter| filter.to = None);
    pill(own.attempts_min, filter.attempts_min.map(|attempts| attempts.to_string()), |filter| filter.attempts_min = None);
    for (place, (name, value)) in filter.unreadable.iter().enumerate() {
        let off = query.filtered(|filter| {
            filter.unreadable.remove(place);
        });
        pills.push(pill_of(lang, format!("{name} = {value}: {}", own.unreadable), &off));
    }
    pills
}

fn pill_of(lang: Lang, text: String, off: &WebhooksQuery) -> Markup {
    let label = format!("{}: {text}", lang.endpoints().remove);
    view! { <a class="pill" href=lang.link(&off.to_href()) data-noscroll="" aria-label=label>{text}</a> }.written()
}

fn select(lang: Lang, label: &'static str, name: &'static str, words: &[&'static str], chosen: Option<&'static str>) -> Markup {
    let options: Vec<Markup> =
        words.iter().map(|word| view! { <option value=*word selected=chosen == Some(*word)>{*word}</option> }.written()).collect();
    view! {
        <label>
            <span>{label}</span>
            <select name=name>
                <option value="">{lang.endpoints().any}</option>
                {options}
            </select>
        </label>
    }
    .written()
}

fn input(label: &'static str, name: &'static str, kind: &'static str, value: Option<String>) -> Markup {
    view! { <label><span>{label}</span><input type=kind name=name value=value min="0" autocomplete="off" /></label> }.written()
}

fn hidden(name: &'static str, value: String) -> Markup {
    view! { <input type="hidden" name=name value=value /> }.written()
}

fn form(lang: Lang, query: &WebhooksQuery) -> Markup {
    let (own, filter) = (lang.endpoints(), &query.filter);
    let classes: Vec<&'static str> = AttemptClass::ALL.iter().map(|class| class.as_str()).collect();
    let kinds: Vec<&'static str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    // A field of days shows days.
    let day = |at, shift| day_or_moment(at, shift).get(..10).map(str::to_owned);
    let mut kept: Vec<Markup> = Vec::new();
    kept.extend(filter.state.map(|state| hidden("state", state.to_string())));
    kept.extend((query.span != Span::Day).then(|| hidden("span", query.span.to_string())));
    kept.extend(lang.param().map(|value| hidden(Lang::PARAM, value.to_owned())));
    view! {
        <form class="panel" method="get" action=WebhooksQuery::PATH>
            {kept}
            {select(lang, own.class, "class", &classes, filter.class.map(AttemptClass::as_str))}
            {select(lang, own.kind, "type", &kinds, filter.kind.map(EventType::as_str))}
            {input(own.from, "from", "date", filter.from.and_then(|at| day(at, 0)))}
            {input(own.to, "to", "date", filter.to.and_then(|at| day(at, -1)))}
            {input(own.attempts_min, "attempts", "number", filter.attempts_min.map(|attempts| attempts.to_string()))}
            {input(own.endpoint_id, "endpoint", "text", filter.endpoint.map(|id| id.to_string()))}
            {input(own.customer_id, "customer", "text", filter.customer.map(|id| id.to_string()))}
            {input(own.batch_id, "batch", "text", filter.batch.map(|id| id.to_string()))}
            <button type="submit">{own.apply}</button>
        </form>
    }
    .written()
}
