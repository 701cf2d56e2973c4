//! Sending webhooks: the signature, the guarded client, and what each answer means. It reads no database and decides nothing
//! about trying again.

mod client;
mod guard;
mod signature;

pub use client::{BadClient, Client, Reply, Request};
pub use guard::LookUp;
pub use signature::sign;
