//! Credits: granted = available + held + spent + expired + taken back. Accounts and batches say the first three, grants say them too; a tick
//! says that both agree, and if they do not, the difference is shown.

use leptos::prelude::*;

use crate::console::api::customer::CustomerSummary;
use crate::console::components::figure::{Share, bar};
use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::domain::credits::Credits;

pub fn strip(lang: Lang, summary: &CustomerSummary) -> Markup {
    let words = lang.customers();
    let books = summary.books;
    let parts = [
        (words.available, books.available, "key good"),
        (words.held, books.held, "key open"),
        (words.spent, books.spent, "key info"),
        (words.expired, summary.expired, "key gone"),
        (words.taken_back, summary.taken_back, "key gone"),
    ];
    let shares = [
        Share { class: "good", amount: books.available.get() },
        Share { class: "open", amount: books.held.get() },
        Share { class: "info", amount: books.spent.get() },
        Share { class: "gone", amount: summary.expired.get() + summary.taken_back.get() },
    ];
    let mut equation = vec![figure(lang, words.granted, summary.granted, "held")];
    // Most customers never had anything taken back.
    let parts = parts.into_iter().filter(|(name, credits, _)| *name != words.taken_back || !credits.is_zero());
    for (index, (name, credits, class)) in parts.enumerate() {
        equation.push(if index == 0 { " = ".written() } else { " + ".written() });
        equation.push(figure(lang, name, credits, class));
    }
    view! {
        <div class="strip">
            <h2>{lang.words().credits_strip}</h2>
            <p class="equation">{equation} {verdict(lang, summary)}</p>
            {bar(&shares, summary.granted.get())}
        </div>
    }
    .written()
}

fn figure(lang: Lang, name: &'static str, amount: Credits, class: &'static str) -> Markup {
    view! {
        <span class=class>
            {name} " " <b>{lang.credits(amount)}</b>
        </span>
    }
    .written()
}

fn verdict(lang: Lang, summary: &CustomerSummary) -> Markup {
    let words = lang.customers();
    let (books, grants) = (summary.books, summary.grants);
    if books == grants {
        return view! { <span class="verdict good">{words.agree}</span> }.written();
    }
    let said: Vec<String> = [
        (words.available, books.available, grants.available),
        (words.held, books.held, grants.held),
        (words.spent, books.spent, grants.spent),
    ]
    .into_iter()
    .filter(|(_, books, grants)| books != grants)
    .map(|(name, books, grants)| {
        let difference = Credits::new(books.get().saturating_sub(grants.get()));
        format!("{name} {} ({} {})", lang.credits(grants), words.difference, lang.signed_credits(difference))
    })
    .collect();
    view! {
        <span class="verdict bad" role="alert">
            {format!("{}. {}: {}", words.disagree, words.grants_say, said.join(", "))}
        </span>
    }
    .written()
}
