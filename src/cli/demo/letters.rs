//! Who is told in the story, and how their receivers answer. Deliveries are made, taken and recorded by the same services as real
//! ones; only the sending is thrown with the dice, so nothing of the story ever leaves the machine. The names of the receivers
//! end in `.example`, which no resolver knows: whoever serves the story's end reaches nobody either.

use std::collections::HashMap;

use super::dice::Dice;
use super::play::Scene;
use super::story::{DAY_MIN, LUMEN, MINUTE_MS, NORTHWIND, PAPERCRANE, QINGHE, TINY_ROBOT, XINGHE};
use crate::cli::failure::Failure;
use crate::delivery::sign;
use crate::domain::time::Time;
use crate::domain::webhook::{AfterAttempt, AttemptClass, EventType, Schedule, Subscription, TIMEOUT_MS, after_attempt};
use crate::service::endpoints::EndpointFields;
use crate::service::notify::{Room, Sent, Signed};

/// One sender, which takes everything that is due.
const SENDER: i64 = 1;
const ROOM: Room = Room { total: 500, retries: 500, each: 500 };
/// The health of endpoints is looked after so often.
pub const LOOK_EVERY_MIN: usize = 6 * 60;

/// How a receiver of the story is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiving {
    Well,
    /// Works before it answers, and now and then for too long.
    Slow,
    /// Refuses some of what it gets.
    Picky,
    /// Well, until so many minutes before the end; then it is down.
    Down {
        before_min: i64,
    },
    /// Its certificate expired so many minutes before the end.
    Expired {
        before_min: i64,
    },
}

/// An endpoint of the story.
#[derive(Clone, Copy, Debug)]
struct Subscriber {
    buyer: usize,
    url: &'static str,
    description: &'static str,
    types: &'static [EventType],
    receiving: Receiving,
    /// The customer disables it so many minutes before the end.
    disabled_before_min: Option<i64>,
}

const fn subscriber(buyer: usize, url: &'static str, description: &'static str, receiving: Receiving) -> Subscriber {
    Subscriber { buyer, url, description, types: &[], receiving, disabled_before_min: None }
}

const SUBSCRIBERS: [Subscriber; 7] = [
    subscriber(NORTHWIND, "https://hooks.northwind.example/batchbook", "Render farm", Receiving::Well),
    Subscriber {
        types: &[EventType::BatchPartial, EventType::BatchFailed],
        ..subscriber(NORTHWIND, "https://alerts.northwind.example/v1/events", "On-call alerts", Receiving::Picky)
    },
    subscriber(XINGHE, "https://api.xinghe.example/webhooks/video", "后期制作流水线", Receiving::Slow),
    subscriber(LUMEN, "https://shop.lumenandoak.example/hooks/video", "Web shop", Receiving::Down { before_min: 2 * DAY_MIN }),
    Subscriber {
        disabled_before_min: Some(4 * DAY_MIN),
        ..subscriber(PAPERCRANE, "https://media.papercrane.example/batchbook", "Lessons", Receiving::Well)
    },
    subscriber(QINGHE, "https://dev.qinghe.example:8443/callback", "测试环境", Receiving::Expired { before_min: 22 * DAY_MIN }),
    subscriber(TINY_ROBOT, "https://ci.tinyrobot.example/hooks/trailers", "Trailer builds", Receiving::Well),
];

/// What the receiver of a letter did.
struct Answer {
    class: AttemptClass,
    http_status: Option<i32>,
    took_ms: i64,
    body: &'static str,
    error: Option<&'static str>,
}

const fn answered(class: AttemptClass, http_status: i32, took_ms: i64, body: &'static str) -> Answer {
    Answer { class, http_status: Some(http_status), took_ms, body, error: None }
}

const fn silent(class: AttemptClass, took_ms: i64, error: &'static str) -> Answer {
    Answer { class, http_status: None, took_ms, body: "", error: Some(error) }
}

impl Receiving {
    /// `left_min`: minutes until the story ends.
    fn answer(self, left_min: i64, dice: &mut Dice) -> Answer {
        let well_ms = dice.between(45, 330);
        match self {
            Self::Down { before_min } if left_min < before_min => match dice.between(0, 9) {
                0..=6 => answered(AttemptClass::Http5xx, 502, well_ms, "<html><body>502 Bad Gateway</body></html>"),
                7..=8 => silent(AttemptClass::Refused, 12, "error sending request: connection refused"),
                _ => silent(AttemptClass::TimeoutConnect, 5_000, "error sending request: no connection within 5 s"),
            },
            Self::Expired { before_min } if left_min < before_min => {
                silent(AttemptClass::Tls, 70, "error sending request: invalid peer certificate: Expired")
            }
            Self::Slow if dice.chance(60) => {
                silent(AttemptClass::TimeoutResponse, TIMEOUT_MS.into(), "error sending request: operation timed out")
            }
            Self::Slow => answered(AttemptClass::Delivered, 200, dice.between(700, 4_200), "{\"ok\":true}"),
            Self::Picky if dice.chance(250) => answered(AttemptClass::Http4xx, 422, well_ms, "{\"error\":\"unknown campaign\"}"),
            _ if dice.chance(25) => answered(AttemptClass::Http5xx, 503, well_ms, "upstream connect error"),
            _ if dice.chance(10) => {
                silent(AttemptClass::Reset, well_ms, "error sending request: connection closed before message completed")
            }
            _ => answered(
                AttemptClass::Delivered,
                if well_ms % 3 == 0 { 204 } else { 200 },
                well_ms,
                if well_ms % 3 == 0 { "" } else { "ok" },
            ),
        }
    }
}

impl Scene {
    /// Registers the endpoints, before anything happens.
    pub async fn subscribe(&mut self) -> Result<(), Failure> {
        for subscriber in SUBSCRIBERS {
            let fields = EndpointFields {
                url: subscriber.url.to_owned(),
                description: subscriber.description.to_owned(),
                subscription: Subscription::new(subscriber.types),
                timeout_ms: TIMEOUT_MS,
            };
            let customer = self.customers[subscriber.buyer].1.customer;
            // Secrets protect whatever the database is used for later.
            let (endpoint, _) = self.stage.keys.add_endpoint(customer, fields).await?;
            if let Some(before_min) = subscriber.disabled_before_min {
                self.disable_at(before_min, subscriber.buyer, endpoint.id);
            }
        }
        Ok(())
    }

    /// Sends what is due now.
    pub async fn deliver(&mut self) -> Result<(), Failure> {
        let service = self.stage.service.clone();
        let now = service.now();
        self.retries.retain(|due| *due > now);
        while service.fan_out().await? > 0 {}
        let schedule = Schedule::default();
        loop {
            let mut taken = service.take_letters(SENDER, &HashMap::new(), ROOM).await?;
            if taken.is_empty() {
                return Ok(());
            }
            // Databases return rows in orders of their own, and the dice are thrown in this one.
            taken.sort_by_key(|signed| signed.letter.delivery);
            let sent: Vec<Sent> = taken.into_iter().map(|signed| self.send_letter(signed, now)).collect();
            for sent in &sent {
                if let AfterAttempt::Retry { after_s } =
                    after_attempt(&schedule, sent.class, sent.letter.failures, sent.retry_after_s, sent.jitter_permille)
                {
                    self.retries.insert(sent.finished_at.plus_s(after_s));
                }
            }
            service.record_sent(SENDER, &sent, &schedule).await?;
        }
    }

    fn send_letter(&mut self, signed: Signed, now: Time) -> Sent {
        let receiving =
            SUBSCRIBERS.iter().find(|subscriber| subscriber.url == signed.letter.url).map_or(Receiving::Well, |it| it.receiving);
        let left_min = self.stage.end.micros_since(now) / (MINUTE_MS * 1_000);
        let dice = &mut self.stage.dice;
        let answer = receiving.answer(left_min, dice);
        let requested_at = now.plus_ms(dice.between(4, 40));
        let finished_at = requested_at.plus_ms(answer.took_ms);
        let timestamp_s = requested_at.micros() / 1_000_000;
        let body = signed.message().body(&self.stage.public_url);
        Sent {
            signature: sign(&signed.secrets, &signed.letter.id.to_string(), timestamp_s, &body),
            class: answer.class,
            requested_at,
            responded_at: answer.http_status.map(|_| finished_at),
            http_status: answer.http_status,
            retry_after_s: None,
            response_headers: answer.http_status.map(|_| "content-type: text/plain\nserver: nginx\nset-cookie: …\n".to_owned()),
            response_body: answer.http_status.map(|_| answer.body.to_owned()),
            error: answer.error.map(str::to_owned),
            finished_at,
            jitter_permille: dice.between(0, 1_000),
            letter: signed.letter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::target::Subnets;

    #[test]
    fn the_receivers_are_where_nobody_is() {
        for subscriber in SUBSCRIBERS {
            let url = Subnets::default().check(subscriber.url).unwrap();
            assert!(url.host_str().is_some_and(|host| host.ends_with(".example")), "{url}");
        }
    }

    #[test]
    fn who_is_down_answers_no_more() {
        let mut dice = Dice::new(1);
        let down = Receiving::Down { before_min: 10 };
        assert!((0..200).all(|_| !down.answer(9, &mut dice).class.is_success()));
        assert!((0..200).any(|_| down.answer(11, &mut dice).class.is_success()));
    }
}
