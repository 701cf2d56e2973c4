//! Tests through the public doors: the HTTP API, the command line, the database, and the source itself.

mod api;
mod app;
mod architecture;
mod books;
mod database;
mod kill;
mod postgres;
mod process;
