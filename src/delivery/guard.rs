//! The resolver that the connection uses: every address that a name leads to is looked at, and one that must not be reached
//! refuses the whole name. There is no second look-up that could say something else.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::{fmt, io};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::webhook::target::Subnets;

/// A name leads to an address that the client does not go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub name: String,
    pub ip: IpAddr,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} leads to {}, which is not on the public internet", self.name, self.ip)
    }
}

impl std::error::Error for Blocked {}

/// A name leads nowhere.
#[derive(Debug)]
pub struct NoSuchName {
    pub name: String,
    pub source: Option<std::io::Error>,
}

impl fmt::Display for NoSuchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(error) => write!(f, "{} has no address: {error}", self.name),
            None => write!(f, "{} has no address", self.name),
        }
    }
}

impl std::error::Error for NoSuchName {}

/// Where names lead to.
#[async_trait]
pub trait LookUp: Send + Sync + fmt::Debug {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the system says.
#[derive(Clone, Copy, Debug)]
pub struct SystemNames;

#[async_trait]
impl LookUp for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

#[derive(Clone, Debug)]
pub struct Guard {
    pub subnets: Subnets,
    pub names: Arc<dyn LookUp>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (subnets, names, name) = (self.subnets, Arc::clone(&self.names), name.as_str().to_owned());
        Box::pin(async move {
            let addresses = match names.addresses(&name).await {
                Ok(addresses) => addresses,
                Err(error) => return Err(NoSuchName { name, source: Some(error) }.into()),
            };
            if let Some(ip) = addresses.iter().copied().find(|ip| !subnets.may_reach(*ip)) {
                return Err(Blocked { name, ip }.into());
            }
            if addresses.is_empty() {
                return Err(NoSuchName { name, source: None }.into());
            }
            Ok(Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(subnets: &str) -> Guard {
        Guard { subnets: subnets.parse().unwrap(), names: Arc::new(SystemNames) }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_unless_an_operator_allows_it() {
        let name = || "localhost".parse::<Name>().unwrap();
        let Err(refused) = guard("").resolve(name()).await else { panic!("localhost was reached") };
        assert!(refused.downcast_ref::<Blocked>().is_some(), "{refused}");
        assert!(guard("127.0.0.0/8,::1/128").resolve(name()).await.is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_nowhere_says_so() {
        let Err(refused) = guard("").resolve("nobody.invalid".parse().unwrap()).await else { panic!("it has an address") };
        assert!(refused.downcast_ref::<NoSuchName>().is_some(), "{refused}");
    }
}
