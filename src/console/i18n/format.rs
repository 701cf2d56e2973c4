//! Numbers, money, moments and durations as people read them. Dates are ISO 8601 in both languages (in Chinese that is the
//! national standard too), in the zone that the person chose and with its mark, so a page reads the same on the server, in any
//! browser and in a ticket.

use super::{Lang, Language};
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

    /// To the micro-dollar, without its unit, for rows that are added up: `0.117600`, `−12.010001`.
    pub fn exact_amount(self, money: Money) -> String {
        let micros = money.micros().unsigned_abs();
        let sign = if money.micros() < 0 { "−" } else { "" };
        format!("{sign}{}.{:06}", group_thousands(micros / 1_000_000), micros % 1_000_000)
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

    /// `2026-11-20 09:14:07 UTC`, `2026-11-20 17:14:07 +08`.
    pub fn moment(self, time: Time) -> String {
        format!("{} {}", self.moment_short(time), self.zone().mark(time))
    }

    /// `2026-11-20 17:14:07.930 +08`, where a moment is told from the next by it.
    pub fn moment_precise(self, time: Time) -> String {
        let millis = time.micros().rem_euclid(1_000_000) / 1_000;
        format!("{}.{millis:03} {}", self.moment_short(time), self.zone().mark(time))
    }

    /// `2026-11-20 17:14:07`, where the zone is named beside it.
    pub fn moment_short(self, time: Time) -> String {
        clock_of(self.zone().wall(time))
    }

    /// The other way to say a moment, for on hover: how long ago, and in UTC where that is not what is shown.
    /// `3 h 07 m ago · 2026-11-20 09:14:07 UTC`
    pub fn moment_title(self, time: Time, now: Time) -> String {
        let ago = self.ago(time, now);
        if self.zone().is_utc() { ago } else { format!("{ago} · {} UTC", clock_of(time)) }
    }

    /// `3 h 07 m ago`, `in 2 d 04 h`.
    pub fn ago(self, time: Time, now: Time) -> String {
        let passed = now.micros_since(time);
        let duration = self.duration(passed.saturating_abs());
        match (self.language(), passed >= 0) {
            (Language::En, true) => format!("{duration} ago"),
            (Language::En, false) => format!("in {duration}"),
            (Language::Zh, true) => format!("{duration}前"),
            (Language::Zh, false) => format!("{duration}后"),
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
        let [ms, s, m, h, d] = self.pick(&["ms", "s", "m", "h", "d"], &["毫秒", "秒", "分", "小时", "天"]);
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

/// Date and time to the second, without the zone.
fn clock_of(time: Time) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..19)) {
        (Some(date), Some(clock)) => format!("{date} {clock}"),
        _ => text,
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
    use crate::console::i18n::{Zone, ZoneTable};

    #[test]
    fn rows_that_are_added_up_say_every_micro_dollar() {
        let shown = [117_600, -12_010_001, 1_234_567_890_000, 0].map(|micros| Lang::EN.exact_amount(Money::from_micros(micros)));
        assert_eq!(shown, ["0.117600", "−12.010001", "1,234,567.890000", "0.000000"]);
    }

    #[test]
    fn numbers_have_groups_and_a_real_minus() {
        assert_eq!(Lang::EN.number(-1_234_567), "−1,234,567");
        assert_eq!(Lang::ZH.signed_credits(Credits::new(49)), "+49");
        assert_eq!(Lang::EN.signed_credits(Credits::new(-49_000)), "−49,000");
        assert_eq!(Lang::EN.amount(Money::from_micros(-12_010_000)), "−12.01");
        assert_eq!((Lang::EN.percent(733), Lang::EN.percent(-5), Lang::EN.margin(None)), ("73.3 %".into(), "−0.5 %".into(), "–".into()));
    }

    #[test]
    fn moments_are_in_the_chosen_zone_and_say_so() {
        let shanghai = ZoneTable { name: "Asia/Shanghai".into(), shifts: vec![(0, 28_800)] };
        let lang = Lang::ZH.in_zone(Zone::of(Box::leak(Box::new(shanghai))));
        let time: Time = "2026-12-31T17:14:07Z".parse().unwrap();
        assert_eq!((lang.moment(time), lang.moment_short(time)), ("2027-01-01 01:14:07 +08".into(), "2027-01-01 01:14:07".into()));
        assert_eq!(lang.moment_precise(time.plus_ms(30)), "2027-01-01 01:14:07.030 +08");
        assert_eq!(lang.moment_near(time, time.plus_s(3_600)), "01-01 01:14", "the year is the one of the zone");
        assert_eq!(lang.moment_title(time, time.plus_s(11_220)), "3 小时 07 分前 · 2026-12-31 17:14:07 UTC");
        assert_eq!(Lang::EN.moment_title(time, time.plus_s(11_220)), "3 h 07 m ago");
        assert_eq!(Lang::EN.ago(time, time.plus_s(-2)), "in 2 s");
    }

    #[test]
    fn moments_are_utc_to_the_second() {
        let time: Time = "2026-11-20T09:14:07.123456Z".parse().unwrap();
        assert_eq!(Lang::EN.moment(time), "2026-11-20 09:14:07 UTC");
        assert_eq!(Lang::ZH.moment_short("2026-11-20T09:14:07Z".parse().unwrap()), "2026-11-20 09:14:07");
        let later = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(
            (Lang::EN.moment_near(time, time), Lang::EN.moment_near(time, later)),
            ("11-20 09:14".into(), "2026-11-20 09:14".into())
        );
    }

    #[test]
    fn durations_show_two_units() {
        let seconds = |s: i64| Lang::EN.duration(s * 1_000_000);
        assert_eq!(Lang::EN.duration(250_000), "250 ms");
        assert_eq!([seconds(2), seconds(300), seconds(11_220), seconds(187_200)], ["2 s", "5 m 00 s", "3 h 07 m", "2 d 04 h"]);
        assert_eq!(Lang::ZH.duration(1_121_000_000), "18 分 41 秒");
        assert_eq!(Lang::EN.duration(-5), "0 ms");
        assert_eq!(Lang::EN.between(None, None), "–");
    }

    #[test]
    fn short_ids_keep_their_end() {
        assert_eq!(shortened("bat_01jd9m00000000000000000k7q2"), "bat_01jd9m…k7q2");
        assert_eq!(shortened("bb_live4f"), "bb_live4f");
        assert_eq!(shortened("无线耳机悬浮在水面上"), "无线耳机悬浮在水面上");
    }
}
