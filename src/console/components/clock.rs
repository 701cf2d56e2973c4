//! The one refresh clock of the console. The shell starts it; a page says whether it has something that still changes, and
//! reads the tick in the source of its resources. Nothing moves under a reader: while something is open or selected the page
//! freezes the clock, and whoever reads may pause it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leptos::prelude::*;

/// The clock looks up once in this time, so that a tab that is shown again is fresh within it.
const STEP_MS: u32 = 1_000;

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    tick: RwSignal<u32>,
    wanted: RwSignal<bool>,
    paused: RwSignal<bool>,
    /// How many parts of the page ask that nothing moves.
    freezes: RwSignal<u32>,
    every_s: u32,
}

/// Why the clock refreshes, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Once in so many seconds.
    Every(u32),
    /// The person prefers none.
    Off,
    Paused,
    /// Something is open or selected.
    Frozen,
    /// Nothing on this page changes any more.
    Still,
}

impl Clock {
    /// Not running yet: on the server it never runs. `every_s` is the preferred pause between two refreshes; 0 is none.
    pub fn provide(every_s: u32) -> Self {
        let clock =
            Self { tick: RwSignal::new(0), wanted: RwSignal::new(false), paused: RwSignal::new(false), freezes: RwSignal::new(0), every_s };
        provide_context(clock);
        clock
    }

    pub fn current() -> Self {
        expect_context()
    }

    /// To be called once, from an effect. Rests while the tab is hidden or text in it is selected, and whenever [`Clock::pace`] says so.
    pub fn start(self) {
        let mut passed_s = 0;
        crate::browser::every(STEP_MS, move || {
            passed_s += 1;
            let due = matches!(untrack(|| self.pace()), Pace::Every(every_s) if passed_s >= every_s);
            if due && !crate::browser::is_hidden() && !crate::browser::is_selecting() {
                passed_s = 0;
                self.refresh_now();
            }
        });
    }

    /// Out of turn.
    pub fn refresh_now(self) {
        self.tick.update(|tick| *tick = tick.wrapping_add(1));
    }

    /// Whoever reads this runs again at every refresh.
    pub fn tick(self) -> u32 {
        self.tick.get()
    }

    pub fn refresh_while(self, open: bool) {
        self.wanted.set(open);
    }

    /// Nothing is refreshed for as long as `open` says so, and the page that asked is shown. `open` reads signals.
    pub fn freeze_while(self, open: impl Fn() -> bool + 'static) {
        let holds = Arc::new(AtomicBool::new(false));
        let hold = move |now: bool| {
            if holds.swap(now, Ordering::Relaxed) != now {
                self.freezes.update(|freezes| *freezes = if now { *freezes + 1 } else { freezes.saturating_sub(1) });
            }
        };
        let let_go = hold.clone();
        on_cleanup(move || let_go(false));
        Effect::new(move |_| hold(open()));
    }

    /// Pauses, or goes on at once. Where there is no refresh by itself, refreshes once.
    pub fn toggle(self) {
        if self.every_s == 0 {
            return self.refresh_now();
        }
        self.paused.update(|paused| *paused = !*paused);
        if !self.paused.get_untracked() {
            self.refresh_now();
        }
    }

    pub fn pace(self) -> Pace {
        match self.every_s {
            0 => Pace::Off,
            _ if self.paused.get() => Pace::Paused,
            _ if !self.wanted.get() => Pace::Still,
            _ if self.freezes.get() > 0 => Pace::Frozen,
            every_s => Pace::Every(every_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace_of(every_s: u32, prepare: fn(Clock)) -> Pace {
        Owner::new().with(|| {
            let clock = Clock::provide(every_s);
            prepare(clock);
            untrack(|| clock.pace())
        })
    }

    #[test]
    fn runs_only_while_something_changes_and_nobody_holds_it() {
        assert_eq!(pace_of(5, |_| ()), Pace::Still);
        assert_eq!(pace_of(5, |clock| clock.refresh_while(true)), Pace::Every(5));
        assert_eq!(pace_of(0, |clock| clock.refresh_while(true)), Pace::Off);
        let held = |clock: Clock| {
            clock.refresh_while(true);
            clock.freezes.set(1);
        };
        assert_eq!(pace_of(5, held), Pace::Frozen);
        let paused = |clock: Clock| {
            clock.refresh_while(true);
            clock.toggle();
        };
        assert_eq!(pace_of(5, paused), Pace::Paused);
    }

    #[test]
    fn resuming_refreshes_at_once_and_so_does_asking_where_it_is_off() {
        let ticks = |every_s, presses| {
            Owner::new().with(|| {
                let clock = Clock::provide(every_s);
                (0..presses).for_each(|_| clock.toggle());
                clock.tick.get_untracked()
            })
        };
        assert_eq!([ticks(5, 1), ticks(5, 2), ticks(0, 1)], [0, 1, 1]);
    }
}
