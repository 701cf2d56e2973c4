//! Public ids: a prefix that says what it is, and a UUIDv7 in Crockford base32, so that ids sort by time.
//!
//! Inside the database rows join on BIGINT keys ([`Key`]); the public id is what customers, addresses and exports see.

use std::fmt;

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

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Symbols that 128 bits fill: 25 of 5 bits, and 3 bits at the left of the last one.
const SYMBOLS: usize = 26;
const SPARE_BITS: u32 = 2;
const SYMBOL_BITS: u32 = 5;

/// In Crockford base32. By hand, because the browser half would carry a whole library for it.
fn write_symbols(f: &mut fmt::Formatter<'_>, number: u128) -> fmt::Result {
    let symbol = |bits: u16| char::from(CROCKFORD[usize::from(bits & 31)]);
    let mut text = String::with_capacity(SYMBOLS);
    let (mut bits, mut held) = (0_u16, 0);
    for byte in number.to_be_bytes() {
        bits = (bits << 8) | u16::from(byte);
        held += 8;
        while held >= SYMBOL_BITS {
            held -= SYMBOL_BITS;
            text.push(symbol(bits >> held));
        }
    }
    text.push(symbol(bits << SPARE_BITS));
    f.write_str(&text)
}

/// `None` unless `text` is what would be written.
fn read_symbols(text: &str) -> Option<u128> {
    let digit = |symbol: &u8| CROCKFORD.iter().position(|known| known == symbol).and_then(|digit| u8::try_from(digit).ok());
    let (last, first) = text.as_bytes().split_last()?;
    if first.len() != SYMBOLS - 1 {
        return None;
    }
    let mut number = 0;
    for symbol in first {
        number = (number << SYMBOL_BITS) | u128::from(digit(symbol)?);
    }
    let last = digit(last)?;
    (last.trailing_zeros() >= SPARE_BITS).then_some((number << (SYMBOL_BITS - SPARE_BITS)) | u128::from(last >> SPARE_BITS))
}

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
                f.write_str($prefix)?;
                write_symbols(f, self.0)
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
                text.strip_prefix($prefix).and_then(read_symbols).map(Self).ok_or(NotAnId($prefix))
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
    /// Who works in the console.
    OperatorId "opr_";
    /// A sign-in of an operator, to be listed and ended. It opens nothing.
    SessionId "ses_";
    /// Everything that failed at an endpoint within a window, sent again.
    ReplayId "rpl_";
    /// A change of credits that waits for a second operator.
    CreditRequestId "crq_";
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
    /// BIGINT key of an operator's row.
    OperatorKey;
    /// BIGINT key of a replay's row.
    ReplayKey;
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

    /// As rows and tickets hold it since the first id was given.
    #[test]
    fn is_crockford_base32() {
        let text = "bat_00fkqz1b3r000000000000000g";
        assert_eq!(text.parse::<BatchId>().map(|id| id.to_string()).as_deref(), Ok(text));
        let mut spec = data_encoding::Specification::new();
        spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
        let library = spec.encoding().unwrap();
        for number in [0, 1, u128::MAX, u128::MAX / 3, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            assert_eq!(BatchId(number).to_string(), format!("bat_{}", library.encode(&number.to_be_bytes())));
            assert_eq!(BatchId(number).to_string().parse(), Ok(BatchId(number)));
        }
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
