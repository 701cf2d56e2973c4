//! What the pages ask the server for: one file per page. A body asks a service and turns its answer into what the page shows;
//! it has no SQL and no rules. Server-only names stay inside the bodies, which are compiled out in the browser.

pub mod batch;
pub mod batches;
pub mod customer;
pub mod customers;
mod error;
pub mod search;

pub use error::ConsoleError;
