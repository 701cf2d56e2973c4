//! API keys: `bb_` + 43 characters of base62 (32 random bytes) + 6 characters of checksum (CRC-32).
//!
//! The checksum lets a scanner or a client tell a damaged key without asking; the database keeps only the SHA-256 of the
//! whole text, which is enough because the secret has 256 bits of entropy. The first [`PREFIX_CHARS`] characters are stored
//! in clear: they find the row and name the key on screens.

use std::fmt;

use super::id::Random;

/// Characters of the key that are stored and shown.
pub const PREFIX_CHARS: usize = 11;
const START: &str = "bb_";
const BODY_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The whole text of an API key. Printed once, when it is made; `Debug` shows only the prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeySecret(String);

/// How a key begins: what the books call whoever used it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPrefix([u8; PREFIX_CHARS]);

impl KeyPrefix {
    /// Of what is stored; what is missing is blank.
    pub fn new(text: &str) -> Self {
        let mut bytes = [b' '; PREFIX_CHARS];
        bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Self(bytes)
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default().trim_end())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an API key: it starts with bb_ and has 52 characters")]
pub struct NotAnApiKey;

impl ApiKeySecret {
    pub fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        let mut text = String::from(START);
        push_base62(&mut text, &bytes, BODY_CHARS);
        let checksum = crc32fast::hash(text.as_bytes());
        push_base62(&mut text, &checksum.to_be_bytes(), CHECKSUM_CHARS);
        Self(text)
    }

    pub fn parse(text: &str) -> Result<Self, NotAnApiKey> {
        let body_end = START.len() + BODY_CHARS;
        if text.len() != body_end + CHECKSUM_CHARS || !text.starts_with(START) || !text.is_ascii() {
            return Err(NotAnApiKey);
        }
        let mut checksum = String::new();
        push_base62(&mut checksum, &crc32fast::hash(&text.as_bytes()[..body_end]).to_be_bytes(), CHECKSUM_CHARS);
        if text[body_end..] == checksum { Ok(Self(text.to_owned())) } else { Err(NotAnApiKey) }
    }

    pub fn prefix(&self) -> &str {
        &self.0[..PREFIX_CHARS]
    }

    /// The whole text: to be hashed, or printed once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix())
    }
}

/// Appends a big-endian number as exactly `chars` base62 digits.
fn push_base62(text: &mut String, bytes: &[u8], chars: usize) {
    let mut number = bytes.to_vec();
    let mut digits = vec![DIGITS[0]; chars];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = remainder << 8 | u32::from(*byte);
            // 62 < 256, so the quotient of a 14-bit value by 62 fits into a byte when the remainder is below 62.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = DIGITS[remainder as usize];
    }
    text.extend(digits.into_iter().map(char::from));
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
        for byte in [0, 1, 127, 255] {
            let key = ApiKeySecret::new(&Fixed(byte));
            assert_eq!(key.reveal().len(), 52);
            assert_eq!(ApiKeySecret::parse(key.reveal()), Ok(key));
        }
    }

    #[test]
    fn refuses_a_damaged_key() {
        let key = ApiKeySecret::new(&Fixed(9)).reveal().to_owned();
        let mut damaged = key.clone().into_bytes();
        damaged[20] = if damaged[20] == b'a' { b'b' } else { b'a' };
        for wrong in [String::from_utf8(damaged).unwrap(), key[..51].to_owned(), key.replace("bb_", "sk_"), "ü".repeat(26), String::new()]
        {
            assert_eq!(ApiKeySecret::parse(&wrong), Err(NotAnApiKey), "{wrong}");
        }
    }

    #[test]
    fn is_never_printed_whole() {
        assert_eq!(format!("{:?}", ApiKeySecret::new(&Fixed(0))), "bb_00000000…");
    }
}
