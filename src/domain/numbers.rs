//! Numbers of tasks as people write them: `3,7-9`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Numbers that one request may name at most.
pub const NUMBERS_MAX: usize = 10_000;

/// One or more numbers of tasks, from 1, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskNumbers(BTreeSet<i32>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNumbers {
    #[error("name tasks by their numbers, like 3,7-9")]
    Unreadable,
    #[error("name at most {NUMBERS_MAX} tasks at once")]
    TooMany,
}

impl TaskNumbers {
    pub fn iter(&self) -> impl Iterator<Item = i32> + '_ {
        self.0.iter().copied()
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn contains(&self, number: i32) -> bool {
        self.0.contains(&number)
    }
}

impl FromStr for TaskNumbers {
    type Err = NotNumbers;

    fn from_str(text: &str) -> Result<Self, NotNumbers> {
        let number = |text: &str| text.trim().parse::<i32>().ok().filter(|number| *number >= 1).ok_or(NotNumbers::Unreadable);
        let mut numbers = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = match part.split_once(['-', '–']) {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if first > last {
                return Err(NotNumbers::Unreadable);
            }
            if usize::try_from(last - first).map_or(true, |more| more >= NUMBERS_MAX) {
                return Err(NotNumbers::TooMany);
            }
            numbers.extend(first..=last);
            if numbers.len() > NUMBERS_MAX {
                return Err(NotNumbers::TooMany);
            }
        }
        Ok(Self(numbers))
    }
}

/// In the shortest form that means the same.
impl fmt::Display for TaskNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ranges: Vec<(i32, i32)> = Vec::new();
        for number in self.iter() {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        for (index, (first, last)) in ranges.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_says_it_shortly() {
        for (text, said) in [("3,7-9", "3,7-9"), (" 9 , 8,7 ", "7-9"), ("1-3,2-5", "1-5"), ("4–6", "4-6"), ("7", "7")] {
            let numbers: TaskNumbers = text.parse().unwrap();
            assert_eq!(numbers.to_string(), said, "{text}");
            assert_eq!(said.parse(), Ok(numbers));
        }
        assert_eq!("1-3,9".parse::<TaskNumbers>().unwrap().count(), 4);
    }

    #[test]
    fn refuses_what_is_no_number_and_too_many() {
        for text in ["", ",", "0", "-3", "3-", "9-7", "x", "1;2", "1.5", "99999999999"] {
            assert_eq!(text.parse::<TaskNumbers>(), Err(NotNumbers::Unreadable), "{text}");
        }
        for text in ["1-10001", "1-2147483647", "1-6000,10000-16000"] {
            assert_eq!(text.parse::<TaskNumbers>(), Err(NotNumbers::TooMany), "{text}");
        }
        assert_eq!("1-10000".parse::<TaskNumbers>().unwrap().count(), NUMBERS_MAX);
    }
}
