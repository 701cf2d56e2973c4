//! Views of the list of batches under a name: some that everybody needs, and those that the team saved.

use super::time::Time;

/// Views that the team saves at most.
pub const VIEWS_MAX: i64 = 100;
/// Characters in a name at most, and bytes in a query.
pub const NAME_MAX_CHARS: usize = 60;
pub const QUERY_MAX_BYTES: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    pub key: i64,
    pub name: String,
    /// What stands behind the question mark of the address.
    pub query: String,
    pub created_by: String,
    pub created_at: Time,
}

/// Why a view was not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewRefused {
    #[error("a name has 1 to {NAME_MAX_CHARS} characters, none of them a control character")]
    Name,
    #[error("the address is longer than {QUERY_MAX_BYTES} bytes")]
    Query,
    #[error("there is a view of that name already")]
    Taken,
    #[error("there are {VIEWS_MAX} views already; delete one first")]
    Full,
}

/// Checks what is to be saved; returns the name without spaces around it.
pub fn check<'n>(name: &'n str, query: &str) -> Result<&'n str, ViewRefused> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(ViewRefused::Name);
    }
    if query.len() > QUERY_MAX_BYTES { Err(ViewRefused::Query) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        assert_eq!(check("  Losses of November ", "losses=1"), Ok("Losses of November"));
        assert_eq!(check(&"视".repeat(NAME_MAX_CHARS), ""), Ok("视".repeat(NAME_MAX_CHARS).as_str()));
        for name in ["", "   ", "a\nb", &"x".repeat(NAME_MAX_CHARS + 1)] {
            assert_eq!(check(name, ""), Err(ViewRefused::Name), "{name:?}");
        }
        assert_eq!(check("a", &"x".repeat(QUERY_MAX_BYTES + 1)), Err(ViewRefused::Query));
    }
}
