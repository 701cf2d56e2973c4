//! `?tab=billing&kind=charged&after=txn_…&lines=txn_…&line=50`: which transactions of a batch, and the lines of which one.

use super::{BatchQuery, Href, Params, Tab};
use crate::domain::billing::Booking;
use crate::domain::id::{BatchId, TransactionId};

/// Where a page of transactions begins or ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    First,
    After(TransactionId),
    Before(TransactionId),
    /// From this one on: how a link to a transaction finds its page.
    At(TransactionId),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BillingQuery {
    /// Only transactions that did this to the batch.
    pub booking: Option<Booking>,
    pub place: Place,
    /// The transaction whose lines are shown.
    pub lines: Option<TransactionId>,
    /// Lines of tasks after this one.
    pub line: i32,
}

impl BillingQuery {
    pub fn of(params: Params) -> Self {
        let id = |name| params(name).and_then(|text| text.parse().ok());
        let place = id("txn").map(Place::At).or_else(|| id("after").map(Place::After)).or_else(|| id("before").map(Place::Before));
        Self {
            booking: params("kind").and_then(|word| word.parse().ok()),
            place: place.unwrap_or_default(),
            lines: id("lines"),
            line: params("line").and_then(|text| text.parse().ok()).filter(|number| *number >= 1).unwrap_or(0),
        }
    }

    pub(super) fn write(&self, href: &mut Href) {
        href.with("kind", self.booking);
        match self.place {
            Place::First => {}
            Place::After(id) => href.with("after", Some(id)),
            Place::Before(id) => href.with("before", Some(id)),
            Place::At(id) => href.with("txn", Some(id)),
        }
        href.with("lines", self.lines);
        href.with("line", (self.line > 0).then_some(self.line));
    }

    /// The transactions that did this to the batch.
    pub fn only(booking: Booking) -> Self {
        Self { booking: Some(booking), ..Self::default() }
    }

    pub fn to_href(&self, batch: BatchId) -> String {
        BatchQuery { tab: Tab::Billing, billing: *self, ..BatchQuery::default() }.to_href(batch)
    }

    /// Where a transaction of the batch is shown, with the place in the page.
    pub fn href_of(batch: BatchId, transaction: TransactionId) -> String {
        let query = Self { place: Place::At(transaction), ..Self::default() };
        format!("{}#{transaction}", query.to_href(batch))
    }

    #[must_use]
    pub fn place(self, place: Place) -> Self {
        Self { place, lines: None, line: 0, ..self }
    }

    /// Shows the lines of a transaction, after a task, on this page; or of none.
    #[must_use]
    pub fn lines(self, lines: Option<TransactionId>, line: i32) -> Self {
        Self { lines, line, ..self }
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::tests::{ID, id, params};
    use crate::console::query::{BatchQuery, BillingQuery, Place, Tab};
    use crate::domain::billing::Booking;

    const TXN: &str = "txn_00fkqz1b3r000000000000000g";

    #[test]
    fn reads_what_it_writes() {
        let txn = TXN.parse().unwrap();
        for booking in [None, Some(Booking::Charged)] {
            for place in [Place::First, Place::After(txn), Place::Before(txn), Place::At(txn)] {
                for (lines, line) in [(None, 0), (Some(txn), 0), (Some(txn), 50)] {
                    let query = BillingQuery { booking, place, lines, line };
                    let read = BatchQuery::of(&params(&query.to_href(id())));
                    assert_eq!((read.tab, read.billing), (Tab::Billing, query));
                }
            }
        }
        assert_eq!(BillingQuery::href_of(id(), txn), format!("/admin/batches/{ID}?tab=billing&txn={TXN}#{TXN}"));
        assert_eq!(BillingQuery::of(&params("?kind=theft&after=17&lines=x&line=-4")), BillingQuery::default());
    }
}
