//! Batchbook keeps the books on every batch of AI video generation sold by prepaid credits.
//!
//! This file holds the only feature gates: `ssr` is the server, `hydrate` the browser half.

pub mod domain;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
pub mod delivery;
#[cfg(feature = "ssr")]
pub mod providers;
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

/// The console as the server has it: all of it. Pages are written there alone.
#[cfg(not(feature = "hydrate"))]
pub mod console;
/// The console as browsers have it: the frame around the pages, and what moves.
#[cfg(feature = "hydrate")]
#[path = "console/in_browser.rs"]
pub mod console;
