//! Somebody else who vouches for operators: an OpenID Connect provider, by authorization code with PKCE.
//!
//! The issuer is configured, so it is trusted, and its addresses come from its own document. The ID token comes straight from its
//! token endpoint over TLS, which takes the place of checking the signature (OpenID Connect Core 1.0, 3.1.3.7, 6); issuer,
//! audience, times and nonce are checked all the same. Plain http is taken on loopback only.

use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use reqwest::{Client, redirect};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use url::Url;

use super::openai_videos::Secret;
use crate::domain::time::Time;

const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Clocks differ by so much.
const SKEW_S: i64 = 60;
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Who vouches, and as whom we ask.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// As its document writes it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    /// Where a person's roles are in the token; dots lead inside.
    pub role_claim: String,
}

/// What it says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// Issuer and subject: never given to somebody else.
    pub subject: String,
    pub email: Option<String>,
    /// Whether it knows that the address is the person's.
    pub email_verified: bool,
    pub name: String,
    /// Words of the role claim.
    pub roles: Vec<String>,
}

/// Why it did not vouch. For the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the identity provider did not vouch: {0}")]
pub struct NotVouched(String);

fn because(why: impl ToString) -> NotVouched {
    NotVouched(why.to_string())
}

/// What the provider says of itself, as it is sent.
#[derive(Deserialize)]
struct SentDocument {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Clone, Debug)]
struct Document {
    authorization_endpoint: Url,
    token_endpoint: Url,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Debug)]
pub struct Identity {
    config: IdentityConfig,
    client: Client,
    document: OnceCell<Document>,
}

/// One sign-in on its way: what the browser keeps until it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

impl Identity {
    pub fn new(config: IdentityConfig) -> Result<Self, NotVouched> {
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(ANSWER_MAX).build().map_err(because)?;
        Ok(Self { config, client, document: OnceCell::new() })
    }

    /// Read once it is needed, and again after a failure.
    async fn document(&self) -> Result<&Document, NotVouched> {
        self.document
            .get_or_try_init(|| async {
                let address = format!("{}/.well-known/openid-configuration", self.config.issuer.trim_end_matches('/'));
                let sent: SentDocument = self.read(self.client.get(address)).await?;
                if sent.issuer != self.config.issuer {
                    return Err(because(format!("its document is of {}", sent.issuer)));
                }
                let safe = |text: &str| Url::parse(text).ok().filter(is_safe).ok_or_else(|| because("its addresses are not https"));
                let document =
                    Document { authorization_endpoint: safe(&sent.authorization_endpoint)?, token_endpoint: safe(&sent.token_endpoint)? };
                Ok(document)
            })
            .await
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, NotVouched> {
        let answer = request.send().await.map_err(|error| because(error.without_url()))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| because(error.without_url()))?;
        if !status.is_success() || bytes.len() > ANSWER_BYTES_MAX {
            return Err(because(format!("it answered {status}")));
        }
        serde_json::from_slice(&bytes).map_err(|_| because("its answer cannot be read"))
    }

    /// Where the browser goes to sign in.
    pub async fn authorization_url(&self, flow: &Flow, redirect_uri: &str) -> Result<String, NotVouched> {
        let mut url = self.document().await?.authorization_endpoint.clone();
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(flow.verifier.as_bytes()));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Exchanges the code that the browser came back with.
    pub async fn redeem(&self, code: &str, flow: &Flow, redirect_uri: &str, now: Time) -> Result<Vouched, NotVouched> {
        let endpoint = self.document().await?.token_endpoint.clone();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", &flow.verifier)
            .finish();
        let escaped = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", escaped(&self.config.client_id), escaped(self.config.client_secret.expose()));
        let request = self.client.post(endpoint).header("authorization", format!("Basic {}", BASE64.encode(pair.as_bytes())));
        let tokens: Tokens = self.read(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await?;
        let claims = claims_of(&tokens.id_token).ok_or_else(|| because("its token cannot be read"))?;
        self.vouched(&claims, &flow.nonce, now)
    }

    fn vouched(&self, claims: &Value, nonce: &str, now: Time) -> Result<Vouched, NotVouched> {
        let text = |name: &str| claims[name].as_str();
        let is_for_us = words(&claims["aud"]).iter().any(|audience| *audience == self.config.client_id);
        let other_party = text("azp").is_some_and(|party| party != self.config.client_id);
        let now_s = now.micros() / 1_000_000;
        let expired = claims["exp"].as_i64().is_none_or(|at| at + SKEW_S <= now_s);
        let too_early = claims["iat"].as_i64().is_some_and(|at| at > now_s + SKEW_S);
        let checks = [
            (text("iss") == Some(self.config.issuer.as_str()), "another issuer"),
            (is_for_us && !other_party, "another audience"),
            (!expired && !too_early, "another time"),
            (text("nonce") == Some(nonce), "another sign-in"),
        ];
        if let Some((_, other)) = checks.into_iter().find(|(holds, _)| !holds) {
            return Err(because(format!("its token is of {other}")));
        }
        let subject = text("sub").filter(|subject| !subject.is_empty()).ok_or_else(|| because("its token names nobody"))?;
        let email = text("email").map(str::to_owned);
        let name = text("name").or(email.as_deref()).unwrap_or(subject).to_owned();
        let roles = self.config.role_claim.split('.').fold(claims, |value, name| &value[name]);
        Ok(Vouched {
            subject: format!("{} {subject}", self.config.issuer),
            email_verified: claims["email_verified"] == Value::Bool(true),
            email,
            name,
            roles: words(roles).into_iter().map(str::to_owned).collect(),
        })
    }
}

/// A claim that is one word or a list of words.
fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What stands in a token.
fn claims_of(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
}

/// Whether nobody on the way can read along.
pub fn is_safe(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Time = Time::from_micros(1_795_000_000_000_000);

    fn identity() -> Identity {
        let config = IdentityConfig {
            issuer: "https://id.example".to_owned(),
            client_id: "books".to_owned(),
            client_secret: Secret::new("secret"),
            role_claim: "realm.roles".to_owned(),
        };
        Identity::new(config).unwrap()
    }

    fn claims() -> Value {
        json!({"iss": "https://id.example", "aud": ["books"], "exp": 1_795_000_060, "iat": 1_795_000_000, "nonce": "n", "sub": "7",
            "email": "anna@example.com", "email_verified": true, "realm": {"roles": ["staff", "owner"]}})
    }

    #[test]
    fn believes_a_token_that_is_for_us_and_for_now() {
        let vouched = identity().vouched(&claims(), "n", NOW).unwrap();
        assert_eq!(
            (vouched.subject.as_str(), vouched.roles.as_slice()),
            ("https://id.example 7", &["staff".to_owned(), "owner".to_owned()][..])
        );
        assert!(vouched.email_verified);
    }

    #[test]
    fn believes_no_other() {
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("others")),
            ("aud", json!([])),
            ("azp", json!("others")),
            ("exp", json!(1_794_999_000)),
            ("exp", Value::Null),
            ("iat", json!(1_795_000_999)),
            ("nonce", json!("m")),
            ("sub", json!("")),
        ] {
            let mut claims = claims();
            claims[claim] = value;
            assert!(identity().vouched(&claims, "n", NOW).is_err(), "{claim}: {claims}");
        }
    }

    #[test]
    fn only_loopback_is_asked_without_tls() {
        let safe = |url: &str| is_safe(&url.parse().unwrap());
        assert!(safe("https://id.example") && safe("http://127.0.0.1:1") && safe("http://localhost:1"));
        assert!(!safe("http://id.example") && !safe("ftp://127.0.0.1"));
    }
}
