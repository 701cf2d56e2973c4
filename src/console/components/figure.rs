//! Figures: lists of terms and amounts, and bars drawn as SVG (style attributes would need a weaker content policy).

use leptos::prelude::*;

use super::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::domain::money::Money;

/// A term and its figure.
pub fn term(name: &'static str, figure: impl Written) -> Markup {
    term_with(name.written(), "", figure.written())
}

/// A term that is more than a word, or looks apart.
pub fn term_with(name: Markup, class: &'static str, figure: Markup) -> Markup {
    view! {
        <dt class=class>{name}</dt>
        <dd class=class>{figure}</dd>
    }
    .written()
}

/// A list of terms; those that do not apply are left out.
pub fn terms(class: &'static str, terms: impl IntoIterator<Item = Option<Markup>>) -> Markup {
    let terms: Vec<Markup> = terms.into_iter().flatten().collect();
    view! { <dl class=class>{terms}</dl> }.written()
}

/// Text in a look of its own.
pub fn span(class: &'static str, text: String) -> Markup {
    view! { <span class=class>{text}</span> }.written()
}

/// A figure or name that leads to the rows behind it.
pub fn linked(href: String, class: &'static str, text: String) -> Markup {
    view! { <a href=href class=class>{text}</a> }.written()
}

/// Money that leads to the rows that it is the sum of; on hover to the micro-dollar, as the rows say it.
pub fn linked_money(lang: Lang, href: String, class: &'static str, money: Money, shown: String) -> Markup {
    view! { <a href=href class=class title=format!("US$ {}", lang.exact_amount(money))>{shown}</a> }.written()
}

/// Machine text in one line, cut where it is too long; whole on hover.
pub fn code_line(text: &str) -> Markup {
    view! { <code class="cut" title=text.to_owned()>{text.to_owned()}</code> }.written()
}

/// Machine text, whole.
pub fn code_whole(text: String) -> Markup {
    view! { <code class="whole">{text}</code> }.written()
}

/// A coloured share of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Class of the style sheet that colours it.
    pub class: &'static str,
    pub amount: i64,
}

/// A bar of shares of `whole`; what is missing is left empty. Decoration: the figures beside it say the same.
pub fn bar(shares: &[Share], whole: i64) -> Markup {
    let mut start = 0;
    let rects: Vec<Markup> = shares
        .iter()
        .filter(|share| share.amount > 0)
        .map(|share| {
            let (x, end) = (permyriad(start, whole), permyriad(start + share.amount, whole));
            start += share.amount;
            view! { <rect class=share.class x=percent(x) width=percent(end - x) height="100%"></rect> }.written()
        })
        .collect();
    view! { <svg class="bar" aria-hidden="true" preserveAspectRatio="none">{rects}</svg> }.written()
}

/// Hundredths of a percent, so that a small share is still seen.
fn permyriad(part: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { i64::try_from(i128::from(part) * 10_000 / i128::from(whole)).unwrap_or(0).clamp(0, 10_000) }
}

fn percent(permyriad: i64) -> String {
    format!("{}.{:02}%", permyriad / 100, permyriad % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_to_a_hundredth_of_a_percent() {
        assert_eq!(percent(permyriad(916, 1_000)), "91.60%");
        assert_eq!(percent(permyriad(1, 10_000)), "0.01%");
        assert_eq!(percent(permyriad(1, 0)), "0.00%");
        assert_eq!(percent(permyriad(i64::MAX, i64::MAX)), "100.00%");
    }
}
