//! The use cases, called alike by `api/`, `console/api/`, `workers/` and `cli/`. Each owns its database transaction; none
//! calls the network.
//!
//! A [`Service`] acts for somebody ([`By`]). What operators do begins with [`Service::may`], and is recorded as done by
//! [`Service::by`]. The web's service acts for nobody, who may do nothing: only the door, which knows who has signed in, makes
//! one that acts for an operator. What customers do begins with a [`Caller`], and what both do with a [`Reader`].

use std::sync::Arc;

use tokio::sync::Notify;

use crate::domain::access::{Action, By};
use crate::domain::batch::TASKS_MAX;
use crate::domain::credits::Credits;
use crate::domain::id::{CustomerKey, Random};
use crate::domain::key::KeyPrefix;
use crate::domain::page::PageSize;
use crate::domain::time::{Clock, Time};
use crate::domain::webhook::Schedule;
use crate::domain::webhook::target::Subnets;
use crate::store::{Db, Tx};

pub mod adjustments;
pub mod attempts;
pub mod audit;
pub mod batch_list;
pub mod batches;
pub mod billing;
pub mod books;
pub mod cancel;
pub mod chain;
pub mod credit_requests;
pub mod customers;
pub mod deliveries;
pub mod dispatch;
pub mod endpoints;
pub mod error;
pub mod events;
pub mod grants;
mod guesses;
pub mod introductions;
pub mod keys;
pub mod ledger;
pub mod notify;
pub mod offer;
pub mod once;
pub mod operators;
pub mod outcomes;
pub mod overview;
mod passwords;
pub mod qr_code;
pub mod refunds;
pub mod replays;
pub mod saved_views;
pub mod search;
pub mod second_factors;
pub mod sessions;
pub mod settle;
pub mod statements;
pub mod submit;
pub mod tasks;
pub mod timeline;
mod totp;
pub mod usage;
pub mod verify;
pub mod workers;

pub use error::{ServiceError, ServiceResult};
pub use keys::Caller;

/// What the deployment allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tasks in one batch at most.
    pub tasks_max: usize,
    /// Subnets that addresses chosen by others may lead to although they are not public.
    pub subnets: Subnets,
    /// An operator who changes more credits than these needs a second one to approve it.
    pub approval_over: Option<Credits>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tasks_max: TASKS_MAX, subnets: Subnets::default(), approval_over: None }
    }
}

/// How webhooks are sent, as far as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    pub schedule: Schedule,
    /// Begins the links in webhooks.
    pub public_url: String,
}

/// The use cases, what they need, and whom they are done for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service {
    inner: Arc<Inner>,
    db: Db,
    by: Arc<By>,
}

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    limits: Limits,
    sending: Sending,
    /// Wakes the workers of this process.
    work: Notify,
    /// Wakes the webhook sender of this process.
    letters: Notify,
    /// Sums of the first page that were read a moment ago.
    reports: overview::Kept,
    /// What the ledger said of batches that were looked at.
    added_up: books::AddedUp,
    passwords: passwords::Passwords,
    /// Uses of keys that are not written down yet.
    usage: usage::Usage,
}

/// Who asks: a customer sees its own rows, an operator all.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// With the key that it sent.
    Customer(CustomerKey, KeyPrefix),
    /// Whoever the service acts for.
    Operator,
}

impl Reader {
    const fn customer(self) -> Option<CustomerKey> {
        match self {
            Self::Customer(key, _) => Some(key),
            Self::Operator => None,
        }
    }

    /// What the books call whoever asks.
    fn actor(self, service: &Service) -> String {
        match self {
            Self::Customer(_, prefix) => prefix.to_string(),
            Self::Operator => service.by().to_string(),
        }
    }

    /// Records what an operator did. What a customer does with its own is told by the timeline and the ledger.
    async fn note(self, service: &Service, tx: &mut Tx, note: audit::Note<'_>) -> ServiceResult<()> {
        match self {
            Self::Customer(..) => Ok(()),
            Self::Operator => service.note(tx, note).await,
        }
    }

    /// A customer may do what it likes with its own; an operator what the role allows.
    fn may(self, service: &Service, action: Action) -> ServiceResult<()> {
        match self {
            Self::Customer(..) => Ok(()),
            Self::Operator => service.may(action),
        }
    }
}

impl From<&Caller> for Reader {
    fn from(caller: &Caller) -> Self {
        Self::Customer(caller.customer, KeyPrefix::new(&caller.api_key_prefix))
    }
}

/// Rows of a list, and whether there are more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    pub has_more: bool,
}

impl<T> Listed<T> {
    /// From up to one row more than was asked for.
    fn of(mut rows: Vec<T>, size: PageSize) -> Self {
        let max = usize::try_from(size.get()).unwrap_or(usize::MAX);
        let has_more = rows.len() > max;
        rows.truncate(max);
        Self { rows, has_more }
    }
}

impl Service {
    /// Acts for our own workers.
    pub fn new(db: Db, clock: Arc<dyn Clock>, random: Arc<dyn Random>, limits: Limits) -> Self {
        let inner = Inner {
            clock,
            random,
            limits,
            sending: Sending::default(),
            work: Notify::new(),
            letters: Notify::new(),
            reports: overview::Kept::default(),
            added_up: books::AddedUp::default(),
            passwords: passwords::Passwords::new(),
            usage: usage::Usage::default(),
        };
        Self { inner: Arc::new(inner), db, by: Arc::new(By::WORKERS) }
    }

    /// How webhooks are sent here; to be said before the service is cloned.
    #[must_use]
    pub fn with_sending(mut self, sending: Sending) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.sending = sending;
        }
        self
    }

    /// The same services, for somebody else.
    #[must_use]
    pub fn acting_for(&self, by: By) -> Self {
        Self { by: Arc::new(by), ..self.clone() }
    }

    /// The same services, over so many database connections of their own at most.
    #[must_use]
    pub fn with_own_connections(&self, connections_max: u32) -> Self {
        Self { db: self.db.with_own_connections(connections_max), ..self.clone() }
    }

    /// Who acts.
    pub fn by(&self) -> &By {
        &self.by
    }

    /// Refuses unless whoever acts may do this.
    pub fn may(&self, action: Action) -> ServiceResult<()> {
        Ok(self.by.may(action)?)
    }

    /// The same for a preview of it.
    pub fn may_prepare(&self, action: Action) -> ServiceResult<()> {
        Ok(self.by.may_prepare(action)?)
    }

    pub fn now(&self) -> Time {
        self.inner.clock.now()
    }

    pub fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    fn sending(&self) -> &Sending {
        &self.inner.sending
    }

    const fn db(&self) -> &Db {
        &self.db
    }

    fn random(&self) -> &dyn Random {
        self.inner.random.as_ref()
    }

    /// Returns when somebody in this process made work.
    pub async fn work_was_made(&self) {
        self.inner.work.notified().await;
    }

    fn announce_work(&self) {
        self.inner.work.notify_one();
    }

    /// Returns when somebody in this process made something to send.
    pub async fn delivery_was_made(&self) {
        self.inner.letters.notified().await;
    }

    fn announce_delivery(&self) {
        self.inner.letters.notify_one();
    }

    /// Returns at every announcement of work by another process; never, where there are none.
    pub async fn listen_for_work(&self) -> ServiceResult<Option<crate::store::wake::Listener>> {
        Ok(crate::store::wake::Listener::connect(self.db()).await?)
    }

    /// Answers when the database does.
    pub async fn ping(&self) -> ServiceResult<()> {
        Ok(self.db().ping().await?)
    }
}
