//! The running server: configuration, clock, randomness, log, database, web and orderly end. Puts the layers together and has
//! no rules of its own.

pub mod account;
pub mod clock;
pub mod config;
pub mod connections;
pub mod content;
pub mod guard;
pub mod health;
pub mod keys;
pub mod oidc;
pub mod preferences;
pub mod random;
pub mod shutdown;
pub mod sign_in;
pub mod site;
pub mod state;
pub mod telemetry;
pub mod upstreams;
pub mod web;
pub mod zones;
