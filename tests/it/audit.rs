//! The record of who did what: everything that an operator does is in it, with who, on what, why, by which request and from
//! where; what was refused is not, unless it was a sign-in or a key; and nobody can change it unseen.

use std::collections::BTreeSet;

use batchbook::domain::access::{By, Operator, Role, Who};
use batchbook::domain::audit::{ActorKind, AuditEntry, AuditFilter, Deed, ObjectKind};
use batchbook::domain::credits::Credits;
use batchbook::domain::grant::{GrantKind, NewGrant};
use batchbook::domain::id::OperatorId;
use batchbook::domain::key::KeyTerms;
use batchbook::domain::money::Money;
use batchbook::domain::page::{PageSize, Seek};
use batchbook::domain::time::Time;
use batchbook::domain::webhook::Subscription;
use batchbook::server::random::SeededRandom;
use batchbook::service::adjustments::{CreditChange, Once};
use batchbook::service::endpoints::EndpointFields;
use batchbook::service::{Reader, Service, ServiceError};
use reqwest::Method;
use serde_json::Value;

use crate::access::Door;
use crate::books::{Books, succeeded};
use crate::chain::{as_intruder, seal, walk};
use crate::database::{Kind, on_both};

on_both! {
    everything_that_an_operator_does_is_recorded,
    what_is_refused_or_done_already_is_not_recorded,
    what_customers_and_workers_do_is_not_in_it,
    sign_ins_are_recorded_and_refused_ones_too,
    the_record_is_filtered_and_paged,
    only_owners_and_finance_read_it,
    the_file_holds_no_formula,
    a_record_that_is_changed_or_gone_is_found,
    the_record_cannot_be_changed,
}

fn by(name: &str, role: Role) -> By {
    let id = OperatorId::new(Time::from_micros(1), &SeededRandom::new(11));
    let operator = Operator { id, email: format!("{name}@example.com"), name: name.to_owned(), role };
    let who = Who::Operator { operator, session: None, proven: true };
    By { who, request_id: Some("req_1".to_owned()), address: "203.0.113.7".parse().ok() }
}

async fn record(service: &Service, filter: &AuditFilter) -> Vec<AuditEntry> {
    service.acting_for(By::COMMAND_LINE).audit(filter, Seek::Newest, PageSize::new(200).unwrap()).await.unwrap().rows
}

async fn all(service: &Service) -> Vec<AuditEntry> {
    record(service, &AuditFilter::default()).await
}

fn promo(credits: i64, reason: &str) -> NewGrant {
    let reason = Some(reason.to_owned());
    NewGrant { kind: GrantKind::Promo, credits: Credits::new(credits), paid: Money::ZERO, expires_at: None, reason }
}

fn endpoint(url: &str) -> EndpointFields {
    EndpointFields { url: url.to_owned(), description: String::new(), subscription: Subscription::default(), timeout_ms: 5_000 }
}

async fn everything_that_an_operator_does_is_recorded(kind: Kind) {
    let books = Books::open(kind).await;
    // Somebody has to stay an owner.
    books.service.add_operator("olga@example.com", "Olga", Role::Owner).await.unwrap();
    let anna = books.service.acting_for(by("anna", Role::Owner));
    let customer = anna.add_customer("Northwind", "n@example.com").await.unwrap();
    anna.grant(customer.id, promo(10_000, "welcome")).await.unwrap();
    let take = CreditChange::TakeBack { credits: Credits::new(10), reason: "too many".to_owned() };
    anna.change_credits(customer.id, take, Once { token: "t1" }).await.unwrap();
    let key = anna.add_key(customer.id, "ci", &KeyTerms::limited_to(600)).await.unwrap();
    let caller = books.caller_of(&key).await;
    let done = books.submit(&caller, "done", 10).await.unwrap();
    let worker = books.worker().await;
    let claimed = books.claim(worker).await;
    books.settle(worker, &claimed, succeeded).await;
    let open = books.submit(&caller, "open", 10).await.unwrap();
    anna.refund_tasks(done.id, &"2-3".parse().unwrap(), "blurred", Once { token: "t2" }).await.unwrap();
    anna.cancel(Reader::Operator, open.id, Some("asked by mail")).await.unwrap();
    anna.compare(done.id).await.unwrap();
    anna.save_view("Losses", "losses=1").await.unwrap().unwrap();
    let view = anna.saved_views().await.unwrap().remove(0);
    anna.delete_view(view.key).await.unwrap();
    let (at, _) = books.service.add_endpoint(caller.customer, endpoint("https://hooks.example.com/a")).await.unwrap();
    anna.change_endpoint(Reader::Operator, at.id, endpoint("https://hooks.example.com/b")).await.unwrap();
    anna.rotate_secret(Reader::Operator, at.id).await.unwrap();
    let test = anna.test_endpoint(Reader::Operator, at.id).await.unwrap();
    anna.resend(Reader::Operator, test).await.unwrap();
    anna.disable_endpoint(Reader::Operator, at.id).await.unwrap();
    anna.enable_endpoint(Reader::Operator, at.id).await.unwrap();
    anna.delete_endpoint(Reader::Operator, at.id).await.unwrap();
    anna.revoke_key(key.id).await.unwrap();
    let ben = anna.add_operator("ben@example.com", "Ben", Role::Viewer).await.unwrap().operator;
    anna.invite_operator(ben.id).await.unwrap();
    anna.change_role(ben.id, Role::Support).await.unwrap();
    anna.give_password(ben.id, "correct horse battery").await.unwrap();
    anna.disable_operator(ben.id).await.unwrap();
    anna.enable_operator(ben.id).await.unwrap();

    let rows = all(&books.service).await;
    let deeds: BTreeSet<Deed> = rows.iter().map(|entry| entry.deed).collect();
    let expected = [
        Deed::CustomerAdded,
        Deed::CreditsGranted,
        Deed::CreditsTakenBack,
        Deed::KeyAdded,
        Deed::TasksRefunded,
        Deed::BatchCanceled,
        Deed::BooksCompared,
        Deed::ViewSaved,
        Deed::ViewDeleted,
        Deed::EndpointChanged,
        Deed::SecretRotated,
        Deed::EndpointTested,
        Deed::DeliveriesResent,
        Deed::EndpointDisabled,
        Deed::EndpointEnabled,
        Deed::EndpointDeleted,
        Deed::KeyRevoked,
        Deed::OperatorAdded,
        Deed::LinkMade,
        Deed::OperatorChanged,
        Deed::PasswordSet,
        Deed::OperatorDisabled,
        Deed::OperatorEnabled,
    ];
    assert_eq!(deeds, BTreeSet::from(expected), "{rows:#?}");
    assert_eq!(rows.len(), expected.len(), "each once: {rows:#?}");
    for entry in &rows {
        assert_eq!((entry.actor.as_str(), entry.actor_kind), ("anna@example.com", ActorKind::Operator), "{entry:#?}");
        assert_eq!((entry.request_id.as_deref(), entry.address.as_deref()), (Some("req_1"), Some("203.0.113.7")), "{entry:#?}");
        assert!(entry.object.is_some() || entry.customer.is_some(), "{entry:#?}");
    }
    let of = |deed| rows.iter().find(|entry| entry.deed == deed).unwrap();
    assert_eq!(of(Deed::BatchCanceled).reason.as_deref(), Some("asked by mail"));
    assert_eq!((of(Deed::BatchCanceled).object.clone(), of(Deed::BatchCanceled).customer), (Some(open.id.to_string()), Some(customer.id)));
    assert_eq!(of(Deed::CreditsGranted).reason.as_deref(), Some("welcome"));
    let (before, after) = (of(Deed::OperatorChanged).before.as_deref(), of(Deed::OperatorChanged).after.as_deref());
    assert_eq!((before, after), (Some(r#"{"role":"viewer"}"#), Some(r#"{"role":"support"}"#)));
    assert!(
        of(Deed::EndpointChanged).before.as_ref().unwrap().contains("/a")
            && of(Deed::EndpointChanged).after.as_ref().unwrap().contains("/b")
    );
    let told = format!("{rows:?}");
    assert!(
        !told.contains(&key.secret.reveal()[12..]) && !told.contains("whsec_") && !told.contains("correct horse"),
        "no secret is in it"
    );
    let history = anna.history_of_customer(caller.customer).await.unwrap();
    assert!(history.iter().any(|entry| entry.deed == Deed::KeyRevoked) && history.iter().all(|entry| entry.customer == Some(customer.id)));
    assert_eq!(anna.history_of(&done.id.to_string()).await.unwrap().len(), 2, "refunded and compared");
    seal(&books.service).await;
    books.verify().await;
}

async fn what_is_refused_or_done_already_is_not_recorded(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    let viewer = books.service.acting_for(by("vera", Role::Viewer));
    assert!(matches!(viewer.grant(caller.customer_id, promo(5, "for me")).await, Err(ServiceError::Forbidden(_))));
    let owner = books.service.acting_for(by("olga", Role::Owner));
    let mut too_much = promo(5, "x");
    too_much.credits = Credits::new(0);
    assert!(owner.grant(caller.customer_id, too_much).await.is_err());
    assert!(owner.add_key(caller.customer_id, "", &KeyTerms::limited_to(1)).await.is_err());
    assert_eq!(all(&books.service).await, []);
    for _ in 0..2 {
        owner.change_credits(caller.customer_id, CreditChange::Add(promo(5, "once")), Once { token: "t" }).await.unwrap();
    }
    let key = owner.add_key(caller.customer_id, "ci", &KeyTerms::limited_to(1)).await.unwrap();
    for _ in 0..2 {
        owner.revoke_key(key.id).await.unwrap();
    }
    let deeds: Vec<Deed> = all(&books.service).await.iter().map(|entry| entry.deed).collect();
    assert_eq!(deeds, [Deed::KeyRevoked, Deed::KeyAdded, Deed::CreditsGranted]);
}

async fn what_customers_and_workers_do_is_not_in_it(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer_with(1_000, 10_000_000).await;
    let batch = books.submit(&caller, "k", 10).await.unwrap();
    books.service.cancel(Reader::from(&caller), batch.id, None).await.unwrap();
    while books.service.compare_finished().await.unwrap() > 0 {}
    assert_eq!(all(&books.service).await, []);
}

async fn sign_ins_are_recorded_and_refused_ones_too(kind: Kind) {
    let door = Door::on(kind).await;
    let operator = door.operator("olga@example.com", Role::Owner).await;
    let (to, _) = door.tries("olga@example.com", "wrong horse battery", "").await;
    assert!(to.starts_with("/login"), "{to}");
    door.tries("nobody@example.com", "wrong horse battery", "").await;
    let cookies = door.signs_in("olga@example.com").await;
    door.sends("/admin/sign-out", &cookies, &[]).await;
    let rows = all(&door.service).await;
    let of = |deed| rows.iter().filter(|entry| entry.deed == deed).collect::<Vec<_>>();
    let refused = of(Deed::SignInRefused);
    assert_eq!(refused.len(), 2, "{rows:#?}");
    assert_eq!((refused[0].object.as_ref(), refused[1].object.as_ref()), (None, Some(&operator.id.to_string())));
    assert!(refused.iter().all(|entry| entry.actor_kind == ActorKind::Nobody && entry.address.is_some() && entry.request_id.is_some()));
    assert!(refused[0].after.as_ref().unwrap().contains("nobody@example.com"));
    let got_in = of(Deed::SignedIn);
    assert_eq!((got_in.len(), got_in[0].actor.as_str(), got_in[0].address.as_deref()), (1, "olga@example.com", Some("127.0.0.1")));
    assert_eq!((of(Deed::SessionEnded).len(), of(Deed::SessionEnded)[0].object_kind), (1, ObjectKind::Session));
    assert!(!format!("{rows:?}").contains("horse"), "no password is in it");
}

async fn the_record_is_filtered_and_paged(kind: Kind) {
    let books = Books::open(kind).await;
    let (caller, other) = (books.customer_with(1_000, 10_000_000).await, books.customer("other").await);
    let (anna, ben) = (books.service.acting_for(by("anna", Role::Owner)), books.service.acting_for(by("ben", Role::Owner)));
    for _ in 0..3 {
        anna.grant(caller.customer_id, promo(5, "a")).await.unwrap();
        ben.add_key(other.customer_id, "ci", &KeyTerms::limited_to(1)).await.unwrap();
        books.clock.advance_ms(86_400_000);
    }
    let count = async |params: &[(&str, &str)]| {
        let read = |name: &str| params.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        record(&books.service, &AuditFilter::read(&read)).await.len()
    };
    let first_day = all(&books.service).await[5].at.to_string()[..10].to_owned();
    let (one, two) = (caller.customer_id.to_string(), other.customer_id.to_string());
    assert_eq!(count(&[]).await, 6);
    assert_eq!(count(&[("who", "anna@example.com")]).await, 3);
    assert_eq!(count(&[("who", "anna")]).await, 0, "names are whole");
    assert_eq!(count(&[("action", "key.added")]).await, 3);
    assert_eq!(count(&[("action", "theft")]).await, 0, "what cannot be read matches nothing");
    assert_eq!((count(&[("object", &one)]).await, count(&[("object", &two)]).await), (3, 3));
    assert_eq!(count(&[("object", &one), ("who", "ben@example.com")]).await, 0);
    assert_eq!(count(&[("to", &first_day)]).await, 2);
    assert_eq!(count(&[("from", &first_day)]).await, 6);
    let grant = record(&books.service, &AuditFilter::read(&|name| (name == "action").then(|| "credits.granted".to_owned()))).await[0]
        .object
        .clone()
        .unwrap();
    assert_eq!(count(&[("object", &grant)]).await, 1);

    let (size, service) = (PageSize::new(4).unwrap(), books.service.acting_for(By::COMMAND_LINE));
    let page = async |seek| service.audit(&AuditFilter::default(), seek, size).await.unwrap();
    let first = page(Seek::Newest).await;
    assert_eq!((first.rows.len(), first.has_newer, first.has_older), (4, false, true));
    let second = page(Seek::Before(first.rows[3].number)).await;
    assert_eq!((second.rows.len(), second.has_newer, second.has_older), (2, true, false));
    let back = page(Seek::After(second.rows[0].number)).await;
    assert_eq!((back.rows, back.has_newer), (first.rows, false));
}

async fn only_owners_and_finance_read_it(kind: Kind) {
    let door = Door::on(kind).await;
    let customer = door.service.acting_for(By::COMMAND_LINE).add_customer("=1+1", "c@example.com").await.unwrap();
    for role in Role::ALL {
        let email = format!("{role}@example.com");
        door.operator(&email, *role).await;
        let cookies = door.signs_in(&email).await;
        let may = matches!(role, Role::Owner | Role::Finance);
        for path in ["/api/admin/audit", "/api/admin/audit.csv"] {
            let status = door.gets(path, &cookies).await.status();
            assert_eq!(status.as_u16(), if may { 200 } else { 403 }, "{role} {path}");
        }
        let page = door.gets("/admin/audit", &cookies).await;
        assert_eq!(page.status().as_u16(), if may { 200 } else { 403 }, "{role}");
        let html = page.text().await.unwrap();
        assert_eq!(html.contains(&customer.id.to_string()), may, "{role}: {html}");
        let history = door.gets(&format!("/admin/customers/{}?tab=history", customer.id), &cookies).await.text().await.unwrap();
        assert!(history.contains("Customer added"), "who may see a customer sees what was done to it: {history}");
    }
}

async fn the_file_holds_no_formula(kind: Kind) {
    let door = Door::on(kind).await;
    let command = door.service.acting_for(By::COMMAND_LINE);
    let customer = command.add_customer("Northwind", "n@example.com").await.unwrap();
    for reason in ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "plain, with a comma", "\t=1"] {
        command.grant(customer.id, promo(5, reason)).await.unwrap();
    }
    for number in 0..210 {
        command.add_customer(&format!("Customer {number}"), &format!("c{number}@example.com")).await.unwrap();
    }
    door.operator("olga@example.com", Role::Owner).await;
    let cookies = door.signs_in("olga@example.com").await;
    let answer = door.asks(Method::GET, "/api/admin/audit.csv?who=command%20line").header("cookie", &cookies).send().await.unwrap();
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("audit-"), "{answer:?}");
    let file = answer.text().await.unwrap();
    assert_eq!(file.lines().count(), 1 + 1 + 6 + 210, "header and every row, over all pages");
    for cell in ["\"'=HYPERLINK(1)\"", "\"'+1\"", "\"'-1\"", "\"'@SUM(A1)\"", "\"plain, with a comma\""] {
        assert!(file.contains(cell), "{cell} in {}", &file[..1_000]);
    }
    let list: Value = door
        .asks(Method::GET, "/api/admin/audit?action=credits.granted&limit=2")
        .header("cookie", &cookies)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((list["data"].as_array().unwrap().len(), &list["has_more"]), (2, &true.into()));
    assert_eq!((&list["data"][0]["actor"]["kind"], &list["data"][0]["after"]["credits"]), (&"command".into(), &5.into()));
    let wrong = door.asks(Method::GET, "/api/admin/audit?action=theft").header("cookie", &cookies).send().await.unwrap();
    assert_eq!(wrong.status().as_u16(), 400);
}

async fn a_record_that_is_changed_or_gone_is_found(kind: Kind) {
    let books = Books::open(kind).await;
    let caller = books.customer("northwind").await;
    let anna = books.service.acting_for(by("anna", Role::Owner));
    for _ in 0..3 {
        anna.add_key(caller.customer_id, "ci", &KeyTerms::limited_to(1)).await.unwrap();
    }
    let (_, state) = walk(&books.service).await;
    assert_eq!((state.links, state.unsealed_audit), (0, 3));
    seal(&books.service).await;
    let (broken, state) = walk(&books.service).await;
    assert_eq!((broken, state.links, state.unsealed_audit), (Vec::new(), 1, 0));
    for (change, undo) in [
        ("UPDATE audit SET actor_name = 'ben@example.com' WHERE id = 2", "UPDATE audit SET actor_name = 'anna@example.com' WHERE id = 2"),
        ("UPDATE audit SET reason = 'good' WHERE id = 2", "UPDATE audit SET reason = NULL WHERE id = 2"),
        ("UPDATE audit SET address = NULL WHERE id = 2", "UPDATE audit SET address = '203.0.113.7' WHERE id = 2"),
        (
            "INSERT INTO audit (id, created_at_us, actor_kind, actor_name, action, object_kind) VALUES (-1, 1, 'command', 'x', 'view.saved', 'view')",
            "DELETE FROM audit WHERE id = -1",
        ),
    ] {
        as_intruder(&books.database, change).await;
        let (broken, _) = walk(&books.service).await;
        assert!(broken.len() == 1 && broken[0].contains("(rows of audit: "), "{change}: {broken:?}");
        as_intruder(&books.database, undo).await;
        assert_eq!(walk(&books.service).await.0, Vec::<String>::new(), "{undo}");
    }
    as_intruder(&books.database, "DELETE FROM audit WHERE id = 2").await;
    assert!(walk(&books.service).await.0[0].ends_with("3 rows were sealed, and 2 are there"));
}

async fn the_record_cannot_be_changed(kind: Kind) {
    let books = Books::open(kind).await;
    books.service.acting_for(By::COMMAND_LINE).add_customer("Northwind", "n@example.com").await.unwrap();
    for sql in ["UPDATE audit SET reason = 'x'", "DELETE FROM audit"] {
        let refused = crate::books::run_sql(&books, sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
}
