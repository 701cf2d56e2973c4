//! The script: who the customers are, what they bought and were given, and what they ordered when. Moments are minutes before
//! the end of the story.

use super::dice::Dice;
use super::faults::Mood;
use super::prompts::Theme;
use crate::domain::grant::GrantKind;

pub const MINUTE_MS: i64 = 60_000;
pub const DAY_MIN: i64 = 24 * 60;
/// The story is this long.
pub const DAYS: i64 = 30;

pub const SORA: &str = "sora-2";
pub const VEO: &str = "veo-pro";

/// A customer of the story.
#[derive(Clone, Copy, Debug)]
pub struct Buyer {
    pub name: &'static str,
    pub email: &'static str,
    pub key_name: &'static str,
    pub theme: Theme,
}

pub const NORTHWIND: usize = 0;
pub const XINGHE: usize = 1;
pub const LUMEN: usize = 2;
pub const PAPERCRANE: usize = 3;
pub const QINGHE: usize = 4;
pub const TINY_ROBOT: usize = 5;
/// Who shares a key with whoever tries the program: nothing of theirs waits, so that what is submitted is next in line.
pub const HOST: usize = LUMEN;

pub const BUYERS: [Buyer; 6] = [
    Buyer { name: "Northwind Studios", email: "production@northwind.example", key_name: "render farm", theme: Theme::Advertising },
    Buyer { name: "星河影视", email: "houqi@xinghe.example", key_name: "后期制作", theme: Theme::Drama },
    Buyer { name: "Lumen & Oak", email: "web@lumenandoak.example", key_name: "catalogue", theme: Theme::Homeware },
    Buyer { name: "Papercrane Learning", email: "media@papercrane.example", key_name: "lessons", theme: Theme::Lessons },
    Buyer { name: "青禾科技", email: "dev@qinghe.example", key_name: "测试", theme: Theme::Shop },
    Buyer { name: "Tiny Robot Games", email: "hello@tinyrobot.example", key_name: "trailer", theme: Theme::Games },
];

/// Credits that a customer is given or buys.
#[derive(Clone, Copy, Debug)]
pub struct Gift {
    pub buyer: usize,
    pub before_min: i64,
    pub kind: GrantKind,
    pub credits: i64,
    pub paid_usd: i64,
    /// Days after which the rest expires.
    pub expires_days: Option<i64>,
    pub reason: Option<&'static str>,
}

const fn bought(buyer: usize, day: i64, credits: i64, paid_usd: i64, reason: &'static str) -> Gift {
    Gift { buyer, before_min: day * DAY_MIN, kind: GrantKind::Purchase, credits, paid_usd, expires_days: None, reason: Some(reason) }
}

const fn given(buyer: usize, day: i64, credits: i64, expires_days: Option<i64>, reason: &'static str) -> Gift {
    Gift { buyer, before_min: day * DAY_MIN, kind: GrantKind::Promo, credits, paid_usd: 0, expires_days, reason: Some(reason) }
}

/// Packages are those of the catalogue: 380, 1,050 and 2,300 times a veo-pro video.
pub const GIFTS: &[Gift] = &[
    bought(NORTHWIND, 30, 1_377_700, 10_000, "Package Scale"),
    bought(NORTHWIND, 12, 628_950, 5_000, "Package Growth"),
    bought(XINGHE, 30, 628_950, 5_000, "Package Growth"),
    given(XINGHE, 18, 25_000, Some(60), "Launch of veo-pro in their region"),
    bought(LUMEN, 30, 227_620, 2_000, "Package Starter"),
    given(LUMEN, 26, 4_900, Some(10), "Autumn promotion"),
    given(PAPERCRANE, 29, 20_000, Some(90), "Programme for schools"),
    bought(PAPERCRANE, 16, 227_620, 2_000, "Package Starter"),
    given(QINGHE, 24, 9_800, None, "Trial"),
    given(TINY_ROBOT, 30, 2_450, Some(7), "Sign-up bonus"),
    bought(TINY_ROBOT, 20, 9_800, 98, "Credits at list price"),
    Gift {
        buyer: TINY_ROBOT,
        before_min: 9 * DAY_MIN,
        kind: GrantKind::Adjustment,
        credits: 490,
        paid_usd: 0,
        expires_days: None,
        reason: Some("Goodwill for the outage of the day before"),
    },
];

/// How many tasks a batch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Tasks(i64),
    /// As many as the customer's credits pay for.
    AllThatIsLeft,
}

/// How far a batch gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    ToTheEnd,
    /// Canceled so many minutes after it was submitted.
    Canceled {
        after_min: i64,
    },
    /// Submitted when the story ends: nobody has begun it.
    Waiting,
}

/// A batch that a customer orders.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub buyer: usize,
    pub before_min: i64,
    pub model: &'static str,
    pub size: Size,
    pub mood: Mood,
    pub course: Course,
}

const fn order(buyer: usize, before_min: i64, model: &'static str, tasks: i64, mood: Mood) -> Order {
    Order { buyer, before_min, model, size: Size::Tasks(tasks), mood, course: Course::ToTheEnd }
}

/// The batches that the story is about.
fn told() -> Vec<Order> {
    vec![
        order(NORTHWIND, 21 * DAY_MIN + 95, SORA, 10_000, Mood::Usual),
        order(NORTHWIND, 6 * DAY_MIN + 210, SORA, 10_000, Mood::Edgy),
        order(LUMEN, 14 * DAY_MIN + 33, SORA, 120, Mood::Everything),
        order(XINGHE, 11 * DAY_MIN + 400, VEO, 10, Mood::Blocked),
        order(TINY_ROBOT, 10 * DAY_MIN + 130, SORA, 60, Mood::Outage),
        order(XINGHE, 10 * DAY_MIN + 118, VEO, 40, Mood::Outage),
        Order { course: Course::Canceled { after_min: 2 }, ..order(PAPERCRANE, 5 * DAY_MIN + 50, SORA, 400, Mood::Usual) },
        Order { size: Size::AllThatIsLeft, ..order(QINGHE, 3 * DAY_MIN, SORA, 0, Mood::Flawless) },
        order(NORTHWIND, 5, SORA, 900, Mood::Usual),
        Order { course: Course::Canceled { after_min: 2 }, ..order(LUMEN, 3, SORA, 500, Mood::Usual) },
        Order { course: Course::Waiting, ..order(PAPERCRANE, 0, SORA, 24, Mood::Usual) },
    ]
}

/// Ordinary batches of one customer and model, between two days before the end.
struct Routine {
    buyer: usize,
    model: &'static str,
    batches: usize,
    tasks: (i64, i64),
    days: (i64, i64),
}

const fn routine(buyer: usize, model: &'static str, batches: usize, tasks: (i64, i64), days: (i64, i64)) -> Routine {
    Routine { buyer, model, batches, tasks, days }
}

const ROUTINE: &[Routine] = &[
    routine(NORTHWIND, SORA, 9, (120, 600), (29, 0)),
    routine(NORTHWIND, VEO, 3, (20, 90), (25, 1)),
    routine(XINGHE, VEO, 7, (15, 80), (29, 0)),
    routine(XINGHE, SORA, 4, (40, 200), (22, 1)),
    routine(LUMEN, SORA, 11, (20, 150), (29, 0)),
    routine(PAPERCRANE, SORA, 3, (12, 60), (28, 16)),
    routine(PAPERCRANE, SORA, 4, (12, 80), (15, 0)),
    routine(PAPERCRANE, VEO, 1, (5, 12), (15, 1)),
    routine(QINGHE, SORA, 4, (20, 45), (23, 4)),
    routine(TINY_ROBOT, SORA, 3, (10, 30), (19, 1)),
];
/// No ordinary batch is younger, so that the last ones are alone on the stage.
const QUIET_MIN: i64 = 4 * 60;

/// Every order, the oldest first.
pub fn orders(dice: &mut Dice) -> Vec<Order> {
    let mut orders = told();
    for Routine { buyer, model, batches, tasks, days: (first, last) } in ROUTINE {
        for _ in 0..*batches {
            let before_min = dice.between((last * DAY_MIN).max(QUIET_MIN), first * DAY_MIN);
            let mood = dice.pick_weighted(&[(Mood::Usual, 70), (Mood::Flawless, 20), (Mood::Edgy, 10)]);
            orders.push(order(*buyer, before_min, model, dice.between(tasks.0, tasks.1), mood));
        }
    }
    orders.sort_by_key(|order| -order.before_min);
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_sixty_batches_two_of_them_with_ten_thousand_tasks() {
        let orders = orders(&mut Dice::new(1));
        assert_eq!(orders.len(), 60);
        assert_eq!(orders.iter().filter(|order| order.size == Size::Tasks(10_000)).count(), 2);
        assert!(orders.windows(2).all(|pair| pair[0].before_min >= pair[1].before_min));
        assert!(orders.iter().all(|order| (0..=DAYS * DAY_MIN).contains(&order.before_min)));
    }

    /// As if nothing were ever given back, and as if what expires were gone at once.
    #[test]
    fn nobody_orders_more_than_it_has() {
        let orders = orders(&mut Dice::new(1));
        for (buyer, who) in BUYERS.iter().enumerate() {
            let mut spent = 0;
            for order in orders.iter().filter(|order| order.buyer == buyer) {
                let is_there = |gift: &&Gift| {
                    gift.buyer == buyer && gift.before_min > order.before_min && gift.expires_days.is_none_or(|days| days > DAYS)
                };
                let given: i64 = GIFTS.iter().filter(is_there).map(|gift| gift.credits).sum();
                let price = if order.model == SORA { 49 } else { 599 };
                spent += if let Size::Tasks(tasks) = order.size { tasks * price } else { 0 };
                assert!(spent <= given, "{}: {spent} of {given} at {} min before the end", who.name, order.before_min);
            }
        }
    }
}
