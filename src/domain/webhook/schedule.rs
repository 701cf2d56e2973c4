//! When a delivery is tried, and tried again: ten tries in about three days, unless configured otherwise.

use std::str::FromStr;

use super::super::time::Time;

/// Tries at most that can be configured.
const TRIES_MAX: usize = 30;
/// The longest pause that can be configured.
const PAUSE_MAX_S: i64 = 7 * 24 * 3_600;
/// At least so much more than the schedule's own pause may be asked for with `Retry-After`.
const RETRY_AFTER_EXTRA_S: i64 = 600;
const JITTER_MAX_S: i64 = 900;

/// Pauses before each try, in seconds. The first is nearly always 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<i64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a schedule: 1 to {TRIES_MAX} whole numbers of seconds from 0 to {PAUSE_MAX_S}, separated by commas")]
pub struct BadSchedule;

impl Default for Schedule {
    /// 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: the example of the Standard Webhooks specification.
    fn default() -> Self {
        Self(vec![0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400])
    }
}

impl Schedule {
    /// The pause before try `index` (from 0); `None` after the last.
    pub fn delay_s(&self, index: i32) -> Option<i64> {
        usize::try_from(index).ok().and_then(|index| self.0.get(index)).copied()
    }

    pub fn tries(&self) -> usize {
        self.0.len()
    }

    pub fn pauses_s(&self) -> &[i64] {
        &self.0
    }

    /// When the tries that are left are due at the earliest, the next one at `next_at`: `failures` have counted so far.
    pub fn remaining(&self, failures: i32, next_at: Time) -> Vec<Time> {
        let left = usize::try_from(failures).ok().and_then(|failures| self.0.get(failures.saturating_add(1)..)).unwrap_or_default();
        let mut at = next_at;
        let later = left.iter().map(|pause_s| {
            at = at.plus_s(*pause_s);
            at
        });
        std::iter::once(next_at).chain(later).collect()
    }

    /// A receiver may ask for twice the pause, or ten minutes more than it.
    pub const fn retry_after_max_s(base_s: i64) -> i64 {
        if base_s > RETRY_AFTER_EXTRA_S { base_s * 2 } else { base_s + RETRY_AFTER_EXTRA_S }
    }
}

/// So much is added to a pause at most, so that what failed together is not tried together: a tenth, or a quarter of an hour.
pub const fn jitter_max_s(pause_s: i64) -> i64 {
    let tenth = pause_s / 10;
    if tenth < JITTER_MAX_S { tenth } else { JITTER_MAX_S }
}

impl FromStr for Schedule {
    type Err = BadSchedule;

    fn from_str(text: &str) -> Result<Self, BadSchedule> {
        let pauses: Vec<i64> = text.split(',').map(|pause| pause.trim().parse().map_err(|_| BadSchedule)).collect::<Result<_, _>>()?;
        let is_good = pauses.len() <= TRIES_MAX && pauses.iter().all(|pause| (0..=PAUSE_MAX_S).contains(pause));
        if is_good { Ok(Self(pauses)) } else { Err(BadSchedule) }
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(i64::to_string).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let usual = Schedule::default();
        assert_eq!(usual.to_string().parse(), Ok(usual.clone()));
        assert_eq!(usual.tries(), 10);
        assert_eq!((usual.delay_s(0), usual.delay_s(9), usual.delay_s(10), usual.delay_s(-1)), (Some(0), Some(86_400), None, None));
    }

    #[test]
    fn what_is_left_begins_with_the_next_try() {
        let schedule: Schedule = "0,5,300".parse().unwrap();
        let next = Time::from_micros(1_795_000_000_000_000);
        assert_eq!(schedule.remaining(0, next), [next, next.plus_s(5), next.plus_s(305)]);
        assert_eq!(schedule.remaining(1, next), [next, next.plus_s(300)]);
        assert_eq!([schedule.remaining(2, next), schedule.remaining(9, next)], [vec![next], vec![next]]);
    }

    #[test]
    fn refuses_what_is_none() {
        for wrong in ["", "a", "1,", "-1", "604801", &"1,".repeat(40)] {
            assert_eq!(wrong.parse::<Schedule>(), Err(BadSchedule), "{wrong}");
        }
    }
}
