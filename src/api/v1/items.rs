//! Reading `items`, one by one: a wrong value in item 7 is an error of item 7, and the other items are read all the same.
//!
//! The way of a good item is one parse into its fields. Only an item that fails it is read a second time, field by field, to
//! say what is wrong with each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::batch::{METADATA_KEY_MAX_CHARS, METADATA_KEYS_MAX, METADATA_VALUE_MAX_CHARS};
use crate::domain::submission::{ITEM_ERRORS_MAX, ItemError, ItemErrorCode, NewTask};

/// One prompt of a batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Item)]
pub(crate) struct Item {
    /// What to make.
    #[schema(required, value_type = String, min_length = 1, max_length = 10_000)]
    prompt: Option<String>,
    /// Instead of the batch's model.
    model: Option<String>,
    /// Your own name of the item, unique in the batch.
    #[schema(min_length = 1, max_length = 64)]
    custom_id: Option<String>,
    /// A picture to start from.
    #[schema(format = "uri", max_length = 2048)]
    reference_url: Option<String>,
    /// `16:9`, `9:16`, `1:1`, `4:3` or `3:4`.
    #[schema(example = "16:9")]
    aspect_ratio: Option<String>,
    /// Seconds, a whole number.
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 60)]
    duration: Option<WholeSeconds>,
    /// Up to 16 texts of your own.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    metadata: Option<Metadata>,
}

const FIELDS: &str = "prompt, model, custom_id, reference_url, aspect_ratio, duration, metadata";

/// What `items` came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Items {
    Good(Vec<NewTask>),
    Bad {
        errors: Vec<ItemError>,
        bad_items: usize,
    },
    /// They were counted and not kept.
    TooMany(usize),
}

/// Reads `items`, an array as JSON text, keeping at most `max`.
pub(super) fn read(json: &str, max: usize) -> Result<Items, serde_json::Error> {
    serde_json::Deserializer::from_str(json).deserialize_seq(OneByOne { max })
}

struct OneByOne {
    max: usize,
}

impl<'de> Visitor<'de> for OneByOne {
    type Value = Items;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("items, an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Items, A::Error> {
        let mut tasks = Vec::new();
        let mut errors = Vec::new();
        let (mut index, mut bad_items) = (0, 0);
        while index < self.max {
            let Some(raw) = array.next_element::<&RawValue>()? else { break };
            if let Ok(item) = serde_json::from_str::<Item>(raw.get()) {
                tasks.push(item.into());
            } else {
                bad_items += 1;
                if bad_items <= ITEM_ERRORS_MAX {
                    explain(index, raw.get(), &mut errors);
                }
            }
            index += 1;
        }
        while array.next_element::<IgnoredAny>()?.is_some() {
            index += 1;
        }
        Ok(match (index > self.max, bad_items) {
            (true, _) => Items::TooMany(index),
            (false, 0) => Items::Good(tasks),
            (false, _) => Items::Bad { errors, bad_items },
        })
    }
}

impl From<Item> for NewTask {
    fn from(item: Item) -> Self {
        let Item { prompt, model, custom_id, reference_url, aspect_ratio, duration, metadata } = item;
        // A missing prompt is an empty one: the domain refuses both alike.
        let prompt = prompt.unwrap_or_default();
        let duration_s = duration.map(|seconds| seconds.0);
        Self { prompt, model, custom_id, reference_url, aspect_ratio, duration_s, metadata: metadata.map(|metadata| metadata.to_json()) }
    }
}

/// Says what is wrong with each field of an item that could not be read.
fn explain(index: usize, json: &str, errors: &mut Vec<ItemError>) {
    let before = errors.len();
    let mut add = |field: &str, code, message: String| errors.push(ItemError { index, field: field.to_owned(), code, message });
    let Ok(fields) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(json) else {
        return add("", ItemErrorCode::InvalidItem, format!("An item is an object with the fields {FIELDS}."));
    };
    for (field, value) in &fields {
        let value = value.get();
        match field.as_ref() {
            "prompt" | "model" | "custom_id" | "reference_url" | "aspect_ratio" => {
                if let Err(error) = serde_json::from_str::<Option<String>>(value) {
                    add(field, ItemErrorCode::InvalidItem, format!("The {field} is a text: {error}."));
                }
            }
            "duration" => {
                if serde_json::from_str::<Option<WholeSeconds>>(value).is_err() {
                    add(field, ItemErrorCode::InvalidDuration, "The duration is a whole number of seconds.".to_owned());
                }
            }
            "metadata" => {
                if serde_json::from_str::<Option<Metadata>>(value).is_err() {
                    add(field, ItemErrorCode::InvalidMetadata, METADATA_RULE.to_owned());
                }
            }
            _ => add(shortened(field), ItemErrorCode::InvalidItem, format!("There is no field {:?}. Fields: {FIELDS}.", shortened(field))),
        }
    }
    if errors.len() == before {
        // Each field is right by itself: one of them stands twice.
        let message = "A field of the item stands twice.".to_owned();
        errors.push(ItemError { index, field: String::new(), code: ItemErrorCode::InvalidItem, message });
    }
}

/// Characters of a field's name that are repeated in an answer at most.
const FIELD_SHOWN_CHARS: usize = 64;

fn shortened(field: &str) -> &str {
    field.char_indices().nth(FIELD_SHOWN_CHARS).map_or(field, |(end, _)| &field[..end])
}

/// A whole number of seconds, also written as a text of digits.
#[derive(Debug)]
struct WholeSeconds(i32);

impl<'de> Deserialize<'de> for WholeSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;

        impl Visitor<'_> for Seconds {
            type Value = WholeSeconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of seconds")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<WholeSeconds, E> {
                i32::try_from(number).map(WholeSeconds).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<WholeSeconds, E> {
                i32::try_from(number).map(WholeSeconds).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<WholeSeconds, E> {
                if !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(E::custom("not digits"));
                }
                text.parse().map(WholeSeconds).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Seconds)
    }
}

/// Texts of the customer's own, sorted by key.
#[derive(Debug, Serialize)]
pub(super) struct Metadata(BTreeMap<String, String>);

pub(super) const METADATA_RULE: &str =
    "The metadata is an object of at most 16 texts; its keys have 1 to 64 characters, its values at most 512, none of them NUL.";

impl Metadata {
    /// As it is stored and fingerprinted: keys in order, no white space.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).expect("texts are always JSON")
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = BTreeMap::<String, String>::deserialize(deserializer)?;
        let fits = |text: &str, max: usize| text.chars().count() <= max && !text.contains('\0');
        let good = pairs.len() <= METADATA_KEYS_MAX
            && pairs
                .iter()
                .all(|(key, value)| !key.is_empty() && fits(key, METADATA_KEY_MAX_CHARS) && fits(value, METADATA_VALUE_MAX_CHARS));
        if good { Ok(Self(pairs)) } else { Err(serde::de::Error::custom(METADATA_RULE)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(json: &str) -> Vec<(usize, String, ItemErrorCode)> {
        match read(json, 10).unwrap() {
            Items::Bad { errors, .. } => errors.into_iter().map(|error| (error.index, error.field, error.code)).collect(),
            other => panic!("expected bad items, got {other:?}"),
        }
    }

    fn good(json: &str) -> NewTask {
        match read(&format!("[{json}]"), 10).unwrap() {
            Items::Good(mut tasks) => tasks.remove(0),
            other => panic!("expected a good item, got {other:?}"),
        }
    }

    #[test]
    fn an_error_is_an_error_of_its_item_and_field() {
        use ItemErrorCode::{InvalidDuration, InvalidItem, InvalidMetadata};

        let json = r#"[{"prompt":"a"}, {"prompt":5,"promt":"b","duration":1.5}, 7, {"prompt":"a","metadata":{"k":1}}, {"prompt":"a","prompt":"b"}]"#;
        let expected = [
            (1, "duration", InvalidDuration),
            (1, "prompt", InvalidItem),
            (1, "promt", InvalidItem),
            (2, "", InvalidItem),
            (3, "metadata", InvalidMetadata),
            (4, "", InvalidItem),
        ];
        assert_eq!(bad(json), expected.map(|(index, field, code)| (index, field.to_owned(), code)));
    }

    #[test]
    fn null_is_the_same_as_nothing() {
        assert_eq!(good(r#"{"prompt":"a","model":null,"duration":null,"metadata":null}"#), good(r#"{"prompt":"a"}"#));
    }

    #[test]
    fn a_duration_is_a_whole_number_in_either_writing() {
        assert_eq!(good(r#"{"prompt":"a","duration":8}"#).duration_s, Some(8));
        assert_eq!(good(r#"{"prompt":"a","duration":"8"}"#).duration_s, Some(8));
        for wrong in ["8.5", "\"8s\"", "\"\"", "\"-8\"", "true", "99999999999", "[8]"] {
            assert_eq!(bad(&format!(r#"[{{"prompt":"a","duration":{wrong}}}]"#))[0].2, ItemErrorCode::InvalidDuration, "{wrong}");
        }
    }

    #[test]
    fn metadata_is_canonical() {
        let a = good(r#"{"prompt":"a","metadata":{"b":"2",  "a":"\u0031"}}"#);
        assert_eq!(a.metadata.as_deref(), Some(r#"{"a":"1","b":"2"}"#));
    }

    #[test]
    fn metadata_has_limits() {
        let pairs = |count: usize| (0..count).map(|n| format!(r#""k{n}":"v""#)).collect::<Vec<_>>().join(",");
        let of = |inside: String| format!(r#"[{{"prompt":"a","metadata":{{{inside}}}}}]"#);
        assert!(matches!(read(&of(pairs(16)), 10).unwrap(), Items::Good(_)));
        let wrong = [
            pairs(17),
            format!(r#""{}":"v""#, "k".repeat(65)),
            format!(r#""k":"{}""#, "v".repeat(513)),
            r#""":"v""#.to_owned(),
            r#""k":"\u0000""#.to_owned(),
        ];
        for inside in wrong {
            assert_eq!(bad(&of(inside.clone()))[0].2, ItemErrorCode::InvalidMetadata, "{inside}");
        }
    }

    #[test]
    fn a_lone_surrogate_is_an_error_of_its_item() {
        assert_eq!(bad(r#"[{"prompt":"\ud800"}]"#), [(0, "prompt".to_owned(), ItemErrorCode::InvalidItem)]);
    }

    #[test]
    fn too_many_are_counted_and_not_kept() {
        assert_eq!(read("[1,2,3,4]", 3).unwrap(), Items::TooMany(4));
        assert_eq!(read("[]", 3).unwrap(), Items::Good(vec![]));
    }

    #[test]
    fn counts_all_bad_items_and_explains_a_hundred() {
        let json = format!("[{}]", vec!["0"; 150].join(","));
        match read(&json, 1_000).unwrap() {
            Items::Bad { errors, bad_items } => assert_eq!((errors.len(), bad_items), (100, 150)),
            other => panic!("{other:?}"),
        }
    }
}
