//! Four eyes: large changes of credits wait for a second operator, and happen once.

use batchbook::domain::access::{By, Decision, Forbidden, Operator, Role, Who};
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::CustomerId;
use batchbook::domain::money::Money;
use batchbook::service::adjustments::{Changed, CreditChange, Once};
use batchbook::service::{Limits, Service, ServiceError};

use super::Door;
use crate::database::{Kind, on_both};

on_both! {
    a_large_change_waits_and_is_written_once,
    whoever_asked_does_not_decide,
    what_cannot_be_done_any_more_stays_undecided,
}

struct Team {
    door: Door,
    anna: Service,
    bob: Service,
    customer: CustomerId,
}

impl Team {
    /// Two who may change credits, at most 1,000 of them alone.
    async fn on(kind: Kind) -> Self {
        let limits = Limits { approval_over: Some(Credits::new(1_000)), ..Limits::default() };
        let door = Door::with(kind, batchbook::api::Site::default(), limits).await;
        let mut services = Vec::new();
        for (email, role) in [("anna@example.com", Role::Finance), ("bob@example.com", Role::Owner)] {
            let operator = door.service.add_operator(email, "", role).await.unwrap().operator;
            services.push(door.service.acting_for(by(operator)));
        }
        let customer = door.service.add_customer("Customer", "customer@example.com").await.unwrap().id;
        let (bob, anna) = (services.pop().unwrap(), services.pop().unwrap());
        Self { door, anna, bob, customer }
    }

    async fn asks(&self, credits: i64, token: &str) -> Changed {
        let reason = Some("promised".to_owned());
        let grant = NewGrant { kind: GrantKind::Promo, credits: Credits::new(credits), paid: Money::ZERO, expires_at: None, reason };
        self.anna.change_credits(self.customer, CreditChange::Add(grant), Once { token }).await.unwrap()
    }

    async fn available(&self) -> i64 {
        self.door.service.customer_books(self.customer).await.unwrap().balances.available.get()
    }
}

fn by(operator: Operator) -> By {
    By { who: Who::Operator { operator, session: None, proven: true }, request_id: None, address: None }
}

async fn a_large_change_waits_and_is_written_once(kind: Kind) {
    let team = Team::on(kind).await;
    assert_eq!(team.asks(1_000, "small").await.waits, None, "up to the limit one operator is enough");
    let asked = team.asks(1_001, "large").await;
    let request = asked.waits.unwrap();
    assert_eq!((asked.transactions.len(), team.available().await), (0, 1_000), "nothing has reached the ledger");
    assert_eq!(team.asks(1_001, "large").await.waits, Some(request), "a form that is sent twice asks once");
    // Two at once: one effect.
    let eve = team.door.service.add_operator("eve@example.com", "", Role::Finance).await.unwrap().operator;
    let eve = team.door.service.acting_for(by(eve));
    let (one, two) =
        tokio::join!(team.bob.decide_credit_request(request, Decision::Approved), eve.decide_credit_request(request, Decision::Approved));
    let refused = [&one, &two].into_iter().find_map(|outcome| outcome.as_ref().err()).unwrap();
    assert!(matches!(refused, ServiceError::Invalid { code: "request_decided", .. }), "{one:?} {two:?}");
    assert_eq!((i32::from(one.is_ok()) + i32::from(two.is_ok()), team.available().await), (1, 2_001));
    let rows = team.anna.credit_requests().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].decided.as_ref().map(|(decision, ..)| *decision), Some(Decision::Approved));
    let checks = team.door.service.verify().await.unwrap();
    assert!(checks.iter().all(|check| check.offending.is_empty()), "{checks:#?}");
}

async fn whoever_asked_does_not_decide(kind: Kind) {
    let team = Team::on(kind).await;
    let request = team.asks(5_000, "large").await.waits.unwrap();
    let own = team.anna.decide_credit_request(request, Decision::Approved).await;
    assert!(matches!(own, Err(ServiceError::Invalid { code: "own_request", .. })), "{own:?}");
    for role in [Role::Support, Role::Viewer] {
        let other = team.door.service.add_operator(&format!("{role}@example.com"), "", role).await.unwrap().operator;
        let refused = team.door.service.acting_for(by(other)).decide_credit_request(request, Decision::Refused).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(Forbidden::Role { .. }))), "{role}: {refused:?}");
    }
    assert_eq!(team.bob.decide_credit_request(request, Decision::Refused).await.unwrap(), None);
    let late = team.bob.decide_credit_request(request, Decision::Approved).await;
    assert!(matches!(late, Err(ServiceError::Invalid { code: "request_decided", .. })), "{late:?}");
    assert_eq!(team.available().await, 0);
}

async fn what_cannot_be_done_any_more_stays_undecided(kind: Kind) {
    let team = Team::on(kind).await;
    team.asks(1_000, "one").await;
    team.asks(1_000, "two").await;
    let take = CreditChange::TakeBack { credits: Credits::new(2_000), reason: "granted twice".to_owned() };
    let request = team.anna.change_credits(team.customer, take, Once { token: "take" }).await.unwrap().waits.unwrap();
    let some = CreditChange::TakeBack { credits: Credits::new(500), reason: "meanwhile".to_owned() };
    team.bob.change_credits(team.customer, some, Once { token: "some" }).await.unwrap();
    let refused = team.bob.decide_credit_request(request, Decision::Approved).await;
    assert!(matches!(refused, Err(ServiceError::Invalid { code: "not_enough_credits", .. })), "{refused:?}");
    assert_eq!((team.available().await, team.bob.credit_requests().await.unwrap()[0].decided.as_ref()), (1_500, None));
    assert_eq!(team.bob.decide_credit_request(request, Decision::Refused).await.unwrap(), None);
}
