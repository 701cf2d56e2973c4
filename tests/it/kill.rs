//! Bad luck: real worker processes are killed, stopped, sent away and cut off from their database, and the books close all the
//! same. Every test counts on the timing of processes; `.config/nextest.toml` runs them one at a time.

mod cluster;
mod deaths;
mod leases;
mod letters;
mod outage;
mod proxy;
mod share;
mod world;
