//! The second factor of those who sign in with a password: codes of an authenticator (TOTP, RFC 6238: SHA-1, six digits, a new
//! one every 30 s), and recovery codes that stand in for them once each.

use url::form_urlencoded::byte_serialize;

use super::time::Time;

pub const DIGITS: usize = 6;
/// How long one code is shown.
pub const STEP_S: i64 = 30;
/// Clocks may go wrong by so many steps either way.
pub const DRIFT_STEPS: i64 = 1;
/// As long as a SHA-1 (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;
/// A secret that is offered waits so long for its first code.
pub const OFFER_S: i64 = 15 * 60;
/// After the right password the code is waited for so long.
pub const CODE_S: i64 = 5 * 60;
pub const RECOVERY_CODES: usize = 10;
/// 80 bits: nobody guesses one, so that a plain hash keeps it.
pub const RECOVERY_CODE_BYTES: usize = 10;
/// In base32.
const RECOVERY_CODE_CHARS: usize = 16;
/// Four and four are easier to copy.
const GROUP_CHARS: usize = 4;
/// As authenticators call us.
const ISSUER: &str = "Batchbook";

/// The step of a moment, from the Unix epoch.
pub const fn step_at(now: Time) -> i64 {
    now.micros().div_euclid(STEP_S * 1_000_000)
}

/// The steps whose codes are good, the newest last. A step up to the last one that was used is good no more.
pub fn good_steps(now: Time, last_used: i64) -> impl Iterator<Item = i64> {
    let now = step_at(now);
    (now - DRIFT_STEPS..=now + DRIFT_STEPS).filter(move |step| *step > last_used)
}

/// What was typed where a code is asked for.
#[derive(Clone, PartialEq, Eq)]
pub enum Given {
    /// Six digits.
    Code(String),
    /// A recovery code, in capitals and without its dashes.
    Recovery(String),
}

impl Given {
    /// Blanks and dashes mean nothing. `None` for what can be neither.
    pub fn read(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        if text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Some(Self::Code(text))
        } else if text.len() == RECOVERY_CODE_CHARS && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7')) {
            Some(Self::Recovery(text))
        } else {
            None
        }
    }

    /// What the record calls it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Recovery(_) => "recovery_code",
        }
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Given").field(&self.word()).finish()
    }
}

/// A secret or a recovery code as people read it: `ABCD-EFGH-…`, and with blanks for secrets, which authenticators skip.
pub fn grouped(text: &str, between: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(GROUP_CHARS).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(between)
}

/// What the picture says that an authenticator reads.
pub fn otpauth_uri(email: &str, secret_base32: &str) -> String {
    let email: String = byte_serialize(email.as_bytes()).collect();
    format!("otpauth://totp/{ISSUER}:{email}?secret={secret_base32}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_of_drift_is_good_either_way_and_no_step_twice() {
        let at = |seconds: i64| Time::from_micros(seconds * 1_000_000);
        assert_eq!([step_at(at(59)), step_at(at(60)), step_at(at(1_111_111_109))], [1, 2, 0x0235_23EC]);
        assert_eq!(good_steps(at(3_000), 0).collect::<Vec<_>>(), [99, 100, 101]);
        assert_eq!(good_steps(at(3_000), 99).collect::<Vec<_>>(), [100, 101]);
        assert_eq!(good_steps(at(3_000), 101).count(), 0);
    }

    #[test]
    fn what_was_typed_is_a_code_or_a_recovery_code() {
        assert_eq!(Given::read(" 123 456 "), Some(Given::Code("123456".to_owned())));
        let recovery = Some(Given::Recovery("ABCDEFGHIJKLMN27".to_owned()));
        assert_eq!(Given::read("abcd-efgh-ijkl-mn27"), recovery);
        assert_eq!(Given::read("ABCD EFGH IJKL MN27"), recovery);
        for neither in ["", "12345", "1234567", "12345a", "１２３４５６", "abcd-efgh-ijkl-mn18", "abcd-efgh-ijkl"] {
            assert_eq!(Given::read(neither), None, "{neither}");
        }
        assert!(!format!("{recovery:?}").contains("ABCD"));
    }

    #[test]
    fn the_address_of_a_secret_is_as_authenticators_read_it() {
        assert_eq!(
            otpauth_uri("anna+books@example.com", "GEZDGNBVGY3TQOJQ"),
            "otpauth://totp/Batchbook:anna%2Bbooks%40example.com?secret=GEZDGNBVGY3TQOJQ&issuer=Batchbook&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(grouped("ABCDEFGHIJ", "-"), "ABCD-EFGH-IJ");
    }
}
