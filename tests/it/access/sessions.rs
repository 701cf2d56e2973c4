//! Sessions: how they begin, what they are worth, and how they end.

use batchbook::domain::access::Role;
use batchbook::domain::session::{AGE_MAX_S, IDLE_S, PROOF_S};
use batchbook::service::sessions::{Credentials, SignInRefused};

use super::{Door, PASSWORD, cookies, location};
use crate::database::{Kind, on_both};

on_both! {
    a_session_begins_with_a_new_token_and_ends_with_its_sign_out,
    a_session_ends_when_it_is_idle_and_when_it_is_old,
    another_password_ends_every_session,
    whoever_is_kept_out_is_out_at_once,
    another_role_counts_from_the_next_request,
    accounts_that_are_not_there_are_refused_alike,
    a_thousand_guesses_get_five_tries_and_never_lock_the_owner_out,
    a_link_sets_a_password_once,
    the_password_is_asked_for_again_before_doors_are_opened,
    the_last_owner_stays,
    tokens_of_scripts_end_when_they_are_revoked,
}

const ANNA: &str = "anna@example.com";

async fn a_session_begins_with_a_new_token_and_ends_with_its_sign_out(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator(ANNA, Role::Owner).await;
    // A token that somebody planted is not taken over.
    let planted = "batchbook_insecure_loopback=0000000000000000000000000000000000000000000000000000000000000000";
    let (to, mine) = door.tries(ANNA, PASSWORD, planted).await;
    assert!(to == "/admin" && !mine.contains("=0000"), "{mine}");
    assert!(!door.is_in(planted).await && door.is_in(&mine).await);
    let again = door.signs_in(ANNA).await;
    assert_ne!(mine.split(';').next(), again.split(';').next(), "each sign-in has a token of its own");
    let answer = door.sends("/admin/sign-out", &mine, &[]).await;
    assert_eq!(location(&answer), "/login?said=signed_out");
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(set.starts_with("batchbook_insecure_loopback=; ") && set.contains("Max-Age=0"), "{set}");
    assert!(!door.is_in(&mine).await, "the token is worth nothing any more");
    assert!(door.is_in(&again).await, "others go on");
}

async fn a_session_ends_when_it_is_idle_and_when_it_is_old(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator(ANNA, Role::Viewer).await;
    let (idle, busy) = (door.signs_in(ANNA).await, door.signs_in(ANNA).await);
    door.clock.advance_ms((IDLE_S - 1) * 1_000);
    assert!(door.is_in(&busy).await);
    door.clock.advance_ms(1_000);
    assert!(!door.is_in(&idle).await && door.is_in(&busy).await);
    for _ in 0..AGE_MAX_S / (IDLE_S - 1) {
        door.is_in(&busy).await;
        door.clock.advance_ms((IDLE_S - 1) * 1_000);
    }
    assert!(!door.is_in(&busy).await, "however much it is used");
}

async fn another_password_ends_every_session(kind: Kind) {
    let door = Door::on(kind).await;
    let anna = door.operator(ANNA, Role::Support).await;
    let (here, there) = (door.signs_in(ANNA).await, door.signs_in(ANNA).await);
    let change = async |old, new| door.sends("/admin/account/password", &here, &[("old", old), ("new", new)]).await;
    assert_eq!(location(&change("wrong wrong wrong", "another horse battery").await), "/admin/account?said=wrong");
    assert_eq!(location(&change(PASSWORD, "short").await), "/admin/account?said=weak_password");
    assert!(door.is_in(&there).await, "nothing was changed");
    let answer = change(PASSWORD, "another horse battery").await;
    let fresh = cookies(&answer);
    assert!(!door.is_in(&here).await && !door.is_in(&there).await && door.is_in(&fresh).await);
    assert_eq!(door.tries(ANNA, PASSWORD, "").await.0, "/login?said=wrong");
    // By the command line it is the same.
    door.service.give_password(anna.id, PASSWORD).await.unwrap();
    assert!(!door.is_in(&fresh).await);
}

async fn whoever_is_kept_out_is_out_at_once(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator("owner@example.com", Role::Owner).await;
    let anna = door.operator(ANNA, Role::Finance).await;
    let session = door.signs_in(ANNA).await;
    let token = door.service.add_operator_token(anna.id, "script").await.unwrap();
    let api = || door.asks(reqwest::Method::GET, "/api/admin/overview").bearer_auth(token.reveal()).send();
    assert_eq!(api().await.unwrap().status(), 200);
    door.service.disable_operator(anna.id).await.unwrap();
    assert!(!door.is_in(&session).await);
    assert_eq!(api().await.unwrap().status(), 401);
    assert_eq!(door.tries(ANNA, PASSWORD, "").await.0, "/login?said=wrong");
    door.service.enable_operator(anna.id).await.unwrap();
    assert!(!door.is_in(&session).await, "what was ended stays ended");
    door.signs_in(ANNA).await;
}

async fn another_role_counts_from_the_next_request(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator("owner@example.com", Role::Owner).await;
    let anna = door.operator(ANNA, Role::Owner).await;
    let session = door.signs_in(ANNA).await;
    let operators = async || door.asks(reqwest::Method::GET, "/admin/operators").header("cookie", &session).send().await.unwrap().status();
    assert_eq!(operators().await, 200);
    door.service.change_role(anna.id, Role::Viewer).await.unwrap();
    assert_eq!(operators().await, 403);
}

async fn accounts_that_are_not_there_are_refused_alike(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator(ANNA, Role::Owner).await;
    door.service.add_operator("new@example.com", "", Role::Owner).await.unwrap();
    let answers = [("nobody@example.com", PASSWORD), (ANNA, "wrong wrong wrong"), ("new@example.com", ""), ("' OR 1=1 --", "x"), ("", "")];
    for (email, password) in answers {
        let answer = door.sends("/login", "", &[("email", email), ("password", password)]).await;
        assert_eq!((answer.status().as_u16(), location(&answer), cookies(&answer).as_str()), (303, "/login?said=wrong", ""), "{email}");
    }
    assert_eq!(door.tries(" Anna@Example.COM ", PASSWORD, "").await.0, "/admin", "addresses are compared without regard to case");
}

async fn a_thousand_guesses_get_five_tries_and_never_lock_the_owner_out(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator(ANNA, Role::Owner).await;
    let known = door.signs_in(ANNA).await;
    let device = known.split("; ").find(|pair| pair.contains("_device=")).unwrap().to_owned();
    let far_away = Some("203.0.113.9".parse().unwrap());
    let from = |address, password| Credentials { email: ANNA, password, device: None, address, agent: "" };
    // All at once: they are counted before they are looked at.
    let guesses: Vec<String> = (0..1_000).map(|number| format!("correct horse battery {number}")).collect();
    let tried = futures::future::join_all(guesses.iter().map(|guess| door.service.sign_in(from(far_away, guess)))).await;
    let outcomes: Vec<_> = tried.into_iter().map(|outcome| outcome.unwrap().unwrap_err()).collect();
    let looked_at = outcomes.iter().filter(|outcome| **outcome == SignInRefused::Wrong).count();
    assert_eq!(looked_at, 5, "of a thousand");
    // Even the right one is not looked at from there for a while …
    let right = door.service.sign_in(from(far_away, PASSWORD)).await.unwrap();
    assert!(matches!(right, Err(SignInRefused::Wait { .. })), "{right:?}");
    // … but it is from everywhere else, and from a browser that the account knows.
    let elsewhere = Some("198.51.100.7".parse().unwrap());
    assert!(door.service.sign_in(from(elsewhere, PASSWORD)).await.unwrap().is_ok());
    let device = device.split_once('=').unwrap().1;
    let at_home = Credentials { device: Some(device), ..from(far_away, PASSWORD) };
    assert!(door.service.sign_in(at_home).await.unwrap().is_ok());
    door.clock.advance_ms(3_000);
    assert!(door.service.sign_in(from(far_away, PASSWORD)).await.unwrap().is_ok(), "and from there after the wait");
}

async fn a_link_sets_a_password_once(kind: Kind) {
    let door = Door::on(kind).await;
    let invited = door.service.add_operator(ANNA, "Anna", Role::Owner).await.unwrap();
    let set = |token: &str, password| {
        let form = [("token".to_owned(), token.to_owned()), ("password".to_owned(), String::from(password))];
        door.asks(reqwest::Method::POST, "/login/password").form(&form).send()
    };
    let weak = set(invited.link.reveal(), "short").await.unwrap();
    assert!(location(&weak).starts_with("/login/password?token=") && location(&weak).ends_with("said=weak_password"), "{weak:?}");
    let good = set(invited.link.reveal(), PASSWORD).await.unwrap();
    assert_eq!(location(&good), "/login?said=password_set");
    door.signs_in(ANNA).await;
    let again = set(invited.link.reveal(), "another horse battery").await.unwrap();
    assert!(location(&again).ends_with("said=link_used"), "{again:?}");
    let first = door.service.invite_operator(invited.operator.id).await.unwrap();
    let second = door.service.invite_operator(invited.operator.id).await.unwrap();
    let replaced = set(first.link.reveal(), "another horse battery").await.unwrap();
    assert!(location(&replaced).ends_with("said=link_used"), "a newer link takes its place");
    door.clock.advance_ms(4 * 86_400_000);
    let late = set(second.link.reveal(), "another horse battery").await.unwrap();
    assert!(location(&late).ends_with("said=link_used"), "it is too old");
    door.signs_in(ANNA).await;
}

async fn the_password_is_asked_for_again_before_doors_are_opened(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator(ANNA, Role::Owner).await;
    let session = door.signs_in(ANNA).await;
    let add = async |email| door.sends("/admin/operators", &session, &[("email", email), ("role", "viewer")]).await;
    let added = add("bob@example.com").await;
    assert_eq!(location(&added), "/admin/operators?said=added");
    assert!(cookies(&added).starts_with("batchbook_insecure_loopback_link="), "the link is shown by the page, and stands in no address");
    door.clock.advance_ms(PROOF_S * 1_000);
    assert!(door.is_in(&session).await);
    assert_eq!(location(&add("eve@example.com").await), "/admin/confirm?next=%2Fadmin%2Foperators");
    let confirm = async |password| door.sends("/admin/confirm", &session, &[("password", password), ("next", "/admin/operators")]).await;
    assert_eq!(location(&confirm("wrong wrong wrong").await), "/admin/confirm?next=%2Fadmin%2Foperators&said=wrong");
    assert_eq!(location(&confirm(PASSWORD).await), "/admin/operators");
    assert_eq!(location(&add("eve@example.com").await), "/admin/operators?said=added");
    assert_eq!(location(&add("eve@example.com").await), "/admin/operators?said=operator_exists");
}

async fn the_last_owner_stays(kind: Kind) {
    let door = Door::on(kind).await;
    let (anna, bob) = (door.operator(ANNA, Role::Owner).await, door.operator("bob@example.com", Role::Owner).await);
    // Both at once: one of them stays.
    let (one, two) = tokio::join!(door.service.change_role(anna.id, Role::Viewer), door.service.disable_operator(bob.id));
    assert_eq!(i32::from(one.is_ok()) + i32::from(two.is_ok()), 1, "{one:?} {two:?}");
    let owners = door.service.operators().await.unwrap();
    assert_eq!(owners.iter().filter(|listed| listed.operator.role == Role::Owner && listed.disabled_at.is_none()).count(), 1);
}

async fn tokens_of_scripts_end_when_they_are_revoked(kind: Kind) {
    let door = Door::on(kind).await;
    let anna = door.operator(ANNA, Role::Viewer).await;
    let token = door.service.add_operator_token(anna.id, "script").await.unwrap();
    assert!(!format!("{token:?}").contains(token.reveal()));
    let api = |token: String| door.asks(reqwest::Method::GET, "/api/admin/overview").bearer_auth(token).send();
    assert_eq!(api(token.reveal().to_owned()).await.unwrap().status(), 200);
    for wrong in ["bbo_", "bbo_0", "bb_x", &token.reveal()[4..], &format!("{}0", token.reveal())] {
        assert_eq!(api(wrong.to_owned()).await.unwrap().status(), 401, "{wrong}");
    }
    let session = door.signs_in(ANNA).await;
    assert_eq!(location(&door.sends("/admin/account/tokens", &session, &[("token", "1")]).await), "/admin/account?said=revoked");
    assert_eq!(api(token.reveal().to_owned()).await.unwrap().status(), 401);
}
