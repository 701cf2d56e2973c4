//! Pages of lists: by number where rows are numbered (tasks), by key where they are not (everything else).

use serde::{Deserialize, Serialize};

/// Rows in one answer of a list at most.
pub const PAGE_MAX: i64 = 200;
/// Rows in one answer of a list unless asked otherwise.
pub const PAGE_DEFAULT: i64 = 50;

/// A number of rows that was checked against [`PAGE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageSize(i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a page has 1 to {PAGE_MAX} rows")]
pub struct BadPageSize;

impl PageSize {
    pub const fn new(rows: i64) -> Result<Self, BadPageSize> {
        if rows >= 1 && rows <= PAGE_MAX { Ok(Self(rows)) } else { Err(BadPageSize) }
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(PAGE_DEFAULT)
    }
}

/// First and last task number of page `page` (from 1): the same cost at any depth, because numbers are dense.
pub const fn numbers_of(page: i64, size: PageSize) -> (i64, i64) {
    let first = page.saturating_sub(1).saturating_mul(size.0).saturating_add(1);
    (first, first.saturating_add(size.0 - 1))
}

/// Pages that `total` rows fill; 1 when there are none.
pub const fn pages_of(total: i64, size: PageSize) -> i64 {
    if total <= 0 { 1 } else { (total + size.0 - 1) / size.0 }
}

/// A page of a list that is read by key: `next` is what to ask for after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    pub rows: Vec<T>,
    pub next: Option<i64>,
}

impl<T> Slice<T> {
    /// From `size + 1` rows that were read: the extra one only says that there is more.
    pub fn of(mut rows: Vec<T>, size: PageSize, key: impl Fn(&T) -> i64) -> Self {
        let max = usize::try_from(size.0).unwrap_or(0);
        let more = rows.len() > max;
        rows.truncate(max);
        let next = if more { rows.last().map(key) } else { None };
        Self { rows, next }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Slice<U> {
        Slice { rows: self.rows.into_iter().map(f).collect(), next: self.next }
    }
}

/// Where a page of a list begins that is read by key, newest row first. A row that does not exist counts as the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seek<Id> {
    #[default]
    Newest,
    /// At this row.
    At(Id),
    /// With the row after this one.
    Before(Id),
    /// So that the page ends just above this row.
    After(Id),
}

impl<Id: Copy> Seek<Id> {
    /// From the parameters of an address; the first that is given decides.
    pub fn of(at: Option<Id>, before: Option<Id>, after: Option<Id>) -> Self {
        let (at, before, after) = (at.map(Self::At), before.map(Self::Before), after.map(Self::After));
        at.or(before).or(after).unwrap_or(Self::Newest)
    }

    /// Back to the parameters: at, before, after.
    pub const fn parts(self) -> (Option<Id>, Option<Id>, Option<Id>) {
        match self {
            Self::Newest => (None, None, None),
            Self::At(id) => (Some(id), None, None),
            Self::Before(id) => (None, Some(id), None),
            Self::After(id) => (None, None, Some(id)),
        }
    }

    pub const fn row(self) -> Option<Id> {
        match self {
            Self::Newest => None,
            Self::At(id) | Self::Before(id) | Self::After(id) => Some(id),
        }
    }
}

/// A page of such a list, newest row first, and whether there are others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<T> {
    pub rows: Vec<T>,
    pub has_newer: bool,
    pub has_older: bool,
}

impl<T> Stretch<T> {
    /// From up to one row more than was asked for, newest first.
    pub fn downwards(rows: Vec<T>, size: PageSize, has_newer: bool) -> Self {
        let (rows, has_older) = cut(rows, size);
        Self { rows, has_newer, has_older }
    }

    /// From up to one row more than was asked for, oldest first.
    pub fn upwards(rows: Vec<T>, size: PageSize) -> Self {
        let (mut rows, has_newer) = cut(rows, size);
        rows.reverse();
        Self { rows, has_newer, has_older: true }
    }
}

fn cut<T>(mut rows: Vec<T>, size: PageSize) -> (Vec<T>, bool) {
    let max = usize::try_from(size.0).unwrap_or(0);
    let more = rows.len() > max;
    rows.truncate(max);
    (rows, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_ranges_of_numbers() {
        let size = PageSize::new(50).unwrap();
        assert_eq!(numbers_of(1, size), (1, 50));
        assert_eq!(numbers_of(200, size), (9_951, 10_000));
        assert_eq!([0, 1, 50, 51, 10_000].map(|total| pages_of(total, size)), [1, 1, 1, 2, 200]);
    }

    #[test]
    fn rejects_sizes_out_of_bounds() {
        assert_eq!([0, -1, 201].map(PageSize::new), [Err(BadPageSize); 3]);
    }

    #[test]
    fn a_stretch_is_newest_first_from_either_side() {
        let size = PageSize::new(2).unwrap();
        assert_eq!(Stretch::downwards(vec![9, 8, 7], size, true), Stretch { rows: vec![9, 8], has_newer: true, has_older: true });
        assert_eq!(Stretch::upwards(vec![7, 8, 9], size), Stretch { rows: vec![8, 7], has_newer: true, has_older: true });
        assert_eq!(Stretch::upwards(vec![7], size), Stretch { rows: vec![7], has_newer: false, has_older: true });
    }

    #[test]
    fn a_place_in_a_list_survives_its_address() {
        for seek in [Seek::Newest, Seek::At(3), Seek::Before(3), Seek::After(3)] {
            let (at, before, after) = seek.parts();
            assert_eq!(Seek::of(at, before, after), seek);
        }
    }

    #[test]
    fn the_extra_row_is_not_shown() {
        let size = PageSize::new(2).unwrap();
        assert_eq!(Slice::of(vec![1, 2, 3], size, |row| *row), Slice { rows: vec![1, 2], next: Some(2) });
        assert_eq!(Slice::of(vec![1, 2], size, |row| *row), Slice { rows: vec![1, 2], next: None });
    }
}
