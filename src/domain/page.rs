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
    fn the_extra_row_is_not_shown() {
        let size = PageSize::new(2).unwrap();
        assert_eq!(Slice::of(vec![1, 2, 3], size, |row| *row), Slice { rows: vec![1, 2], next: Some(2) });
        assert_eq!(Slice::of(vec![1, 2], size, |row| *row), Slice { rows: vec![1, 2], next: None });
    }
}
