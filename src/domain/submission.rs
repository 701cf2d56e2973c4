//! What a customer asks for, checked against the catalogue and priced. The same rules serve a submission and a quote.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::batch::{CUSTOM_ID_MAX_CHARS, PROMPT_MAX_CHARS};
use super::credits::Credits;
use super::id::{ModelKey, PriceKey};
use super::price::{Model, ModelUnavailable};
use super::time::Time;
use super::webhook::target::Subnets;
use super::word::words;

/// A batch as asked for. Shapes of single values (types, lengths of metadata) were checked when it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewBatch {
    /// For every item that names none.
    pub model: Option<String>,
    pub webhook_url: Option<String>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
    pub items: Vec<NewTask>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTask {
    pub prompt: String,
    pub model: Option<String>,
    pub custom_id: Option<String>,
    pub reference_url: Option<String>,
    pub aspect_ratio: Option<String>,
    pub duration_s: Option<i32>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
}

words! {
    /// Stable codes of what can be wrong with an item.
    ItemErrorCode {
        /// A value of the wrong type, or a field that does not exist.
        InvalidItem = "invalid_item",
        PromptMissing = "prompt_missing",
        PromptTooLong = "prompt_too_long",
        NulCharacter = "nul_character",
        CustomIdTooLong = "custom_id_too_long",
        CustomIdDuplicate = "custom_id_duplicate",
        ModelMissing = "model_missing",
        ModelUnknown = "model_unknown",
        ModelRetired = "model_retired",
        ModelNotYetAvailable = "model_not_yet_available",
        InvalidUrl = "invalid_url",
        InvalidAspectRatio = "invalid_aspect_ratio",
        InvalidDuration = "invalid_duration",
        InvalidMetadata = "invalid_metadata",
    }
}

/// What is wrong with one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemError {
    /// Position in `items`, from 0.
    pub index: usize,
    pub field: String,
    pub code: ItemErrorCode,
    pub message: String,
}

/// Bad items that are listed at most; the answer says how many there are.
pub const ITEM_ERRORS_MAX: usize = 100;

/// Why a submission is refused before its credits are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoItems,
    TooManyItems {
        items: usize,
        max: usize,
    },
    Items {
        errors: Vec<ItemError>,
        bad_items: usize,
    },
    /// Fewer tasks of a model than are sold in one batch.
    UnderMinimum {
        model: String,
        tasks: i64,
        min: i32,
    },
}

/// A submission that may be held: which model and price each item has, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    pub total: Credits,
    pub models: Vec<ModelShare>,
    /// For each item the index of its model in `models`.
    pub item_models: Vec<usize>,
}

/// One model's part of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelShare {
    pub model: ModelKey,
    pub name: String,
    pub price: PriceKey,
    pub credits: Credits,
    pub tasks: i64,
}

const ASPECT_RATIOS: [&str; 5] = ["16:9", "9:16", "1:1", "4:3", "3:4"];
const DURATION_MAX_S: i32 = 60;

/// Checks every item and prices the whole. `subnets` are those that addresses may lead to although they are not public. Reports every bad item, listing up to [`ITEM_ERRORS_MAX`].
pub fn price(batch: &NewBatch, models: &[Model], tasks_max: usize, subnets: Subnets, now: Time) -> Result<Priced, Refusal> {
    if batch.items.is_empty() {
        return Err(Refusal::NoItems);
    }
    if batch.items.len() > tasks_max {
        return Err(Refusal::TooManyItems { items: batch.items.len(), max: tasks_max });
    }
    let by_name: HashMap<&str, &Model> = models.iter().map(|model| (model.name.as_str(), model)).collect();
    let mut errors = Errors::default();
    let mut custom_ids = HashSet::new();
    let mut shares: Vec<ModelShare> = Vec::new();
    let mut item_models = Vec::with_capacity(batch.items.len());
    for (index, item) in batch.items.iter().enumerate() {
        check_values(index, item, subnets, &mut errors);
        if let Some(custom_id) = &item.custom_id
            && !custom_ids.insert(custom_id.as_str())
        {
            errors.add(
                index,
                "custom_id",
                ItemErrorCode::CustomIdDuplicate,
                format!("Another item of this batch has the custom_id {custom_id:?}."),
            );
        }
        match find_model(batch, item, &by_name, now) {
            Ok(model) => item_models.push(count(&mut shares, model)),
            Err((code, message)) => errors.add(index, "model", code, message),
        }
    }
    errors.finish()?;
    for share in &shares {
        let min = by_name.get(share.name.as_str()).map_or(1, |model| model.batch_min);
        if share.tasks < i64::from(min) {
            return Err(Refusal::UnderMinimum { model: share.name.clone(), tasks: share.tasks, min });
        }
    }
    // At most a million tasks at a price of a row: far from 64 bits, and refused if a price were not.
    let total = shares.iter().try_fold(Credits::ZERO, |sum, share| sum.checked_add(share.credits.checked_times(share.tasks)?));
    let total = total.map_err(|_| Refusal::TooManyItems { items: batch.items.len(), max: tasks_max })?;
    Ok(Priced { total, models: shares, item_models })
}

fn count(shares: &mut Vec<ModelShare>, model: &Model) -> usize {
    if let Some(index) = shares.iter().position(|share| share.model == model.key) {
        shares[index].tasks += 1;
        return index;
    }
    shares.push(ModelShare { model: model.key, name: model.name.clone(), price: model.price.key, credits: model.price.credits, tasks: 1 });
    shares.len() - 1
}

fn find_model<'m>(
    batch: &NewBatch,
    item: &NewTask,
    by_name: &HashMap<&str, &'m Model>,
    now: Time,
) -> Result<&'m Model, (ItemErrorCode, String)> {
    let Some(name) = item.model.as_deref().or(batch.model.as_deref()) else {
        return Err((ItemErrorCode::ModelMissing, "The item names no model and neither does the batch.".to_owned()));
    };
    let Some(model) = by_name.get(name) else {
        let mut names: Vec<&str> = by_name.keys().copied().collect();
        names.sort_unstable();
        return Err((ItemErrorCode::ModelUnknown, format!("There is no model {name:?}. Models: {}.", names.join(", "))));
    };
    match model.check_available(now) {
        Ok(()) => Ok(model),
        Err(ModelUnavailable::NotYet { from }) => {
            Err((ItemErrorCode::ModelNotYetAvailable, format!("The model {name} can be ordered from {from} on.")))
        }
        Err(ModelUnavailable::Retired { at, successor }) => {
            let instead = successor.map_or(String::new(), |successor| format!(" Use {successor} instead."));
            Err((ItemErrorCode::ModelRetired, format!("The model {name} was retired at {at}.{instead}")))
        }
    }
}

fn check_values(index: usize, item: &NewTask, subnets: Subnets, errors: &mut Errors) {
    if item.prompt.trim().is_empty() {
        errors.add(index, "prompt", ItemErrorCode::PromptMissing, "The prompt is empty.".to_owned());
    }
    let chars = item.prompt.chars().count();
    if chars > PROMPT_MAX_CHARS {
        let message = format!("The prompt has {chars} characters; {PROMPT_MAX_CHARS} are allowed.");
        errors.add(index, "prompt", ItemErrorCode::PromptTooLong, message);
    }
    let texts = [
        ("prompt", Some(&item.prompt)),
        ("custom_id", item.custom_id.as_ref()),
        ("model", item.model.as_ref()),
        ("metadata", item.metadata.as_ref()),
    ];
    for (field, text) in texts {
        // In metadata, which is JSON text, the character can only stand escaped.
        if text.is_some_and(|text| text.contains('\0') || (field == "metadata" && text.contains("\\u0000"))) {
            errors.add(index, field, ItemErrorCode::NulCharacter, format!("The {field} contains the NUL character (U+0000)."));
        }
    }
    if let Some(custom_id) = &item.custom_id
        && (custom_id.is_empty() || custom_id.chars().count() > CUSTOM_ID_MAX_CHARS)
    {
        let message = format!("The custom_id has 1 to {CUSTOM_ID_MAX_CHARS} characters.");
        errors.add(index, "custom_id", ItemErrorCode::CustomIdTooLong, message);
    }
    if let Some(Err(refusal)) = item.reference_url.as_deref().map(|url| subnets.check(url)) {
        errors.add(index, "reference_url", ItemErrorCode::InvalidUrl, format!("The reference_url {refusal}."));
    }
    if item.aspect_ratio.as_deref().is_some_and(|ratio| !ASPECT_RATIOS.contains(&ratio)) {
        let message = format!("The aspect_ratio is one of {}.", ASPECT_RATIOS.join(", "));
        errors.add(index, "aspect_ratio", ItemErrorCode::InvalidAspectRatio, message);
    }
    if item.duration_s.is_some_and(|seconds| !(1..=DURATION_MAX_S).contains(&seconds)) {
        let message = format!("The duration is a whole number of seconds from 1 to {DURATION_MAX_S}.");
        errors.add(index, "duration", ItemErrorCode::InvalidDuration, message);
    }
}

#[derive(Default)]
struct Errors {
    listed: Vec<ItemError>,
    bad_items: usize,
    last: Option<usize>,
}

impl Errors {
    fn add(&mut self, index: usize, field: &str, code: ItemErrorCode, message: String) {
        if self.last != Some(index) {
            self.bad_items += 1;
            self.last = Some(index);
        }
        if self.bad_items <= ITEM_ERRORS_MAX {
            self.listed.push(ItemError { index, field: field.to_owned(), code, message });
        }
    }

    fn finish(self) -> Result<(), Refusal> {
        if self.bad_items == 0 { Ok(()) } else { Err(Refusal::Items { errors: self.listed, bad_items: self.bad_items }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::Price;

    const NOW: Time = Time::from_micros(1_000);

    fn models() -> Vec<Model> {
        let model = |key, name: &str, batch_min, credits, retires_at| Model {
            key: ModelKey(key),
            name: name.to_owned(),
            batch_min,
            target_p95_s: 120,
            deadline_s: 900,
            available_from: Time::from_micros(0),
            retires_at,
            successor: Some("sora-2".to_owned()),
            price: Price { key: PriceKey(key), credits: Credits::new(credits) },
        };
        vec![model(1, "sora-2", 10, 49, None), model(2, "veo-pro", 5, 599, None), model(3, "old", 1, 1, Some(NOW))]
    }

    fn batch_of(count: usize) -> NewBatch {
        let item = |n| NewTask { prompt: format!("A lighthouse, take {n}"), ..NewTask::default() };
        NewBatch { model: Some("sora-2".to_owned()), items: (0..count).map(item).collect(), ..NewBatch::default() }
    }

    fn codes(batch: &NewBatch) -> Vec<(usize, ItemErrorCode)> {
        match price(batch, &models(), 10_000, Subnets::default(), NOW) {
            Err(Refusal::Items { errors, .. }) => errors.into_iter().map(|error| (error.index, error.code)).collect(),
            other => panic!("expected bad items, got {other:?}"),
        }
    }

    #[test]
    fn prices_each_item_with_its_model() {
        let mut batch = batch_of(15);
        for item in &mut batch.items[10..] {
            item.model = Some("veo-pro".to_owned());
        }
        let priced = price(&batch, &models(), 10_000, Subnets::default(), NOW).unwrap();
        assert_eq!(priced.total, Credits::new(10 * 49 + 5 * 599));
        assert_eq!((priced.item_models[9], priced.item_models[10]), (0, 1));
    }

    #[test]
    fn refuses_none_and_too_many() {
        assert_eq!(price(&batch_of(0), &models(), 10_000, Subnets::default(), NOW), Err(Refusal::NoItems));
        assert_eq!(
            price(&batch_of(10_001), &models(), 10_000, Subnets::default(), NOW),
            Err(Refusal::TooManyItems { items: 10_001, max: 10_000 })
        );
    }

    #[test]
    fn refuses_under_a_models_minimum() {
        let refusal = Refusal::UnderMinimum { model: "sora-2".to_owned(), tasks: 9, min: 10 };
        assert_eq!(price(&batch_of(9), &models(), 10_000, Subnets::default(), NOW), Err(refusal));
    }

    #[test]
    fn names_the_index_of_each_bad_item() {
        let mut batch = batch_of(12);
        batch.items[0].prompt = String::new();
        batch.items[1].prompt = "x".repeat(PROMPT_MAX_CHARS + 1);
        batch.items[2].prompt = "a\0b".to_owned();
        batch.items[3].model = Some("sora-9".to_owned());
        batch.items[4].model = Some("old".to_owned());
        batch.items[5].custom_id = Some("same".to_owned());
        batch.items[6].custom_id = Some("same".to_owned());
        batch.items[7].custom_id = Some("x".repeat(65));
        batch.items[8].reference_url = Some("ftp://example.com/a.png".to_owned());
        batch.items[9].aspect_ratio = Some("2:1".to_owned());
        batch.items[10].duration_s = Some(0);
        assert_eq!(
            codes(&batch),
            [
                (0, ItemErrorCode::PromptMissing),
                (1, ItemErrorCode::PromptTooLong),
                (2, ItemErrorCode::NulCharacter),
                (3, ItemErrorCode::ModelUnknown),
                (4, ItemErrorCode::ModelRetired),
                (6, ItemErrorCode::CustomIdDuplicate),
                (7, ItemErrorCode::CustomIdTooLong),
                (8, ItemErrorCode::InvalidUrl),
                (9, ItemErrorCode::InvalidAspectRatio),
                (10, ItemErrorCode::InvalidDuration),
            ]
        );
    }

    #[test]
    fn counts_all_bad_items_and_lists_a_hundred() {
        let mut batch = batch_of(150);
        batch.model = None;
        match price(&batch, &models(), 10_000, Subnets::default(), NOW) {
            Err(Refusal::Items { errors, bad_items }) => assert_eq!((errors.len(), bad_items), (100, 150)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reference_lies_where_webhooks_may_go() {
        let refused = |url: &str, subnets: &str| {
            let mut batch = batch_of(10);
            batch.items[3].reference_url = Some(url.to_owned());
            price(&batch, &models(), 10_000, subnets.parse().unwrap(), NOW).err()
        };
        for good in ["https://example.com/a.png", "http://example.com:8080/x?y=1"] {
            assert_eq!(refused(good, ""), None, "{good}");
        }
        for bad in ["", "file:///etc/passwd", "https://u:p@example.com", "https://a b", "http://10.0.0.1/a.png", "http://169.254.169.254/"]
        {
            assert!(matches!(refused(bad, ""), Some(Refusal::Items { bad_items: 1, .. })), "{bad}");
        }
        assert_eq!(refused("http://10.0.0.1:9000/a.png", "10.0.0.0/8"), None, "an operator allows it");
    }
}
