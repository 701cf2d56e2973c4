//! How attempts end, in the few groups that are counted by hour, and what is made of the counts.

use super::super::time::Time;
use super::super::word::words;
use super::AttemptClass;

words! {
    /// A group of attempt classes.
    Outcome {
        Delivered = "delivered",
        /// No connection, or no whole answer, in time.
        Timeout = "timeout",
        /// A redirect, which is not followed.
        Http3xx = "http_3xx",
        Http4xx = "http_4xx",
        Http5xx = "http_5xx",
        /// No whole answer for another reason: name, certificate, address, connection, size.
        Network = "network",
        /// A fault of ours: counts against nobody.
        Ours = "ours",
    }
}

impl Outcome {
    pub const fn of(class: AttemptClass) -> Self {
        match class {
            AttemptClass::Delivered => Self::Delivered,
            AttemptClass::TimeoutConnect | AttemptClass::TimeoutResponse => Self::Timeout,
            AttemptClass::Http3xx => Self::Http3xx,
            AttemptClass::Http4xx | AttemptClass::Gone => Self::Http4xx,
            AttemptClass::Http5xx => Self::Http5xx,
            AttemptClass::Dns
            | AttemptClass::Tls
            | AttemptClass::Refused
            | AttemptClass::Reset
            | AttemptClass::BlockedAddress
            | AttemptClass::BodyTooLarge => Self::Network,
            AttemptClass::Internal | AttemptClass::Interrupted => Self::Ours,
        }
    }

    /// Counts against the endpoint.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Delivered | Self::Ours)
    }

    /// The receiver answered, whatever it said: how long it took says something about it.
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Delivered | Self::Http3xx | Self::Http4xx | Self::Http5xx)
    }
}

/// Times are counted up to these bounds, in milliseconds: close enough for a median, and few enough to be kept for ever.
const BOUNDS_MS: [i32; 24] =
    [1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 20_000, 30_000];
/// Longer than any attempt may take.
const BOUND_MAX_MS: i32 = 60_000;

/// The bound that a duration is counted under.
pub fn bound_ms(took_ms: i64) -> i32 {
    BOUNDS_MS.into_iter().find(|bound| took_ms <= i64::from(*bound)).unwrap_or(BOUND_MAX_MS)
}

/// Attempts of one outcome that took about as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub outcome: Outcome,
    /// At most so long.
    pub took_ms: i32,
    pub attempts: i64,
}

/// How well an endpoint did in a window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HealthFigures {
    pub delivered: i64,
    /// Faults of ours are left out.
    pub failed: i64,
    /// Half of the answers came within so many milliseconds; `None` without answers.
    pub p50_ms: Option<i32>,
    pub p95_ms: Option<i32>,
}

impl HealthFigures {
    pub fn of(counts: &[Count]) -> Self {
        let sum = |of: fn(Outcome) -> bool| counts.iter().filter(|count| of(count.outcome)).map(|count| count.attempts).sum();
        let mut answers: Vec<(i32, i64)> =
            counts.iter().filter(|count| count.outcome.is_answer()).map(|count| (count.took_ms, count.attempts)).collect();
        answers.sort_unstable();
        Self {
            delivered: sum(|outcome| outcome == Outcome::Delivered),
            failed: sum(Outcome::is_failure),
            p50_ms: percentile(&answers, 50),
            p95_ms: percentile(&answers, 95),
        }
    }

    /// Failed attempts in a thousand: failed ÷ (failed + delivered). `None` without attempts.
    pub const fn failure_permille(&self) -> Option<i64> {
        let all = self.delivered + self.failed;
        if all == 0 { None } else { Some(self.failed * 1_000 / all) }
    }
}

/// The bound under which this percentage of the sorted counts is.
fn percentile(counts: &[(i32, i64)], percent: i64) -> Option<i32> {
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let mut left = (all * percent + 99) / 100;
    counts.iter().find_map(|(bound, count)| {
        left -= count;
        (left <= 0).then_some(*bound)
    })
}

words! {
    /// How far back the charts look.
    Span {
        Day = "24h",
        Week = "7d",
        Month = "30d",
    }
}

impl Span {
    /// Seconds of one bar, and how many bars there are.
    pub const fn bars(self) -> (i64, i64) {
        match self {
            Self::Day => (3_600, 24),
            Self::Week => (6 * 3_600, 28),
            Self::Month => (24 * 3_600, 30),
        }
    }

    /// When the first bar begins: bars begin at whole hours, quarters of a day, or days, in UTC, and the last one holds `now`.
    pub const fn from(self, now: Time) -> Time {
        let (step_s, bars) = self.bars();
        let length_us = step_s * 1_000_000;
        Time::from_micros(now.micros().div_euclid(length_us) * length_us - (bars - 1) * length_us)
    }
}

/// What came of the attempts of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    pub from: Time,
    pub step_s: i64,
    /// Attempts by [`Outcome::ALL`], of each bar from the oldest.
    pub bars: Vec<Vec<i64>>,
}

impl Outcomes {
    pub fn empty(span: Span, now: Time) -> Self {
        let (step_s, bars) = span.bars();
        Self { from: span.from(now), step_s, bars: (0..bars).map(|_| vec![0; Outcome::ALL.len()]).collect() }
    }

    /// Adds attempts that ended in the hour that began at `at`; those of another time are left out.
    pub fn add(&mut self, at: Time, outcome: Outcome, attempts: i64) {
        let place = at.micros_since(self.from).div_euclid(self.step_s * 1_000_000);
        let bar = usize::try_from(place).ok().and_then(|place| self.bars.get_mut(place));
        if let Some(count) = bar.and_then(|bar| bar.get_mut(outcome as usize)) {
            *count += attempts;
        }
    }

    /// When a bar begins; the one after the last: when that ends.
    pub fn start(&self, bar: usize) -> Time {
        self.from.plus_s(self.step_s.saturating_mul(i64::try_from(bar).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_in_one_group() {
        for class in AttemptClass::ALL {
            assert_eq!(Outcome::of(*class).is_failure(), !class.is_success() && !class.is_ours(), "{class}");
        }
        for (status, outcome) in [(204, Outcome::Delivered), (302, Outcome::Http3xx), (410, Outcome::Http4xx), (503, Outcome::Http5xx)] {
            assert_eq!(Outcome::of(AttemptClass::of_status(status)), outcome, "{status}");
        }
    }

    #[test]
    fn durations_are_counted_under_the_next_bound() {
        assert_eq!([0, 1, 2, 3, 101, 30_000, 30_001].map(bound_ms), [1, 1, 2, 5, 150, 30_000, BOUND_MAX_MS]);
        assert!(BOUNDS_MS.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn health_is_of_attempts_that_count_and_times_of_answers() {
        let count = |outcome, took_ms, attempts| Count { outcome, took_ms, attempts };
        let health = HealthFigures::of(&[
            count(Outcome::Delivered, 50, 90),
            count(Outcome::Http5xx, 700, 10),
            count(Outcome::Timeout, 15_000, 100),
            count(Outcome::Ours, 5, 1_000),
        ]);
        assert_eq!(health, HealthFigures { delivered: 90, failed: 110, p50_ms: Some(50), p95_ms: Some(700) });
        assert_eq!(health.failure_permille(), Some(550));
        assert_eq!((HealthFigures::of(&[]), HealthFigures::default().failure_permille()), (HealthFigures::default(), None));
    }

    #[test]
    fn a_percentile_is_a_bound_that_covers_it() {
        assert_eq!(percentile(&[(10, 1)], 95), Some(10));
        assert_eq!(percentile(&[(10, 94), (20, 6)], 95), Some(20));
        assert_eq!(percentile(&[(10, 95), (20, 5)], 95), Some(10));
    }

    #[test]
    fn bars_cover_the_span_up_to_now() {
        let now: Time = "2026-11-25T22:40:00Z".parse().unwrap();
        for span in Span::ALL {
            let mut outcomes = Outcomes::empty(*span, now);
            assert!(outcomes.start(outcomes.bars.len()) > now && outcomes.start(outcomes.bars.len() - 1) <= now, "{span}");
            outcomes.add(now, Outcome::Http5xx, 3);
            outcomes.add(outcomes.from, Outcome::Delivered, 2);
            outcomes.add(outcomes.from.plus_s(-1), Outcome::Delivered, 7);
            assert_eq!(outcomes.bars.last().map(|bar| bar[Outcome::Http5xx as usize]), Some(3));
            assert_eq!(outcomes.bars.iter().flatten().sum::<i64>(), 5, "what is older is left out");
        }
    }
}
