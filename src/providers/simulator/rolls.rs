//! Chance, as a hash of seed, prompt and task: it needs no memory and no order of events, so two runs agree even when their
//! submits arrive in another order.

use sha2::{Digest, Sha256};

use crate::domain::failure::FailureType;

/// Dice that fall the same way whenever the same task is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rolls {
    pub fails: u32,
    pub trouble: u32,
    pub how: u32,
    speed: u32,
}

impl Rolls {
    pub fn of(seed: u64, prompt: &str, task: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(prompt.len().to_le_bytes());
        hash.update(prompt);
        hash.update(task);
        let hash = hash.finalize();
        let roll = |nth: usize| hash.iter().skip(nth * 4).take(4).fold(0, |roll, byte| roll << 8 | u32::from(*byte));
        Self { fails: roll(0), trouble: roll(1), how: roll(2), speed: roll(3) }
    }

    /// Whether a roll falls into this share of all rolls.
    pub fn hits(roll: u32, share: f64) -> bool {
        f64::from(roll) / (f64::from(u32::MAX) + 1.0) < share
    }

    /// A failure type by weight.
    pub fn pick(roll: u32, weights: &[(FailureType, u32)]) -> FailureType {
        let total: u32 = weights.iter().map(|(_, weight)| weight).sum();
        let mut left = roll % total.max(1);
        for (failure, weight) in weights {
            if left < *weight {
                return *failure;
            }
            left -= weight;
        }
        FailureType::Unknown
    }

    /// Milliseconds from half to twice the median, half of the jobs on each side of it.
    pub fn takes_ms(&self, median_ms: u64) -> u64 {
        let roll = u64::from(self.speed % 1_000);
        let per_mille = if roll < 500 { 500 + roll } else { 2 * roll };
        median_ms.saturating_mul(per_mille) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_jobs_are_faster_than_the_median() {
        let times: Vec<u64> = (0..2_000).map(|task| Rolls::of(1, "a cat", &format!("b/{task}")).takes_ms(20_000)).collect();
        assert!(times.iter().all(|ms| (10_000..=40_000).contains(ms)));
        let faster = times.iter().filter(|ms| **ms < 20_000).count();
        assert!((900..=1_100).contains(&faster), "{faster}");
    }

    #[test]
    fn the_same_task_rolls_the_same() {
        assert_eq!(Rolls::of(1, "a cat", "b/1"), Rolls::of(1, "a cat", "b/1"));
        assert_ne!(Rolls::of(1, "a cat", "b/1"), Rolls::of(2, "a cat", "b/1"));
        assert_ne!(Rolls::of(1, "a cat", "b/1"), Rolls::of(1, "a dog", "b/1"));
        assert_ne!(Rolls::of(1, "a cat", "b/1"), Rolls::of(1, "a cat", "b/2"));
    }

    #[test]
    fn a_share_of_nothing_hits_nothing_and_of_all_hits_all() {
        assert!(!Rolls::hits(0, 0.0));
        assert!(Rolls::hits(u32::MAX, 1.0));
    }
}
