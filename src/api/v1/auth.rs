//! Who is asking. A handler that takes one of the callers of this file cannot be reached without a key that is good for it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::api::Api;
use crate::api::code::Code;
use crate::api::door::From;
use crate::api::envelope::Exchange;
use crate::api::problem::Problem;
use crate::domain::key::Scope;
use crate::service::keys::{Caller, KeyUse};

/// Finds out who calls, and refuses a key that is not good for this.
async fn authenticate(parts: &Parts, api: &Api, scope: Scope) -> Result<(Caller, Exchange), Problem> {
    let secret = secret(&parts.headers).ok_or_else(|| {
        Problem::new(Code::Unauthenticated, "The request has no API key. Send it as `Authorization: Bearer bb_…` or `X-API-Key: bb_…`.")
    })?;
    let exchange = parts.extensions.get::<Exchange>().ok_or_else(|| Problem::internal("the router is not inside the envelope"))?;
    let asked = KeyUse { scope, from: parts.extensions.get::<From>().and_then(|from| from.0), request_id: Some(exchange.request_id()) };
    let caller = api.service.authenticate(secret, asked).await?;
    Ok((caller, exchange.clone()))
}

/// A caller who may submit. Its request was not counted yet: the handler does that.
#[derive(Clone, Debug)]
pub(crate) struct MaySubmit {
    pub caller: Caller,
    pub exchange: Exchange,
}

impl FromRequestParts<Api> for MaySubmit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let (caller, exchange) = authenticate(parts, api, Scope::Submit).await?;
        Ok(Self { caller, exchange })
    }
}

macro_rules! admitted {
    ($($(#[$doc:meta])* $name:ident = $scope:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name(pub Caller);

        impl FromRequestParts<Api> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
                let (caller, exchange) = authenticate(parts, api, Scope::$scope).await?;
                exchange.admit(&api.service, &caller).await?;
                Ok(Self(caller))
            }
        }
    )+};
}

admitted! {
    /// A caller who may read, and whose request was counted against its limit.
    MayRead = Read,
    /// A caller who may cancel as it may submit, and whose request was counted.
    MayCancel = Submit,
    /// A caller who may see and change webhooks, and whose request was counted.
    MayWebhooks = Webhooks,
}

/// `Authorization` decides where both headers are sent.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return headers.get("x-api-key")?.to_str().ok().map(str::trim);
    };
    let (scheme, secret) = authorization.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret_in(pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let headers = pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
        secret(&headers.collect::<HeaderMap>()).map(str::to_owned)
    }

    #[test]
    fn takes_the_key_from_either_header() {
        assert_eq!(secret_in(&[("authorization", "Bearer bb_1")]).as_deref(), Some("bb_1"));
        assert_eq!(secret_in(&[("authorization", "bearer  bb_1 ")]).as_deref(), Some("bb_1"));
        assert_eq!(secret_in(&[("x-api-key", "bb_2")]).as_deref(), Some("bb_2"));
        assert_eq!(secret_in(&[("authorization", "Bearer bb_1"), ("x-api-key", "bb_2")]).as_deref(), Some("bb_1"));
    }

    #[test]
    fn other_schemes_are_no_key() {
        assert_eq!(secret_in(&[("authorization", "Basic YTpi")]), None);
        assert_eq!(secret_in(&[("authorization", "bb_1")]), None);
        assert_eq!(secret_in(&[]), None);
    }
}
