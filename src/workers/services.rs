//! The services of a worker: claims, acceptances and ends each over database connections of their own.

use crate::service::Service;

use super::group;

/// Claims go on while the orders of the claim before are read.
const CLAIM_CONNECTIONS: u32 = 2;

/// They keep their connections while the worker registers anew.
#[derive(Clone, Debug)]
pub struct Services {
    /// For everything else: heartbeats never wait for claims or settlements.
    pub service: Service,
    pub claims: Service,
    pub accepts: Service,
    pub ends: Service,
}

impl From<Service> for Services {
    fn from(service: Service) -> Self {
        Self {
            claims: service.with_own_connections(CLAIM_CONNECTIONS),
            accepts: service.with_own_connections(group::LANES),
            ends: service.with_own_connections(group::LANES),
            service,
        }
    }
}
