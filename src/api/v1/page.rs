//! Lists, a page at a time. A cursor names the last row that was seen; what is in it is nobody's business but ours.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::code::Code;
use crate::api::problem::Problem;
use crate::domain::page::PageSize;
use crate::service::Listed;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct List<T: ToSchema> {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    /// Send it as `cursor` to get the next page; `null` on the last.
    next_cursor: Option<String>,
}

impl<T: ToSchema> List<T> {
    /// `cursor` names a row.
    pub fn of<R>(listed: Listed<R>, cursor: impl FnOnce(&R) -> String) -> Self
    where
        T: for<'a> From<&'a R>,
    {
        Self::with(listed, |row| T::from(row), cursor)
    }

    /// Where a row alone does not say all that is shown of it.
    pub fn with<R>(listed: Listed<R>, view: impl FnMut(&R) -> T, cursor: impl FnOnce(&R) -> String) -> Self {
        let next_cursor = if listed.has_more { listed.rows.last().map(cursor) } else { None };
        Self { object: "list", data: listed.rows.iter().map(view).collect(), has_more: listed.has_more, next_cursor }
    }
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageParameters {
    /// Rows in the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageParameters {
    pub fn size(&self) -> Result<PageSize, Problem> {
        let Some(limit) = self.limit else { return Ok(PageSize::default()) };
        PageSize::new(limit).map_err(|error| Problem::new(Code::InvalidParameter, format!("The limit {limit} cannot be: {error}.")))
    }

    /// The row that the cursor names.
    pub fn cursor<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let row = cursor.parse().map_err(|_| {
            Problem::new(Code::InvalidParameter, "The cursor is not one of this list. Send the next_cursor of the page before, unchanged.")
        });
        row.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_the_last_row_and_only_when_there_is_more() {
        struct Row(i64);
        #[derive(ToSchema)]
        struct View;
        impl From<&Row> for View {
            fn from(_: &Row) -> Self {
                Self
            }
        }
        let of = |has_more| List::<View>::of(Listed { rows: vec![Row(3), Row(2)], has_more }, |row| row.0.to_string());
        assert_eq!(of(true).next_cursor.as_deref(), Some("2"));
        assert_eq!(of(false).next_cursor, None);
    }

    #[test]
    fn refuses_limits_and_cursors_that_cannot_be() {
        for limit in [0, 201, -1] {
            assert!(PageParameters { limit: Some(limit), cursor: None }.size().is_err(), "{limit}");
        }
        assert!(PageParameters { limit: None, cursor: Some("x".to_owned()) }.cursor::<i32>().is_err());
        assert_eq!(PageParameters::default().cursor::<i32>().unwrap(), None);
    }
}
