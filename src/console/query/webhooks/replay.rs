//! `/admin/webhooks/replays/new?endpoint=whe_…&from=…&to=…`: the form of a replay, and its preview; `/admin/webhooks/replays/rpl_…`

use super::super::{Href, Params};
use super::{WebhooksQuery, id_in};
use crate::domain::id::{EndpointId, ReplayId};
use crate::domain::word::words;

words! {
    /// Why a replay was not started.
    ReplayProblem {
        NoReason = "no_reason",
        /// The endpoint is disabled.
        Disabled = "disabled",
        /// Another one runs at this endpoint.
        Running = "running",
        /// The preview is old, or nothing of it is left to be sent.
        Stale = "stale",
    }
}

/// What was typed into the form, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayForm {
    pub endpoint: String,
    pub from: String,
    pub to: String,
    pub kind: String,
    pub failed_as: String,
    pub problem: Option<ReplayProblem>,
}

/// A replay, or the form of one that is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayPlace {
    /// As it stands in the address: perhaps not an id.
    pub id: String,
    pub form: ReplayForm,
}

impl ReplayPlace {
    const SECTION: &'static str = "/replays/";
    /// Stands where an id would: no id is like it.
    const NEW: &'static str = "new";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        let id = id_in(path, Self::SECTION)?;
        let text = |name| params(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        let form = ReplayForm {
            endpoint: text("endpoint"),
            from: text("from"),
            to: text("to"),
            kind: text("type"),
            failed_as: text("failed_as"),
            problem: params("problem").and_then(|word| word.parse().ok()),
        };
        Some(Self { id, form })
    }

    pub fn is_new(&self) -> bool {
        self.id == Self::NEW
    }

    pub fn href(id: ReplayId) -> String {
        format!("{}{}{id}", WebhooksQuery::PATH, Self::SECTION)
    }

    /// Where the form is, and where it is sent to.
    pub fn path_new() -> String {
        format!("{}{}{}", WebhooksQuery::PATH, Self::SECTION, Self::NEW)
    }

    pub fn href_new(form: &ReplayForm) -> String {
        let mut href = Href::to(Self::path_new());
        let fields =
            [("endpoint", &form.endpoint), ("from", &form.from), ("to", &form.to), ("type", &form.kind), ("failed_as", &form.failed_as)];
        for (name, value) in fields {
            href.with(name, (!value.is_empty()).then_some(value));
        }
        href.with("problem", form.problem);
        href.0
    }

    pub fn href_of_endpoint(id: EndpointId) -> String {
        Self::href_new(&ReplayForm { endpoint: id.to_string(), ..ReplayForm::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::query::tests::params;

    #[test]
    fn a_form_reads_what_it_writes() {
        let form = ReplayForm {
            endpoint: "whe_00fkqz1b3r000000000000000g".to_owned(),
            from: "2026-11-20".to_owned(),
            to: "2026-11-25T10:00:00Z".to_owned(),
            kind: "batch.partial".to_owned(),
            failed_as: "exhausted".to_owned(),
            problem: Some(ReplayProblem::NoReason),
        };
        for form in [ReplayForm::default(), form] {
            let href = ReplayPlace::href_new(&form);
            let place = ReplayPlace::at(href.split('?').next().unwrap(), &params(&href)).unwrap();
            assert!(place.is_new() && place.form == form, "{place:?}");
        }
        let id = "rpl_00fkqz1b3r000000000000000g";
        let place = ReplayPlace::at(&ReplayPlace::href(id.parse().unwrap()), &params("")).unwrap();
        assert!(place.id == id && !place.is_new());
    }
}
