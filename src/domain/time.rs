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
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        let (year, month, day) = date_of(seconds.div_euclid(86_400));
        if !(0..=9_999).contains(&year) {
            return write!(f, "{}µs", self.0);
        }
        let second = seconds.rem_euclid(86_400);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)?;
        if micros > 0 {
            let digits = format!("{micros:06}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. By hand, because the browser half would
/// carry a whole library for it. Years begin in March here, so that the day that is sometimes there is their last one; 400 of
/// them are always 146,097 days.
const fn date_of(day: i64) -> (i64, i64, i64) {
    let from_march_of_year_0 = day + 719_468;
    let (era, day) = (from_march_of_year_0.div_euclid(146_097), from_march_of_year_0.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day)
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
    fn writes_what_a_library_would() {
        let years = (0..9_999).step_by(7).map(|year| year * 31_556_952 - 62_135_596_800);
        let corners = [0, -1, 951_782_400, 951_868_799, 951_868_800, 1_709_164_800, 4_107_542_400, 253_402_207_200];
        for (index, second) in years.chain(corners).enumerate() {
            let time = Time::from_micros(second * 1_000_000 + [0, 1, 500_000, 123_450][index % 4]);
            let expected = jiff::Timestamp::from_microsecond(time.0).map(|moment| moment.to_string());
            assert_eq!(Some(time.to_string()), expected.ok());
        }
        assert_eq!(Time::from_micros(i64::MAX).to_string(), format!("{}µs", i64::MAX));
    }

    #[test]
    fn reads_what_it_writes() {
        let moment = Time::from_micros(1_795_000_000_123_456);
        assert_eq!(moment.to_string().parse(), Ok(moment));
        assert_eq!("2026-11-22T09:14:07Z".parse::<Time>().map(|t| t.to_string()).as_deref(), Ok("2026-11-22T09:14:07Z"));
        assert_eq!("yesterday".parse::<Time>(), Err(NotATime));
    }
}
