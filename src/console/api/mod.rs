//! What the pages show, and what their forms do: one file per page. A body asks a service and turns its answer into what the page
//! shows; it has no SQL and no rules. What is read is a plain function, because pages are written on the server alone. What
//! changes something is a server function with the default encoding, for `<form method="post">`s that need no script.

pub mod account;
pub mod approvals;
pub mod audit;
pub mod batch;
pub mod batches;
mod credit_form;
pub mod credits;
pub mod customer;
pub mod customers;
pub mod endpoints;
mod error;
mod looked_at;
pub mod operators;
pub mod overview;
pub mod refusal;
pub mod replays;
pub mod request;
pub mod search;
pub mod webhooks;

pub use error::ConsoleError;
