//! The pages of the door: signing in, setting a password by a one-time link, giving it again. Plain forms, which the server
//! answers by leading on.

use leptos::prelude::*;
use leptos_meta::Title;

use super::place::here;
use super::said::said;
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::{LoginQuery, Step, Vouches};

#[component]
pub fn LoginPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.account();
    let query = here(LoginQuery::at);
    if query.step == Some(Step::Code) {
        return code(lang, &query);
    }
    let fields = view! {
        {hidden("next", query.next.clone())}
        {field(words.email, "email", "email", "username")}
        {field(words.password, "password", "password", "current-password")}
    };
    door(lang, words.sign_in, "", &query, LoginQuery::PATH, fields.written(), words.sign_in)
}

/// The second step: the browser keeps what says whose code it is.
fn code(lang: Lang, query: &LoginQuery) -> Markup {
    let words = lang.account();
    let again = LoginQuery::going_to(&query.next).to_href();
    let fields = view! {
        {hidden("next", query.next.clone())}
        {field(words.code, "code", "text", "one-time-code")}
        <p class="note">
            <a href=lang.link(&again) rel="external">
                {words.sign_in_again}
            </a>
        </p>
    };
    door(lang, words.code_title, words.code_text, query, LoginQuery::CODE, fields.written(), words.sign_in)
}

#[component]
pub fn SetPasswordPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.account();
    let query = here(LoginQuery::at);
    let Some(token) = query.token.clone() else {
        return view! {
            <Title text=words.set_password />
            <section class="card door">
                <h1>{words.set_password}</h1>
                <p class="said bad" role="alert">
                    {words.no_link}
                </p>
            </section>
        }
        .written();
    };
    let is_first = query.step == Some(Step::First);
    let email = is_first.then(|| field(words.email, "email", "email", "username"));
    let (title, text, action) = if is_first {
        (words.first_owner, words.first_owner_text, LoginQuery::FIRST)
    } else {
        (words.set_password, words.set_password_text, LoginQuery::SET_PASSWORD)
    };
    let fields = view! {
        {hidden("token", token)}
        {email}
        {field(words.new_password, "password", "password", "new-password")}
        <p class="note">{lang.password_rule()}</p>
    };
    door(lang, title, text, &query, action, fields.written(), words.save)
}

#[component]
pub fn ConfirmPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.account();
    let query = here(LoginQuery::at);
    let fields = view! {
        {hidden("next", query.next.clone())}
        {field(words.password, "password", "password", "current-password")}
    };
    door(lang, words.confirm, words.confirm_text, &query, LoginQuery::CONFIRM, fields.written(), words.go_on)
}

fn door(
    lang: Lang,
    title: &'static str,
    text: &'static str,
    query: &LoginQuery,
    action: &'static str,
    fields: Markup,
    send: &'static str,
) -> Markup {
    view! {
        <Title text=title />
        <form class="card door" method="post" action=action>
            <h1>{title}</h1>
            {said(lang, query)}
            {(!text.is_empty()).then_some(view! { <p class="note">{text}</p> })}
            {language_field(lang)}
            {fields}
            <button type="submit" class="primary">
                {send}
            </button>
            {vouched(lang, query, action)}
        </form>
    }
    .written()
}

/// The way by somebody else who vouches. It leaves the console, so it is loaded whole.
fn vouched(lang: Lang, query: &LoginQuery, action: &'static str) -> Markup {
    let is_offered = use_context::<Vouches>().is_some_and(|vouches| vouches.0) && [LoginQuery::PATH, LoginQuery::CONFIRM].contains(&action);
    let href = LoginQuery { said: None, wait_s: None, ..query.clone() }.href_to(LoginQuery::VOUCHED);
    is_offered.then(|| view! { <a class="button" rel="external" href=href>{lang.account().vouched}</a> }).written()
}

pub fn hidden(name: &'static str, value: String) -> Markup {
    view! { <input type="hidden" name=name value=value /> }.written()
}

/// So that the server leads on in the language of the page.
pub fn language_field(lang: Lang) -> Markup {
    lang.param().map(|value| hidden(Lang::PARAM, value.to_owned())).written()
}

pub fn field(label: &'static str, name: &'static str, kind: &'static str, autocomplete: &'static str) -> Markup {
    view! {
        <label class="field">
            <span>{label}</span>
            <input type=kind name=name autocomplete=autocomplete required=true maxlength="254" spellcheck="false" autocapitalize="none" />
        </label>
    }
    .written()
}
