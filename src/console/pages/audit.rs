//! The record of who did what: filtered by the address, read page by page, and exported whole.

use leptos::prelude::*;
use leptos_meta::Title;

use super::place::{here, may, or_failed};
use crate::console::api::audit::{AuditPage as Listed, AuditRow, list_audit};
use crate::console::components::copy::short_id;
use crate::console::components::figure::code_line;
use crate::console::components::markup::{Markup, Written};
use crate::console::components::pager::step;
use crate::console::components::panel;
use crate::console::components::table::{Cell, Column, Row, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::{AuditQuery, BatchQuery, CustomerQuery, CustomerTab};
use crate::domain::access::Action;
use crate::domain::audit::{AuditFilter, Deed, ObjectKind};
use crate::domain::page::Seek;
use crate::domain::time::Time;

#[component]
pub fn AuditPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.audit();
    let query = here(AuditQuery::at);
    let listed = list_audit(query.clone());
    view! {
        <Title text=words.audit />
        <div class="head">
            <h1>{words.audit}</h1>
        </div>
        <p class="note">{words.note}</p>
        <section class="card list">
            {filters(lang, &query)}
            {or_failed(lang, listed, move |page| list(lang, &query, &page))}
        </section>
    }
    .into_any()
}

fn field(label: &'static str, name: &'static str, kind: &'static str, value: String, hint: &'static str) -> Markup {
    let class = if kind == "date" { "" } else { "wide" };
    view! {
        <label class=class>
            <span>{label}</span>
            <input type=kind name=name value=value placeholder=hint autocomplete="off" maxlength="200" />
        </label>
    }
    .written()
}

/// A GET form: the address says what is shown.
fn filters(lang: Lang, query: &AuditQuery) -> Markup {
    let words = lang.audit();
    let AuditFilter { who, deed, object, from, to, .. } = query.filter.clone();
    let mut options = vec![view! { <option value="">{words.all_actions}</option> }.written()];
    options.extend(
        Deed::ALL
            .iter()
            .map(|known| view! { <option value=known.as_str() selected=Some(*known) == deed>{lang.deed(*known)}</option> }.written()),
    );
    let clear = (query.filter != AuditFilter::default())
        .then(|| view! { <a class="button quiet" href=lang.link(AuditQuery::PATH)>{words.clear}</a> });
    let day = |day: Option<crate::domain::batch_list::Day>| day.map_or_else(String::new, |day| day.to_string());
    view! {
        <form class="audit-filters" method="get" action=AuditQuery::PATH role="search">
            {lang.param().map(|value| view! { <input type="hidden" name=Lang::PARAM value=value /> })}
            {field(words.who, "who", "text", who, words.who_hint)}
            <label>
                <span>{words.action}</span>
                <select name="action">{options}</select>
            </label>
            {field(words.object, "object", "text", object, words.object_hint)}
            {field(words.from, "from", "date", day(from), "")}
            {field(words.to, "to", "date", day(to), "")}
            <div class="sent">
                <button type="submit">{words.apply}</button>
                {clear}
                <a class="export" href=query.to_file() rel="external" download="">
                    {words.export}
                </a>
            </div>
        </form>
    }
    .written()
}

fn list(lang: Lang, query: &AuditQuery, page: &Listed) -> Markup {
    let words = lang.audit();
    if page.rows.is_empty() {
        if *query != AuditQuery::default() {
            return panel::no_match(words.no_match, words.no_match_text, lang.link(AuditQuery::PATH), words.clear);
        }
        return panel::empty(words.none, view! { <p>{words.none_text}</p> });
    }
    let link = |seek| lang.link(&query.seek(seek).to_href());
    let newer = page.rows.first().filter(|_| page.has_newer).map(|row| link(Seek::After(row.number)));
    let older = page.rows.last().filter(|_| page.has_older).map(|row| link(Seek::Before(row.number)));
    view! {
        {rows(lang, &page.rows, page.now)}
        <div class="pager">
            <nav aria-label=words.audit>{step(words.newer, "prev", newer)} {step(lang.words().older, "next", older)}</nav>
        </div>
    }
    .written()
}

/// A way to what operators did to an object, for whoever may read it.
pub fn history_of(lang: Lang, id: String) -> Option<Markup> {
    let href = lang.link(&AuditQuery::of_object(id).to_href());
    may(Action::ReadAudit).then(|| view! { <a class="button quiet" href=href>{lang.audit().history_of}</a> }.written())
}

/// The rows, here and on the page of a customer.
pub fn rows(lang: Lang, rows: &[AuditRow], now: Time) -> Markup {
    let words = lang.audit();
    let columns: [Column; 8] = [
        text(words.at),
        text(words.who),
        text(words.action),
        text(words.object),
        text(words.changed),
        text(words.reason),
        text(words.address),
        text(words.request),
    ];
    table(words.audit, &columns, rows.iter().map(|entry| audit_row(lang, entry, now)).collect())
}

fn audit_row(lang: Lang, entry: &AuditRow, now: Time) -> Row {
    let maybe = |value: &Option<String>| match value {
        Some(value) => Cell::new(code_line(value)),
        None => Cell::new(lang.audit().empty).class("none"),
    };
    let refused = matches!(entry.deed, Deed::KeyRefused | Deed::SignInRefused);
    let deed =
        if refused { view! { <span class="badge bad">{lang.deed(entry.deed)}</span> }.written() } else { lang.deed(entry.deed).written() };
    let actor = view! { <bdi>{entry.actor.clone()}</bdi> " " <small class="soft">{lang.actor_kind(entry.actor_kind)}</small> };
    let reason = entry.reason.clone().unwrap_or_default();
    row(
        "",
        [
            Cell::new(lang.moment_near(entry.at, now)).class("moment").title(lang.moment_title(entry.at, now)),
            Cell::new(actor).title(entry.actor.clone()),
            Cell::new(deed),
            Cell::new(object(lang, entry)),
            Cell::new(changes(entry)).class("changes"),
            Cell::new(reason.clone()).class("cut").title(reason),
            maybe(&entry.address),
            maybe(&entry.request_id),
        ],
    )
}

/// The thing, as a link to its page where it has one.
fn object(lang: Lang, entry: &AuditRow) -> Markup {
    let kind = lang.object_kind(entry.object_kind);
    let id = match (&entry.object, entry.object_kind, entry.customer) {
        (Some(id), _, _) => id.clone(),
        (None, ObjectKind::Customer, Some(customer)) => customer.to_string(),
        _ => return kind.written(),
    };
    let of_customer = |tab| entry.customer.map(|customer| CustomerQuery::tab(tab).to_href(customer));
    let href = match entry.object_kind {
        ObjectKind::Batch => id.parse().ok().map(|id| BatchQuery::default().to_href(id)),
        ObjectKind::Customer | ObjectKind::Grant => of_customer(CustomerTab::Grants),
        ObjectKind::Key => of_customer(CustomerTab::Keys),
        ObjectKind::Delivery => Some(format!("/admin/webhooks/{id}")),
        _ => None,
    };
    let name = match href {
        Some(href) => view! { <a class="row-link" href=lang.link(&href)>{short_id(&id)}</a> }.written(),
        None => short_id(&id),
    };
    view! { <small class="soft">{kind}</small> " " {name} }.written()
}

/// `name: was → is`, one line each.
fn changes(entry: &AuditRow) -> Markup {
    let lines: Vec<Markup> = entry
        .changes
        .iter()
        .map(|(name, was, is)| {
            let text = match (was.is_empty(), is.is_empty()) {
                (true, _) => is.clone(),
                (false, true) => was.clone(),
                (false, false) => format!("{was} → {is}"),
            };
            let title = format!("{name}: {text}");
            view! { <span title=title><small class="soft">{name.clone()}</small> " " {text}</span> }.written()
        })
        .collect();
    lines.written()
}
