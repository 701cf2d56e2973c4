//! `/admin?window=7d`

use super::{Href, Params};
use crate::domain::overview::Window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverviewQuery {
    pub window: Window,
}

impl Default for OverviewQuery {
    fn default() -> Self {
        Self { window: Window::Week }
    }
}

impl OverviewQuery {
    pub const PATH: &'static str = "/admin";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        Self { window: params("window").and_then(|word| word.parse().ok()).unwrap_or(Self::default().window) }
    }

    pub fn to_href(self) -> String {
        let mut href = Href::to(Self::PATH.to_owned());
        href.with("window", (self != Self::default()).then_some(self.window));
        href.0
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::OverviewQuery;
    use crate::console::query::tests::params;
    use crate::domain::overview::Window;

    #[test]
    fn reads_what_it_writes() {
        for window in Window::ALL {
            let query = OverviewQuery { window: *window };
            assert_eq!(OverviewQuery::of(&params(&query.to_href())), query);
        }
        assert_eq!(OverviewQuery::default().to_href(), "/admin");
        assert_eq!(OverviewQuery::of(&params("?window=century")), OverviewQuery::default());
        assert_eq!(OverviewQuery::at("/admin/batches", &params("")), None);
    }
}
