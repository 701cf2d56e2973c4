//! A hold: credits reserved for a batch, and the grants they were drawn from, in order.
//!
//! Captures consume draws from the front, releases give back from the end. So a batch that captured C credits in the end has
//! consumed the first C of its draws, whichever task finished first, and a given credit never comes back as a paid one.

use super::credits::{Credits, CreditsOverflow};
use super::grant::{Grant, recognised};
use super::id::GrantKey;
use super::money::{Money, MoneyError};

/// Credits drawn from one grant for one batch: `credits = captured + released + still held`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    pub grant: GrantKey,
    pub credits: Credits,
    pub captured: Credits,
    pub released: Credits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    #[error("{needed} credits are needed and {available} are available")]
    NotEnough { needed: Credits, available: Credits },
    #[error("{asked} credits were to leave a hold that has {open}")]
    OverHold { asked: Credits, open: Credits },
    #[error("a hold moves at least one credit")]
    Nothing,
    #[error("grant {0:?} of the hold was not locked with it")]
    GrantMissing(GrantKey),
    #[error(transparent)]
    Credits(#[from] CreditsOverflow),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Draw {
    pub fn open(&self) -> Credits {
        Credits::new(self.credits.get() - self.captured.get() - self.released.get())
    }
}

/// Reserves `needed` credits from a customer's grants, in spending order. All or nothing. The grants are changed in place.
pub fn place(grants: &mut [Grant], needed: Credits) -> Result<Vec<Draw>, HoldError> {
    if needed <= Credits::ZERO {
        return Err(HoldError::Nothing);
    }
    let available = Credits::checked_sum(grants.iter().map(|grant| grant.available))?;
    if available < needed {
        return Err(HoldError::NotEnough { needed, available });
    }
    grants.sort_by_key(Grant::spending_order);
    let mut draws = Vec::new();
    let mut rest = needed;
    for grant in grants.iter_mut().filter(|grant| !grant.available.is_zero()) {
        if rest.is_zero() {
            break;
        }
        let credits = rest.min(grant.available);
        grant.available = grant.available.checked_sub(credits)?;
        grant.held = grant.held.checked_add(credits)?;
        rest = rest.checked_sub(credits)?;
        draws.push(Draw { grant: grant.key, credits, captured: Credits::ZERO, released: Credits::ZERO });
    }
    Ok(draws)
}

/// Takes `amount` credits from the front of a hold, and says what was really paid for them. `grants` holds every grant of the
/// draws, in any order; draws and grants are changed in place.
pub fn capture(draws: &mut [Draw], grants: &mut [Grant], amount: Credits) -> Result<Money, HoldError> {
    check_open(draws, amount)?;
    let mut rest = amount;
    let mut revenue = Money::ZERO;
    for draw in draws.iter_mut() {
        let credits = rest.min(draw.open());
        if credits.is_zero() {
            continue;
        }
        let grant = find(grants, draw.grant)?;
        let before = recognised(grant.paid, grant.credits, grant.captured);
        grant.held = grant.held.checked_sub(credits)?;
        grant.captured = grant.captured.checked_add(credits)?;
        let after = recognised(grant.paid, grant.credits, grant.captured);
        revenue = revenue.checked_add(after.checked_sub(before)?)?;
        draw.captured = draw.captured.checked_add(credits)?;
        rest = rest.checked_sub(credits)?;
    }
    Ok(revenue)
}

/// Gives `amount` credits back from the end of a hold to the grants they came from.
pub fn release(draws: &mut [Draw], grants: &mut [Grant], amount: Credits) -> Result<(), HoldError> {
    check_open(draws, amount)?;
    let mut rest = amount;
    for draw in draws.iter_mut().rev() {
        let credits = rest.min(draw.open());
        if credits.is_zero() {
            continue;
        }
        let grant = find(grants, draw.grant)?;
        grant.held = grant.held.checked_sub(credits)?;
        grant.available = grant.available.checked_add(credits)?;
        draw.released = draw.released.checked_add(credits)?;
        rest = rest.checked_sub(credits)?;
    }
    Ok(())
}

/// Takes credits back from a customer's grants, in the order in which they are spent: what it never touches is held. All or
/// nothing; says how much each grant lost. The grants are changed in place.
pub fn withdraw(grants: &mut [Grant], amount: Credits) -> Result<Vec<(GrantKey, Credits)>, HoldError> {
    let mut taken = Vec::new();
    for Draw { grant: key, credits, .. } in place(grants, amount)? {
        let grant = find(grants, key)?;
        grant.held = grant.held.checked_sub(credits)?;
        grant.withdrawn = grant.withdrawn.checked_add(credits)?;
        taken.push((key, credits));
    }
    Ok(taken)
}

/// Undoes the capture of `amount` credits, latest consumed first, and says how much revenue goes with them (zero or more, to
/// be subtracted).
pub fn reverse(draws: &mut [Draw], grants: &mut [Grant], amount: Credits) -> Result<Money, HoldError> {
    let captured = Credits::checked_sum(draws.iter().map(|draw| draw.captured))?;
    if amount <= Credits::ZERO {
        return Err(HoldError::Nothing);
    }
    if amount > captured {
        return Err(HoldError::OverHold { asked: amount, open: captured });
    }
    let mut rest = amount;
    let mut revenue = Money::ZERO;
    for draw in draws.iter_mut().rev() {
        let credits = rest.min(draw.captured);
        if credits.is_zero() {
            continue;
        }
        let grant = find(grants, draw.grant)?;
        let before = recognised(grant.paid, grant.credits, grant.captured);
        grant.captured = grant.captured.checked_sub(credits)?;
        grant.available = grant.available.checked_add(credits)?;
        let after = recognised(grant.paid, grant.credits, grant.captured);
        revenue = revenue.checked_add(before.checked_sub(after)?)?;
        draw.captured = draw.captured.checked_sub(credits)?;
        draw.released = draw.released.checked_add(credits)?;
        rest = rest.checked_sub(credits)?;
    }
    Ok(revenue)
}

fn check_open(draws: &[Draw], amount: Credits) -> Result<(), HoldError> {
    if amount <= Credits::ZERO {
        return Err(HoldError::Nothing);
    }
    let open = Credits::checked_sum(draws.iter().map(Draw::open))?;
    if amount > open { Err(HoldError::OverHold { asked: amount, open }) } else { Ok(()) }
}

fn find(grants: &mut [Grant], key: GrantKey) -> Result<&mut Grant, HoldError> {
    grants.iter_mut().find(|grant| grant.key == key).ok_or(HoldError::GrantMissing(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::grant::GrantKind;
    use crate::domain::time::Time;

    fn grant(key: i64, kind: GrantKind, credits: i64, paid: i64) -> Grant {
        Grant {
            key: GrantKey(key),
            id: "grt_00000000000000000000000000".parse().unwrap(),
            kind,
            credits: Credits::new(credits),
            paid: Money::from_micros(paid),
            available: Credits::new(credits),
            held: Credits::ZERO,
            captured: Credits::ZERO,
            expired: Credits::ZERO,
            withdrawn: Credits::ZERO,
            expires_at: None,
            created_at: Time::from_micros(key),
        }
    }

    #[test]
    fn rejects_hold_over_balance_and_changes_nothing() {
        let mut grants = [grant(1, GrantKind::Promo, 10, 0)];
        let before = grants.clone();
        let error = HoldError::NotEnough { needed: Credits::new(11), available: Credits::new(10) };
        assert_eq!(place(&mut grants, Credits::new(11)), Err(error));
        assert_eq!(grants, before);
    }

    #[test]
    fn rejects_capture_over_hold() {
        let mut grants = [grant(1, GrantKind::Promo, 10, 0)];
        let mut draws = place(&mut grants, Credits::new(10)).unwrap();
        capture(&mut draws, &mut grants, Credits::new(6)).unwrap();
        let error = HoldError::OverHold { asked: Credits::new(5), open: Credits::new(4) };
        assert_eq!(capture(&mut draws, &mut grants, Credits::new(5)), Err(error));
        assert_eq!(release(&mut draws, &mut grants, Credits::new(5)), Err(error));
    }

    #[test]
    fn a_gift_never_comes_back_as_paid() {
        let mut grants = [grant(1, GrantKind::Promo, 49, 0), grant(2, GrantKind::Purchase, 100, 1_000_000)];
        let mut draws = place(&mut grants, Credits::new(98)).unwrap();
        release(&mut draws, &mut grants, Credits::new(49)).unwrap();
        let revenue = capture(&mut draws, &mut grants, Credits::new(49)).unwrap();
        assert_eq!(revenue, Money::ZERO);
        assert_eq!(grants.map(|grant| grant.available.get()), [0, 100]);
    }

    #[test]
    fn takes_back_in_spending_order_and_never_what_is_held() {
        let mut grants = [grant(1, GrantKind::Purchase, 100, 1_000_000), grant(2, GrantKind::Promo, 50, 0)];
        place(&mut grants, Credits::new(20)).unwrap();
        let taken = withdraw(&mut grants, Credits::new(40)).unwrap();
        assert_eq!(taken, [(GrantKey(2), Credits::new(30)), (GrantKey(1), Credits::new(10))]);
        let error = HoldError::NotEnough { needed: Credits::new(91), available: Credits::new(90) };
        assert_eq!(withdraw(&mut grants, Credits::new(91)), Err(error));
        assert_eq!(withdraw(&mut grants, Credits::ZERO), Err(HoldError::Nothing));
        assert!(grants.iter().all(Grant::is_consistent));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Grant { credits: i64, paid: i64, promo: bool },
        Hold { credits: i64 },
        Capture { hold: usize, credits: i64 },
        Release { hold: usize, credits: i64 },
        Expire { grant: usize },
        Reverse { hold: usize, credits: i64 },
        Withdraw { credits: i64 },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..500_i64, 0..9_999_999_i64, any::<bool>()).prop_map(|(credits, paid, promo)| Step::Grant { credits, paid, promo }),
            (1..400_i64).prop_map(|credits| Step::Hold { credits }),
            (any::<usize>(), 1..200_i64).prop_map(|(hold, credits)| Step::Capture { hold, credits }),
            (any::<usize>(), 1..200_i64).prop_map(|(hold, credits)| Step::Release { hold, credits }),
            any::<usize>().prop_map(|grant| Step::Expire { grant }),
            (any::<usize>(), 1..200_i64).prop_map(|(hold, credits)| Step::Reverse { hold, credits }),
            (1..300_i64).prop_map(|credits| Step::Withdraw { credits }),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order: no credit is lost, none goes below zero, and the revenue recognised is what
        /// the captured credits of each grant are worth.
        #[test]
        fn nothing_is_lost_and_nothing_goes_below_zero(steps in prop::collection::vec(step(), 1..80)) {
            let mut grants: Vec<Grant> = Vec::new();
            let mut holds: Vec<Vec<Draw>> = Vec::new();
            let (mut granted, mut captured, mut expired, mut withdrawn, mut revenue) = (0, 0, 0, 0, 0);
            for step in steps {
                match step {
                    Step::Grant { credits, paid, promo } => {
                        let (kind, paid) = if promo { (GrantKind::Promo, 0) } else { (GrantKind::Purchase, paid) };
                        grants.push(grant(i64::try_from(grants.len()).unwrap(), kind, credits, paid));
                        granted += credits;
                    }
                    Step::Hold { credits } => {
                        let available: i64 = grants.iter().map(|grant| grant.available.get()).sum();
                        let placed = place(&mut grants, Credits::new(credits));
                        prop_assert_eq!(placed.is_ok(), available >= credits);
                        holds.extend(placed.ok());
                    }
                    Step::Capture { hold, credits } if !holds.is_empty() => {
                        let index = hold % holds.len();
                        let open: i64 = holds[index].iter().map(|draw| draw.open().get()).sum();
                        let taken = capture(&mut holds[index], &mut grants, Credits::new(credits));
                        prop_assert_eq!(taken.is_ok(), credits <= open);
                        if let Ok(money) = taken {
                            captured += credits;
                            revenue += money.micros();
                        }
                    }
                    Step::Release { hold, credits } if !holds.is_empty() => {
                        let index = hold % holds.len();
                        let open: i64 = holds[index].iter().map(|draw| draw.open().get()).sum();
                        prop_assert_eq!(release(&mut holds[index], &mut grants, Credits::new(credits)).is_ok(), credits <= open);
                    }
                    Step::Expire { grant } if !grants.is_empty() => {
                        let index = grant % grants.len();
                        let grant = &mut grants[index];
                        expired += grant.available.get();
                        grant.expired = grant.expired.checked_add(grant.available).unwrap();
                        grant.available = Credits::ZERO;
                    }
                    Step::Reverse { hold, credits } if !holds.is_empty() => {
                        let index = hold % holds.len();
                        let taken: i64 = holds[index].iter().map(|draw| draw.captured.get()).sum();
                        let undone = reverse(&mut holds[index], &mut grants, Credits::new(credits));
                        prop_assert_eq!(undone.is_ok(), credits <= taken);
                        if let Ok(money) = undone {
                            captured -= credits;
                            revenue -= money.micros();
                        }
                    }
                    Step::Withdraw { credits } => {
                        let available: i64 = grants.iter().map(|grant| grant.available.get()).sum();
                        let held: i64 = grants.iter().map(|grant| grant.held.get()).sum();
                        let taken = withdraw(&mut grants, Credits::new(credits));
                        prop_assert_eq!(taken.is_ok(), available >= credits);
                        prop_assert_eq!(held, grants.iter().map(|grant| grant.held.get()).sum::<i64>());
                        if let Ok(taken) = taken {
                            prop_assert_eq!(credits, taken.iter().map(|(_, credits)| credits.get()).sum::<i64>());
                            withdrawn += credits;
                        }
                    }
                    Step::Capture { .. } | Step::Release { .. } | Step::Expire { .. } | Step::Reverse { .. } => {}
                }
                let open: i64 = holds.iter().flatten().map(|draw| draw.open().get()).sum();
                let available: i64 = grants.iter().map(|grant| grant.available.get()).sum();
                prop_assert_eq!(granted, available + open + captured + expired + withdrawn);
                prop_assert!(grants.iter().all(Grant::is_consistent));
                prop_assert!(holds.iter().flatten().all(|draw| !draw.open().is_negative()));
                let worth: i64 = grants.iter().map(|grant| recognised(grant.paid, grant.credits, grant.captured).micros()).sum();
                prop_assert_eq!(revenue, worth);
            }
        }

        /// What a batch ends with does not depend on which task finished first.
        #[test]
        fn the_order_of_tasks_changes_no_grant(outcomes in prop::collection::vec(any::<bool>(), 1..40), seed in any::<u64>()) {
            let total = Credits::new(49 * i64::try_from(outcomes.len()).unwrap());
            let run = |outcomes: &[bool]| {
                let mut grants = [grant(1, GrantKind::Promo, 490, 0), grant(2, GrantKind::Purchase, 5_000, 40_000_000)];
                let mut draws = place(&mut grants, total).unwrap();
                let mut revenue = 0;
                for succeeded in outcomes {
                    if *succeeded {
                        revenue += capture(&mut draws, &mut grants, Credits::new(49)).unwrap().micros();
                    } else {
                        release(&mut draws, &mut grants, Credits::new(49)).unwrap();
                    }
                }
                (grants, draws, revenue)
            };
            let mut shuffled = outcomes.clone();
            let mut state = seed | 1;
            for index in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(index, usize::try_from(state >> 33).unwrap() % (index + 1));
            }
            prop_assert_eq!(run(&outcomes), run(&shuffled));
        }
    }
}
