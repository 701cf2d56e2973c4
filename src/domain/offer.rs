//! The offer: what can be bought now, and the cheapest way to pay for a number of videos. No figure is written here; each
//! follows from the catalogue.

use super::credits::Credits;
use super::money::{Money, group_thousands};
use super::price::{Model, Package, list_price};
use super::time::Time;

/// Videos that are quoted at most.
pub const QUOTE_VIDEOS_MAX: i64 = 1_000_000;

/// What is on sale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Models that can be ordered now.
    pub models: Vec<Model>,
    /// Smallest first.
    pub packages: Vec<Package>,
}

/// What a number of videos of one model costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub model: String,
    /// Videos in a batch at least.
    pub batch_min: i64,
    pub videos: i64,
    pub credits: Credits,
    /// Without any package.
    pub list: Money,
    pub best: Purchase,
}

/// A way to buy credits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purchase {
    /// Packages and how many of each, largest first.
    pub packages: Vec<(Package, i64)>,
    /// Credits at list price beside them.
    pub loose: Credits,
    pub pay: Money,
    /// Credits that stay in the wallet. Paid credits do not expire.
    pub left: Credits,
}

/// Why there is no quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoQuote {
    UnknownModel,
    /// Fewer than a batch has at least.
    UnderMinimum {
        min: i64,
    },
    TooMany,
}

impl Offer {
    /// Of everything in the catalogue, what can be ordered at `now`.
    pub fn new(models: Vec<Model>, packages: Vec<Package>, now: Time) -> Self {
        Self { models: models.into_iter().filter(|model| model.check_available(now).is_ok()).collect(), packages }
    }

    pub fn quote(&self, model: &str, videos: i64) -> Result<Quote, NoQuote> {
        let model = self.models.iter().find(|known| known.name == model).ok_or(NoQuote::UnknownModel)?;
        let min = i64::from(model.batch_min);
        if videos < min {
            return Err(NoQuote::UnderMinimum { min });
        }
        if videos > QUOTE_VIDEOS_MAX {
            return Err(NoQuote::TooMany);
        }
        let credits = model.price.credits.checked_times(videos).map_err(|_| NoQuote::TooMany)?;
        let list = list_price(credits).ok_or(NoQuote::TooMany)?;
        let mut largest_first: Vec<&Package> = self.packages.iter().collect();
        largest_first.sort_by_key(|package| std::cmp::Reverse(package.credits));
        let best = cheapest(&largest_first, credits).ok_or(NoQuote::TooMany)?;
        Ok(Quote { model: model.name.clone(), batch_min: min, videos, credits, list, best })
    }

    /// The fewest videos for which the cheapest purchase has this package in it.
    pub fn worth_from(&self, package: &str, model: &Model) -> Option<i64> {
        let credits = self.packages.iter().find(|known| known.name == package)?.credits;
        let most = credits.get().checked_div(model.price.credits.get())?.checked_add(1)?;
        let is_worth = |videos: &i64| self.quote(&model.name, *videos).is_ok_and(|quote| quote.best.has(package));
        (i64::from(model.batch_min)..=most.min(QUOTE_VIDEOS_MAX)).find(is_worth)
    }

    /// The largest discount of all packages, in tenths of a percent.
    pub fn discount_max_permille(&self) -> Option<i64> {
        self.packages.iter().filter_map(Package::discount_permille).max()
    }
}

/// As many of the largest package as are used up, the rest from smaller ones; or one more of the largest where that is no
/// dearer.
fn cheapest(largest_first: &[&Package], need: Credits) -> Option<Purchase> {
    let Some((largest, smaller)) = largest_first.split_first() else {
        return Some(Purchase { loose: need, pay: list_price(need)?, ..Purchase::default() });
    };
    let whole = need.get().checked_div(largest.credits.get())?;
    let rest = Credits::new(need.get() - whole * largest.credits.get());
    let exact = cheapest(smaller, rest)?.with(largest, whole)?;
    if rest.is_zero() {
        return Some(exact);
    }
    let left = largest.credits.checked_sub(rest).ok()?;
    let one_more = Purchase { left, ..Purchase::default() }.with(largest, whole.checked_add(1)?)?;
    Some(if one_more.pay <= exact.pay { one_more } else { exact })
}

impl Purchase {
    fn has(&self, package: &str) -> bool {
        self.packages.iter().any(|(bought, _)| bought.name == package)
    }

    fn with(mut self, package: &Package, count: i64) -> Option<Self> {
        if count > 0 {
            let paid = package.paid.micros().checked_mul(count)?;
            self.pay = self.pay.checked_add(Money::from_micros(paid)).ok()?;
            self.packages.insert(0, (package.clone(), count));
        }
        Some(self)
    }
}

/// `sora-2` as `Sora-2`.
pub fn display_name(model: &str) -> String {
    let parts = model.split('-').map(|part| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    parts.collect::<Vec<String>>().join("-")
}

/// As on a price list: `US$2,000`, `US$0.49`; half a cent is rounded up.
pub fn dollars(money: Money) -> String {
    let cents = (money.micros().unsigned_abs() + 5_000) / 10_000;
    let sign = if money.micros() < 0 { "−" } else { "" };
    let whole = group_thousands(cents / 100);
    if cents.is_multiple_of(100) { format!("{sign}US${whole}") } else { format!("{sign}US${whole}.{:02}", cents % 100) }
}

/// Tenths of a percent in whole percents, rounded down: `121` as `12%`.
pub fn percent(permille: i64) -> String {
    format!("{}%", permille.div_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{ModelKey, PriceKey};
    use crate::domain::price::Price;

    fn offer() -> Offer {
        let model = |key, name: &str, batch_min, credits| Model {
            key: ModelKey(key),
            name: name.to_owned(),
            batch_min,
            target_p95_s: 120,
            deadline_s: 900,
            available_from: Time::from_micros(0),
            retires_at: None,
            successor: None,
            price: Price { key: PriceKey(key), credits: Credits::new(credits) },
        };
        let package = |name: &str, dollars: i64, credits| Package {
            name: name.to_owned(),
            paid: Money::from_micros(dollars * 1_000_000),
            credits: Credits::new(credits),
        };
        let packages = vec![package("Starter", 2_000, 227_620), package("Growth", 5_000, 628_950), package("Scale", 10_000, 1_377_700)];
        Offer { models: vec![model(1, "sora-2", 10, 49), model(2, "veo-pro", 5, 599)], packages }
    }

    /// The least that any numbers of packages and loose credits cost, by trying them all.
    fn by_brute_force(offer: &Offer, need: i64) -> i64 {
        let most = |package: &Package| need / package.credits.get() + 1;
        let [a, b, c] = &offer.packages[..] else { panic!("three packages") };
        let mut least = need * 10_000;
        for (x, y, z) in (0..=most(a)).flat_map(|x| (0..=most(b)).flat_map(move |y| (0..=most(c)).map(move |z| (x, y, z)))) {
            let credits = x * a.credits.get() + y * b.credits.get() + z * c.credits.get();
            let pay = x * a.paid.micros() + y * b.paid.micros() + z * c.paid.micros();
            least = least.min(pay + (need - credits).max(0) * 10_000);
        }
        least
    }

    #[test]
    fn the_best_purchase_is_the_cheapest_of_all() {
        let offer = offer();
        for videos in (5..9_000).step_by(37) {
            let quote = offer.quote("veo-pro", videos).unwrap();
            assert_eq!(quote.best.pay.micros(), by_brute_force(&offer, videos * 599), "{videos}");
            let bought: i64 = quote.best.packages.iter().map(|(package, count)| package.credits.get() * count).sum();
            assert_eq!(bought + quote.best.loose.get(), quote.credits.get() + quote.best.left.get(), "{videos}");
        }
    }

    #[test]
    fn a_quote_keeps_to_the_smallest_batch_and_to_what_is_sold() {
        let offer = offer();
        assert_eq!(offer.quote("sora-2", 9), Err(NoQuote::UnderMinimum { min: 10 }));
        assert_eq!(offer.quote("sora-1", 10), Err(NoQuote::UnknownModel));
        assert_eq!(offer.quote("sora-2", QUOTE_VIDEOS_MAX + 1), Err(NoQuote::TooMany));
        let quote = offer.quote("sora-2", 10).unwrap();
        assert_eq!((quote.credits, quote.list, quote.best.pay), (Credits::new(490), quote.list, quote.list));
        assert_eq!(dollars(quote.list), "US$4.90");
    }

    #[test]
    fn a_discount_is_never_said_to_be_more_than_it_is() {
        let discounts: Vec<i64> = offer().packages.iter().filter_map(Package::discount_permille).collect();
        assert_eq!(discounts, [121, 205, 274]);
        assert_eq!(discounts.iter().copied().map(percent).collect::<Vec<_>>(), ["12%", "20%", "27%"]);
        assert_eq!(offer().packages[0].videos(Credits::new(599)), Some(380));
        assert_eq!(offer().packages[0].price_of(Credits::new(599)).map(dollars).as_deref(), Some("US$5.26"));
    }

    #[test]
    fn prices_read_as_on_a_list() {
        assert_eq!(
            [0, 490_000, 2_000_000_000, 1_234_500_000, -5_000].map(|micros| dollars(Money::from_micros(micros))),
            ["US$0", "US$0.49", "US$2,000", "US$1,234.50", "−US$0.01"]
        );
        assert_eq!(display_name("veo-pro"), "Veo-Pro");
    }
}
