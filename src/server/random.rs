//! Randomness: the operating system's, taken here and nowhere else, and a seeded one that repeats itself.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use crate::domain::id::Random;

/// A cryptographically strong generator, seeded by the operating system. Good for keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place that takes randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// The same bytes for the same seed, in the same order: for tests and the demo, never for keys that protect anything.
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededRandom")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(random: &dyn Random) -> [u8; 16] {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        bytes
    }

    #[test]
    fn the_same_seed_repeats_itself() {
        let first = SeededRandom::new(7);
        assert_eq!(bytes(&first), bytes(&SeededRandom::new(7)));
        assert_ne!(bytes(&first), bytes(&SeededRandom::new(7)));
    }

    #[test]
    fn the_machine_does_not() {
        assert_ne!(bytes(&OsRandom), bytes(&OsRandom));
    }
}
