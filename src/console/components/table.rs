//! The frame of every table: it scrolls by itself when it is wider than the page, by keyboard too.

use leptos::prelude::*;

/// A heading of a column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    /// Numbers stand at the right.
    pub numeric: bool,
}

pub const fn text(name: &'static str) -> Column {
    Column { name, numeric: false }
}

pub const fn number(name: &'static str) -> Column {
    Column { name, numeric: true }
}

pub fn table(label: &'static str, columns: &[Column], rows: Vec<AnyView>) -> AnyView {
    let headings: Vec<_> = columns.iter().map(|column| view! { <th scope="col" class:n=column.numeric>{column.name}</th> }).collect();
    view! {
        <div class="scroll" role="region" aria-label=label tabindex="0">
            <table>
                <thead>
                    <tr>{headings}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
