//! The vocabulary and the rules. No I/O, no clock, no randomness: everything here is compiled for the server and for the
//! browser, and every rule is a function of its arguments.

pub mod access;
pub mod attempt;
pub mod audit;
pub mod batch;
pub mod batch_list;
pub mod billing;
pub mod books;
pub mod chain;
pub mod credits;
pub mod failure;
pub mod grant;
pub mod hold;
pub mod id;
pub mod key;
pub mod ledger;
pub mod money;
pub mod numbers;
pub mod offer;
pub mod overview;
pub mod page;
pub mod price;
pub mod saved_view;
pub mod search;
pub mod second_factor;
pub mod session;
pub mod share;
pub mod statement;
pub mod submission;
pub mod task;
pub mod time;
pub mod timeline;
pub mod webhook;
pub mod word;
