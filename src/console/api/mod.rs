//! What the pages ask the server for: one file per page. A body asks a service and turns its answer into what the page shows;
//! it has no SQL and no rules. Server-only names stay inside the bodies, which are compiled out in the browser.
//!
//! A function that reads says `#[server(prefix = "/admin/data", endpoint = "…", protocol = Wire)]`: its arguments and its answer
//! travel in the form of [`wire`], the only one that the browser half can read. They derive `Serialize` and `Deserialize` with
//! no attributes that leave fields out, and hold no floats. A page does not call the function: it loads it, by the name of its
//! arguments, `let tasks = load(move || (ReadTasks { id: id.get(), page, size }, clock.tick()))`, and awaits it in a `Suspend`;
//! it gets an `Arc`, so nothing needs `Clone`. JSON resources (`Resource::new`), the default encodings of `#[server]` and
//! `ActionForm` bring their JSON, their query strings and fifty kilobytes into the browser half: a function that changes something keeps
//! the default encoding, for plain `<form method="post">`s.

pub mod account;
pub mod approvals;
pub mod audit;
pub mod batch;
pub mod batches;
pub mod credits;
pub mod customer;
pub mod customers;
pub mod endpoints;
mod error;
mod load;
pub mod operators;
pub mod overview;
mod protocol;
pub mod replays;
pub mod search;
pub mod webhooks;
pub mod wire;

pub use error::ConsoleError;
pub use load::{Loaded, load, load_if};
pub use wire::Wire;
