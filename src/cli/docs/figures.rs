//! Every figure that a document may show, by name: prices and packages from the catalogue, limits and times from the
//! constants that the program keeps to, what is earned from both.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::CommandFactory;

use super::super::Cli;
use super::super::failure::Failure;
use super::economics::{FIXED_COSTS, ORDER_VIDEOS, break_even_orders, fixed_costs, margin_permille};
use crate::domain::attempt::ATTEMPTS_MAX;
use crate::domain::batch::{CUSTOM_ID_MAX_CHARS, IDEMPOTENCY_KEY_MAX_CHARS, METADATA_KEYS_MAX, PROMPT_MAX_CHARS, TASKS_MAX};
use crate::domain::money::{Money, group_thousands};
use crate::domain::offer::{Offer, dollars, percent};
use crate::domain::page::PAGE_MAX;
use crate::domain::price::{CREDIT_LIST_PRICE, Model, Package, list_price};
use crate::domain::webhook::{
    ANNOUNCED_BEFORE_S, DISABLED_AFTER_S, ENDPOINTS_MAX, PROBE_EVERY_S, ROTATION_S, Schedule, TIMEOUT_MS, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN,
};
use crate::server::config::settings::{self, SETTINGS};
use crate::service::Service;
use crate::service::settle::SETTLE_MAX;
use crate::service::workers::LEASE_MS;

/// By name. A text with lines begins and ends with a line break, so that its marks stand on lines of their own.
pub type Figures = BTreeMap<String, String>;

pub async fn read(service: &Service) -> Result<Figures, Failure> {
    let offer = service.offer().await?;
    let costs = service.unit_costs().await?;
    let cost_of = |model: &Model| costs.iter().filter(|(of, _)| *of == model.key).map(|(_, cost)| *cost).max();
    let mut all = Sheet::default();
    all.add("credit.price", dollars(CREDIT_LIST_PRICE));
    for model in &offer.models {
        all.model(model, cost_of(model));
    }
    for package in &offer.packages {
        all.package(package, &offer, cost_of);
    }
    let discounts: Vec<i64> = offer.packages.iter().filter_map(Package::discount_permille).collect();
    all.some("discount.min", discounts.iter().min().copied().map(percent));
    all.some("discount.max", offer.discount_max_permille().map(percent));
    all.limits();
    all.webhooks();
    all.economics(&offer, cost_of);
    all.add("settings.table", settings_table());
    all.add("commands.table", commands_table());
    Ok(all.0)
}

#[derive(Default)]
struct Sheet(Figures);

impl Sheet {
    fn add(&mut self, name: &str, value: impl ToString) {
        self.0.insert(name.to_owned(), value.to_string());
    }

    /// A figure that does not exist has no name either, so a document that shows it is false.
    fn some(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    fn count(&mut self, name: &str, value: impl TryInto<u64>) {
        self.some(name, value.try_into().ok().map(group_thousands));
    }

    fn model(&mut self, model: &Model, cost: Option<Money>) {
        let name = &model.name;
        let price = list_price(model.price.credits);
        self.count(&format!("{name}.credits"), model.price.credits.get());
        self.some(&format!("{name}.price"), price.map(dollars));
        self.count(&format!("{name}.batch_min"), model.batch_min);
        let smallest = model.price.credits.checked_times(i64::from(model.batch_min)).ok().and_then(list_price);
        self.some(&format!("{name}.batch_min_price"), smallest.map(dollars));
        self.add(&format!("{name}.target_min"), minutes(model.target_p95_s));
        self.add(&format!("{name}.deadline_min"), minutes(model.deadline_s));
        if let (Some(price), Some(cost)) = (price, cost) {
            self.add(&format!("{name}.cost"), exact_dollars(cost));
            self.some(&format!("{name}.profit"), price.checked_sub(cost).ok().map(exact_dollars));
            self.some(&format!("{name}.margin"), margin_permille(price, cost).map(percent));
        }
    }

    fn package(&mut self, package: &Package, offer: &Offer, cost_of: impl Fn(&Model) -> Option<Money>) {
        let name = package.name.to_lowercase();
        self.add(&format!("{name}.paid"), dollars(package.paid));
        self.count(&format!("{name}.credits"), package.credits.get());
        self.some(&format!("{name}.discount"), package.discount_permille().map(percent));
        for model in &offer.models {
            let price = package.price_of(model.price.credits);
            if let Some(videos) = package.videos(model.price.credits) {
                self.count(&format!("{name}.{}.videos", model.name), videos);
            }
            self.some(&format!("{name}.{}.price", model.name), price.map(dollars));
            if let Some(from) = offer.worth_from(&package.name, model) {
                self.count(&format!("{name}.{}.from", model.name), from);
            }
            let margin = price.zip(cost_of(model)).and_then(|(price, cost)| margin_permille(price, cost));
            self.some(&format!("{name}.{}.margin", model.name), margin.map(percent));
        }
    }

    fn limits(&mut self) {
        self.count("limit.tasks", TASKS_MAX);
        self.count("limit.prompt_chars", PROMPT_MAX_CHARS);
        self.count("limit.custom_id_chars", CUSTOM_ID_MAX_CHARS);
        self.count("limit.idempotency_key_chars", IDEMPOTENCY_KEY_MAX_CHARS);
        self.count("limit.metadata_keys", METADATA_KEYS_MAX);
        self.count("limit.page_rows", PAGE_MAX);
        self.count("limit.endpoints", ENDPOINTS_MAX);
        self.count("limit.attempts", ATTEMPTS_MAX);
        self.count("settle.tasks", SETTLE_MAX);
        self.count("lease.s", LEASE_MS / 1_000);
        self.some("limit.requests_per_min", settings::setting_named(settings::REQUESTS_PER_MIN).map(|setting| setting.default.to_owned()));
    }

    fn webhooks(&mut self) {
        let schedule = Schedule::default();
        let pauses: Vec<String> = schedule.pauses_s().iter().copied().map(pause).collect();
        let (numbers, rules): (Vec<String>, Vec<&str>) = (1..=pauses.len()).map(|number| (number.to_string(), "---")).unzip();
        let table = [("try", &numbers), ("after", &pauses)].map(|(name, cells)| format!("| {name} | {} |\n", cells.join(" | ")));
        self.add("webhook.table", format!("\n{}|---|{}|\n{}", table[0], rules.join("|"), table[1]));
        self.add("webhook.schedule", pauses.join(", "));
        self.count("webhook.tries", schedule.tries());
        let whole_s: i64 = schedule.pauses_s().iter().sum();
        self.count("webhook.hours", whole_s / 3_600);
        self.count("webhook.days", whole_s / 86_400);
        self.count("webhook.timeout_s", TIMEOUT_MS / 1_000);
        self.count("webhook.timeout_min_s", TIMEOUT_MS_MIN / 1_000);
        self.count("webhook.timeout_max_s", TIMEOUT_MS_MAX / 1_000);
        self.count("webhook.rotation_h", ROTATION_S / 3_600);
        self.count("webhook.disabled_after_days", DISABLED_AFTER_S / 86_400);
        self.count("webhook.announced_h", ANNOUNCED_BEFORE_S / 3_600);
        self.count("webhook.probe_h", PROBE_EVERY_S / 3_600);
    }

    /// What an order of the first model earns, and how many a month pay the fixed costs.
    fn economics(&mut self, offer: &Offer, cost_of: impl Fn(&Model) -> Option<Money>) {
        for (name, _, cost) in FIXED_COSTS {
            self.add(&format!("fixed.{name}"), dollars(*cost));
        }
        let Some((model, fixed)) = offer.models.first().zip(fixed_costs()) else { return };
        self.add("fixed.month", dollars(fixed));
        self.count("order.videos", ORDER_VIDEOS);
        let times = |money: Money| money.micros().checked_mul(ORDER_VIDEOS).map(Money::from_micros);
        let price = list_price(model.price.credits).and_then(times);
        let profit = price.zip(cost_of(model).and_then(times)).and_then(|(price, cost)| price.checked_sub(cost).ok());
        self.some("order.price", price.map(dollars));
        self.some("order.profit", profit.map(dollars));
        let orders = profit.and_then(|profit| break_even_orders(fixed, profit));
        self.some("break_even.orders", orders.map(|orders| orders.to_string()));
    }
}

/// All decimals, two at least: `US$0.1176`, `US$1.50`.
fn exact_dollars(money: Money) -> String {
    let micros = money.micros();
    let text = format!("{:06}", micros.unsigned_abs() % 1_000_000);
    let decimals = text.trim_end_matches('0');
    let sign = if micros < 0 { "−" } else { "" };
    format!("{sign}US${}.{decimals:0<2}", group_thousands(micros.unsigned_abs() / 1_000_000))
}

/// Whole minutes, or with the half and the like: `2`, `2.5`.
fn minutes(seconds: i64) -> String {
    let tenths = seconds / 6;
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

/// In the largest unit that leaves no rest: `5 min`.
fn pause(seconds: i64) -> String {
    match seconds {
        0 => "0 s".to_owned(),
        hours if hours % 3_600 == 0 => format!("{} h", hours / 3_600),
        minutes if minutes % 60 == 0 => format!("{} min", minutes / 60),
        seconds => format!("{seconds} s"),
    }
}

fn settings_table() -> String {
    let mut table = "\n| setting | default | meaning |\n|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { "–".to_owned() } else { format!("`{}`", setting.default) };
        line(&mut table, &[&format!("`{}`", setting.name), &default, setting.meaning]);
    }
    for (suffix, meaning) in
        [(settings::BASE_URL_SUFFIX, settings::BASE_URL_MEANING), (settings::API_KEY_SUFFIX, settings::API_KEY_MEANING)]
    {
        line(&mut table, &[&format!("`{}<NAME>{suffix}`", settings::PROVIDER_PREFIX), "–", meaning]);
    }
    table
}

fn commands_table() -> String {
    let mut table = "\n| command | what it does |\n|---|---|\n".to_owned();
    for command in Cli::command().get_subcommands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        line(&mut table, &[&format!("`batchbook {}`", command.get_name()), &about]);
    }
    table
}

fn line(table: &mut String, cells: &[&str]) {
    // Writing to a String cannot fail. `<name>` would be read as HTML outside of code.
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| if cell.starts_with('`') { cell.replace('|', "\\|") } else { cell.replace('<', "&lt;").replace('|', "\\|") })
        .collect();
    let _ = writeln!(table, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!([0, 5, 300, 1_800, 7_200, 86_400].map(pause), ["0 s", "5 s", "5 min", "30 min", "2 h", "24 h"]);
        assert_eq!([120, 90, 600].map(minutes), ["2", "1.5", "10"]);
        assert_eq!(
            [117_600, 1_500_000, 2_000_000].map(|micros| exact_dollars(Money::from_micros(micros))),
            ["US$0.1176", "US$1.50", "US$2.00"]
        );
    }
}
