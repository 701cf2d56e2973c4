//! The form that makes an API key of a customer. It is answered by the page itself, which shows the secret this once: the
//! secret stands in no address, no cookie and no table.

use axum::extract::Form;
use axum::http::Extensions;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use crate::api::door::by_of;
use crate::console::api::customer::{KeyProblem, MadeKey};
use crate::console::query::LoginQuery;
use crate::domain::access::Forbidden;
use crate::domain::id::CustomerId;
use crate::domain::key::{BadKey, KeyTerms, Scope, Scopes};
use crate::domain::time::Time;
use crate::service::once::Once;
use crate::service::{Service, ServiceError};

/// Fields that are filled in again after a problem.
const KEPT: [&str; 5] = ["name", "scope", "expires", "allowed", "rate"];

/// Makes the key; what came of it is for the page to say. `Err` leads to where the password is given again.
pub async fn make(service: &Service, parts: &Parts, fields: Vec<(String, String)>) -> Result<MadeKey, Response> {
    let service = acting(service, &parts.extensions);
    let made = match terms_of(&fields, service.now()) {
        Ok(terms) => match customer_of(parts) {
            Some(customer) => service.add_key_once(customer, field(&fields, "name"), &terms, Once { token: field(&fields, "token") }).await,
            None => Err(ServiceError::NotFound { what: "customer" }),
        },
        Err(problem) => return Ok(failed(fields, problem)),
    };
    let problem = match made {
        Ok(Some(made)) => return Ok(MadeKey { secret: Some(made.secret.reveal().to_owned()), ..MadeKey::default() }),
        Ok(None) => KeyProblem::MadeBefore,
        Err(ServiceError::Forbidden(Forbidden::Unproven { .. })) => {
            let back = parts.uri.path_and_query().map_or("", |address| address.as_str());
            return Err(Redirect::to(&LoginQuery::going_to(back).href_to(LoginQuery::CONFIRM)).into_response());
        }
        Err(ServiceError::Forbidden(_)) => KeyProblem::NotAllowed,
        Err(ServiceError::Invalid { .. }) => KeyProblem::Name,
        Err(error) => {
            tracing::error!(?error, "a key could not be made");
            KeyProblem::Failed
        }
    };
    Ok(failed(fields, problem))
}

fn acting(service: &Service, extensions: &Extensions) -> Service {
    service.acting_for(by_of(extensions))
}

fn failed(fields: Vec<(String, String)>, problem: KeyProblem) -> MadeKey {
    let typed = fields.into_iter().filter(|(name, _)| KEPT.contains(&name.as_str())).collect();
    MadeKey { secret: None, problem: Some(problem), typed }
}

fn customer_of(parts: &Parts) -> Option<CustomerId> {
    parts.uri.path().trim_end_matches('/').rsplit('/').next()?.parse().ok()
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
}

fn terms_of(fields: &[(String, String)], now: Time) -> Result<KeyTerms, KeyProblem> {
    let chosen = fields.iter().filter(|(name, _)| name == "scope").map(|(_, word)| word.parse::<Scope>());
    let scopes = chosen.collect::<Result<Vec<_>, _>>().ok().and_then(Scopes::of).ok_or(KeyProblem::Scopes)?;
    let terms = KeyTerms {
        scopes,
        allowed: field(fields, "allowed").parse().map_err(|_| KeyProblem::Allowed)?,
        expires_at: last_day(field(fields, "expires"))?,
        requests_per_min_max: field(fields, "rate").parse().map_err(|_| KeyProblem::Rate)?,
    };
    terms.check(field(fields, "name"), now).map_err(|bad| match bad {
        BadKey::Name => KeyProblem::Name,
        BadKey::Rate => KeyProblem::Rate,
        BadKey::Expired => KeyProblem::Expiry,
    })?;
    Ok(terms)
}

/// A key is good until the end of its last day, in UTC.
fn last_day(text: &str) -> Result<Option<Time>, KeyProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = format!("{text}T00:00:00Z").parse::<Time>().map_err(|_| KeyProblem::Expiry)?;
    Ok(Some(day.plus_s(86_400)))
}

/// The fields of a form, in its order; a field may be there many times.
pub type Sent = Form<Vec<(String, String)>>;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_795_000_000_000_000);

    fn read(pairs: &[(&str, &str)]) -> Result<KeyTerms, KeyProblem> {
        let good = [("name", "ci"), ("scope", "read"), ("rate", "60")];
        let given = good.iter().filter(|(name, _)| pairs.iter().all(|(other, _)| other != name)).chain(pairs);
        terms_of(&given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>(), NOW)
    }

    #[test]
    fn reads_what_was_filled_in() {
        let terms = read(&[("scope", "read"), ("scope", "webhooks"), ("allowed", "10.0.0.1, ::1"), ("expires", "2027-01-01")]).unwrap();
        assert_eq!((terms.scopes.to_string(), terms.allowed.to_string()), ("read webhooks".to_owned(), "10.0.0.1,::1".to_owned()));
        assert_eq!(terms.expires_at.map(|at| at.to_string()).as_deref(), Some("2027-01-02T00:00:00Z"));
        assert_eq!(read(&[]).unwrap().expires_at, None);
    }

    #[test]
    fn says_what_is_wrong() {
        for (name, value, problem) in [
            ("name", " ", KeyProblem::Name),
            ("scope", "everything", KeyProblem::Scopes),
            ("allowed", "my office", KeyProblem::Allowed),
            ("expires", "2026-01-01", KeyProblem::Expiry),
            ("expires", "soon", KeyProblem::Expiry),
            ("rate", "0", KeyProblem::Rate),
            ("rate", "many", KeyProblem::Rate),
        ] {
            assert_eq!(read(&[(name, value)]), Err(problem), "{name}={value}");
        }
    }
}
