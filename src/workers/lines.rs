//! The lines of a worker's work, each over database connections of its own.

use crate::service::Service;

use super::group;

/// Claims go on while the orders of the claim before are read.
const CLAIM_CONNECTIONS: u32 = 2;

/// The services of a worker. They keep their connections while it registers anew.
#[derive(Clone, Debug)]
pub struct Lines {
    /// Everything that is not in one of the lines: heartbeats never wait for them.
    pub service: Service,
    pub claims: Service,
    pub accepts: Service,
    pub ends: Service,
}

impl From<Service> for Lines {
    fn from(service: Service) -> Self {
        Self {
            claims: service.over_its_own(CLAIM_CONNECTIONS),
            accepts: service.over_its_own(group::LANES),
            ends: service.over_its_own(group::LANES),
            service,
        }
    }
}
