//! Numbers, money, moments and durations as people read them. Dates are ISO 8601 and UTC in both languages (in Chinese that
//! is the national standard too), so a page reads the same on the server, in any browser and in a ticket.

use super::Lang;
use crate::domain::credits::Credits;
use crate::domain::money::{Money, group_thousands};
use crate::domain::time::Time;

/// What stands where there is nothing to show.
pub const NONE: &str = "–";

impl Lang {
    /// `-1234` as `−1,234`.
    pub fn number(self, number: i64) -> String {
        let sign = if number < 0 { "−" } else { "" };
        format!("{sign}{}", group_thousands(number.unsigned_abs()))
    }

    pub fn credits(self, credits: Credits) -> String {
        self.number(credits.get())
    }

    /// Signed, with a plus where credits come in: `+49`, `−49,000`.
    pub fn signed_credits(self, credits: Credits) -> String {
        let plus = if credits > Credits::ZERO { "+" } else { "" };
        format!("{plus}{}", self.credits(credits))
    }

    /// With its unit: `US$ 329.11`.
    pub fn money(self, money: Money) -> String {
        money.to_string()
    }

    /// Without its unit, for columns that name it: `329.11`, `−12.01`.
    pub fn amount(self, money: Money) -> String {
        money.to_string().replace("US$ ", "")
    }

    /// Tenths of a percent: `733` as `73.3 %`.
    pub fn percent(self, permille: i64) -> String {
        let sign = if permille < 0 { "−" } else { "" };
        let permille = permille.unsigned_abs();
        format!("{sign}{}.{} %", group_thousands(permille / 10), permille % 10)
    }

    pub fn margin(self, permille: Option<i64>) -> String {
        permille.map_or_else(|| NONE.to_owned(), |permille| self.percent(permille))
    }

    /// `2026-11-20 09:14:07 UTC`.
    pub fn moment(self, time: Time) -> String {
        format!("{} UTC", self.moment_short(time))
    }

    /// `2026-11-20 09:14:07`, for columns that name the zone.
    pub fn moment_short(self, time: Time) -> String {
        let text = time.to_string();
        match (text.get(..10), text.get(11..19)) {
            (Some(date), Some(clock)) => format!("{date} {clock}"),
            _ => text,
        }
    }

    /// `11-20 09:14` in the year that it is now, else `2025-11-20 09:14`; for columns that name the zone and give the whole
    /// elsewhere.
    pub fn moment_near(self, time: Time, now: Time) -> String {
        let (text, now) = (self.moment_short(time), self.moment_short(now));
        let minute = text.get(..16).unwrap_or(&text);
        if text.get(..5) == now.get(..5) { minute.get(5..).unwrap_or(minute).to_owned() } else { minute.to_owned() }
    }

    /// The two largest units: `2 s`, `5 m 00 s`, `3 h 07 m`, `2 d 04 h`. Less than a second is said in milliseconds.
    pub fn duration(self, micros: i64) -> String {
        let [ms, s, m, h, d] = match self {
            Self::En => ["ms", "s", "m", "h", "d"],
            Self::Zh => ["毫秒", "秒", "分", "小时", "天"],
        };
        let millis = micros.max(0) / 1_000;
        let seconds = millis / 1_000;
        match seconds {
            0 => format!("{millis} {ms}"),
            1..60 => format!("{seconds} {s}"),
            60..3_600 => format!("{} {m} {:02} {s}", seconds / 60, seconds % 60),
            3_600..86_400 => format!("{} {h} {:02} {m}", seconds / 3_600, seconds % 3_600 / 60),
            _ => format!("{} {d} {:02} {h}", group_thousands((seconds / 86_400).unsigned_abs()), seconds % 86_400 / 3_600),
        }
    }

    /// From one moment to another; nothing when one of them is missing.
    pub fn between(self, from: Option<Time>, to: Option<Time>) -> String {
        match (from, to) {
            (Some(from), Some(to)) => self.duration(to.micros_since(from)),
            _ => NONE.to_owned(),
        }
    }
}

/// An id cut in the middle: `bat_01jd9m…k7q2`. Ids made in the same moment begin alike, so the end is what tells them apart.
pub fn shortened(id: &str) -> String {
    const HEAD: usize = 10;
    const TAIL: usize = 4;
    match (id.get(..HEAD), id.len().checked_sub(TAIL).and_then(|at| id.get(at..))) {
        (Some(head), Some(tail)) if id.len() > HEAD + TAIL + 1 => format!("{head}…{tail}"),
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_groups_and_a_real_minus() {
        assert_eq!(Lang::En.number(-1_234_567), "−1,234,567");
        assert_eq!(Lang::Zh.signed_credits(Credits::new(49)), "+49");
        assert_eq!(Lang::En.signed_credits(Credits::new(-49_000)), "−49,000");
        assert_eq!(Lang::En.amount(Money::from_micros(-12_010_000)), "−12.01");
        assert_eq!((Lang::En.percent(733), Lang::En.percent(-5), Lang::En.margin(None)), ("73.3 %".into(), "−0.5 %".into(), "–".into()));
    }

    #[test]
    fn moments_are_utc_to_the_second() {
        let time: Time = "2026-11-20T09:14:07.123456Z".parse().unwrap();
        assert_eq!(Lang::En.moment(time), "2026-11-20 09:14:07 UTC");
        assert_eq!(Lang::Zh.moment_short("2026-11-20T09:14:07Z".parse().unwrap()), "2026-11-20 09:14:07");
        let later = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(
            (Lang::En.moment_near(time, time), Lang::En.moment_near(time, later)),
            ("11-20 09:14".into(), "2026-11-20 09:14".into())
        );
    }

    #[test]
    fn durations_show_two_units() {
        let seconds = |s: i64| Lang::En.duration(s * 1_000_000);
        assert_eq!(Lang::En.duration(250_000), "250 ms");
        assert_eq!([seconds(2), seconds(300), seconds(11_220), seconds(187_200)], ["2 s", "5 m 00 s", "3 h 07 m", "2 d 04 h"]);
        assert_eq!(Lang::Zh.duration(1_121_000_000), "18 分 41 秒");
        assert_eq!(Lang::En.duration(-5), "0 ms");
        assert_eq!(Lang::En.between(None, None), "–");
    }

    #[test]
    fn short_ids_keep_their_end() {
        assert_eq!(shortened("bat_01jd9m00000000000000000k7q2"), "bat_01jd9m…k7q2");
        assert_eq!(shortened("bb_live4f"), "bb_live4f");
        assert_eq!(shortened("无线耳机悬浮在水面上"), "无线耳机悬浮在水面上");
    }
}
