//! Sign-ins: how long they last, what a password must be, and how long somebody who guesses has to wait.

use super::access::Operator;
use super::id::SessionId;
use super::time::Time;

/// A session that was not used for so long is over.
pub const IDLE_S: i64 = 12 * 3_600;
/// A session is over then, however much it is used.
pub const AGE_MAX_S: i64 = 7 * 86_400;
/// For so long after the password was given it is not asked for again.
pub const PROOF_S: i64 = 15 * 60;
/// A session's last use is written down at most so often.
pub const SEEN_EVERY_S: i64 = 60;
/// A one-time link to set a password is good for so long.
pub const LINK_S: i64 = 3 * 86_400;
/// The link with which the first owner is made is good for so long.
pub const FIRST_LINK_S: i64 = 86_400;

pub const PASSWORD_MIN_CHARS: usize = 12;
pub const PASSWORD_MAX_CHARS: usize = 200;

/// A sign-in as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub operator: Operator,
    pub created_at: Time,
    /// To the minute.
    pub seen_at: Time,
    /// When the password was last given.
    pub proven_at: Time,
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: String,
}

impl Session {
    pub fn is_over(&self, now: Time) -> bool {
        now >= self.seen_at.plus_s(IDLE_S) || now >= self.created_at.plus_s(AGE_MAX_S)
    }

    pub fn is_proven(&self, now: Time) -> bool {
        now < self.proven_at.plus_s(PROOF_S)
    }

    /// Whether its last use is to be written down.
    pub fn is_to_be_touched(&self, now: Time) -> bool {
        now >= self.seen_at.plus_s(SEEN_EVERY_S)
    }
}

/// Why a password is not taken. The text is for whoever chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("A password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters. A few words that do not belong together are good.")]
    Length,
    #[error("That password is the first that anybody would try. Take another one.")]
    Guessable,
}

/// Length is what counts (NIST SP 800-63B); what is made of the address, of one character or of a row of keys is refused.
pub fn check_password(password: &str, email: &str) -> Result<(), WeakPassword> {
    const FIRST_TRIED: [&str; 6] = ["password", "passw0rd", "qwertyuiop", "1234567890", "batchbook", "letmein"];
    if !(PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&password.chars().count()) {
        return Err(WeakPassword::Length);
    }
    let lower = password.to_lowercase();
    let local = email.split('@').next().unwrap_or_default().to_lowercase();
    // What is left when the words that are tried first are taken out has to be long enough for a password of its own.
    let mut rest = lower.clone();
    for word in FIRST_TRIED.into_iter().chain((local.len() > 2).then_some(local.as_str())) {
        rest = rest.replace(word, "");
    }
    let mut distinct: Vec<char> = rest.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 5 { Err(WeakPassword::Guessable) } else { Ok(()) }
}

/// How many sign-ins in a row may be refused before others have to wait, and how long they wait at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    pub free: i64,
    pub wait_max_s: i64,
}

impl Patience {
    /// For one account from one address, and for an account in a browser that it knows.
    pub const ACCOUNT: Self = Self { free: 5, wait_max_s: 15 * 60 };
    /// For all accounts from one address, which may be that of a whole office.
    pub const ADDRESS: Self = Self { free: 20, wait_max_s: 60 };
    /// Refusals are forgotten when there was none for so long.
    pub const FORGETS_S: i64 = 3_600;

    /// How long nothing is looked at after so many refusals in a row: 1 s, then twice as long each time.
    pub fn wait_s(self, refusals: i64) -> i64 {
        let over = refusals - self.free;
        if over < 0 {
            0
        } else {
            1_i64.checked_shl(u32::try_from(over).unwrap_or(u32::MAX)).map_or(self.wait_max_s, |s| s.clamp(1, self.wait_max_s))
        }
    }
}

/// As addresses are compared: without regard to case.
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_not_the_first_that_is_tried() {
        for good in ["correct horse battery", "Xk4-9fQz-77aw", "我的密码是很长的一句话呀呀", "anna likes green tea"] {
            assert_eq!(check_password(good, "anna@example.com"), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", WeakPassword::Length),
            ("short-9fQz", WeakPassword::Length),
            (&"x".repeat(PASSWORD_MAX_CHARS + 1), WeakPassword::Length),
            ("aaaaaaaaaaaaaaaa", WeakPassword::Guessable),
            ("Password1234567890", WeakPassword::Guessable),
            ("Batchbook2026", WeakPassword::Guessable),
            ("annaannaanna1", WeakPassword::Guessable),
        ] {
            assert_eq!(check_password(bad, "anna@example.com"), Err(why), "{bad}");
        }
    }

    #[test]
    fn who_guesses_waits_longer_each_time() {
        let waits: Vec<i64> = (1..=9).map(|refusals| Patience::ACCOUNT.wait_s(refusals)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16]);
        assert_eq!([15, 70, 1_000, i64::MAX].map(|refusals| Patience::ACCOUNT.wait_s(refusals)), [900; 4]);
        assert_eq!([19, 20, 40].map(|refusals| Patience::ADDRESS.wait_s(refusals)), [0, 1, 60]);
    }
}
