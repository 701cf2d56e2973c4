//! Whether an endpoint is well: warned about, announced to be disabled, disabled, and looked after until it is well again.
//! Faults of ours never come in here.

use super::super::time::Time;

/// First tries that failed within a day, after which operators are warned.
pub const WARN_AFTER_FIRST_FAILURES: i64 = 5;
/// Everything failed for so long: the endpoint is disabled.
pub const DISABLED_AFTER_S: i64 = 5 * 24 * 3_600;
/// So long before, that is announced.
pub const ANNOUNCED_BEFORE_S: i64 = 24 * 3_600;
/// A disabled endpoint is tried with one event so often.
pub const PROBE_EVERY_S: i64 = 6 * 3_600;

/// What is known of an enabled endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// First of the attempts since which every one failed.
    pub failing_since: Option<Time>,
    /// First tries that failed in the last 24 hours.
    pub first_failures: i64,
    pub warned_at: Option<Time>,
    pub announced_at: Option<Time>,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStep {
    Warn,
    /// Tell that it will be disabled at this moment.
    Announce(Time),
    Disable,
}

/// At most one step at a time; a success in between takes all of it back.
pub fn health_step(health: Health, now: Time) -> Option<HealthStep> {
    let since = health.failing_since?;
    let disable_at = since.plus_s(DISABLED_AFTER_S);
    if health.announced_at.is_some_and(|at| now >= at.plus_s(ANNOUNCED_BEFORE_S)) && now >= disable_at {
        return Some(HealthStep::Disable);
    }
    if health.announced_at.is_none() && now >= disable_at.plus_s(-ANNOUNCED_BEFORE_S) {
        // Late, when nobody looked for a while: it still gets its day.
        return Some(HealthStep::Announce(disable_at.max(now.plus_s(ANNOUNCED_BEFORE_S))));
    }
    (health.warned_at.is_none() && health.first_failures >= WARN_AFTER_FIRST_FAILURES).then_some(HealthStep::Warn)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Time = Time::from_micros(1_795_000_000_000_000);

    fn after(days: i64, health: Health) -> Option<HealthStep> {
        health_step(health, SINCE.plus_s(days * 24 * 3_600))
    }

    fn failing() -> Health {
        Health { failing_since: Some(SINCE), first_failures: 5, ..Health::default() }
    }

    #[test]
    fn five_first_failures_in_a_day_warn_once() {
        assert_eq!(after(0, failing()), Some(HealthStep::Warn));
        assert_eq!(after(0, Health { first_failures: 4, ..failing() }), None);
        assert_eq!(after(0, Health { warned_at: Some(SINCE), ..failing() }), None);
        assert_eq!(after(0, Health { failing_since: None, ..failing() }), None, "one success since then");
    }

    #[test]
    fn disabling_is_announced_a_day_before() {
        let warned = Health { warned_at: Some(SINCE), ..failing() };
        assert_eq!(after(3, warned), None);
        assert_eq!(after(4, warned), Some(HealthStep::Announce(SINCE.plus_s(DISABLED_AFTER_S))));
        let announced = Health { announced_at: Some(SINCE.plus_s(4 * 24 * 3_600)), ..warned };
        assert_eq!((after(4, announced), after(5, announced)), (None, Some(HealthStep::Disable)));
    }

    #[test]
    fn nobody_is_disabled_without_a_day_of_notice() {
        let forgotten = Health { warned_at: Some(SINCE), ..failing() };
        let now = SINCE.plus_s(30 * 24 * 3_600);
        assert_eq!(health_step(forgotten, now), Some(HealthStep::Announce(now.plus_s(ANNOUNCED_BEFORE_S))));
        assert_eq!(health_step(Health { announced_at: Some(now), ..forgotten }, now.plus_s(3_600)), None);
    }
}
