//! Tests through the public doors: the HTTP API, the command line, the database, and the source itself.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure, and says where")]

mod access;
mod api;
mod app;
mod architecture;
mod attempts;
mod audit;
mod batch_list;
mod batch_page;
mod books;
mod chain;
mod console;
mod content;
mod crowd;
mod customers;
mod database;
mod documents;
mod guides;
mod keys;
mod kill;
mod operator_credits;
mod overview;
mod plans;
mod postgres;
mod preferences;
mod pressure;
mod pricing;
mod process;
mod search;
mod statements;
mod strays;
mod tasks;
mod webhooks;
