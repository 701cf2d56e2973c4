//! Bars drawn as SVG, one for each day: each is a link to the rows behind it and says its figures. A table says the same.

use leptos::prelude::*;

use super::markup::{Markup, Written};

/// One bar: its parts from the bottom up.
#[derive(Clone, Debug)]
pub struct Bar {
    pub href: String,
    /// What it says, figures included.
    pub label: String,
    /// Class and amount.
    pub parts: Vec<(&'static str, i64)>,
}

/// What a chart says besides its bars.
#[derive(Clone, Debug)]
pub struct Caption {
    /// Unique in the page.
    pub id: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    /// Under the first and the last bar.
    pub from: String,
    pub to: String,
    /// The height of the chart, as people read it.
    pub most: String,
}

/// Units of the drawing: a bar's place, its gap, and the height of the highest bar.
const STEP: i64 = 100;
const GAP: i64 = 16;
const HEIGHT: i64 = 1_000;

pub fn chart(caption: Caption, bars: Vec<Bar>) -> Markup {
    let count = i64::try_from(bars.len()).unwrap_or(1).max(1);
    let most = bars.iter().map(|bar| bar.parts.iter().map(|(_, amount)| *amount).sum::<i64>()).max().unwrap_or_default();
    let drawn: Vec<Markup> = (0..).zip(bars).map(|(place, bar)| drawn(place * STEP, bar, most)).collect();
    let (title_id, text_id) = (format!("{}-title", caption.id), format!("{}-text", caption.id));
    let (title_of, text_of) = (title_id.clone(), text_id.clone());
    view! {
        <figure class="chart">
            <span class="most" aria-hidden="true">{caption.most}</span>
            <svg
                viewBox=format!("0 0 {} {HEIGHT}", count * STEP)
                preserveAspectRatio="none"
                role="group"
                aria-labelledby=title_of
                aria-describedby=text_of
            >
                <title id=title_id>{caption.title}</title>
                <desc id=text_id>{caption.description}</desc>
                {drawn}
            </svg>
            <figcaption>
                <span>{caption.from}</span>
                <span>{caption.to}</span>
            </figcaption>
        </figure>
    }
    .written()
}

fn drawn(x: i64, bar: Bar, most: i64) -> Markup {
    let mut bottom = HEIGHT;
    let parts: Vec<Markup> = bar
        .parts
        .into_iter()
        .filter(|(_, amount)| *amount > 0)
        .map(|(class, amount)| {
            let height = height_of(amount, most);
            bottom -= height;
            view! { <rect class=class x=x + GAP / 2 y=bottom width=STEP - GAP height=height></rect> }.written()
        })
        .collect();
    let label = bar.label.clone();
    view! {
        <g>
            <a href=bar.href aria-label=label>
                <rect class="whole" x=x y="0" width=STEP height=HEIGHT></rect>
                {parts}
                <title>{bar.label}</title>
            </a>
        </g>
    }
    .written()
}

/// At least one unit in a hundred, so that a small part is seen.
fn height_of(amount: i64, most: i64) -> i64 {
    let height = i64::try_from(i128::from(amount) * i128::from(HEIGHT) / i128::from(most.max(1))).unwrap_or(HEIGHT);
    height.clamp(HEIGHT / 100, HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_chart_and_the_smallest_is_seen() {
        assert_eq!(
            [height_of(500, 500), height_of(250, 500), height_of(1, 1_000_000), height_of(i64::MAX, i64::MAX)],
            [1_000, 500, 10, 1_000]
        );
    }
}
