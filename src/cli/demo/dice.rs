//! Seeded chance for the story. The same seed tells the same story.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

#[derive(Clone, Debug)]
pub struct Dice(StdRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// From `min` to `max`, both included.
    pub fn between(&mut self, min: i64, max: i64) -> i64 {
        self.0.random_range(min..=max.max(min))
    }

    /// True in `permille` of 1,000 cases.
    pub fn chance(&mut self, permille: u32) -> bool {
        self.0.random_range(0..1_000) < permille
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.0.random_range(0..from.len())]
    }

    /// One of several, more often those of greater weight.
    pub fn pick_weighted<T: Copy>(&mut self, from: &[(T, u32)]) -> T {
        let sum: u32 = from.iter().map(|(_, weight)| weight).sum();
        let mut roll = self.0.random_range(0..sum.max(1));
        for (what, weight) in from {
            if roll < *weight {
                return *what;
            }
            roll -= weight;
        }
        from[from.len() - 1].0
    }
}
