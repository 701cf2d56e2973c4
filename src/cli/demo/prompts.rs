//! Prompts as different customers write them, in English and Chinese: each theme is a few lists whose words go together.

use self::lists::{ADVERTISING, DRAMA, GAMES, HOMEWARE, LESSONS, SHOP};
use super::dice::Dice;

mod lists;

/// What a customer makes videos of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Advertising,
    Drama,
    Homeware,
    Lessons,
    Shop,
    Games,
}

/// A prompt of the theme.
pub fn prompt(theme: Theme, dice: &mut Dice) -> String {
    let lists = match theme {
        Theme::Advertising => &ADVERTISING,
        Theme::Drama => &DRAMA,
        Theme::Homeware => &HOMEWARE,
        Theme::Lessons => &LESSONS,
        Theme::Shop => &SHOP,
        Theme::Games => &GAMES,
    };
    let (subject, doing) = (dice.pick(lists.subjects), dice.pick(lists.doings));
    let (place, look) = (dice.pick(lists.places), dice.pick(lists.looks));
    if lists.is_chinese { format!("{place}，{subject}{doing}，{look}。") } else { format!("{subject} {doing} {place}, {look}.") }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn prompts_vary_and_repeat_with_the_seed() {
        for theme in [Theme::Advertising, Theme::Drama, Theme::Homeware, Theme::Lessons, Theme::Shop, Theme::Games] {
            let told = |seed| {
                let mut dice = Dice::new(seed);
                (0..200).map(|_| prompt(theme, &mut dice)).collect::<Vec<_>>()
            };
            assert_eq!(told(1), told(1));
            let distinct: HashSet<String> = told(1).into_iter().collect();
            assert!(distinct.len() > 150, "{theme:?}: {} of 200", distinct.len());
        }
    }
}
