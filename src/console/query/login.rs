//! `/login?next=/admin/batches&said=wrong`: the pages of the door, and what the last form came to.

use super::preferences::is_local;
use super::{Href, Params, PreferencesQuery};
use crate::domain::word::words;

words! {
    /// What came of a form of the door, of one's account or of operators.
    Said {
        Wrong = "wrong",
        Wait = "wait",
        Busy = "busy",
        SignedOut = "signed_out",
        PasswordSet = "password_set",
        WeakPassword = "weak_password",
        LinkUsed = "link_used",
        Ended = "ended",
        Revoked = "revoked",
        Added = "added",
        Changed = "changed",
        Taken = "operator_exists",
        LastOwner = "last_owner",
        Invalid = "invalid_request",
        Forbidden = "forbidden",
        Asked = "asked",
        Decided = "decided",
        OwnRequest = "own_request",
        DecidedAlready = "request_decided",
        NotEnough = "not_enough_credits",
        WrongCode = "wrong_code",
        Late = "late",
        FactorOn = "factor_on",
        FactorOff = "factor_off",
        FactorOnAlready = "second_factor_on",
        OfferGone = "offer_gone",
        FirstLinkGone = "first_link_gone",
    }
}

words! {
    /// What a page of the door asks for, besides what it asks for anyway.
    Step {
        /// The password was right: a code.
        Code = "code",
        /// Nobody is there yet: whose password it is.
        First = "first",
    }
}

/// A page of the door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginQuery {
    /// Where to go on: always an address of the console.
    pub next: String,
    pub said: Option<Said>,
    pub step: Option<Step>,
    /// Seconds until something is looked at again.
    pub wait_s: Option<i64>,
    /// What a one-time link ends with.
    pub token: Option<String>,
}

/// Whether somebody else vouches for operators here: then the pages of the door lead there too.
#[derive(Clone, Copy, Debug)]
pub struct Vouches(pub bool);

impl LoginQuery {
    pub const PATH: &'static str = "/login";
    /// Sets a password by a one-time link.
    pub const SET_PASSWORD: &'static str = "/login/password";
    /// Takes the code after the password.
    pub const CODE: &'static str = "/login/code";
    /// Makes the first owner by a one-time link.
    pub const FIRST: &'static str = "/login/first";
    /// Signs in by somebody else who vouches, and back.
    pub const VOUCHED: &'static str = "/login/oidc";
    pub const VOUCHED_BACK: &'static str = "/login/oidc/callback";
    /// Asks for the password again.
    pub const CONFIRM: &'static str = "/admin/confirm";
    pub const SIGN_OUT: &'static str = "/admin/sign-out";
    pub const ACCOUNT: &'static str = "/admin/account";
    pub const OPERATORS: &'static str = "/admin/operators";
    pub const APPROVALS: &'static str = "/admin/approvals";

    /// Pages and forms for whoever has not signed in.
    pub fn is_public(path: &str) -> bool {
        [Self::PATH, Self::SET_PASSWORD, Self::CODE, Self::FIRST, Self::VOUCHED, Self::VOUCHED_BACK].contains(&path)
    }

    pub fn going_to(next: &str) -> Self {
        let next = if is_local(next) { next } else { PreferencesQuery::HOME };
        Self { next: next.to_owned(), ..Self::default() }
    }

    #[must_use]
    pub fn said(self, said: Said) -> Self {
        Self { said: Some(said), ..self }
    }

    #[must_use]
    pub fn step(self, step: Step) -> Self {
        Self { step: Some(step), ..self }
    }

    /// `None` at the address of a page that is none of these.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        let pages = [Self::PATH, Self::SET_PASSWORD, Self::CONFIRM, Self::ACCOUNT, Self::OPERATORS, Self::APPROVALS];
        pages.contains(&path.trim_end_matches('/')).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        Self {
            said: params("said").and_then(|word| word.parse().ok()),
            step: params("step").and_then(|word| word.parse().ok()),
            wait_s: params("wait").and_then(|seconds| seconds.parse().ok()),
            token: params("token").filter(|token| token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit())),
            ..Self::going_to(&params("next").unwrap_or_default())
        }
    }

    pub fn to_href(&self) -> String {
        self.href_to(Self::PATH)
    }

    /// The same, at another page of the door.
    pub fn href_to(&self, path: &str) -> String {
        let mut href = Href::to(path.to_owned());
        href.with("next", (self.next != PreferencesQuery::HOME && is_local(&self.next)).then_some(&self.next));
        href.with("step", self.step);
        href.with("token", self.token.as_ref());
        href.with("said", self.said);
        href.with("wait", self.wait_s);
        href.0
    }
}

#[cfg(test)]
mod tests {
    use crate::console::query::tests::params;
    use crate::console::query::{LoginQuery, Said, Step};

    #[test]
    fn reads_what_it_writes() {
        for next in ["/admin", "/admin/batches?status=failed&page=3"] {
            for said in [None, Some(Said::Wait)] {
                let step = said.map(|_| Step::Code);
                let query = LoginQuery { said, step, wait_s: said.map(|_| 7), ..LoginQuery::going_to(next) };
                assert_eq!(LoginQuery::of(&params(&query.to_href())), query);
            }
        }
        assert_eq!(LoginQuery::going_to("/admin").to_href(), "/login");
    }

    #[test]
    fn goes_on_to_no_other_site() {
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "/login", "", "/admin\r\nx: y"] {
            assert_eq!(LoginQuery::going_to(bad).next, "/admin", "{bad:?}");
        }
    }
}
