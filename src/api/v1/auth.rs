//! Who is asking. A handler that takes an [`Admitted`] or [`Authenticated`] caller cannot be reached without a valid key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::api::Api;
use crate::api::code::Code;
use crate::api::envelope::Exchange;
use crate::api::problem::Problem;
use crate::service::keys::Caller;

/// A caller whose key is valid. Its request was not counted yet: the handler does that.
#[derive(Clone, Debug)]
pub(crate) struct Authenticated {
    pub caller: Caller,
    pub exchange: Exchange,
}

/// A caller whose key is valid and whose request was counted against its limit.
#[derive(Clone, Debug)]
pub(crate) struct Admitted(pub Caller);

impl FromRequestParts<Api> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let secret = secret(&parts.headers).ok_or_else(|| {
            Problem::new(Code::Unauthenticated, "The request has no API key. Send it as `Authorization: Bearer bb_…` or `X-API-Key: bb_…`.")
        })?;
        let caller = api.service.authenticate(secret).await?;
        let exchange = parts.extensions.get::<Exchange>().cloned();
        let exchange = exchange.ok_or_else(|| Problem::internal("the router is not inside the envelope"))?;
        Ok(Self { caller, exchange })
    }
}

impl FromRequestParts<Api> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Authenticated { caller, exchange } = Authenticated::from_request_parts(parts, api).await?;
        exchange.admit(&api.service, &caller).await?;
        Ok(Self(caller))
    }
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
