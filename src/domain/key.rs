//! API keys: `bb_` + 43 characters of base62 (32 random bytes) + 6 characters of checksum (CRC-32).
//!
//! The checksum lets a scanner or a client tell a damaged key without asking; the database keeps only the SHA-256 of the
//! whole text, which is enough because the secret has 256 bits of entropy. The first [`PREFIX_CHARS`] characters are stored
//! in clear: they find the row and name the key on screens.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::id::Random;
use super::time::Time;
use super::word::{UnknownWord, words};

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

words! {
    /// What a key may be used for.
    Scope {
        /// Batches, tasks, videos, credits and the ledger.
        Read = "read",
        /// Submit, quote and cancel batches.
        Submit = "submit",
        /// Endpoints and deliveries: see them, change them, send again.
        Webhooks = "webhooks",
    }
}

/// Some scopes: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(u8);

/// The text names no scopes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key has at least one of the scopes read, submit and webhooks")]
pub struct NotScopes;

impl Scopes {
    pub const ALL: Self = Self(0b111);

    /// `None` of no scope.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let bits = scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8);
        (bits != 0).then_some(Self(bits))
    }

    pub const fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }
}

/// Words, parted by blanks.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = NotScopes;

    /// Words, parted by blanks or commas.
    fn from_str(text: &str) -> Result<Self, NotScopes> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        let scopes: Vec<Scope> = words.map(str::parse).collect::<Result<_, UnknownWord>>().map_err(|_| NotScopes)?;
        Self::of(scopes).ok_or(NotScopes)
    }
}

impl TryFrom<String> for Scopes {
    type Error = NotScopes;

    fn try_from(text: String) -> Result<Self, NotScopes> {
        text.parse()
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

/// Subnets that a key may be used from; from everywhere, if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedFrom(Vec<IpNet>);

/// Subnets of one key at most.
pub const SUBNETS_MAX: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSubnets {
    #[error("{0:?} is not an address or a subnet like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32")]
    Word(String),
    #[error("a key has at most {SUBNETS_MAX} subnets")]
    TooMany,
}

impl AllowedFrom {
    pub const fn is_everywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// An address that is not known is allowed only where all are.
    pub fn allows(&self, address: Option<IpAddr>) -> bool {
        self.is_everywhere() || address.is_some_and(|address| self.0.iter().any(|net| net.contains(&address.to_canonical())))
    }
}

/// Parted by commas; whole addresses without their length.
impl fmt::Display for AllowedFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, net) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            if net.prefix_len() == net.max_prefix_len() { write!(f, "{}", net.addr())? } else { write!(f, "{net}")? }
        }
        Ok(())
    }
}

impl FromStr for AllowedFrom {
    type Err = NotSubnets;

    /// Parted by commas or blanks; none is fine.
    fn from_str(text: &str) -> Result<Self, NotSubnets> {
        let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let net = |word: &str| match word.parse::<IpAddr>() {
            Ok(address) => Ok(IpNet::from(address.to_canonical())),
            Err(_) => word.parse::<IpNet>().map(|net| net.trunc()).map_err(|_| NotSubnets::Word(word.to_owned())),
        };
        let nets: Vec<IpNet> = words.map(net).collect::<Result<_, _>>()?;
        if nets.len() > SUBNETS_MAX { Err(NotSubnets::TooMany) } else { Ok(Self(nets)) }
    }
}

impl TryFrom<String> for AllowedFrom {
    type Error = NotSubnets;

    fn try_from(text: String) -> Result<Self, NotSubnets> {
        text.parse()
    }
}

impl From<AllowedFrom> for String {
    fn from(allowed: AllowedFrom) -> Self {
        allowed.to_string()
    }
}

/// What a key may do, from where, until when, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTerms {
    pub scopes: Scopes,
    pub allowed: AllowedFrom,
    /// Not good from then on.
    pub expires_at: Option<Time>,
    pub requests_per_min_max: i64,
}

/// The most that a key can be given.
pub const REQUESTS_PER_MIN_MAX: i64 = 1_000_000;
/// Characters of a key's name at most.
pub const KEY_NAME_MAX_CHARS: usize = 80;

/// Why a key cannot be made so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    #[error("A key has a name of 1 to {KEY_NAME_MAX_CHARS} characters")]
    Name,
    #[error("A key allows 1 to {REQUESTS_PER_MIN_MAX} requests a minute")]
    Rate,
    #[error("The moment at which the key expires is over already")]
    Expired,
}

words! {
    /// Why the use of a key was refused.
    KeyRefusal {
        /// Nobody's key.
        Unknown = "unknown",
        Revoked = "revoked",
        Expired = "expired",
        Address = "address",
        Scope = "scope",
    }
}

impl KeyTerms {
    /// May do everything, from everywhere, for ever.
    pub const fn limited_to(requests_per_min_max: i64) -> Self {
        Self { scopes: Scopes::ALL, allowed: AllowedFrom(Vec::new()), expires_at: None, requests_per_min_max }
    }

    pub fn check(&self, name: &str, now: Time) -> Result<(), BadKey> {
        if !(1..=KEY_NAME_MAX_CHARS).contains(&name.trim().chars().count()) {
            return Err(BadKey::Name);
        }
        if !(1..=REQUESTS_PER_MIN_MAX).contains(&self.requests_per_min_max) {
            return Err(BadKey::Rate);
        }
        if self.expires_at.is_some_and(|at| at <= now) { Err(BadKey::Expired) } else { Ok(()) }
    }

    /// Whether the key is good at this moment, from this address, for this.
    pub fn admit(&self, now: Time, address: Option<IpAddr>, scope: Scope) -> Result<(), KeyRefusal> {
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(KeyRefusal::Expired);
        }
        if !self.allowed.allows(address) {
            return Err(KeyRefusal::Address);
        }
        if self.scopes.has(scope) { Ok(()) } else { Err(KeyRefusal::Scope) }
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
    fn scopes_are_written_and_read() {
        for (text, written) in [("submit", "submit"), ("webhooks, read", "read webhooks"), ("read submit webhooks", "read submit webhooks")]
        {
            let scopes: Scopes = text.parse().unwrap();
            assert_eq!(scopes.to_string(), written);
            assert_eq!(written.parse(), Ok(scopes));
        }
        for wrong in ["", " , ", "write", "read write", "READ"] {
            assert_eq!(wrong.parse::<Scopes>(), Err(NotScopes), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_good_only_from_its_subnets() {
        let allowed: AllowedFrom = "203.0.113.7, 10.1.2.3/8 2001:db8::/32".parse().unwrap();
        assert_eq!(allowed.to_string(), "203.0.113.7,10.0.0.0/8,2001:db8::/32");
        assert_eq!(allowed.to_string().parse(), Ok(allowed.clone()));
        for good in ["203.0.113.7", "10.255.0.1", "2001:db8::1", "::ffff:10.0.0.1"] {
            assert!(allowed.allows(Some(good.parse().unwrap())), "{good}");
        }
        for bad in ["203.0.113.8", "11.0.0.1", "2001:db9::1", "::1"] {
            assert!(!allowed.allows(Some(bad.parse().unwrap())), "{bad}");
        }
        assert!(!allowed.allows(None), "an address that nobody knows");
        assert!(AllowedFrom::default().allows(None));
        assert_eq!("10.0.0.0/33".parse::<AllowedFrom>(), Err(NotSubnets::Word("10.0.0.0/33".to_owned())));
        assert_eq!("::1 ".repeat(SUBNETS_MAX + 1).parse::<AllowedFrom>(), Err(NotSubnets::TooMany));
    }

    #[test]
    fn a_refusal_says_the_first_reason() {
        let (now, later) = (Time::from_micros(10), Time::from_micros(20));
        let terms = KeyTerms {
            allowed: "10.0.0.1".parse().unwrap(),
            expires_at: Some(later),
            scopes: "read".parse().unwrap(),
            ..KeyTerms::limited_to(1)
        };
        let home = Some("10.0.0.1".parse().unwrap());
        assert_eq!(terms.admit(now, home, Scope::Read), Ok(()));
        assert_eq!(terms.admit(now, home, Scope::Submit), Err(KeyRefusal::Scope));
        assert_eq!(terms.admit(now, None, Scope::Submit), Err(KeyRefusal::Address));
        assert_eq!(terms.admit(later, None, Scope::Submit), Err(KeyRefusal::Expired));
        assert_eq!(terms.check("ci", now), Ok(()));
        assert_eq!(terms.check("ci", later), Err(BadKey::Expired));
        assert_eq!(terms.check(" ", now), Err(BadKey::Name));
        assert_eq!(KeyTerms::limited_to(0).check("ci", now), Err(BadKey::Rate));
    }

    #[test]
    fn is_never_printed_whole() {
        assert_eq!(format!("{:?}", ApiKeySecret::new(&Fixed(0))), "bb_00000000…");
    }
}
