//! The catalogue: what a model costs a customer, and what customers may ask of it. Rows with effective dates, never code: the
//! start values are the first rows (`store/catalogue.rs`).

use super::attempt::BillingRule;
use super::credits::Credits;
use super::id::{ModelKey, PriceKey, RouteKey};
use super::money::Money;
use super::time::Time;

/// A model as customers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub key: ModelKey,
    pub name: String,
    /// Tasks of this model in one batch at least.
    pub batch_min: i32,
    /// 95 of 100 tasks should be ready within this time.
    pub target_p95_s: i64,
    /// A task that is not ready by then fails as `timeout` and is refunded.
    pub deadline_s: i64,
    pub available_from: Time,
    pub retires_at: Option<Time>,
    /// The model to use instead after `retires_at`.
    pub successor: Option<String>,
    /// The price in force when the catalogue was read.
    pub price: Price,
}

/// A price in force from a moment on. A batch pins the row that it was priced with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub key: PriceKey,
    pub credits: Credits,
}

/// Why a model cannot be ordered now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelUnavailable {
    NotYet { from: Time },
    Retired { at: Time, successor: Option<String> },
}

impl Model {
    pub fn check_available(&self, now: Time) -> Result<(), ModelUnavailable> {
        if now < self.available_from {
            return Err(ModelUnavailable::NotYet { from: self.available_from });
        }
        match self.retires_at {
            Some(at) if at <= now => Err(ModelUnavailable::Retired { at, successor: self.successor.clone() }),
            _ => Ok(()),
        }
    }
}

/// What a credit costs outside of a package.
pub const CREDIT_LIST_PRICE: Money = Money::from_micros(10_000);

/// Credits sold in advance, for less than their list price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    pub paid: Money,
    pub credits: Credits,
}

impl Package {
    /// Tenths of a percent off the list price, rounded down: never more is promised than is given.
    pub fn discount_permille(&self) -> Option<i64> {
        let list = list_price(self.credits)?;
        list.checked_sub(self.paid).ok()?.permille_of(list)
    }

    /// What so many credits cost out of this package, rounded down to a micro-dollar.
    pub fn price_of(&self, credits: Credits) -> Option<Money> {
        let micros = i128::from(self.paid.micros()).checked_mul(i128::from(credits.get()))?.checked_div(i128::from(self.credits.get()))?;
        i64::try_from(micros).ok().map(Money::from_micros)
    }

    /// Whole videos at this price.
    pub const fn videos(&self, price: Credits) -> Option<i64> {
        self.credits.get().checked_div(price.get())
    }
}

/// What credits cost outside of a package; `None` beyond 64 bits.
pub fn list_price(credits: Credits) -> Option<Money> {
    credits.get().checked_mul(CREDIT_LIST_PRICE.micros()).map(Money::from_micros)
}

/// One way to have a model made: a provider, its name of the model, what it costs us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub key: RouteKey,
    pub model: ModelKey,
    /// Name of the provider in the configuration.
    pub provider: String,
    pub upstream_model: String,
    pub unit_cost: Money,
    pub billing: BillingRule,
    /// Tasks at the provider at once, over all workers.
    pub concurrency_max: i32,
    /// Submissions a minute, over all workers.
    pub submits_per_minute_max: i32,
    pub paused_until: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_model_names_its_successor() {
        let at = Time::from_micros(100);
        let model = Model {
            key: ModelKey(1),
            name: "veo-pro".to_owned(),
            batch_min: 5,
            target_p95_s: 600,
            deadline_s: 1_800,
            available_from: Time::from_micros(10),
            retires_at: Some(at),
            successor: Some("omni".to_owned()),
            price: Price { key: PriceKey(1), credits: Credits::new(599) },
        };
        assert_eq!(model.check_available(Time::from_micros(9)), Err(ModelUnavailable::NotYet { from: Time::from_micros(10) }));
        assert_eq!(model.check_available(Time::from_micros(99)), Ok(()));
        let retired = ModelUnavailable::Retired { at, successor: Some("omni".to_owned()) };
        assert_eq!(model.check_available(at), Err(retired));
    }
}
