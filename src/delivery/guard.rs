//! The resolver that the connection uses: every address that a name leads to is looked at, and one that must not be reached
//! refuses the whole name. There is no second look-up that could say something else.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

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

#[derive(Clone, Copy, Debug)]
pub struct Guard(pub Subnets);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (subnets, name) = (self.0, name.as_str().to_owned());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect);
            let addresses: Vec<SocketAddr> = match found {
                Ok(addresses) => addresses,
                Err(error) => return Err(NoSuchName { name, source: Some(error) }.into()),
            };
            if let Some(blocked) = addresses.iter().find(|address| !subnets.may_reach(address.ip())) {
                return Err(Blocked { name, ip: blocked.ip() }.into());
            }
            if addresses.is_empty() {
                return Err(NoSuchName { name, source: None }.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_unless_an_operator_allows_it() {
        let name = || "localhost".parse::<Name>().unwrap();
        let Err(refused) = Guard(Subnets::default()).resolve(name()).await else { panic!("localhost was reached") };
        assert!(refused.downcast_ref::<Blocked>().is_some(), "{refused}");
        let allowed: Subnets = "127.0.0.0/8,::1/128".parse().unwrap();
        assert!(Guard(allowed).resolve(name()).await.is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_nowhere_says_so() {
        let Err(refused) = Guard(Subnets::default()).resolve("nobody.invalid".parse().unwrap()).await else { panic!("it has an address") };
        assert!(refused.downcast_ref::<NoSuchName>().is_some(), "{refused}");
    }
}
