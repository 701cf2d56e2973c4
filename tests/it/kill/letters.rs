//! SIGKILL between a receiver's answer and its record: it is told again, under the same id, and the books know nothing of it.

use std::collections::BTreeMap;

use super::world::World;
use crate::database::{Kind, on_both};
use crate::webhooks::receiver::{Receiver, Say};

on_both! {
    a_sender_killed_before_it_recorded_an_answer_sends_again_under_the_same_id,
}

const TASKS: usize = 20;

async fn a_sender_killed_before_it_recorded_an_answer_sends_again_under_the_same_id(kind: Kind) {
    let world = World::new(kind).await;
    world.execute("UPDATE models SET deadline_s = 3").await;
    let inbox = Receiver::that([Say::Status(200)]).await;
    world.tells(&inbox.url).await;
    let batch = world.submits_mixed(TASKS).await;
    let mut victim = world.victim("victim", &["--hold-at", "notified"]).await;
    victim.says("held at Notified").await;
    victim.kill_9().await;
    let answered = inbox.received();
    assert!(!answered.is_empty());
    // Nobody waits until the dead one counts as lost.
    world.execute("UPDATE deliveries SET next_attempt_at_us = 1 WHERE sender IS NOT NULL").await;
    let heir = world.working("heir").await;
    world.finishes(batch, &[&victim, &heir]).await;
    world
        .until("everything was told", &[&heir], async || {
            let sql = "SELECT (SELECT COUNT(*) FROM event_queue), (SELECT COUNT(*) FROM deliveries WHERE state <> 'succeeded')";
            let left: Vec<(i64, i64)> = world.rows(sql.to_owned()).await;
            (left == [(0, 0)]).then_some(())
        })
        .await;
    let mut bodies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in inbox.received() {
        bodies.entry(request.header("webhook-id").to_owned()).or_default().push(request.body);
    }
    for request in &answered {
        let told = &bodies[request.header("webhook-id")];
        assert!(told.len() >= 2 && told.iter().all(|body| *body == request.body), "told again, in the same words: {told:#?}");
    }
    let classes = "SELECT a.attempt_no, a.class FROM delivery_attempts AS a JOIN deliveries AS d ON d.id = a.delivery_id
        WHERE d.attempts = 2 ORDER BY a.attempt_no";
    let classes: Vec<(i32, String)> = world.rows(classes.to_owned()).await;
    assert!(classes.len() >= 2 * answered.len(), "{classes:?}");
    assert!(classes.iter().all(|(number, class)| class == if *number == 1 { "interrupted" } else { "delivered" }), "{classes:?}");
    world.books_close(&[batch]).await;
}
