//! Tests through the public doors: the HTTP API, the command line, the database, and the source itself.

mod architecture;
