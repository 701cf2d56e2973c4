//! The two charts, each with its table.

use leptos::prelude::*;

use super::{behind, card, link};
use crate::console::components::chart::{Bar, Caption, chart};
use crate::console::components::markup::{Markup, Written};
use crate::console::components::table::{Cell, number, row, table, text};
use crate::console::i18n::Lang;
use crate::domain::batch_list::Day;
use crate::domain::failure::Party;
use crate::domain::overview::Report;

pub fn charts(lang: Lang, report: &Report) -> [Markup; 2] {
    [credits(lang, report), failures(lang, report)]
}

fn caption(lang: Lang, report: &Report, id: &'static str, (title, description): (&'static str, &'static str), most: i64) -> Caption {
    let [from, to] = [report.from, report.to].map(|day| day.to_string());
    Caption { id, title, description, from, to, most: lang.number(most) }
}

/// A chart, the meaning of its colours, and its table.
fn with_table(lang: Lang, title: &'static str, drawn: Markup, legend: Vec<(&'static str, &'static str)>, figures: Markup) -> Markup {
    let legend: Vec<Markup> = legend.into_iter().map(|(class, name)| view! { <span class=class>{name}</span> }.written()).collect();
    let content = view! {
        {drawn}
        <p class="legend">{legend}</p>
        <details>
            <summary>{lang.overview().as_table}</summary>
            {figures}
        </details>
    };
    card(title, content.written())
}

fn credits(lang: Lang, report: &Report) -> Markup {
    let words = lang.overview();
    let (mut bars, mut rows, mut most) = (Vec::new(), Vec::new(), 0);
    for day in report.iter_days() {
        let sums = report.of_day(day);
        let (charged, refunded) = (sums.credits_charged, sums.credits_refunded);
        let href = of_day(lang, report, day, false);
        let label = format!("{day}: {} {}, {} {}", words.charged, lang.number(charged), words.refunded, lang.number(refunded));
        most = most.max(charged + refunded);
        bars.push(Bar { href: href.clone(), label, parts: vec![("good", charged), ("bad", refunded)] });
        rows.push(row(
            "",
            [Cell::new(link(href, day.to_string())), Cell::figure(lang.number(charged)), Cell::figure(lang.number(refunded))],
        ));
    }
    let caption = caption(lang, report, "chart-credits", (words.credits_per_day, words.credits_desc), most);
    let figures = table(words.credits_per_day, &[text(words.day), number(words.charged), number(words.refunded)], rows);
    let legend = vec![("good", words.charged), ("bad", words.refunded)];
    with_table(lang, words.credits_per_day, chart(caption, bars), legend, figures)
}

/// Class of a party's colour.
const fn class(party: Party) -> &'static str {
    match party {
        Party::Customer => "of-customer",
        Party::Provider => "of-provider",
        Party::Network => "of-network",
        Party::Platform => "of-platform",
        Party::Unknown => "of-unknown",
    }
}

fn failures(lang: Lang, report: &Report) -> Markup {
    let words = lang.overview();
    let word = lang.words().party_word;
    let (mut bars, mut rows, mut highest) = (Vec::new(), Vec::new(), 0);
    for day in report.iter_days() {
        let of = |party: Party| report.failures.iter().filter(|f| f.day == day && f.party == party).map(|f| f.tasks).sum::<i64>();
        let parts: Vec<(Party, i64)> = Party::ALL.iter().map(|party| (*party, of(*party))).collect();
        highest = highest.max(parts.iter().map(|(_, tasks)| *tasks).sum());
        let href = of_day(lang, report, day, true);
        let said: Vec<String> = parts
            .iter()
            .filter(|(_, tasks)| *tasks > 0)
            .map(|(party, tasks)| format!("{} {}", word(*party), lang.number(*tasks)))
            .collect();
        let said = if said.is_empty() { words.none.to_owned() } else { said.join(", ") };
        let mut cells = vec![Cell::new(link(href.clone(), day.to_string()))];
        cells.extend(parts.iter().map(|(_, tasks)| Cell::quiet_figure(lang.number(*tasks), *tasks == 0)));
        rows.push(row("", cells));
        let parts = parts.into_iter().map(|(party, tasks)| (class(party), tasks)).collect();
        bars.push(Bar { href, label: format!("{day}: {said}"), parts });
    }
    let mut columns = vec![text(words.day)];
    columns.extend(Party::ALL.iter().map(|party| number(word(*party))));
    let figures = table(words.failures_per_day, &columns, rows);
    let legend = Party::ALL.iter().map(|party| (class(*party), word(*party))).collect();
    let caption = caption(lang, report, "chart-failures", (words.failures_per_day, words.failures_desc), highest);
    with_table(lang, words.failures_per_day, chart(caption, bars), legend, figures)
}

fn of_day(lang: Lang, report: &Report, day: Day, failed: bool) -> String {
    behind(lang, report, |filter| {
        (filter.from, filter.to) = (Some(day), Some(day));
        filter.has_failures = failed;
    })
}
