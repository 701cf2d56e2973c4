//! What the page of a batch shows: one function per part that is loaded on its own.

mod actions;
mod attempts;
mod billing;
mod overview;
mod refund;
mod tasks;
mod timeline;
mod webhooks;

pub use self::actions::{CancelOffer, ReadCancelOffer, ReadTicket, cancel_batch, compare_batch};
pub use self::attempts::{AttemptsPage, ReadAttempts};
pub use self::billing::{BillingPage, DrawRow, EntryRow, LinesPage, ReadBilling, TransactionRow};
pub use self::overview::{BatchSummary, Canceled, FailureRow, OrderedModel, ReadBatch, Source, read_batch};
pub use self::refund::{ReadRefundOffer, ReadyRefund, RefundOffer, RefundProblem, refund_batch};
pub use self::tasks::{AttemptRow, DrawnFrom, Proof, ProofStep, ReadTask, ReadTasks, TaskDetail, TaskRow, TasksPage};
pub use self::timeline::{ReadTimeline, TimelinePage};
pub use self::webhooks::{BatchWebhooks, ReadWebhooks};
