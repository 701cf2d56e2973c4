//! Tables: cells and rows as data. A table that is wider than the page scrolls by itself, by keyboard too.

use html_escape::{encode_double_quoted_attribute_to_string, encode_text};
use leptos::prelude::*;

use super::markup::{Markup, Written};

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

/// What stands in one row of one column. It is written where it is made, a table has hundreds of them, and a view of each costs
/// more than its markup. So it is whole: nothing in it may still be waited for.
#[derive(Debug)]
pub struct Cell {
    markup: String,
    class: &'static str,
    title: String,
}

impl Cell {
    pub fn new(content: impl RenderHtml) -> Self {
        Self { markup: content.to_html(), ..Self::none() }
    }

    /// Nothing.
    pub const fn none() -> Self {
        Self { markup: String::new(), class: "", title: String::new() }
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self { markup: encode_text(text).into_owned(), ..Self::none() }
    }

    /// One element with a text in it.
    pub fn element(name: &str, attributes: &[(&str, &str)], text: &str) -> Self {
        Self { markup: element(name, attributes, &encode_text(text)), ..Self::none() }
    }

    /// A figure, at the right.
    pub fn figure(figure: String) -> Self {
        Self::text(&figure).class("n")
    }

    /// A figure that is quiet when there is nothing to tell.
    pub fn quiet_figure(figure: String, nothing: bool) -> Self {
        Self::text(&figure).class(if nothing { "n none" } else { "n" })
    }

    #[must_use]
    pub fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    /// Whole on hover.
    #[must_use]
    pub fn title(self, title: String) -> Self {
        Self { title, ..self }
    }
}

/// A row, as markup.
#[derive(Debug)]
pub struct Row(String);

/// A row: its class and its cells.
pub fn row(class: &'static str, cells: impl IntoIterator<Item = Cell>) -> Row {
    let mut markup = String::with_capacity(1_024);
    open(&mut markup, "tr", said(&[("class", class)]));
    for cell in cells {
        open(&mut markup, "td", said(&[("class", cell.class), ("title", &cell.title)]));
        markup.push_str(&cell.markup);
        markup.push_str("</td>");
    }
    markup.push_str("</tr>");
    Row(markup)
}

/// A row of one cell that is as wide as so many columns.
pub fn wide_row(class: &'static str, columns: u8, content: impl RenderHtml) -> Row {
    let columns = columns.to_string();
    let cell = element("td", &[("colspan", &*columns)], &content.to_html());
    Row(element("tr", said(&[("class", class)]), &cell))
}

/// The attributes that say something.
fn said<'a>(attributes: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = &'a (&'a str, &'a str)> {
    attributes.iter().filter(|(_, value)| !value.is_empty())
}

fn element<'a>(name: &str, attributes: impl IntoIterator<Item = &'a (&'a str, &'a str)>, markup: &str) -> String {
    let mut element = String::with_capacity(markup.len() + 128);
    open(&mut element, name, attributes);
    element.push_str(markup);
    element.push_str("</");
    element.push_str(name);
    element.push('>');
    element
}

fn open<'a>(markup: &mut String, name: &str, attributes: impl IntoIterator<Item = &'a (&'a str, &'a str)>) {
    markup.push('<');
    markup.push_str(name);
    for (name, value) in attributes {
        markup.push(' ');
        markup.push_str(name);
        markup.push_str("=\"");
        encode_double_quoted_attribute_to_string(value, markup);
        markup.push('"');
    }
    markup.push('>');
}

pub fn table(label: &'static str, columns: &[Column], rows: Vec<Row>) -> Markup {
    let headings: Vec<Markup> = columns
        .iter()
        .map(|column| view! { <th scope="col" class=if column.numeric { "n" } else { "" }>{column.name}</th> }.written())
        .collect();
    table_with(label, headings, rows)
}

/// With headings that are more than words: cells of a row of `th`.
pub fn table_with(label: &'static str, headings: Vec<Markup>, rows: Vec<Row>) -> Markup {
    let rows: Vec<String> = rows.into_iter().map(|row| row.0).collect();
    let markup = ["<table><thead><tr>", &headings.to_html(), "</tr></thead><tbody>", &rows.concat(), "</tbody></table>"].concat();
    view! {
        <div class="scroll" role="region" aria-label=label tabindex="0">
            {Markup::new(markup)}
        </div>
    }
    .written()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_by_hand_is_inert() {
        let link = Cell::element("a", &[("href", "/?q=\"><script>"), ("data-noscroll", "")], "<script>&");
        let cells = [link.title("\" onload=\"".to_owned()), Cell::figure("1 < 2".to_owned()), Cell::none()];
        let expected = "<tr><td title=\"&quot; onload=&quot;\"><a href=\"/?q=&quot;&gt;&lt;script&gt;\" data-noscroll=\"\">&lt;script&gt;&amp;</a></td>\
            <td class=\"n\">1 &lt; 2</td><td></td></tr>";
        assert_eq!(row("", cells).0, expected);
        assert_eq!(wide_row("none", 3, "<b>").0, "<tr class=\"none\"><td colspan=\"3\">&lt;b&gt;</td></tr>");
    }
}
