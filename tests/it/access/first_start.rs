//! The first start: a link makes the first owner, once, within a day, and only while there is nobody.

use batchbook::domain::access::{By, Role};
use batchbook::domain::audit::{AuditFilter, Deed};
use batchbook::domain::page::{PageSize, Seek};
use batchbook::domain::session::FIRST_LINK_S;
use reqwest::{Method, Response};

use super::{Door, PASSWORD, location};
use crate::database::{Database, Kind, on_both};
use crate::process::Program;

on_both! {
    the_first_link_makes_an_owner_once,
    a_link_of_an_earlier_start_or_day_is_good_no_more,
    there_is_no_first_link_where_somebody_is,
    the_first_start_prints_it_and_the_second_another_one,
}

const ANNA: &str = "anna@example.com";

async fn link(door: &Door) -> Option<String> {
    door.service.acting_for(By::COMMAND_LINE).first_link().await.unwrap().map(|link| link.reveal().to_owned())
}

async fn follow(door: &Door, token: &str, email: &str, password: &str) -> Response {
    let form = [("token", token), ("email", email), ("password", password)];
    door.asks(Method::POST, "/login/first").form(&form).send().await.unwrap()
}

async fn the_first_link_makes_an_owner_once(kind: Kind) {
    let door = Door::on(kind).await;
    let token = link(&door).await.unwrap();
    let page = door.gets(&format!("/login/password?step=first&token={token}"), "").await.text().await.unwrap();
    assert!(page.contains("action=\"/login/first\"") && page.contains("name=\"email\""), "{page}");
    for (email, password, said) in [(ANNA, "short", "weak_password"), ("anna", PASSWORD, "invalid_request")] {
        let again = format!("/login/password?step=first&token={token}&said={said}");
        assert_eq!(location(&follow(&door, &token, email, password).await), again, "the link is not used up");
    }
    assert!(location(&follow(&door, &"0".repeat(64), ANNA, PASSWORD).await).ends_with("said=first_link_gone"));
    // As a link to set a password it is worth nothing.
    let as_other = door.sends("/login/password", "", &[("token", &token), ("password", PASSWORD)]).await;
    assert!(location(&as_other).ends_with("said=link_used"), "{as_other:?}");
    // Two at once: one owner.
    let (one, two) = tokio::join!(follow(&door, &token, ANNA, PASSWORD), follow(&door, &token, "bob@example.com", PASSWORD));
    let led = [location(&one), location(&two)];
    assert_eq!(led.iter().filter(|to| **to == "/login?said=password_set").count(), 1, "{led:?}");
    assert_eq!(led.iter().filter(|to| to.ends_with("said=first_link_gone")).count(), 1, "{led:?}");
    let operators = door.service.operators().await.unwrap();
    assert_eq!(operators.len(), 1);
    assert_eq!((operators[0].operator.role, operators[0].has_password), (Role::Owner, true));
    let email = operators[0].operator.email.clone();
    door.signs_in(&email).await;
    let rows = door.service.acting_for(By::COMMAND_LINE);
    let rows = rows.audit(&AuditFilter::default(), Seek::Newest, PageSize::new(200).unwrap()).await.unwrap().rows;
    let of = |deed| rows.iter().filter(|entry| entry.deed == deed).map(|entry| entry.actor.clone()).collect::<Vec<_>>();
    assert_eq!((of(Deed::LinkMade), of(Deed::OperatorAdded)), (vec!["command line".to_owned()], vec![email.clone()]));
    assert_eq!(of(Deed::PasswordSet), [email]);
    assert!(!format!("{rows:?}").contains(&token));
}

async fn a_link_of_an_earlier_start_or_day_is_good_no_more(kind: Kind) {
    let door = Door::on(kind).await;
    let (first, second) = (link(&door).await.unwrap(), link(&door).await.unwrap());
    assert!(location(&follow(&door, &first, ANNA, PASSWORD).await).ends_with("said=first_link_gone"));
    door.clock.advance_ms(FIRST_LINK_S * 1_000);
    assert!(location(&follow(&door, &second, ANNA, PASSWORD).await).ends_with("said=first_link_gone"));
    assert!(door.service.operators().await.unwrap().is_empty());
    let third = link(&door).await.unwrap();
    door.clock.advance_ms((FIRST_LINK_S - 1) * 1_000);
    assert_eq!(location(&follow(&door, &third, ANNA, PASSWORD).await), "/login?said=password_set");
}

async fn there_is_no_first_link_where_somebody_is(kind: Kind) {
    let door = Door::on(kind).await;
    let token = link(&door).await.unwrap();
    let added = door.service.add_operator("olga@example.com", "", Role::Owner).await.unwrap();
    assert!(location(&follow(&door, &token, ANNA, PASSWORD).await).ends_with("said=first_link_gone"));
    assert_eq!((link(&door).await, door.service.operators().await.unwrap().len()), (None, 1));
    assert!(!added.link.reveal().is_empty());
    assert!(door.service.acting_for(By::NOBODY).first_link().await.is_err(), "nobody has one made");
}

async fn the_first_start_prints_it_and_the_second_another_one(kind: Kind) {
    let database = Database::new(kind).await;
    let env = [("DATABASE_URL", database.url.as_str())];
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut links = Vec::new();
    for start in 0..3 {
        let mut server = Program::start(&["serve", "--role", "web", "--addr", "127.0.0.1:0", "--json"], &env);
        let ready: serde_json::Value = serde_json::from_str(&server.says("\"object\":\"server\"").await).unwrap();
        if start == 2 {
            assert!(ready["first_owner_url"].is_null(), "{ready}");
            server.kill_9().await;
            break;
        }
        let url = ready["first_owner_url"].as_str().unwrap().to_owned();
        let token = url.rsplit('=').next().unwrap().to_owned();
        assert!(url.starts_with(ready["url"].as_str().unwrap()) && token.len() == 64, "{url}");
        links.push(token);
        if start == 1 {
            assert_ne!(links[0], links[1]);
            for (token, said) in [(&links[0], "first_link_gone"), (&links[1], "password_set")] {
                let form = [("token", token.as_str()), ("email", ANNA), ("password", PASSWORD)];
                let answer = http.post(format!("{}/login/first", ready["url"].as_str().unwrap())).form(&form).send().await.unwrap();
                assert!(location(&answer).ends_with(&format!("said={said}")), "{answer:?}");
            }
        }
        server.kill_9().await;
    }
}
