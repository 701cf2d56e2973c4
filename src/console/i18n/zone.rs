//! The time zone that moments are shown in.
//!
//! The server writes every moment, in the zone that is preferred, whatever zone the browser's own machine is in. It works out when
//! the clocks of a zone were and will be put forward or back, and keeps that for as long as it runs: a few numbers.

use std::borrow::Cow;

use crate::domain::time::Time;

/// When the clocks of a zone are how far from UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneTable {
    /// As the IANA database calls it: `Europe/Berlin`.
    pub name: Cow<'static, str>,
    /// From which second since 1970 on clocks are how many seconds ahead of UTC; oldest first. The first one holds for all time
    /// before it too, the last one for all time after it.
    pub shifts: Vec<(i64, i32)>,
}

/// A zone, cheap to pass on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(&'static ZoneTable);

impl Zone {
    pub const UTC: Self = {
        static UTC: ZoneTable = ZoneTable { name: Cow::Borrowed("UTC"), shifts: Vec::new() };
        Self(&UTC)
    };

    /// The table lives as long as the program: whoever makes one sees to it that there are not ever more of them.
    pub const fn of(table: &'static ZoneTable) -> Self {
        Self(table)
    }

    pub fn name(self) -> &'static str {
        &self.0.name
    }

    pub fn is_utc(self) -> bool {
        self.0.shifts.is_empty()
    }

    /// `UTC`, or how far clocks are ahead of it: `+08`, `+05:30`, `-03`. Letters are not used: CST is in China and in Chicago.
    pub fn mark(self, time: Time) -> Cow<'static, str> {
        if self.is_utc() {
            return Cow::Borrowed("UTC");
        }
        let ahead_s = self.ahead_s(time);
        let sign = if ahead_s < 0 { '-' } else { '+' };
        let (hours, minutes) = (ahead_s.abs() / 3_600, ahead_s.abs() / 60 % 60);
        Cow::Owned(if minutes == 0 { format!("{sign}{hours:02}") } else { format!("{sign}{hours:02}:{minutes:02}") })
    }

    /// What the clocks of the zone showed at that moment, as if it were UTC.
    pub(super) fn wall(self, time: Time) -> Time {
        time.plus_s(i64::from(self.ahead_s(time)))
    }

    fn ahead_s(self, time: Time) -> i32 {
        let shifts = &self.0.shifts;
        let passed = shifts.partition_point(|(from_s, _)| *from_s <= time.micros().div_euclid(1_000_000));
        shifts.get(passed.saturating_sub(1)).map_or(0, |(_, ahead_s)| *ahead_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(shifts: &[(i64, i32)]) -> Zone {
        Zone(Box::leak(Box::new(ZoneTable { name: "Test/Zone".into(), shifts: shifts.to_vec() })))
    }

    #[test]
    fn a_shift_holds_from_its_second_on() {
        let berlin = zone(&[(0, 3_600), (1_774_746_000, 7_200), (1_792_890_000, 3_600)]);
        let mark = |s: i64| berlin.mark(Time::from_micros(s * 1_000_000)).into_owned();
        assert_eq!([mark(-1), mark(0), mark(1_774_745_999), mark(1_774_746_000)], ["+01", "+01", "+01", "+02"]);
        assert_eq!([mark(1_792_889_999), mark(1_792_890_000), mark(9_000_000_000)], ["+02", "+01", "+01"]);
        assert_eq!(berlin.mark(Time::from_micros(1_774_746_000_000_000 - 1)), "+01", "the microsecond before");
    }

    #[test]
    fn marks_say_minutes_only_where_there_are_some() {
        let mark = |ahead_s| zone(&[(0, ahead_s)]).mark(Time::from_micros(0)).into_owned();
        assert_eq!([mark(19_800), mark(-12_600), mark(-10_800), mark(0)], ["+05:30", "-03:30", "-03", "+00"]);
        assert_eq!(Zone::UTC.mark(Time::from_micros(0)), "UTC");
    }
}
