//! `/admin/operators`: who works in the console. Owners add operators, give them roles and keep them out.

use leptos::prelude::*;
use leptos_meta::Title;

use super::account::button;
use super::login::{field, hidden, language_field};
use super::place::{here, or_failed};
use super::said::said;
use crate::console::api::operators::{OperatorRow, OperatorsPage as Listed, list_operators};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::{Cell, Row, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::LoginQuery;
use crate::domain::access::Role;
use crate::domain::time::Time;

#[component]
pub fn OperatorsPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.account();
    let query = here(LoginQuery::at);
    view! {
        <Title text=words.operators />
        <div class="head">
            <h1>{words.operators}</h1>
        </div>
        <p class="note">{words.operators_text}</p>
        {said(lang, &query)}
        {or_failed(lang, list_operators(), move |page| shown(lang, &page))}
    }
    .into_any()
}

fn shown(lang: Lang, page: &Listed) -> Markup {
    let words = lang.account();
    let link = page.link.clone().map(|link| {
        view! {
            <section class="said good" role="status">
                <p>{words.link_text}</p>
                <p>
                    <code class="secret">{link}</code>
                </p>
            </section>
        }
    });
    let columns = [text(words.name), text(words.email), text(words.role), text(words.state), text(words.added), text(words.change)];
    let rows = page.rows.iter().map(|operator| operator_row(lang, operator, page.now)).collect();
    view! {
        {link}
        <section class="card rows own">{table(words.operators, &columns, rows)}</section>
        <form class="card door" method="post" action=LoginQuery::OPERATORS>
            <h2>{words.add}</h2>
            {language_field(lang)}
            {field(words.email, "email", "email", "off")}
            <label class="field">
                <span>{words.name}</span>
                <input type="text" name="name" autocomplete="off" maxlength="100" />
            </label>
            <label class="field">
                <span>{words.role}</span>
                {roles(lang, Role::Viewer, true)}
            </label>
            <button type="submit" class="primary">
                {words.add}
            </button>
        </form>
    }
    .written()
}

fn roles(lang: Lang, now: Role, explain: bool) -> Markup {
    let options: Vec<Markup> = Role::ALL
        .iter()
        .map(|role| {
            let name = lang.role_word(*role);
            let name = if explain { format!("{name}: {}", lang.role_text(*role)) } else { name.to_owned() };
            view! { <option value=role.as_str() selected=*role == now>{name}</option> }.written()
        })
        .collect();
    view! { <select name="role" aria-label=lang.account().role>{options}</select> }.written()
}

fn operator_row(lang: Lang, operator: &OperatorRow, now: Time) -> Row {
    let words = lang.account();
    let id = operator.id.to_string();
    let role = view! {
        <form method="post" action="/admin/operators/role" class="inline">
            {language_field(lang)}
            {hidden("operator", id.clone())}
            {roles(lang, operator.role, false)}
            <button type="submit">{words.save}</button>
        </form>
    };
    let state = match (operator.disabled_at, operator.has_password) {
        (Some(at), _) => format!("{} {}", words.disabled, lang.moment_near(at, now)),
        (None, true) if operator.has_second_factor => format!("{}, {}", words.good, words.with_second_factor),
        (None, true) => words.good.to_owned(),
        (None, false) => words.no_password.to_owned(),
    };
    let (path, does) = if operator.disabled_at.is_some() {
        ("/admin/operators/enable", words.enable)
    } else {
        ("/admin/operators/disable", words.disable)
    };
    let reset =
        operator.has_second_factor.then(|| button(lang, "/admin/operators/second-factor", "operator", id.clone(), words.reset_factor));
    let change = view! {
        <span class="buttons">
            {button(lang, "/admin/operators/link", "operator", id.clone(), words.link)}
            {reset}
            {button(lang, path, "operator", id.clone(), does)}
        </span>
    };
    row(
        if operator.disabled_at.is_some() { "quiet" } else { "" },
        [
            Cell::new(view! { <bdi>{operator.name.clone()}</bdi> }).class("cut").title(operator.name.clone()),
            Cell::new(view! { <bdi>{operator.email.clone()}</bdi> }).class("cut").title(id),
            Cell::new(role),
            Cell::new(state),
            Cell::new(lang.moment_near(operator.created_at, now)).class("moment").title(lang.moment_title(operator.created_at, now)),
            Cell::new(change),
        ],
    )
}
