//! `?tab=timeline&actor=operator&after=…`: which part of what happened to a batch.

use super::{BatchQuery, Href, Params, Tab};
use crate::domain::id::BatchId;
use crate::domain::timeline::{Mark, Side};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Only what this side did.
    pub side: Option<Side>,
    pub after: Option<Mark>,
    pub before: Option<Mark>,
}

impl TimelineQuery {
    pub fn of(params: Params) -> Self {
        let mark = |name| params(name).and_then(|text| text.parse().ok());
        let after = mark("after");
        Self {
            side: params("actor").and_then(|word| word.parse().ok()),
            after,
            before: if after.is_none() { mark("before") } else { None },
        }
    }

    pub(super) fn write(&self, href: &mut Href) {
        href.with("actor", self.side);
        href.with("after", self.after);
        href.with("before", self.before);
    }

    pub fn to_href(&self, batch: BatchId) -> String {
        BatchQuery { tab: Tab::Timeline, timeline: *self, ..BatchQuery::default() }.to_href(batch)
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::tests::{id, params};
    use crate::console::query::{BatchQuery, Tab, TimelineQuery};
    use crate::domain::time::Time;
    use crate::domain::timeline::{Mark, Side};

    #[test]
    fn reads_what_it_writes() {
        let mark = Mark { at: Time::from_micros(1_795_000_000_000_001), rank: 2, id: 41 };
        for side in [None, Some(Side::Operator)] {
            for (after, before) in [(None, None), (Some(mark), None), (None, Some(mark))] {
                let query = TimelineQuery { side, after, before };
                let read = BatchQuery::of(&params(&query.to_href(id())));
                assert_eq!((read.tab, read.timeline), (Tab::Timeline, query));
            }
        }
        assert_eq!(TimelineQuery::of(&params("?actor=nobody&after=1-2&before=x")), TimelineQuery::default());
    }
}
