//! Fair share: which batches the next free places at a provider go to.
//!
//! Customers take turns in portions: whoever has least in flight comes first, so a 10-task batch never waits behind a
//! 10,000-task one. Within a customer the older batch comes first. A portion of more than one task keeps settle groups from
//! being spread over a thousand customers with one task each.

use super::id::{BatchKey, CustomerKey};

/// A batch that has tasks to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub customer: CustomerKey,
    pub batch: BatchKey,
    /// Tasks that could be sent now.
    pub tasks: i64,
    /// Tasks of the same customer that are at a provider, over all of its batches.
    pub in_flight: i64,
}

/// How many tasks of a batch may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    pub batch: BatchKey,
    pub tasks: i64,
}

/// Tasks that a customer gets in one turn.
pub const TURN_TASKS: i64 = 20;

/// Divides `places` among the waiting batches. Never gives a batch more than it has; leaves no place free while a task waits.
pub fn divide(waiting: &[Waiting], places: i64) -> Vec<Portion> {
    let mut customers: Vec<Turns> = Vec::new();
    let mut ordered: Vec<Waiting> = waiting.iter().filter(|batch| batch.tasks > 0).copied().collect();
    ordered.sort_by_key(|batch| (batch.in_flight, batch.customer, batch.batch));
    for batch in ordered {
        match customers.last_mut() {
            Some(turns) if turns.customer == batch.customer => turns.batches.push(batch),
            _ => customers.push(Turns { customer: batch.customer, in_flight: batch.in_flight, batches: vec![batch], next: 0 }),
        }
    }
    let mut portions: Vec<Portion> = Vec::new();
    let mut left = places;
    while left > 0 && !customers.is_empty() {
        // Whoever has least takes the next turn: a heap in effect, kept simple because turns are few (places / TURN_TASKS).
        let Some(index) = (0..customers.len()).min_by_key(|index| customers[*index].in_flight) else { break };
        let turns = &mut customers[index];
        let given = turns.take(left.min(TURN_TASKS), &mut portions);
        left -= given;
        if turns.next == turns.batches.len() {
            customers.swap_remove(index);
        }
    }
    portions
}

struct Turns {
    customer: CustomerKey,
    in_flight: i64,
    batches: Vec<Waiting>,
    next: usize,
}

impl Turns {
    /// Gives this customer's oldest waiting batch a portion; returns its size.
    fn take(&mut self, most: i64, portions: &mut Vec<Portion>) -> i64 {
        let batch = &mut self.batches[self.next];
        let tasks = most.min(batch.tasks);
        batch.tasks -= tasks;
        self.in_flight += tasks;
        match portions.iter_mut().rev().find(|portion| portion.batch == batch.batch) {
            Some(portion) => portion.tasks += tasks,
            None => portions.push(Portion { batch: batch.batch, tasks }),
        }
        if batch.tasks == 0 {
            self.next += 1;
        }
        tasks
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn waiting(customer: i64, batch: i64, tasks: i64, in_flight: i64) -> Waiting {
        Waiting { customer: CustomerKey(customer), batch: BatchKey(batch), tasks, in_flight }
    }

    fn given(portions: &[Portion], batch: i64) -> i64 {
        portions.iter().filter(|portion| portion.batch == BatchKey(batch)).map(|portion| portion.tasks).sum()
    }

    #[test]
    fn ten_tasks_never_wait_behind_ten_thousand() {
        let portions = divide(&[waiting(1, 1, 10_000, 480), waiting(2, 2, 10, 0)], 20);
        assert_eq!((given(&portions, 2), given(&portions, 1)), (10, 10));
    }

    #[test]
    fn one_customer_alone_gets_every_place() {
        assert_eq!(divide(&[waiting(1, 1, 10_000, 0)], 500), [Portion { batch: BatchKey(1), tasks: 500 }]);
    }

    #[test]
    fn two_customers_with_much_to_do_share_alike() {
        let portions = divide(&[waiting(1, 1, 9_000, 0), waiting(2, 2, 9_000, 0)], 400);
        assert_eq!((given(&portions, 1), given(&portions, 2)), (200, 200));
    }

    #[test]
    fn a_customer_gains_nothing_by_splitting_its_batch() {
        let split: Vec<_> = (1..=10).map(|batch| waiting(1, batch, 100, 0)).chain([waiting(2, 99, 1_000, 0)]).collect();
        assert_eq!(given(&divide(&split, 200), 99), 100);
    }

    proptest! {
        #[test]
        fn gives_no_more_than_there_is_and_leaves_no_place_free(
            batches in prop::collection::vec((1..6_i64, 0..300_i64), 0..20),
            places in 0..800_i64,
        ) {
            let all: Vec<_> = batches.iter().enumerate()
                .map(|(index, (customer, tasks))| waiting(*customer, i64::try_from(index).unwrap(), *tasks, 0)).collect();
            let portions = divide(&all, places);
            for batch in &all {
                prop_assert!(given(&portions, batch.batch.0) <= batch.tasks);
            }
            let waiting: i64 = all.iter().map(|batch| batch.tasks).sum();
            prop_assert_eq!(portions.iter().map(|portion| portion.tasks).sum::<i64>(), waiting.min(places));
        }
    }
}
