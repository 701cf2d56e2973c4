//! Requests without a good key or token, counted by where they come from: after so many in a minute each is told to wait. Whoever
//! has a good key is counted by the key alone, whatever neighbours at the same address do.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::code::Code;
use super::door::From;
use super::problem::Problem;
use crate::service::Service;

/// Requests of one address without a good key in a minute at most.
const PER_MIN_MAX: u32 = 600;
/// Addresses that are remembered at once.
const ADDRESSES_MAX: usize = 10_000;
const MINUTE_US: i64 = 60_000_000;

/// Address → the minute, and how many were refused in it.
#[derive(Debug, Default)]
struct Refused(Mutex<HashMap<IpAddr, (i64, u32)>>);

impl Refused {
    fn count(&self, address: IpAddr, minute: i64) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&address).map_or(0, |(of, count)| if *of == minute { *count } else { 0 })
    }

    fn add(&self, address: IpAddr, minute: i64) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= ADDRESSES_MAX && !refused.contains_key(&address) {
            refused.retain(|_, (of, _)| *of == minute);
        }
        // With so many strangers in one minute those who are new are not remembered: memory stays bounded.
        if refused.len() < ADDRESSES_MAX || refused.contains_key(&address) {
            let entry = refused.entry(address).or_insert((minute, 0));
            *entry = if entry.0 == minute { (minute, entry.1.saturating_add(1)) } else { (minute, 1) };
        }
    }
}

/// What the layer needs.
#[derive(Clone, Debug)]
pub(super) struct Strangers {
    service: Service,
    refused: Arc<Refused>,
}

impl Strangers {
    pub fn new(service: Service) -> Self {
        Self { service, refused: Arc::default() }
    }
}

/// To be laid around everything that asks for a key.
pub(super) async fn limit(State(strangers): State<Strangers>, request: Request, next: Next) -> Response {
    let Some(address) = request.extensions().get::<From>().and_then(|from| from.0) else { return next.run(request).await };
    let now_us = strangers.service.now().micros();
    let minute = now_us / MINUTE_US;
    let answer = next.run(request).await;
    if answer.status() != StatusCode::UNAUTHORIZED {
        return answer;
    }
    if strangers.refused.count(address, minute) >= PER_MIN_MAX {
        let detail = format!("More than {PER_MIN_MAX} requests a minute from this address had no valid key. Wait, and send a valid one.");
        return Problem::new(Code::RateLimited, detail).retry_after_ms((MINUTE_US - now_us % MINUTE_US) / 1_000).into_response();
    }
    strangers.refused.add(address, minute);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_address_and_minute_and_forgets() {
        let refused = Refused::default();
        let (one, other) = ("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap());
        refused.add(one, 7);
        refused.add(one, 7);
        assert_eq!((refused.count(one, 7), refused.count(other, 7), refused.count(one, 8)), (2, 0, 0));
        refused.add(one, 8);
        assert_eq!(refused.count(one, 8), 1);
    }

    #[test]
    fn remembers_a_bounded_number() {
        let refused = Refused::default();
        for number in 0..u32::try_from(ADDRESSES_MAX).unwrap() + 10 {
            refused.add(std::net::Ipv4Addr::from_bits(number).into(), 1);
        }
        assert_eq!(refused.0.lock().unwrap().len(), ADDRESSES_MAX);
        refused.add("203.0.113.1".parse().unwrap(), 2);
        assert_eq!(refused.0.lock().unwrap().len(), 1, "those of earlier minutes make room");
    }
}
