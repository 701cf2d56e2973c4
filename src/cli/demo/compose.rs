//! Turns an order of the story into what a customer would send.

use serde_json::json;

use super::dice::Dice;
use super::prompts::{Theme, prompt};
use super::story::{BUYERS, Order, VEO};
use crate::domain::submission::{NewBatch, NewTask};

/// Tasks in 1,000 that come with a reference picture, where the theme shows things that exist.
const WITH_PICTURE_PERMILLE: u32 = 150;

/// The batch that is ordered, with this many tasks. `number` counts the orders of the story.
pub fn batch(order: &Order, tasks: i64, number: usize, dice: &mut Dice) -> NewBatch {
    let theme = BUYERS[order.buyer].theme;
    let items = (1..=tasks).map(|task| item(theme, order.model, number, task, dice)).collect();
    NewBatch { model: Some(order.model.to_owned()), webhook_url: None, metadata: Some(metadata(theme, number, dice)), items }
}

fn item(theme: Theme, model: &str, number: usize, task: i64, dice: &mut Dice) -> NewTask {
    let duration_s = if model == VEO { 8 } else { *dice.pick(&[4, 8, 8, 12]) };
    let ratios: &[&str] = match theme {
        Theme::Drama | Theme::Lessons => &["16:9"],
        Theme::Shop => &["9:16"],
        Theme::Homeware => &["1:1", "1:1", "4:3"],
        Theme::Advertising | Theme::Games => &["16:9", "9:16", "1:1"],
    };
    let has_picture = matches!(theme, Theme::Homeware | Theme::Shop) && dice.chance(WITH_PICTURE_PERMILLE);
    let custom_id = match theme {
        Theme::Advertising => Some(format!("shot-{number:02}-{task:05}")),
        Theme::Homeware => Some(format!("sku-{:05}-{task}", dice.between(10_000, 99_999))),
        Theme::Drama => Some(format!("第{}集-{task:03}", number % 24 + 1)),
        Theme::Lessons | Theme::Shop | Theme::Games => None,
    };
    NewTask {
        prompt: prompt(theme, dice),
        model: None,
        custom_id,
        reference_url: has_picture.then(|| format!("https://assets.example.com/{number}/{task}.png")),
        aspect_ratio: Some((*dice.pick(ratios)).to_owned()),
        duration_s: Some(duration_s),
        metadata: None,
    }
}

/// The customer's own words for the batch.
fn metadata(theme: Theme, number: usize, dice: &mut Dice) -> String {
    let words = match theme {
        Theme::Advertising => {
            json!({"campaign": dice.pick(&["autumn-launch", "city-marathon", "sparkling-water", "winter-teaser"]), "team": "social"})
        }
        Theme::Drama => json!({"剧名": dice.pick(&["长安旧梦", "江南雨", "雪落孤城"]), "阶段": dice.pick(&["分镜", "成片", "补拍"])}),
        Theme::Homeware => json!({"collection": dice.pick(&["hearth", "tide", "meadow"]), "channel": "web shop"}),
        Theme::Lessons => json!({"subject": dice.pick(&["biology", "history", "physics"]), "grade": dice.pick(&["5", "7", "9"])}),
        Theme::Shop => json!({"活动": dice.pick(&["双十一", "新品首发"]), "平台": "短视频"}),
        Theme::Games => json!({"build": format!("0.{number}"), "for": dice.pick(&["trailer", "store page"])}),
    };
    words.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::story;
    use super::*;
    use crate::domain::credits::Credits;
    use crate::domain::id::{ModelKey, PriceKey};
    use crate::domain::price::{Model, Price};
    use crate::domain::submission::price;
    use crate::domain::time::Time;
    use crate::domain::webhook::target::Subnets;

    #[test]
    fn what_the_customers_send_is_accepted() {
        let model = |key, name: &str, batch_min| Model {
            key: ModelKey(key),
            name: name.to_owned(),
            batch_min,
            target_p95_s: 1,
            deadline_s: 1,
            available_from: Time::from_micros(0),
            retires_at: None,
            successor: None,
            price: Price { key: PriceKey(key), credits: Credits::new(1) },
        };
        let models = [model(1, story::SORA, 10), model(2, VEO, 5)];
        let mut dice = Dice::new(1);
        for (number, order) in story::orders(&mut dice.clone()).iter().enumerate() {
            let tasks = if let story::Size::Tasks(tasks) = order.size { tasks } else { 20 };
            let batch = batch(order, tasks, number, &mut dice);
            let priced = price(&batch, &models, 10_000, Subnets::default(), Time::from_micros(1));
            assert!(priced.is_ok(), "{order:?}: {priced:?}");
        }
    }
}
