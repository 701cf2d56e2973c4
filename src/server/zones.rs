//! Time zones: the rules of all of them are built in, so that every machine has the same. The table of a zone is worked out when
//! somebody first reads in it, and kept: there are about 600 zones, of a kilobyte at most.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::console::i18n::{Zone, ZoneTable};
use crate::console::preferences::UTC;

/// Moments before are shown by the clock of its beginning: nothing here is older.
const FROM_YEAR: i16 = 2020;
/// Moments after are shown by the clock of its end. Rules so far ahead are a guess of today.
const TO_YEAR: i16 = 2045;

static TABLES: Mutex<BTreeMap<String, Zone>> = Mutex::new(BTreeMap::new());

/// The zone of that name, in whatever case it is written.
pub fn zone(name: &str) -> Option<Zone> {
    if name.eq_ignore_ascii_case(UTC) {
        return Some(Zone::UTC);
    }
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    let name = zone.iana_name()?;
    let mut tables = TABLES.lock().ok()?;
    if let Some(known) = tables.get(name) {
        return Some(*known);
    }
    let table = ZoneTable { name: name.to_owned().into(), shifts: shifts(&zone)? };
    // Not ever more than there are zones.
    let made = Zone::of(Box::leak(Box::new(table)));
    tables.insert(name.to_owned(), made);
    Some(made)
}

/// The zone that a person means: its name, or the city in it alone where that is enough (`shanghai`, `New York`).
pub fn zone_meant(text: &str) -> Option<Zone> {
    let text = text.trim().replace(' ', "_");
    zone(&text).or_else(|| {
        let database = TimeZoneDatabase::bundled();
        let mut of_city = database.available().filter(|name| {
            let city = name.as_str().rsplit('/').next().unwrap_or_default();
            city.eq_ignore_ascii_case(&text)
        });
        zone(of_city.next()?.as_str())
    })
}

fn shifts(zone: &TimeZone) -> Option<Vec<(i64, i32)>> {
    let start_of = |year| date(year, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let (from, to): (Timestamp, Timestamp) = (start_of(FROM_YEAR)?, start_of(TO_YEAR)?);
    let mut shifts = vec![(from.as_second(), zone.to_offset(from).seconds())];
    for shift in zone.following(from).take_while(|shift| shift.timestamp() < to) {
        let ahead_s = shift.offset().seconds();
        // A zone may change its letters alone.
        if shifts.last().is_some_and(|(_, before_s)| *before_s != ahead_s) {
            shifts.push((shift.timestamp().as_second(), ahead_s));
        }
    }
    Some(shifts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::i18n::Lang;
    use crate::domain::time::Time;

    fn shown(zone_name: &str, time: &str) -> String {
        Lang::EN.in_zone(zone(zone_name).unwrap()).moment(time.parse::<Time>().unwrap())
    }

    /// Shifts as laws and the IANA database have them.
    #[test]
    fn clocks_go_forward_and_back_when_they_did() {
        assert_eq!(shown("Europe/Berlin", "2026-03-29T00:59:59Z"), "2026-03-29 01:59:59 +01");
        assert_eq!(shown("Europe/Berlin", "2026-03-29T01:00:00Z"), "2026-03-29 03:00:00 +02");
        assert_eq!(shown("Europe/Berlin", "2026-10-25T01:00:00Z"), "2026-10-25 02:00:00 +01");
        assert_eq!(shown("America/New_York", "2026-11-01T05:59:59Z"), "2026-11-01 01:59:59 -04");
        assert_eq!(shown("America/New_York", "2026-11-01T06:00:00Z"), "2026-11-01 01:00:00 -05");
        assert_eq!(shown("Australia/Lord_Howe", "2026-04-04T15:00:00Z"), "2026-04-05 01:30:00 +10:30");
        assert_eq!(shown("Asia/Kathmandu", "2026-11-20T09:14:07Z"), "2026-11-20 14:59:07 +05:45");
        assert_eq!(shown("Asia/Shanghai", "2026-11-20T09:14:07Z"), "2026-11-20 17:14:07 +08");
        assert_eq!(shown("Europe/London", "2026-11-20T09:14:07Z"), "2026-11-20 09:14:07 +00");
        assert_eq!(shown("utc", "2026-11-20T09:14:07Z"), "2026-11-20 09:14:07 UTC");
    }

    #[test]
    fn every_zone_agrees_with_the_database_at_any_hour() {
        let database = TimeZoneDatabase::bundled();
        for name in database.available() {
            let Some(ours) = zone(name.as_str()) else { panic!("{name} has a table") };
            let theirs = database.get(name.as_str()).unwrap();
            // An odd step, so that all hours of a year are met.
            for hours in (0..25 * 8_766).step_by(4_007) {
                let moment = Timestamp::from_second(1_577_836_800 + hours * 3_600).unwrap();
                let expected = theirs.to_datetime(moment).to_string().replace('T', " ");
                let time = Time::from_micros(moment.as_microsecond());
                assert_eq!(Lang::EN.in_zone(ours).moment_short(time), expected, "{name}");
            }
        }
    }

    #[test]
    fn a_zone_is_kept_once_however_it_is_written() {
        let (one, other) = (zone("Asia/Tokyo").unwrap(), zone("asia/tokyo").unwrap());
        assert_eq!((one.name(), other.name()), ("Asia/Tokyo", "Asia/Tokyo"));
        assert!(std::ptr::eq(one.name(), other.name()));
    }

    #[test]
    fn a_city_is_enough() {
        let name = |text| zone_meant(text).map(Zone::name);
        assert_eq!([name("shanghai"), name(" New York "), name("UTC")], [Some("Asia/Shanghai"), Some("America/New_York"), Some("UTC")]);
        assert_eq!([name("Atlantis"), name(""), name("../../etc/passwd")], [None; 3]);
    }
}
