//! Rows of a list that somebody looks at while there are others by now: those that are looked at stay where they are, each as it is
//! now, and those that are not shown are counted.

/// What is shown of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct LookedAt<Id> {
    order: Vec<Id>,
    /// Rows that are looked at, and not on the page any more.
    pub others: Vec<Id>,
    /// Rows of the page that are not shown.
    pub newer: usize,
}

impl<Id: Copy + PartialEq> LookedAt<Id> {
    /// `shown` are the rows that are looked at, none if the page was only opened; `fresh` those that the page has now.
    pub fn new(shown: &[Id], fresh: &[Id]) -> Self {
        if shown.is_empty() {
            return Self { order: fresh.to_vec(), others: Vec::new(), newer: 0 };
        }
        let others = shown.iter().filter(|id| !fresh.contains(id)).copied().collect();
        let newer = fresh.iter().filter(|id| !shown.contains(id)).count();
        Self { order: shown.to_vec(), others, newer }
    }

    /// Rows that are not of this list any more. New rows push old ones off the page: those are still in the list.
    pub fn gone(&self) -> Vec<Id> {
        if self.newer == 0 { self.others.clone() } else { Vec::new() }
    }

    /// Of these rows those that are shown, in the order in which they are.
    pub fn in_order<T>(&self, rows: Vec<T>, id: impl Fn(&T) -> Id) -> Vec<T> {
        let place = |row: &T| self.order.iter().position(|known| *known == id(row));
        let mut shown: Vec<(usize, T)> = rows.into_iter().filter_map(|row| Some((place(&row)?, row))).collect();
        shown.sort_by_key(|(place, _)| *place);
        shown.into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(shown: &[i32], fresh: &[i32]) -> (Vec<i32>, usize, Vec<i32>) {
        let looked_at = LookedAt::new(shown, fresh);
        let rows = fresh.iter().chain(&looked_at.others).copied().collect();
        (looked_at.in_order(rows, |row| *row), looked_at.newer, looked_at.gone())
    }

    #[test]
    fn a_page_that_is_opened_shows_what_it_has() {
        assert_eq!(shown(&[], &[3, 2, 1]), (vec![3, 2, 1], 0, vec![]));
    }

    #[test]
    fn rows_stay_where_they_are_and_new_ones_are_counted() {
        assert_eq!(shown(&[2, 1], &[4, 3, 2]), (vec![2, 1], 2, vec![]), "1 is still in the list, further down");
    }

    #[test]
    fn what_is_no_longer_in_the_list_stays_and_is_named() {
        assert_eq!(shown(&[3, 2, 1], &[3, 1]), (vec![3, 2, 1], 0, vec![2]));
    }
}
