//! Server only (the gate is in `lib.rs`): reads what an operator typed into the form for credits.

use axum::http::header;
use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::console::api::credits::CreditProblem;
use crate::domain::credits::Credits;
use crate::domain::grant::{GrantError, GrantKind, NewGrant};
use crate::domain::money::Money;
use crate::domain::time::Time;
use crate::service::ServiceError;
use crate::service::adjustments::CreditChange;

/// The language that the address of the form names, to be put into the next address; nothing where it names none.
pub fn language() -> &'static str {
    let form = use_context::<Parts>().and_then(|parts| parts.headers.get(header::REFERER)?.to_str().ok().map(str::to_owned));
    let query = form.as_deref().and_then(|address| address.split_once('?')).map_or("", |(_, query)| query);
    let named = |language: &str| query.split('&').any(|pair| pair == language);
    match (named("lang=zh"), named("lang=en")) {
        (true, _) => "&lang=zh",
        (false, true) => "&lang=en",
        (false, false) => "",
    }
}

/// `1,000`, `1 000` and `1000` are the same number.
fn number(text: &str) -> Option<Credits> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '_' | '\u{a0}' | '\u{202f}')).collect();
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|credits| all_digits && *credits > 0).map(Credits::new)
}

/// A day is good until its end, in UTC.
fn expiry(text: &str) -> Result<Option<Time>, CreditProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = format!("{text}T00:00:00Z").parse::<Time>().map(|day| day.plus_s(86_400));
    day.or_else(|_| text.parse()).map(Some).map_err(|_| CreditProblem::BadExpiry)
}

pub fn change_of(action: &str, credits: &str, paid: &str, expires: &str, reason: &str, now: Time) -> Result<CreditChange, CreditProblem> {
    let [paid, expires, reason] = [paid, expires, reason].map(str::trim);
    let credits = number(credits.trim()).ok_or(CreditProblem::NoCredits)?;
    let expires_at = expiry(expires)?;
    let paid = if paid.is_empty() { Money::ZERO } else { Money::parse_dollars(paid).map_err(|_| CreditProblem::BadPaid)? };
    let change = match action.parse::<GrantKind>() {
        Ok(kind) => {
            let grant = NewGrant { kind, credits, paid, expires_at, reason: Some(reason.to_owned()) };
            grant.check(now).map_err(|error| match error {
                GrantError::NoCredits => CreditProblem::NoCredits,
                GrantError::UnpaidPurchase => CreditProblem::UnpaidPurchase,
                GrantError::PaidGift => CreditProblem::PaidGift,
                GrantError::ExpiringPurchase => CreditProblem::ExpiringPurchase,
                GrantError::ExpiryInPast => CreditProblem::ExpiryInPast,
                GrantError::NoReason => CreditProblem::NoReason,
            })?;
            CreditChange::Add(grant)
        }
        Err(_) if paid != Money::ZERO => return Err(CreditProblem::PaidGift),
        Err(_) if expires_at.is_some() => return Err(CreditProblem::ExpiringTakeBack),
        Err(_) => CreditChange::TakeBack { credits, reason: reason.to_owned() },
    };
    if reason.is_empty() { Err(CreditProblem::NoReason) } else { Ok(change) }
}

/// What the form says about a refusal; an error that is not the form's comes back.
pub fn problem_of(error: ServiceError) -> Result<CreditProblem, ServiceError> {
    match error {
        ServiceError::Invalid { code: "not_enough_credits", .. } => Ok(CreditProblem::NotEnough),
        ServiceError::Invalid { .. } => Ok(CreditProblem::NoReason),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_795_000_000_000_000);

    #[test]
    fn reads_what_people_type() {
        let change = change_of("purchase", "1,377,700", "10000", "", "Package Scale", NOW).unwrap();
        let CreditChange::Add(grant) = change else { panic!("{change:?}") };
        assert_eq!((grant.credits.get(), grant.paid.micros(), grant.expires_at), (1_377_700, 10_000_000_000, None));
        let change = change_of("promo", "500", "", "2027-01-31", "trial", NOW).unwrap();
        let CreditChange::Add(grant) = change else { panic!("{change:?}") };
        assert_eq!(grant.expires_at, "2027-02-01T00:00:00Z".parse().ok());
        let taken = CreditChange::TakeBack { credits: Credits::new(500), reason: "mistake".to_owned() };
        assert_eq!(change_of("take_back", "500", "", "", " mistake ", NOW), Ok(taken));
    }

    #[test]
    fn says_what_is_wrong() {
        for (action, credits, paid, expires, reason, problem) in [
            ("purchase", "", "5", "", "r", CreditProblem::NoCredits),
            ("purchase", "-5", "5", "", "r", CreditProblem::NoCredits),
            ("purchase", "1.5", "5", "", "r", CreditProblem::NoCredits),
            ("purchase", "5", "", "", "r", CreditProblem::UnpaidPurchase),
            ("purchase", "5", "1e3", "", "r", CreditProblem::BadPaid),
            ("purchase", "5", "5", "2030-01-01", "r", CreditProblem::ExpiringPurchase),
            ("promo", "5", "5", "", "r", CreditProblem::PaidGift),
            ("promo", "5", "", "2020-01-01", "r", CreditProblem::ExpiryInPast),
            ("promo", "5", "", "soon", "r", CreditProblem::BadExpiry),
            ("promo", "5", "", "", "", CreditProblem::NoReason),
            ("adjustment", "5", "", "", " ", CreditProblem::NoReason),
            ("take_back", "5", "", "2030-01-01", "r", CreditProblem::ExpiringTakeBack),
            ("take_back", "5", "1", "", "r", CreditProblem::PaidGift),
        ] {
            assert_eq!(change_of(action, credits, paid, expires, reason, NOW), Err(problem), "{action} {credits}");
        }
    }
}
