//! Batchbook keeps the books on every batch of AI video generation sold by prepaid credits.
//!
//! This file holds the only feature gates: `ssr` is the server, `hydrate` the browser half.

pub mod console;
pub mod domain;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
#[path = "console/api/credit_form.rs"]
mod credit_form;
#[cfg(feature = "ssr")]
pub mod delivery;
#[cfg(feature = "ssr")]
pub mod providers;
#[cfg(feature = "ssr")]
#[path = "console/api/refusal.rs"]
mod refusal;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod site;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod workers;

#[cfg(feature = "hydrate")]
#[path = "console/api/asked_over_http.rs"]
pub mod asked;
#[cfg(not(feature = "hydrate"))]
#[path = "console/api/asked_in_process.rs"]
pub mod asked;
#[cfg(feature = "hydrate")]
#[path = "console/browser.rs"]
pub mod browser;
#[cfg(not(feature = "hydrate"))]
#[path = "console/no_browser.rs"]
pub mod browser;
#[cfg(feature = "hydrate")]
#[path = "console/hydrate.rs"]
pub mod hydrate;
