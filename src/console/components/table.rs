//! Tables: cells and rows as data. A table that is wider than the page scrolls by itself, by keyboard too.

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

/// What stands in one row of one column.
pub struct Cell {
    content: AnyView,
    class: &'static str,
    title: Option<String>,
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell").field("class", &self.class).field("title", &self.title).finish_non_exhaustive()
    }
}

impl Cell {
    pub fn new(content: impl IntoAny) -> Self {
        Self { content: content.into_any(), class: "", title: None }
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

    fn view(self) -> AnyView {
        view! { <td class=self.class title=self.title>{self.content}</td> }.into_any()
    }
}

/// A row: its class and its cells.
pub fn row(class: &'static str, cells: impl IntoIterator<Item = Cell>) -> AnyView {
    let cells: Vec<AnyView> = cells.into_iter().map(Cell::view).collect();
    view! { <tr class=class>{cells}</tr> }.into_any()
}

pub fn table(label: &'static str, columns: &[Column], rows: Vec<AnyView>) -> AnyView {
    let headings: Vec<AnyView> = columns
        .iter()
        .map(|column| view! { <th scope="col" class=if column.numeric { "n" } else { "" }>{column.name}</th> }.into_any())
        .collect();
    table_with(label, headings, rows)
}

/// With headings that are more than words: cells of a row of `th`.
pub fn table_with(label: &'static str, headings: Vec<AnyView>, rows: Vec<AnyView>) -> AnyView {
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
