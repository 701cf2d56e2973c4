//! Which deliveries a list is asked for. The address of the page and the operators' API say it with the same words.

use super::super::batch_list::Day;
use super::super::id::{BatchId, CustomerId, EndpointId};
use super::super::time::Time;
use super::{AttemptClass, DeliveryState, EventType};

/// Every part that is there must hold; the default asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub state: Option<DeliveryState>,
    /// How the last attempt ended.
    pub class: Option<AttemptClass>,
    pub kind: Option<EventType>,
    pub endpoint: Option<EndpointId>,
    pub customer: Option<CustomerId>,
    pub batch: Option<BatchId>,
    /// Made at or after this moment.
    pub from: Option<Time>,
    /// Made before this moment.
    pub to: Option<Time>,
    /// At least so many attempts were begun.
    pub attempts_min: Option<i32>,
    /// Names and values that could not be read. With one of them nothing matches: what was asked for is not known, and is
    /// certainly not everything.
    pub unreadable: Vec<(&'static str, String)>,
}

impl DeliveryFilter {
    pub const NAMES: [&'static str; 9] = ["state", "class", "type", "endpoint", "customer", "batch", "from", "to", "attempts"];

    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the parameters that `get` finds by name.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut filter = Self::default();
        for name in Self::NAMES {
            let Some(text) = get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { continue };
            if !filter.set(name, &text) {
                filter.unreadable.push((name, text));
            }
        }
        filter
    }

    /// False when the text is none of the parameter.
    fn set(&mut self, name: &str, text: &str) -> bool {
        fn put<T, E>(place: &mut Option<T>, read: Result<T, E>) -> bool {
            *place = read.ok();
            place.is_some()
        }
        match name {
            "state" => put(&mut self.state, text.parse()),
            "class" => put(&mut self.class, text.parse()),
            "type" => put(&mut self.kind, text.parse()),
            "endpoint" => put(&mut self.endpoint, text.parse()),
            "customer" => put(&mut self.customer, text.parse()),
            "batch" => put(&mut self.batch, text.parse()),
            "from" => put(&mut self.from, text.parse::<Day>().map(Day::start).or_else(|_| text.parse())),
            // A day is meant up to its end.
            "to" => put(&mut self.to, text.parse::<Day>().map(|day| day.plus(1).start()).or_else(|_| text.parse())),
            "attempts" => put(&mut self.attempts_min, text.parse().ok().filter(|attempts| *attempts >= 0).ok_or(())),
            _ => false,
        }
    }

    /// Names and values of what is asked for, ready to be read again.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut put = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        put("state", self.state.map(|state| state.to_string()));
        put("class", self.class.map(|class| class.to_string()));
        put("type", self.kind.map(|kind| kind.to_string()));
        put("endpoint", self.endpoint.map(|id| id.to_string()));
        put("customer", self.customer.map(|id| id.to_string()));
        put("batch", self.batch.map(|id| id.to_string()));
        put("from", self.from.map(|at| day_or_moment(at, 0)));
        put("to", self.to.map(|at| day_or_moment(at, -1)));
        put("attempts", self.attempts_min.map(|attempts| attempts.to_string()));
        pairs.extend(self.unreadable.iter().cloned());
        pairs
    }
}

/// A midnight is said as a day.
pub fn day_or_moment(at: Time, shift_days: i64) -> String {
    let day = Day::of(at);
    if day.start() == at { day.plus(shift_days).to_string() } else { at.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, String)]) -> DeliveryFilter {
        DeliveryFilter::read(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()))
    }

    #[test]
    fn reads_what_it_writes() {
        let all = DeliveryFilter {
            state: Some(DeliveryState::Exhausted),
            class: Some(AttemptClass::Tls),
            kind: Some(EventType::BatchRefunded),
            endpoint: "whe_00fkqz1b3r000000000000000g".parse().ok(),
            customer: "cus_00fkqz1b3r000000000000000g".parse().ok(),
            batch: "bat_00fkqz1b3r000000000000000g".parse().ok(),
            from: "2026-11-01T00:00:00Z".parse().ok(),
            to: "2026-11-25T22:00:00Z".parse().ok(),
            attempts_min: Some(3),
            unreadable: Vec::new(),
        };
        assert_eq!(all.pairs().len(), DeliveryFilter::NAMES.len());
        let days = DeliveryFilter { to: "2026-12-01T00:00:00Z".parse().ok(), ..all.clone() };
        let damaged = DeliveryFilter { class: None, unreadable: vec![("class", "luck".to_owned())], ..all.clone() };
        for filter in [all, days, damaged, DeliveryFilter::default()] {
            assert_eq!(read(&filter.pairs()), filter);
        }
    }

    #[test]
    fn a_day_is_meant_up_to_its_end() {
        let filter = read(&[("from", "2026-11-01".to_owned()), ("to", "2026-11-30".to_owned())]);
        assert_eq!(filter.to, "2026-12-01T00:00:00Z".parse().ok());
        assert_eq!(filter.pairs(), [("from", "2026-11-01".to_owned()), ("to", "2026-11-30".to_owned())]);
    }

    #[test]
    fn what_cannot_be_read_is_not_everything() {
        for (name, text) in [("state", "lost"), ("attempts", "-1"), ("attempts", "many"), ("from", "soon"), ("endpoint", "dlv_1")] {
            let filter = read(&[(name, text.to_owned())]);
            assert_eq!(filter.unreadable, [(name, text.to_owned())]);
        }
        assert!(read(&[("state", " ".to_owned())]).is_default(), "an empty field of a form asks for nothing");
    }
}
