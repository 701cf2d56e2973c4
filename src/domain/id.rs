//! Public ids: a prefix that says what it is, and a UUIDv7 in Crockford base32, so that ids sort by time.
//!
//! Inside the database rows join on BIGINT keys ([`Key`]); the public id is what customers, addresses and exports see.

use std::fmt;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Time;

/// Where the program gets randomness from. Tests and the demo use a seeded one.
pub trait Random: Send + Sync + fmt::Debug {
    fn fill(&self, bytes: &mut [u8]);
}

/// The text is not an id of the kind that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with {0}")]
pub struct NotAnId(pub &'static str);

static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    spec.encoding().expect("a constant alphabet of 32 symbols")
});

fn uuid_v7(now: Time, random: &dyn Random) -> u128 {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let ms = u64::try_from(now.micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid().as_u128()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub fn new(now: Time, random: &dyn Random) -> Self {
                Self(uuid_v7(now, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, CROCKFORD.encode(&self.0.to_be_bytes()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let body = text.strip_prefix($prefix).ok_or(NotAnId($prefix))?;
                let bytes = CROCKFORD.decode(body.as_bytes()).map_err(|_| NotAnId($prefix))?;
                bytes.try_into().map(|bytes| Self(u128::from_be_bytes(bytes))).map_err(|_| NotAnId($prefix))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// Who buys through the API.
    CustomerId "cus_";
    BatchId "bat_";
    /// An API key (not its secret).
    KeyId "key_";
    /// A ledger transaction.
    TransactionId "txn_";
    GrantId "grt_";
    EventId "evt_";
    /// Where a customer is told what happened.
    EndpointId "whe_";
    /// One event for one endpoint. It is the `webhook-id` that the receiver sees, through all attempts.
    DeliveryId "dlv_";
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
    )+};
}

keys! {
    /// BIGINT key of a customer's row. Never shown.
    CustomerKey;
    /// BIGINT key of a batch's row. Never shown.
    BatchKey;
    /// BIGINT key of a ledger transaction's row.
    TransactionKey;
    /// BIGINT key of a grant's row.
    GrantKey;
    /// BIGINT key of an API key's row.
    ApiKeyKey;
    /// BIGINT key of a worker's registration. Given once and never again: it is the fencing token of its leases.
    WorkerKey;
    /// BIGINT key of a route: one way to have one model made by one provider.
    RouteKey;
    /// BIGINT key of a model in the catalogue.
    ModelKey;
    /// BIGINT key of a catalogue price.
    PriceKey;
    /// BIGINT key of an event's row.
    EventKey;
    /// BIGINT key of an endpoint's row.
    EndpointKey;
    /// BIGINT key of a delivery's row.
    DeliveryKey;
}

/// A task's address inside the database: its batch and its number (dense, from 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskKey {
    pub batch: BatchKey,
    pub number: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let id = BatchId::new(Time::from_micros(1_795_000_000_000_000), &Fixed(7));
        let text = id.to_string();
        assert_eq!((text.len(), text.parse()), (30, Ok(id)));
    }

    #[test]
    fn sorts_by_time() {
        let earlier = BatchId::new(Time::from_micros(1_000_000), &Fixed(255));
        let later = BatchId::new(Time::from_micros(1_001_000), &Fixed(0));
        assert!(earlier < later && earlier.to_string() < later.to_string());
    }

    #[test]
    fn refuses_other_kinds_and_damaged_text() {
        let id = BatchId::new(Time::from_micros(1), &Fixed(1)).to_string();
        assert_eq!(id.parse::<CustomerId>(), Err(NotAnId("cus_")));
        for wrong in ["", "bat_", "bat_0", &id[..29], &format!("{id}0"), &id.replace("bat_0", "bat_u")] {
            assert!(wrong.parse::<BatchId>().is_err(), "{wrong}");
        }
    }
}
