//! Time: microseconds since 1970 in UTC. Nothing reads the clock by itself: time is a parameter, or comes from a [`Clock`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, in microseconds. On the wire RFC 3339 (`2026-11-22T09:14:07.123456Z`), in the database a BIGINT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The text is not an RFC 3339 moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a moment in RFC 3339, like 2026-11-22T09:14:07Z")]
pub struct NotATime;

/// Where the program gets the time from. Tests move a manual one.
pub trait Clock: Send + Sync + fmt::Debug {
    fn now(&self) -> Time;
}

impl Time {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        self.plus_micros(ms.saturating_mul(1_000))
    }

    #[must_use]
    pub const fn plus_s(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds from `earlier` to `self`; negative when `earlier` is the later one.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "{}µs", self.0),
        }
    }
}

impl std::str::FromStr for Time {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_microsecond())).map_err(|_| NotATime)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let moment = Time::from_micros(1_795_000_000_123_456);
        assert_eq!(moment.to_string().parse(), Ok(moment));
        assert_eq!("2026-11-22T09:14:07Z".parse::<Time>().map(|t| t.to_string()).as_deref(), Ok("2026-11-22T09:14:07Z"));
        assert_eq!("yesterday".parse::<Time>(), Err(NotATime));
    }
}
