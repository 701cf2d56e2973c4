//! What the list is asked for: states with their counts, the filters that are on, the form that sets them, and the columns.
//! Links and a GET form, so that it works without WASM.

use leptos::prelude::*;

use super::rows::{name, sort_of};
use crate::console::api::batches::{BatchesFrame, BatchesPage};
use crate::console::components::badge::batch_badge;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::{BatchesQuery, Column, Columns};
use crate::domain::batch_list::{BatchFilter, COUNT_MAX, Order, Statuses};
use crate::domain::failure::{FailureType, Party};

pub fn tools(lang: Lang, query: &BatchesQuery, frame: &BatchesFrame, page: &BatchesPage) -> Markup {
    let own = lang.batches_words();
    let pills = pills(lang, query, page.customer.as_deref());
    let clear = (!query.filter.is_default()).then(|| {
        let href = lang.link(&query.without_filter().to_href());
        view! { <a class="clear" href=href data-noscroll="">{own.clear}</a> }
    });
    view! {
        <div class="tools">
            {chips(lang, query, page)}
            <div class="menus">
                <details class="menu filters">
                    <summary>{own.filters}</summary>
                    {form(lang, query, frame)}
                </details>
                {columns(lang, query)}
            </div>
        </div>
        <div class="pills">{pills} {clear}</div>
    }
    .written()
}

fn chips(lang: Lang, query: &BatchesQuery, page: &BatchesPage) -> Markup {
    let own = lang.batches_words();
    // Where one count stopped, so does the sum.
    let most = page.counts.iter().map(|count| count.batches).max().unwrap_or_default();
    let sum: i64 = page.counts.iter().map(|count| count.batches).sum();
    let all = if most > COUNT_MAX { lang.capped(most, COUNT_MAX) } else { lang.number(sum) };
    let everything = query.filtered(|filter| filter.statuses = Statuses::default());
    let mut chips = vec![chip(lang, own.all_states.written(), all, &everything, query.filter.statuses.is_empty())];
    for count in &page.counts {
        let number = lang.capped(count.batches, COUNT_MAX);
        let on = query.filter.statuses.has(count.status);
        chips.push(chip(lang, batch_badge(lang, count.status), number, &query.toggled_status(count.status), on));
    }
    view! {
        <nav class="chips" aria-label=own.states>
            {chips}
        </nav>
    }
    .written()
}

fn chip(lang: Lang, content: Markup, number: String, query: &BatchesQuery, on: bool) -> Markup {
    let current = on.then_some("true");
    view! { <a class="chip" href=lang.link(&query.to_href()) data-noscroll="" aria-current=current>{content} <small>{number}</small></a> }
        .written()
}

/// The filters that are on, the states apart, each with a link that takes it off.
fn pills(lang: Lang, query: &BatchesQuery, customer: Option<&str>) -> Vec<Markup> {
    let (words, own) = (lang.words(), lang.batches_words());
    let filter = &query.filter;
    let mut pills = Vec::new();
    let mut pill = |name: &str, value: Option<String>, off: fn(&mut BatchFilter)| {
        if let Some(value) = value {
            let text = if value.is_empty() { name.to_owned() } else { format!("{name}: {value}") };
            pills.push(pill_of(lang, text, &query.filtered(off)));
        }
    };
    let id = filter.customer.map(|id| customer.map_or_else(|| id.to_string(), str::to_owned));
    pill(words.customer, id, |filter| filter.customer = None);
    pill(words.model, filter.model.clone(), |filter| filter.model = None);
    pill(own.from, filter.from.map(|day| day.to_string()), |filter| filter.from = None);
    pill(own.to, filter.to.map(|day| day.to_string()), |filter| filter.to = None);
    pill(own.failure, filter.failure.map(|failure| (words.failure_word)(failure).to_owned()), |filter| filter.failure = None);
    pill(own.party, filter.party.map(|party| (words.party_word)(party).to_owned()), |filter| filter.party = None);
    pill(own.has_failures, filter.has_failures.then(String::new), |filter| filter.has_failures = false);
    pill(own.refund_over, filter.refund_over.map(|credits| lang.number(credits)), |filter| filter.refund_over = None);
    pill(own.losses, filter.losses.then(String::new), |filter| filter.losses = false);
    for (place, (name, value)) in filter.unreadable.iter().enumerate() {
        let text = format!("{name} = {value}: {}", own.unreadable);
        let off = query.filtered(|filter| {
            filter.unreadable.remove(place);
        });
        pills.push(pill_of(lang, text, &off));
    }
    pills
}

fn pill_of(lang: Lang, text: String, off: &BatchesQuery) -> Markup {
    let label = format!("{}: {text}", lang.batches_words().remove);
    view! { <a class="pill" href=lang.link(&off.to_href()) data-noscroll="" aria-label=label>{text}</a> }.written()
}

/// A choice of a `select`: its value and its name.
type Choice = (String, String);

fn select(label: &'static str, name: &'static str, choices: Vec<Choice>, chosen: Option<String>) -> Markup {
    let options: Vec<Markup> = choices
        .into_iter()
        .map(|(value, text)| {
            let selected = chosen.as_deref() == Some(value.as_str());
            view! { <option value=value selected=selected>{text}</option> }.written()
        })
        .collect();
    view! { <label><span>{label}</span><select name=name>{options}</select></label> }.written()
}

fn input(label: &'static str, name: &'static str, kind: &'static str, value: Option<String>) -> Markup {
    view! { <label><span>{label}</span><input type=kind name=name value=value min="0" /></label> }.written()
}

fn check(label: &'static str, name: &'static str, on: bool) -> Markup {
    view! { <label class="check"><input type="checkbox" name=name value="1" checked=on /><span>{label}</span></label> }.written()
}

pub fn hidden(name: &'static str, value: String) -> Markup {
    view! { <input type="hidden" name=name value=value /> }.written()
}

fn form(lang: Lang, query: &BatchesQuery, frame: &BatchesFrame) -> Markup {
    let (words, own) = (lang.words(), lang.batches_words());
    let filter = &query.filter;
    let any = || vec![(String::new(), own.any.to_owned())];
    let with_any = |choices: &mut dyn Iterator<Item = Choice>| any().into_iter().chain(choices).collect::<Vec<_>>();
    let mut models = with_any(&mut frame.models.iter().map(|model| (model.clone(), model.clone())));
    if let Some(model) = filter.model.clone().filter(|model| !frame.models.contains(model)) {
        models.push((model.clone(), model));
    }
    let failures = with_any(&mut FailureType::ALL.iter().map(|kind| (kind.to_string(), (words.failure_word)(*kind).to_owned())));
    let parties = with_any(&mut Party::ALL.iter().map(|party| (party.to_string(), (words.party_word)(*party).to_owned())));
    let sorts = Column::ALL.iter().filter_map(|column| Some((sort_of(*column)?.to_string(), name(lang, *column).to_owned()))).collect();
    let orders = vec![(Order::Descending.to_string(), own.descending.to_owned()), (Order::Ascending.to_string(), own.ascending.to_owned())];
    let people: Vec<Markup> =
        frame.customers.iter().map(|(id, name)| view! { <option value=id.clone()>{name.clone()}</option> }.written()).collect();
    let mut kept: Vec<Markup> = Vec::new();
    for (name, value) in filter.pairs().into_iter().filter(|(name, _)| *name == "state").chain(query.view_pairs()) {
        if name != "sort" && name != "order" {
            kept.push(hidden(name, value));
        }
    }
    kept.extend(lang.param().map(|value| hidden(Lang::PARAM, value.to_owned())));
    let customer = filter.customer.map(|id| id.to_string());
    view! {
        <form class="panel" method="get" action=BatchesQuery::PATH>
            {kept}
            <label class="wide">
                <span>{words.customer}</span>
                <input type="text" name="customer" value=customer list="customers" placeholder=own.customer_hint autocomplete="off" />
            </label>
            <datalist id="customers">{people}</datalist>
            {select(words.model, "model", models, filter.model.clone())}
            {select(own.party, "party", parties, filter.party.map(|party| party.to_string()))}
            {input(own.from, "from", "date", filter.from.map(|day| day.to_string()))}
            {input(own.to, "to", "date", filter.to.map(|day| day.to_string()))}
            {select(own.failure, "failure", failures, filter.failure.map(|kind| kind.to_string()))}
            {input(own.refund_over, "refund_over", "number", filter.refund_over.map(|credits| credits.to_string()))}
            {select(own.sort_by, "sort", sorts, Some(query.sort.to_string()))}
            {select(own.order, "order", orders, Some(query.order.to_string()))}
            <div class="checks">
                {check(own.has_failures, "failures", filter.has_failures)} {check(own.losses, "losses", filter.losses)}
            </div>
            <button type="submit">{own.apply}</button>
        </form>
    }
    .written()
}

fn columns(lang: Lang, query: &BatchesQuery) -> Markup {
    let own = lang.batches_words();
    let links: Vec<Markup> = Column::ALL
        .iter()
        .map(|column| {
            let on = query.columns.has(*column);
            let said = if on { own.shown } else { own.hidden };
            let class = if on { "option on" } else { "option" };
            let href = lang.link(&query.columns(query.columns.toggled(*column)).to_href());
            view! { <a class=class href=href data-noscroll="">{name(lang, *column)} <span class="unseen">{said}</span></a> }.written()
        })
        .collect();
    let all = (query.columns != Columns::default()).then(|| {
        let href = lang.link(&query.columns(Columns::default()).to_href());
        view! { <a class="option" href=href data-noscroll="">{own.all_columns}</a> }
    });
    view! {
        <details class="menu">
            <summary>{own.columns}</summary>
            <div class="panel options">{links} {all}</div>
        </details>
    }
    .written()
}
