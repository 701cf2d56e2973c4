//! Signing secrets: `whsec_` + base64 of 32 random bytes, as the Standard Webhooks specification has it.

use std::fmt;

use data_encoding::BASE64;

use crate::domain::id::Random;

const START: &str = "whsec_";
/// The specification allows 24 to 64.
const BYTES: usize = 32;

/// Shown once, when it is made; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a signing secret: whsec_ and base64 of 24 to 64 bytes")]
pub struct NotAWebhookSecret;

impl WebhookSecret {
    pub fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; BYTES];
        random.fill(&mut bytes);
        Self(format!("{START}{}", BASE64.encode(&bytes)))
    }

    pub fn parse(text: &str) -> Result<Self, NotAWebhookSecret> {
        let secret = Self(text.to_owned());
        secret.key().map(|_| secret)
    }

    /// The bytes that sign.
    pub fn key(&self) -> Result<Vec<u8>, NotAWebhookSecret> {
        let body = self.0.strip_prefix(START).ok_or(NotAWebhookSecret)?;
        BASE64.decode(body.as_bytes()).ok().filter(|key| (24..=64).contains(&key.len())).ok_or(NotAWebhookSecret)
    }

    /// The whole text: to be stored, or shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn reads_what_it_makes() {
        let secret = WebhookSecret::new(&Fixed(7));
        assert_eq!(secret.key(), Ok(vec![7; 32]));
        assert_eq!(WebhookSecret::parse(secret.reveal()), Ok(secret));
    }

    #[test]
    fn refuses_what_is_none_and_hides_what_is_one() {
        for wrong in ["", "whsec_", "whsec_!!", "whsec_AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            assert_eq!(WebhookSecret::parse(wrong), Err(NotAWebhookSecret), "{wrong}");
        }
        assert_eq!(format!("{:?}", WebhookSecret::new(&Fixed(7))), "whsec_…");
    }
}
