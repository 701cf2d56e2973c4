//! A new replay: which endpoint and window (GET), exactly what that would send, a reason, and starting it (POST).

use leptos::prelude::*;
use leptos_meta::Title;

use super::crumb;
use crate::console::api::replays::{ReplayOffer, WindowProblem, offer_replay};
use crate::console::components::figure::{term, terms};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::pages::place::or_failed;
use crate::console::query::{ReplayForm, ReplayPlace, ReplayProblem};
use crate::domain::webhook::{EventType, FailedAs, ReplayPreview};

pub fn page(lang: Lang, place: ReplayPlace) -> AnyView {
    let own = lang.replays();
    let ReplayForm { endpoint, from, to, kind, failed_as, .. } = place.form.clone();
    let offer = offer_replay(endpoint, from, to, kind, failed_as);
    view! {
        <Title text=own.new />
        {crumb(lang)}
        <div class="head">
            <h1>{own.new}</h1>
        </div>
        <p class="note">{own.note} " " {own.limits}</p>
        {or_failed(lang, offer, move |offer| whole(lang, &place.form, &offer))}
    }
    .into_any()
}

fn hidden(name: &'static str, value: String) -> Markup {
    view! { <input type="hidden" name=name value=value /> }.written()
}

fn whole(lang: Lang, form: &ReplayForm, offer: &ReplayOffer) -> Markup {
    let own = lang.replays();
    let below = match &offer.outcome {
        None => ().written(),
        Some(Err(problem)) => {
            let text = match problem {
                WindowProblem::Endpoint => own.bad_endpoint,
                WindowProblem::Window => own.bad_window,
                WindowProblem::TooMany => own.too_many,
            };
            view! {
                <section class="card sheet">
                    <p class="said bad" role="alert">
                        <b>{own.cannot}</b>
                        ". "
                        {text}
                    </p>
                </section>
            }
            .written()
        }
        Some(Ok(preview)) => preview_of(lang, form, offer, preview),
    };
    view! {
        <section class="card sheet">{fields(lang, form, offer)}</section>
        {below}
    }
    .written()
}

fn options(any: &'static str, choices: impl Iterator<Item = (&'static str, &'static str)>, chosen: &str) -> Vec<Markup> {
    std::iter::once(("", any))
        .chain(choices)
        .map(|(value, name)| view! { <option value=value selected=value == chosen>{name}</option> }.written())
        .collect()
}

fn fields(lang: Lang, form: &ReplayForm, offer: &ReplayOffer) -> Markup {
    let own = lang.replays();
    let known: Vec<Markup> =
        offer.endpoints.iter().map(|(id, name)| view! { <option value=id.to_string()>{name.clone()}</option> }.written()).collect();
    let kinds = options(own.any, EventType::ALL.iter().map(|kind| (kind.as_str(), kind.as_str())), &form.kind);
    let ends = options(own.any, FailedAs::ALL.iter().map(|ended| (ended.as_str(), lang.failed_as(*ended))), &form.failed_as);
    view! {
        <form method="get" action=ReplayPlace::path_new() class="endpoint-form">
            {lang.param().map(|value| hidden(Lang::PARAM, value.to_owned()))}
            <label>
                <span>{own.endpoint}</span>
                <input type="text" name="endpoint" value=form.endpoint.clone() list="endpoints" placeholder="whe_…" autocomplete="off" required="" />
            </label>
            <datalist id="endpoints">{known}</datalist>
            <div class="checks">
                <label>
                    <span>{own.from}</span>
                    <input type="date" name="from" value=form.from.clone() required="" />
                </label>
                <label>
                    <span>{own.to}</span>
                    <input type="date" name="to" value=form.to.clone() required="" />
                </label>
                <label>
                    <span>{own.kind}</span>
                    <select name="type">{kinds}</select>
                </label>
                <label>
                    <span>{own.failed_as}</span>
                    <select name="failed_as">{ends}</select>
                </label>
            </div>
            <p class="row">
                <button type="submit">{own.preview}</button>
            </p>
        </form>
    }
    .written()
}

fn preview_of(lang: Lang, form: &ReplayForm, offer: &ReplayOffer, preview: &ReplayPreview) -> Markup {
    let own = lang.replays();
    let figures = [
        Some(term(own.total, lang.number(preview.total))),
        Some(term(own.delivered_since, lang.number(preview.delivered_since))),
        (preview.on_way > 0).then(|| term(own.on_way, lang.number(preview.on_way))),
        Some(term(own.to_send, view! { <b>{lang.number(preview.to_send())}</b> })),
        Some(term(own.frozen, lang.moment(preview.asked_at))),
    ];
    let url = offer.endpoints.iter().find(|(id, _)| *id == preview.window.endpoint).map(|(_, name)| name.clone());
    let problem = form.problem.map(|problem| {
        let text = match problem {
            ReplayProblem::NoReason => own.no_reason,
            ReplayProblem::Disabled => own.disabled,
            ReplayProblem::Running => own.running,
            ReplayProblem::Stale => own.stale,
        };
        view! { <p class="said bad" role="alert">{text}</p> }
    });
    let confirm = if preview.to_send() == 0 { view! { <p class="soft">{own.nothing}</p> }.written() } else { start(lang, form, preview) };
    view! {
        <section class="card sheet" id="preview">
            <h2>{own.would}</h2>
            <p>
                <bdi>{url}</bdi>
                " · "
                {lang.moment(preview.window.since)}
                " – "
                {lang.moment(preview.window.until)}
            </p>
            {terms("balance", figures)}
            {problem}
            {confirm}
        </section>
    }
    .written()
}

fn start(lang: Lang, form: &ReplayForm, preview: &ReplayPreview) -> Markup {
    let own = lang.replays();
    let again = lang.link(&ReplayPlace::href_new(&ReplayForm { problem: None, ..form.clone() }));
    let back = again.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let press = format!("{} {} {}", own.start, lang.number(preview.to_send()), own.deliveries);
    view! {
        <form method="post" action="/admin/data/replay_start" class="endpoint-form">
            {hidden("replay", preview.token.clone())}
            {hidden("back", back)}
            {lang.param().map(|value| hidden(Lang::PARAM, value.to_owned()))}
            <label>
                <span>{own.reason}</span>
                <textarea name="reason" rows="2" maxlength="500" required=""></textarea>
                <small>{own.reason_kept}</small>
            </label>
            <p class="row">
                <button type="submit" class="primary">
                    {press}
                </button>
            </p>
        </form>
    }
    .written()
}
