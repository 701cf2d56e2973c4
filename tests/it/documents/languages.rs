//! What is sent in English and in Chinese says the same: the same sections, and in each the same figures, proofs,
//! placeholders, items and rows.

use super::read::Document;
use super::{FOR_CUSTOMERS, placeholders};

#[derive(Debug, Default, PartialEq, Eq)]
struct Section {
    level: usize,
    items: usize,
    rows: usize,
    /// Sorted: each language has an order of its own.
    figures: Vec<String>,
    proofs: Vec<String>,
    placeholders: Vec<String>,
}

#[test]
fn both_languages_are_in_step() {
    for name in FOR_CUSTOMERS {
        let [english, chinese] = ["docs", "docs/zh"].map(|folder| Document::read(&format!("{folder}/{name}")));
        let titles: Vec<_> = english.headings().zip(chinese.headings()).collect();
        let [english_sections, chinese_sections] = [&english, &chinese].map(sections);
        assert_eq!(english_sections.len(), chinese_sections.len(), "{name}: the same sections");
        for (index, (one, other)) in english_sections.iter().zip(&chinese_sections).enumerate() {
            assert_eq!(one, other, "{name}: {:?}", titles.get(index.saturating_sub(1)));
        }
        let is_chinese = |text: &str| text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count() > text.len() / 12;
        assert!(is_chinese(&chinese.text) && !is_chinese(&english.text), "{name}: each in its language");
    }
}

fn sections(document: &Document) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    for (_, line) in document.lines() {
        if line.starts_with('#') {
            sections.push(Section { level: line.chars().take_while(|c| *c == '#').count(), ..Section::default() });
        }
        let Some(section) = sections.last_mut() else { continue };
        section.items += usize::from(line.trim_start().starts_with("- "));
        section.rows += usize::from(line.starts_with('|'));
        section.placeholders.extend(placeholders(line));
        for (mark, list) in [("<!--=", &mut section.figures), ("<!-- proof: ", &mut section.proofs)] {
            list.extend(line.split(mark).skip(1).filter_map(|rest| Some(rest.split_once("-->")?.0.to_owned())));
        }
    }
    for section in &mut sections {
        section.figures.sort();
        section.proofs.sort();
        section.placeholders.sort();
        // A placeholder may be said twice in one language.
        section.placeholders.dedup();
    }
    sections
}
