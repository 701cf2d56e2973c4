//! Codes of the second factor (RFC 6238 over RFC 4226): HMAC-SHA-1 of the step, cut to six digits.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::domain::second_factor::{DIGITS, good_steps};
use crate::domain::time::Time;

/// The step whose code this is, if it is a good one now. Compared in constant time. A secret that cannot be read has no codes.
pub(super) fn step_of(code: &str, secret_base32: &str, now: Time, last_used: i64) -> Option<i64> {
    let secret = BASE32_NOPAD.decode(secret_base32.as_bytes()).ok()?;
    let is_it = |step: i64| code_at(&secret, step).is_some_and(|good| bool::from(good.as_bytes().ct_eq(code.as_bytes())));
    good_steps(now, last_used).filter(|step| is_it(*step)).last()
}

fn code_at(secret: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    // RFC 4226, section 5.3: the last four bits say where the 31 bits begin that count.
    let at = usize::from(hash.last()? & 0xf);
    let bytes: [u8; 4] = hash.get(at..at + 4)?.try_into().ok()?;
    let number = u64::from(u32::from_be_bytes(bytes) & 0x7fff_ffff);
    let digits = u32::try_from(DIGITS).ok()?;
    Some(format!("{:0DIGITS$}", number % 10_u64.pow(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::second_factor::step_at;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    /// RFC 6238, appendix B, for SHA-1: its codes have eight digits, and ours are their last six.
    #[test]
    fn makes_the_codes_of_the_standard() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_at(SECRET, step_at(at(seconds))).as_deref(), Some(&code[2..]), "at {seconds}");
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn makes_the_codes_of_the_standard_below_it() {
        let codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (count, code) in codes.into_iter().enumerate() {
            assert_eq!(code_at(SECRET, i64::try_from(count).unwrap()).as_deref(), Some(code), "{count}");
        }
    }

    #[test]
    fn a_code_is_good_for_three_steps_and_once() {
        let secret = BASE32_NOPAD.encode(SECRET);
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        // The code of step 37,037,036.
        let step = step_at(at(1_111_111_109));
        for (seconds, last_used, found) in [
            (1_111_111_109, 0, Some(step)),
            (1_111_111_109 + 30, 0, Some(step)),
            (1_111_111_109 - 30, 0, Some(step)),
            (1_111_111_109 + 60, 0, None),
            (1_111_111_109 - 60, 0, None),
            (1_111_111_109, step - 1, Some(step)),
            (1_111_111_109, step, None),
        ] {
            assert_eq!(step_of("081804", &secret, at(seconds), last_used), found, "{seconds} after {last_used}");
        }
        assert_eq!(step_of("081805", &secret, at(1_111_111_109), 0), None);
        assert_eq!(step_of("081804", "not base32", at(1_111_111_109), 0), None);
    }
}
