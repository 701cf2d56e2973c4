//! The clocks: the machine's, read here and nowhere else, and one that is set by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use crate::domain::time::{Clock, Time};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Time {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Time::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is moved: for tests, and for history made after the fact (`batchbook demo`).
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub const fn new(now: Time) -> Self {
        Self(AtomicI64::new(now.micros()))
    }

    /// Moves the clock to a moment, which may be an earlier one.
    pub fn set(&self, now: Time) {
        self.0.store(now.micros(), Ordering::SeqCst);
    }

    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms.saturating_mul(1_000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_clock_moves_only_by_hand() {
        let clock = ManualClock::new(Time::from_micros(5));
        assert_eq!(clock.now(), clock.now());
        clock.advance_ms(2);
        assert_eq!(clock.now(), Time::from_micros(2_005));
        clock.set(Time::from_micros(1));
        assert_eq!(clock.now(), Time::from_micros(1));
    }

    #[test]
    fn the_machines_clock_tells_unix_time() {
        assert!(SystemClock.now() > Time::from_micros(1_700_000_000_000_000));
    }
}
