//! `/admin/account`: where one is signed in, one's password, and one's tokens for scripts.

use leptos::prelude::*;
use leptos_meta::Title;

use super::login::{field, hidden, language_field};
use super::place::{here, or_failed};
use super::said::said;
use crate::console::api::account::{Account, QrCode, SecondFactorState, SessionRow, TokenRow, read_account};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::panel;
use crate::console::components::table::{Cell, Row, row, table, text};
use crate::console::i18n::Lang;
use crate::console::query::LoginQuery;
use crate::domain::access::Operator;
use crate::domain::time::Time;

#[component]
pub fn AccountPage() -> impl IntoView {
    let lang = expect_context::<Lang>();
    let words = lang.account();
    let query = here(LoginQuery::at);
    let who = use_context::<Operator>().map(|who| {
        view! {
            <p class="note">
                <bdi>{who.email}</bdi> " · " {lang.role_word(who.role)} ": " {lang.role_text(who.role)}
            </p>
        }
    });
    view! {
        <Title text=words.account />
        <div class="head">
            <h1>{words.account}</h1>
        </div>
        {who}
        {said(lang, &query)}
        {or_failed(lang, read_account(), move |account| shown(lang, &account))}
        {change_password(lang)}
    }
    .into_any()
}

fn shown(lang: Lang, account: &Account) -> Markup {
    let words = lang.account();
    let sessions = account.sessions.iter().map(|session| session_row(lang, session, account.now)).collect();
    let columns = [text(words.browser), text(words.address), text(words.since), text(words.seen), text(words.end)];
    let tokens: Markup = if account.tokens.is_empty() {
        panel::empty(words.no_tokens, view! { <p>{words.tokens_text}</p> })
    } else {
        let rows = account.tokens.iter().map(|token| token_row(lang, token, account.now)).collect();
        view! {
            <p class="note inset">{words.tokens_text}</p>
            {table(words.tokens, &[text(words.name), text(words.made), text(words.state), text(words.revoke)], rows)}
        }
        .written()
    };
    let second_factor = account.second_factor.as_ref().map(|factor| second_factor(lang, factor));
    view! {
        {recovery_codes(lang, &account.recovery_codes)}
        {second_factor}
        <section class="card rows own">
            <h2>{words.sessions}</h2>
            <p class="note inset">{words.sessions_text}</p>
            {table(words.sessions, &columns, sessions)}
        </section>
        <section class="card rows own">
            <h2>{words.tokens}</h2>
            {tokens}
        </section>
    }
    .written()
}

fn second_factor(lang: Lang, factor: &SecondFactorState) -> Markup {
    let words = lang.account();
    let (action, text, send) = match factor {
        SecondFactorState::Off => ("/admin/account/second-factor", words.second_factor_off.to_owned(), words.turn_on),
        SecondFactorState::Offered { .. } => ("/admin/account/second-factor/confirm", words.offer_text.to_owned(), words.confirm_code),
        SecondFactorState::On { recovery_codes_left } => (
            "/admin/account/second-factor/remove",
            format!("{} {}", words.second_factor_on, lang.recovery_codes_left(*recovery_codes_left)),
            words.turn_off,
        ),
    };
    let offered = match factor {
        SecondFactorState::Offered { secret, uri, qr } => Some(view! {
            {picture(lang, qr)}
            <p>
                {words.secret} " "
                <code class="secret">{secret.clone()}</code>
            </p>
            <p class="note">
                <a href=uri.clone() rel="external">
                    {words.open_authenticator}
                </a>
            </p>
            {field(words.code, "code", "text", "one-time-code")}
        }),
        SecondFactorState::Off | SecondFactorState::On { .. } => None,
    };
    view! {
        <form class="card door" method="post" action=action>
            <h2>{words.second_factor}</h2>
            <p class="note">{text}</p>
            {language_field(lang)}
            {offered}
            <button type="submit" class=matches!(factor, SecondFactorState::Offered { .. }).then_some("primary")>
                {send}
            </button>
        </form>
    }
    .written()
}

/// Dark on light in every theme: cameras want it so.
fn picture(lang: Lang, qr: &QrCode) -> Markup {
    let side = qr.side;
    view! {
        <svg class="qr" viewBox=format!("0 0 {side} {side}") role="img" aria-label=lang.account().qr shape-rendering="crispEdges">
            <path d=qr.path.clone() />
        </svg>
    }
    .written()
}

fn recovery_codes(lang: Lang, codes: &[String]) -> Markup {
    if codes.is_empty() {
        return ().written();
    }
    let words = lang.account();
    let items: Vec<Markup> = codes.iter().map(|code| view! { <li><code class="secret">{code.clone()}</code></li> }.written()).collect();
    view! {
        <section class="said good" role="status">
            <h2>{words.recovery_codes}</h2>
            <p>{words.recovery_codes_text}</p>
            <ul class="codes">{items}</ul>
        </section>
    }
    .written()
}

fn moment(lang: Lang, at: Time, now: Time) -> Cell {
    Cell::new(lang.moment_near(at, now)).class("moment").title(lang.moment_title(at, now))
}

fn session_row(lang: Lang, session: &SessionRow, now: Time) -> Row {
    let words = lang.account();
    let end = if session.is_this {
        view! { <b>{words.this_one}</b> }.written()
    } else {
        button(lang, "/admin/account/sessions", "session", session.id.to_string(), words.end)
    };
    row(
        "",
        [
            Cell::new(view! { <bdi>{browser_name(&session.agent)}</bdi> }).class("cut").title(session.agent.clone()),
            Cell::new(session.address.clone().unwrap_or_else(|| "–".to_owned())),
            moment(lang, session.created_at, now),
            moment(lang, session.seen_at, now),
            Cell::new(end),
        ],
    )
}

/// What people call what browsers call themselves; the whole is on hover.
fn browser_name(agent: &str) -> String {
    const NAMES: [(&str, &str); 5] =
        [("Firefox/", "Firefox"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    const SYSTEMS: [(&str, &str); 5] =
        [("iPhone", "iOS"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")];
    let first = |known: [(&str, &'static str); 5]| known.into_iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| name);
    match (first(NAMES), first(SYSTEMS)) {
        (Some(name), Some(system)) => format!("{name}, {system}"),
        (Some(name), None) => name.to_owned(),
        (None, _) if agent.is_empty() => "–".to_owned(),
        (None, _) => agent.chars().take(40).collect(),
    }
}

fn token_row(lang: Lang, token: &TokenRow, now: Time) -> Row {
    let words = lang.account();
    let revoke = match token.revoked_at {
        None => button(lang, "/admin/account/tokens", "token", token.key.to_string(), words.revoke),
        Some(_) => "–".written(),
    };
    let state = token.revoked_at.map_or(words.good.to_owned(), |at| format!("{} {}", words.revoked, lang.moment_near(at, now)));
    row(
        if token.revoked_at.is_some() { "quiet" } else { "" },
        [Cell::new(view! { <bdi>{token.name.clone()}</bdi> }), moment(lang, token.created_at, now), Cell::new(state), Cell::new(revoke)],
    )
}

/// A form of one button.
pub fn button(lang: Lang, action: &'static str, name: &'static str, value: String, does: &'static str) -> Markup {
    view! {
        <form method="post" action=action class="inline">
            {language_field(lang)}
            {hidden(name, value)}
            <button type="submit">{does}</button>
        </form>
    }
    .written()
}

fn change_password(lang: Lang) -> Markup {
    let words = lang.account();
    view! {
        <form class="card door" method="post" action="/admin/account/password">
            <h2>{words.change_password}</h2>
            <p class="note">{words.change_password_text}</p>
            {language_field(lang)}
            {field(words.old_password, "old", "password", "current-password")}
            {field(words.new_password, "new", "password", "new-password")}
            <p class="note">{lang.password_rule()}</p>
            <button type="submit" class="primary">
                {words.change_password}
            </button>
        </form>
    }
    .written()
}

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn browsers_are_called_as_people_call_them() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
        assert_eq!(browser_name(chrome), "Chrome, Linux");
        assert_eq!([browser_name("curl/8.5"), browser_name("")], ["curl/8.5", "–"]);
    }
}
