//! Money: what was really paid, to us or by us, in micro-dollars (US$0.000001).

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of micro-dollars. Costs and revenues are zero or more; a profit may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

/// The sum does not fit into 64 bits of micro-dollars, or a text is not an amount of dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("the amount does not fit into 64 bits of micro-dollars")]
    Overflow,
    #[error("not an amount of dollars; write it like 2000 or 0.1176, with at most 6 decimals")]
    NotDollars,
}

const MICROS_PER_DOLLAR: i64 = 1_000_000;

impl Money {
    pub const ZERO: Self = Self(0);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// Reads dollars as people write them: `2000`, `0.1176`. No sign, no exponent, at most six decimals.
    pub fn parse_dollars(text: &str) -> Result<Self, MoneyError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 || text.ends_with('.') {
            return Err(MoneyError::NotDollars);
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::Overflow)?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| MoneyError::NotDollars)?;
        whole.checked_mul(MICROS_PER_DOLLAR).and_then(|micros| micros.checked_add(fraction)).map(Self).ok_or(MoneyError::Overflow)
    }

    /// Share of `self` in `whole` in tenths of a percent, rounded down; `None` when there is no whole to share.
    pub fn permille_of(self, whole: Self) -> Option<i64> {
        (whole.0 > 0).then(|| i64::try_from(i128::from(self.0) * 1000 / i128::from(whole.0)).unwrap_or(0))
    }
}

/// `US$ 412.30`: two decimals, half away from zero. Rows keep micro-dollars; this is for people.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "−" } else { "" };
        let cents = (self.0.unsigned_abs() + 5_000) / 10_000;
        write!(f, "{sign}US$ {}.{:02}", group_thousands(cents / 100), cents % 100)
    }
}

/// `1234567` as `1,234,567`.
pub fn group_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dollars_exactly() {
        assert_eq!(Money::parse_dollars("0.1176"), Ok(Money::from_micros(117_600)));
        assert_eq!(Money::parse_dollars("2000"), Ok(Money::from_micros(2_000_000_000)));
        for wrong in ["", ".", "1.", ".5", "-1", "1e3", "1,000", "0.1234567"] {
            assert_eq!(Money::parse_dollars(wrong), Err(MoneyError::NotDollars), "{wrong}");
        }
        assert_eq!(Money::parse_dollars("99999999999999"), Err(MoneyError::Overflow));
    }

    #[test]
    fn shows_cents_with_groups_and_sign() {
        assert_eq!(Money::from_micros(1_234_567_890_000).to_string(), "US$ 1,234,567.89");
        assert_eq!(Money::from_micros(-5_000).to_string(), "−US$ 0.01");
        assert_eq!(Money::ZERO.to_string(), "US$ 0.00");
    }

    #[test]
    fn margin_of_nothing_is_no_number() {
        assert_eq!(Money::from_micros(5).permille_of(Money::ZERO), None);
        assert_eq!(Money::from_micros(733).permille_of(Money::from_micros(1000)), Some(733));
    }
}
