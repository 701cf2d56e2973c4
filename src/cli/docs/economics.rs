//! What the seller earns: margins, and how many orders pay for the machines. Assumptions are stated here, and in the document
//! beside what follows from them.

use crate::domain::money::Money;

/// What running the software costs a month, whatever is sold.
pub const FIXED_COSTS: &[(&str, &str, Money)] = &[
    ("server", "one server with 4 cores and 16 GB", Money::from_micros(160_000_000)),
    ("database", "a managed PostgreSQL with daily back-ups", Money::from_micros(120_000_000)),
    ("operations", "monitoring, log storage, e-mail, domain", Money::from_micros(80_000_000)),
];

/// Videos of the first model in an order, as the break-even counts them.
pub const ORDER_VIDEOS: i64 = 100;

pub fn fixed_costs() -> Option<Money> {
    FIXED_COSTS.iter().try_fold(Money::ZERO, |sum, (.., cost)| sum.checked_add(*cost).ok())
}

/// Share of the price that stays when the provider is paid, in tenths of a percent, rounded down.
pub fn margin_permille(price: Money, cost: Money) -> Option<i64> {
    price.checked_sub(cost).ok()?.permille_of(price)
}

/// Orders a month after which nothing is lost; `None` when an order earns nothing.
pub fn break_even_orders(fixed: Money, profit_per_order: Money) -> Option<i64> {
    if profit_per_order <= Money::ZERO {
        return None;
    }
    let orders = u64::try_from(fixed.micros()).ok()?.div_ceil(u64::try_from(profit_per_order.micros()).ok()?);
    i64::try_from(orders).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_begun_is_an_order_needed() {
        let dollars = |dollars: i64| Money::from_micros(dollars * 1_000_000);
        assert_eq!(break_even_orders(dollars(100), dollars(10)), Some(10));
        assert_eq!(break_even_orders(dollars(101), dollars(10)), Some(11));
        assert_eq!(break_even_orders(dollars(1), Money::ZERO), None);
        assert_eq!(margin_permille(Money::from_micros(490_000), Money::from_micros(117_600)), Some(760));
    }
}
