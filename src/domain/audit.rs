//! The record of who did what: what a row says, and which rows are asked for.

use super::batch_list::Day;
use super::id::CustomerId;
use super::time::Time;
use super::word::words;

words! {
    /// What was done.
    Deed {
        CustomerAdded = "customer.added",
        CreditsGranted = "credits.granted",
        CreditsTakenBack = "credits.taken_back",
        CreditsAsked = "credits.asked",
        CreditsApproved = "credits.approved",
        CreditsDeclined = "credits.declined",
        TasksRefunded = "tasks.refunded",
        BatchCanceled = "batch.canceled",
        BooksCompared = "books.compared",
        ViewSaved = "view.saved",
        ViewDeleted = "view.deleted",
        EndpointAdded = "endpoint.added",
        EndpointChanged = "endpoint.changed",
        EndpointEnabled = "endpoint.enabled",
        EndpointDisabled = "endpoint.disabled",
        EndpointDeleted = "endpoint.deleted",
        EndpointTested = "endpoint.tested",
        SecretRotated = "endpoint.secret_rotated",
        DeliveriesResent = "deliveries.resent",
        ReplayStarted = "replay.started",
        ReplayAborted = "replay.aborted",
        KeyAdded = "key.added",
        KeyRevoked = "key.revoked",
        KeyRefused = "key.refused",
        OperatorAdded = "operator.added",
        OperatorChanged = "operator.changed",
        OperatorDisabled = "operator.disabled",
        OperatorEnabled = "operator.enabled",
        PasswordSet = "operator.password_set",
        SecondFactorSet = "operator.second_factor_set",
        SecondFactorRemoved = "operator.second_factor_removed",
        LinkMade = "operator.link_made",
        TokenAdded = "token.added",
        TokenRevoked = "token.revoked",
        SignedIn = "session.started",
        SignInRefused = "session.refused",
        CodeAsked = "session.code_asked",
        PasswordAsked = "session.proven",
        SessionEnded = "session.ended",
        SettingChanged = "setting.changed",
    }
}

words! {
    /// On what it was done.
    ObjectKind {
        Customer = "customer",
        Batch = "batch",
        Grant = "grant",
        Key = "api_key",
        Endpoint = "webhook_endpoint",
        Delivery = "webhook_delivery",
        Replay = "webhook_replay",
        View = "view",
        Operator = "operator",
        Session = "session",
        Token = "token",
        CreditRequest = "credit_request",
        Setting = "setting",
    }
}

words! {
    /// What kind of who.
    ActorKind {
        Operator = "operator",
        /// Whoever runs the program's commands.
        Command = "command",
        /// A customer's key.
        Key = "key",
        /// Somebody who was not let in.
        Nobody = "nobody",
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Rows are numbered in the order in which they were written, with gaps.
    pub number: i64,
    pub at: Time,
    pub actor_kind: ActorKind,
    /// `opr_…` or `key_…`, where it has one.
    pub actor_id: Option<String>,
    /// As it was called then.
    pub actor: String,
    pub deed: Deed,
    pub object_kind: ObjectKind,
    /// Public id.
    pub object: Option<String>,
    /// Whose rows these are.
    pub customer: Option<CustomerId>,
    /// JSON: what changed, as it was.
    pub before: Option<String>,
    /// JSON: what changed, as it is.
    pub after: Option<String>,
    pub reason: Option<String>,
    pub request_id: Option<String>,
    pub address: Option<String>,
}

/// Which rows are asked for. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Name or id of whoever did it, whole.
    pub who: String,
    pub deed: Option<Deed>,
    /// Id of a thing or of a customer, whole.
    pub object: String,
    /// First and last day, UTC.
    pub from: Option<Day>,
    pub to: Option<Day>,
    /// A parameter that cannot be read: nothing matches it.
    pub unreadable: Option<(String, String)>,
}

/// Longer texts are cut: nothing is called so.
const TEXT_MAX_CHARS: usize = 200;

impl AuditFilter {
    /// From the parameters of an address.
    pub fn read(params: &dyn Fn(&str) -> Option<String>) -> Self {
        let text = |name| params(name).map(|text| text.trim().chars().take(TEXT_MAX_CHARS).collect::<String>()).unwrap_or_default();
        let mut unreadable = None;
        let deed = word(&text("action"), "action", &mut unreadable);
        let from = word(&text("from"), "from", &mut unreadable);
        let to = word(&text("to"), "to", &mut unreadable);
        Self { who: text("who"), deed, object: text("object"), from, to, unreadable }
    }

    /// Back to the parameters; what is not asked for is left out.
    pub fn parameters(&self) -> [(&'static str, Option<String>); 5] {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let raw = |name: &str| self.unreadable.as_ref().filter(|(unread, _)| unread == name).map(|(_, value)| value.clone());
        [
            ("who", text(&self.who)),
            ("action", self.deed.map(|deed| deed.to_string()).or_else(|| raw("action"))),
            ("object", text(&self.object)),
            ("from", self.from.map(|day| day.to_string()).or_else(|| raw("from"))),
            ("to", self.to.map(|day| day.to_string()).or_else(|| raw("to"))),
        ]
    }
}

fn word<T: std::str::FromStr>(text: &str, name: &str, unreadable: &mut Option<(String, String)>) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let read = text.parse().ok();
    if read.is_none() {
        *unreadable = Some((name.to_owned(), text.to_owned()));
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_its_parameters() {
        let filter = AuditFilter {
            who: "anna@example.com".to_owned(),
            deed: Some(Deed::KeyRevoked),
            object: "key_1".to_owned(),
            from: "2026-11-01".parse().ok(),
            to: "2026-11-30".parse().ok(),
            unreadable: None,
        };
        let parameters = filter.parameters();
        let read = |name: &str| parameters.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.clone());
        assert_eq!(AuditFilter::read(&read), filter);
        assert_eq!(AuditFilter::read(&|_| None), AuditFilter::default());
    }

    #[test]
    fn what_cannot_be_read_is_said_and_kept() {
        let filter = AuditFilter::read(&|name| (name == "action").then(|| "theft".to_owned()));
        assert_eq!(filter.unreadable, Some(("action".to_owned(), "theft".to_owned())));
        assert_eq!(filter.parameters()[1], ("action", Some("theft".to_owned())));
    }
}
