//! What the page of a batch shows: one function per part that is loaded on its own.

mod actions;
mod attempts;
mod billing;
mod overview;
mod refund;
mod tasks;
mod timeline;
mod webhooks;

pub use self::actions::{CancelOffer, cancel_batch, compare_batch, read_cancel_offer, read_ticket};
pub use self::attempts::{AttemptsPage, read_attempts};
pub use self::billing::{BillingPage, DrawRow, EntryRow, LinesPage, TransactionRow, read_billing};
pub use self::overview::{BatchSummary, Canceled, FailureRow, OrderedModel, Source, read_batch};
pub use self::refund::{ReadyRefund, RefundOffer, RefundProblem, read_refund_offer, refund_batch};
pub use self::tasks::{AttemptRow, DrawnFrom, Proof, ProofStep, TaskDetail, TasksPage, read_task, read_tasks};
pub use self::timeline::{TimelinePage, read_timeline};
pub use self::webhooks::{BatchWebhooks, read_webhooks};
