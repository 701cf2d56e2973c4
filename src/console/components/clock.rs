//! The one refresh clock of the console. The shell starts it; a page says whether it has something that still changes, and
//! reads the tick in the source of its resources.

use leptos::prelude::*;

/// Pause between two refreshes.
pub const REFRESH_MS: u32 = 5_000;

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    tick: RwSignal<u32>,
    wanted: RwSignal<bool>,
}

impl Clock {
    /// Not running yet: on the server it never runs.
    pub fn provide() -> Self {
        let clock = Self { tick: RwSignal::new(0), wanted: RwSignal::new(false) };
        provide_context(clock);
        clock
    }

    pub fn current() -> Self {
        expect_context()
    }

    /// To be called once, from an effect. Rests while the tab is hidden or nothing on the page changes.
    pub fn start(self) {
        crate::browser::every(REFRESH_MS, move || {
            if self.wanted.get_untracked() && !crate::browser::is_hidden() {
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
}
