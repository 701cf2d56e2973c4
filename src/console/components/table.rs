//! Tables: cells and rows as data. A table that is wider than the page scrolls by itself, by keyboard too.

use leptos::prelude::*;
use leptos::tachys::view::Position;

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

/// What stands in one row of one column. It is written where it is made: a table has hundreds of them, and a view of each costs
/// more than its markup. So it is whole: nothing in it may still be waited for.
#[derive(Debug)]
pub struct Cell {
    markup: String,
    class: &'static str,
    title: Option<String>,
}

impl Cell {
    pub fn new(content: impl RenderHtml) -> Self {
        Self { markup: content.to_html(), class: "", title: None }
    }

    /// A figure, at the right.
    pub fn figure(figure: String) -> Self {
        Self::new(figure).class("n")
    }

    /// A figure that is quiet when there is nothing to tell.
    pub fn quiet_figure(figure: String, nothing: bool) -> Self {
        Self::new(figure).class(if nothing { "n none" } else { "n" })
    }

    #[must_use]
    pub fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    /// Whole on hover.
    #[must_use]
    pub fn title(self, title: String) -> Self {
        Self { title: Some(title), ..self }
    }

    fn write(self, row: &mut String) {
        let cell = view! { <td class=self.class title=self.title inner_html=self.markup></td> };
        cell.to_html_with_buf(row, &mut Position::FirstChild, true, false, Vec::new());
    }
}

/// A row, as markup.
#[derive(Debug)]
pub struct Row(String);

/// A row: its class and its cells.
pub fn row(class: &'static str, cells: impl IntoIterator<Item = Cell>) -> Row {
    let mut markup = String::with_capacity(1_024);
    cells.into_iter().for_each(|cell| cell.write(&mut markup));
    Row(view! { <tr class=class inner_html=markup></tr> }.to_html())
}

/// A row of one cell that is as wide as so many columns.
pub fn wide_row(class: &'static str, columns: u8, content: impl RenderHtml) -> Row {
    Row(view! { <tr class=class><td colspan=columns inner_html=content.to_html()></td></tr> }.to_html())
}

pub fn table(label: &'static str, columns: &[Column], rows: Vec<Row>) -> AnyView {
    let headings: Vec<AnyView> = columns
        .iter()
        .map(|column| view! { <th scope="col" class=if column.numeric { "n" } else { "" }>{column.name}</th> }.into_any())
        .collect();
    table_with(label, headings, rows)
}

/// With headings that are more than words: cells of a row of `th`.
pub fn table_with(label: &'static str, headings: Vec<AnyView>, rows: Vec<Row>) -> AnyView {
    let rows: String = rows.into_iter().map(|row| row.0).collect();
    view! {
        <div class="scroll" role="region" aria-label=label tabindex="0">
            <table>
                <thead>
                    <tr>{headings}</tr>
                </thead>
                <tbody inner_html=rows></tbody>
            </table>
        </div>
    }
    .into_any()
}
