//! The caller: whoever shows the key, when the simulated provider has one.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::SimulatorState;
use super::refusal::{Refusal, UNAUTHORIZED};

/// A handler that takes this is for callers with the key. The content of a video is not: its address is the pass, as with the
/// signed addresses of real providers, because a customer's browser opens it.
#[derive(Debug)]
pub struct Caller;

impl FromRequestParts<Arc<SimulatorState>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<SimulatorState>) -> Result<Self, Refusal> {
        let Some(key) = state.config.api_key.as_deref() else { return Ok(Self) };
        let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if shown == Some(key) { Ok(Self) } else { Err(UNAUTHORIZED) }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::providers::simulator::SimulatorConfig;

    async fn let_in(api_key: Option<&str>, shown: Option<&str>) -> bool {
        let config = SimulatorConfig { api_key: api_key.map(str::to_owned), ..SimulatorConfig::default() };
        let request = shown.into_iter().fold(Request::builder(), |request, value| request.header(AUTHORIZATION, value));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        Caller::from_request_parts(&mut parts, &Arc::new(SimulatorState::new(config))).await.is_ok()
    }

    #[tokio::test]
    async fn lets_in_who_shows_the_key() {
        assert!(let_in(Some("sk-1"), Some("Bearer sk-1")).await);
        assert!(!let_in(Some("sk-1"), Some("Bearer sk-2")).await);
        assert!(!let_in(Some("sk-1"), Some("sk-1")).await);
        assert!(!let_in(Some("sk-1"), None).await);
        assert!(let_in(None, None).await);
    }
}
