//! The one refresh clock of the console. A page says in its HTML whether it has something that still changes, and whether nothing
//! may move (`components/clock.rs`); whoever reads may pause it.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    tick: RwSignal<u32>,
    live: RwSignal<bool>,
    still: RwSignal<bool>,
    paused: RwSignal<bool>,
    /// The last refresh was not answered.
    lost: RwSignal<bool>,
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
    /// The server does not answer. It is asked again and again.
    Lost,
}

impl Clock {
    /// Not running yet: on the server it never runs. `every_s` is the preferred pause between two refreshes; 0 is none.
    pub fn new(every_s: u32) -> Self {
        let [live, still, paused, lost] = [(); 4].map(|()| RwSignal::new(false));
        Self { tick: RwSignal::new(0), live, still, paused, lost, every_s }
    }

    /// Out of turn.
    pub fn refresh_now(self) {
        self.tick.update(|tick| *tick = tick.wrapping_add(1));
    }

    /// Whoever reads this runs again at every refresh.
    pub fn tick(self) -> u32 {
        self.tick.get()
    }

    /// What the page says of itself.
    pub fn page_is(self, live: bool, still: bool) {
        self.live.set(live);
        self.still.set(still);
        self.lost.set(false);
    }

    pub fn no_answer(self) {
        self.lost.set(true);
    }

    /// Pauses, or goes on at once. Where there is no refresh by itself, refreshes once.
    pub fn toggle(self) {
        if self.every_s == 0 || self.lost.get_untracked() {
            return self.refresh_now();
        }
        self.paused.update(|paused| *paused = !*paused);
        if !self.paused.get_untracked() {
            self.refresh_now();
        }
    }

    /// After how many seconds without a refresh there is one; `None` where there is none by itself.
    pub fn due_s(self) -> Option<u32> {
        match untrack(|| self.pace()) {
            Pace::Every(every_s) => Some(every_s),
            Pace::Lost if self.every_s > 0 => Some(self.every_s),
            _ => None,
        }
    }

    pub fn pace(self) -> Pace {
        match self.every_s {
            _ if self.lost.get() => Pace::Lost,
            0 => Pace::Off,
            _ if self.paused.get() => Pace::Paused,
            _ if !self.live.get() => Pace::Still,
            _ if self.still.get() => Pace::Frozen,
            every_s => Pace::Every(every_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace_of(every_s: u32, prepare: fn(Clock)) -> Pace {
        Owner::new().with(|| {
            let clock = Clock::new(every_s);
            prepare(clock);
            untrack(|| clock.pace())
        })
    }

    #[test]
    fn runs_only_while_something_changes_and_nobody_holds_it() {
        assert_eq!(pace_of(5, |_| ()), Pace::Still);
        assert_eq!(pace_of(5, |clock| clock.page_is(true, false)), Pace::Every(5));
        assert_eq!(pace_of(0, |clock| clock.page_is(true, false)), Pace::Off);
        assert_eq!(pace_of(5, |clock| clock.page_is(true, true)), Pace::Frozen);
        let paused = |clock: Clock| {
            clock.page_is(true, false);
            clock.toggle();
        };
        assert_eq!(pace_of(5, paused), Pace::Paused);
        assert_eq!(pace_of(5, Clock::no_answer), Pace::Lost);
    }

    #[test]
    fn resuming_refreshes_at_once_and_so_does_asking_where_it_is_off() {
        let ticks = |every_s, presses| {
            Owner::new().with(|| {
                let clock = Clock::new(every_s);
                (0..presses).for_each(|_| clock.toggle());
                clock.tick.get_untracked()
            })
        };
        assert_eq!([ticks(5, 1), ticks(5, 2), ticks(0, 1)], [0, 1, 1]);
    }
}
