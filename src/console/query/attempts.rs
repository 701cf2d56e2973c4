//! `?tab=attempts&state=failed&party=provider&failure=timeout&after=17.2`: which attempts of a batch, and from where on.

use super::{BatchQuery, Href, Params, Tab};
use crate::domain::attempt::{AttemptFilter, AttemptPlace};
use crate::domain::id::BatchId;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptsQuery {
    pub filter: AttemptFilter,
    /// The default is before the first.
    pub after: AttemptPlace,
}

impl AttemptsQuery {
    pub fn of(params: Params) -> Self {
        let filter = AttemptFilter {
            state: params("state").and_then(|word| word.parse().ok()),
            failure: params("failure").and_then(|word| word.parse().ok()),
            party: params("party").and_then(|word| word.parse().ok()),
        };
        Self { filter, after: params("after").and_then(|place| place.parse().ok()).unwrap_or_default() }
    }

    pub(super) fn write(&self, href: &mut Href) {
        href.with("state", self.filter.state);
        href.with("failure", self.filter.failure);
        href.with("party", self.filter.party);
        href.with("after", (self.after != AttemptPlace::default()).then_some(self.after));
    }

    /// From the first one on.
    pub fn only(filter: AttemptFilter) -> Self {
        Self { filter, after: AttemptPlace::default() }
    }

    #[must_use]
    pub fn after(self, after: AttemptPlace) -> Self {
        Self { after, ..self }
    }

    pub fn to_href(&self, batch: BatchId) -> String {
        BatchQuery { tab: Tab::Attempts, attempts: *self, ..BatchQuery::default() }.to_href(batch)
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::tests::{ID, id, params};
    use crate::console::query::{AttemptsQuery, BatchQuery, Tab};
    use crate::domain::attempt::{AttemptFilter, AttemptPlace, AttemptState};
    use crate::domain::failure::{FailureType, Party};

    #[test]
    fn reads_what_it_writes() {
        let filters = [
            AttemptFilter::default(),
            AttemptFilter::of_state(AttemptState::Succeeded),
            AttemptFilter::of_fault(Party::Provider, None),
            AttemptFilter::of_fault(Party::Platform, Some(FailureType::ParamError)),
        ];
        for filter in filters {
            for after in [AttemptPlace::default(), AttemptPlace { task: 17, attempt: 2 }, AttemptPlace { task: 20_001, attempt: 0 }] {
                let query = AttemptsQuery::only(filter).after(after);
                let read = BatchQuery::of(&params(&query.to_href(id())));
                assert_eq!((read.tab, read.attempts), (Tab::Attempts, query));
            }
        }
        assert_eq!(AttemptsQuery::default().to_href(id()), format!("/admin/batches/{ID}?tab=attempts"));
        assert_eq!(AttemptsQuery::of(&params("?state=asleep&party=nobody&failure=luck&after=17&after=-1.2")), AttemptsQuery::default());
    }
}
