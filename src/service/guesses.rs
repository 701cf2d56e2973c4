//! Guesses: under which names tries are counted, and how long whoever makes too many waits.

use std::net::IpAddr;

use crate::domain::session::Patience;
use crate::store::{dialect, sign_ins};

use super::keys::sha256_hex;
use super::{Service, ServiceResult};

impl Service {
    /// Counts a try; gives the seconds to wait when there were too many.
    pub(super) async fn count(&self, counted: &Counted) -> ServiceResult<Option<i64>> {
        let now = self.now();
        let mut tx = self.db().write().await?;
        dialect::commit_without_waiting(&mut tx).await?;
        for (who, patience) in counted.all() {
            if let Err(free_at) = sign_ins::count(&mut tx, who, patience, now).await? {
                return Ok(Some((free_at.micros_since(now) / 1_000_000 + 1).max(1)));
            }
        }
        tx.commit().await?;
        Ok(None)
    }

    pub(super) async fn forgive(&self, counted: &Counted) -> ServiceResult<()> {
        let mut tx = self.db().write().await?;
        sign_ins::forgive(&mut tx, &counted.account).await?;
        if let Some(address) = &counted.address {
            sign_ins::take_back(&mut tx, address, self.now()).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Under which names a try is counted.
pub(super) struct Counted {
    /// The account from this address, or in a browser that it knows.
    account: String,
    /// All accounts from this address; not in a browser that is known.
    address: Option<String>,
}

impl Counted {
    pub(super) fn of(email: &str, address: Option<IpAddr>, device: Option<&str>) -> Self {
        let from = address.map_or_else(|| "nowhere".to_owned(), network);
        match device {
            Some(device) => Self::of_one(&format!("device {device} {email}")),
            None => Self { account: sha256_hex(&format!("account {email} {from}")), address: Some(sha256_hex(&format!("address {from}"))) },
        }
    }

    /// Under one name only, wherever it comes from.
    pub(super) fn of_one(name: &str) -> Self {
        Self { account: sha256_hex(name), address: None }
    }

    fn all(&self) -> impl Iterator<Item = (&str, Patience)> {
        let address = self.address.as_deref().map(|address| (address, Patience::ADDRESS));
        std::iter::once((self.account.as_str(), Patience::ACCOUNT)).chain(address)
    }
}

/// What one party can be expected to have: an IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
