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

/// The other way round: the day, counted from 1970-01-01. What is no date is some other day.
const fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + 365 * year + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1 - 719_468
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
        moment_of(text.as_bytes()).ok_or(NotATime)
    }
}

/// RFC 3339, by hand for the same reason: `2026-11-22T09:14:07.5+08:00`. Digits below a microsecond are dropped; second 60 is
/// the one after 59, as POSIX counts.
fn moment_of(text: &[u8]) -> Option<Time> {
    let (date_and_time, rest) = text.split_at_checked(19)?;
    let [year, month, day, hour, minute, second] = fields(date_and_time, b"0000-00-00T00:00:00")?;
    let (micros, offset) = match rest {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, rest) = rest.split_at(digits);
            let micros = (0..6).fold(0, |sum, at| sum * 10 + fraction.get(at).map_or(0, |digit| i64::from(digit - b'0')));
            ((1..=9).contains(&digits).then_some(micros)?, rest)
        }
        rest => (0, rest),
    };
    let offset_s = match offset {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), clock @ ..] => {
            let [hours, minutes] = fields(clock, b"00:00")?;
            let seconds = (hours <= 23 && minutes <= 59).then_some(hours * 3_600 + minutes * 60)?;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let days = day_of(year, month, day);
    let is_real = (1..=12).contains(&month) && date_of(days) == (year, month, day) && hour <= 23 && minute <= 59 && second <= 60;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset_s;
    is_real.then_some(Time(seconds * 1_000_000 + micros))
}

/// The numbers at the zeros of `form`, when everything between them is as there.
fn fields<const N: usize>(text: &[u8], form: &[u8]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut at = 0;
    if text.len() != form.len() {
        return None;
    }
    for (byte, expected) in text.iter().zip(form) {
        match expected {
            b'0' => {
                let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
                *numbers.get_mut(at)? = numbers.get(at)? * 10 + digit;
            }
            _ if byte.eq_ignore_ascii_case(expected) => at += 1,
            _ => return None,
        }
    }
    Some(numbers)
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
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

    #[test]
    fn reads_what_a_library_would() {
        let dates = ["0000-01-01", "1969-12-31", "2024-02-29", "2000-02-29", "2026-12-31", "2026-11-22", "9999-12-30"];
        let clocks = ["00:00:00", "23:59:59", "23:59:59.999999999", "09:14:07.5", "09:14:07.1234567"];
        for (date, clock) in dates.iter().flat_map(|date| clocks.iter().map(move |clock| (date, clock))) {
            for offset in ["Z", "z", "+00:00", "+08:00", "-03:30", "+23:59", "-12:00"] {
                let text = format!("{date}T{clock}{offset}");
                let expected = text.parse::<jiff::Timestamp>().map(|moment| moment.as_microsecond());
                let floor = expected.ok().map(|micros| Time::from_micros(micros));
                assert_eq!(text.parse().ok(), floor, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "Z",
            "2026-11-22",
            "2026-11-22T09:14:07",
            "2026-11-22 09:14:07Z",
            "2026-11-22T09:14Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T09:60:00Z",
            "2026-11-22T09:14:61Z",
            "2026-11-22T09:14:07.Z",
            "2026-11-22T09:14:07.1234567890Z",
            "2026-11-22T09:14:07+8",
            "2026-11-22T09:14:07+24:00",
            "2026-11-22T09:14:07+08:60",
            "2026-11-22T09:14:07Z[UTC]",
            "+026-11-22T09:14:07Z",
            "２026-11-22T09:14:07Z",
        ] {
            assert_eq!(text.parse::<Time>(), Err(NotATime), "{text}");
        }
    }
}
