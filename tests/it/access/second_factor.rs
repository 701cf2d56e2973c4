//! The second factor: how it is turned on, what it asks of whoever signs in, what it is worth, and who may take it away.

use batchbook::domain::access::{By, Forbidden, Role, Who};
use batchbook::domain::audit::{ActorKind, AuditEntry, AuditFilter, Deed};
use batchbook::domain::page::{PageSize, Seek};
use batchbook::domain::second_factor::{CODE_S, OFFER_S, RECOVERY_CODES, STEP_S, step_at};
use batchbook::domain::session::PROOF_S;
use batchbook::service::ServiceError;
use batchbook::service::introductions::Browser;
use batchbook::service::sessions::SignInRefused;
use batchbook::store::{StoreError, operators, second_factors};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{Door, PASSWORD, cookies, location};
use crate::database::{Kind, on_both};

on_both! {
    a_second_factor_is_turned_on_by_its_first_code,
    an_offer_is_shown_to_whoever_gave_the_password_and_for_a_while,
    the_code_comes_after_the_right_password_and_before_the_session,
    a_code_is_good_once,
    a_code_that_comes_late_is_not_looked_at,
    a_recovery_code_is_good_once,
    whoever_guesses_codes_waits,
    the_first_step_says_nothing_about_accounts,
    an_owner_takes_it_away_from_another_operator,
    it_is_turned_off_by_whoever_has_it,
    another_password_ends_the_wait_for_a_code,
    rows_of_second_factors_are_used_up_once,
}

const ANNA: &str = "anna@example.com";
const ACCOUNT: &str = "/admin/account";

/// An authenticator: RFC 6238 once more, written without ours.
struct Authenticator {
    secret: Vec<u8>,
}

impl Authenticator {
    fn with(secret: &str) -> Self {
        Self { secret: BASE32_NOPAD.decode(secret.replace(' ', "").as_bytes()).unwrap() }
    }

    /// What it shows so many steps from now.
    fn shows(&self, door: &Door, steps: i64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.secret).unwrap();
        mac.update(&(step_at(door.service.now()) + steps).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let at = usize::from(hash[19] & 15);
        let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// Anna with a second factor that she has just turned on, so that the code of this step is used up.
struct Anna {
    door: Door,
    session: String,
    authenticator: Authenticator,
    recovery_codes: Vec<String>,
}

impl Anna {
    async fn on(kind: Kind) -> Self {
        let door = Door::on(kind).await;
        door.operator(ANNA, Role::Owner).await;
        let session = door.signs_in(ANNA).await;
        let authenticator = offer(&door, &session).await;
        let done = confirm(&door, &session, &authenticator.shows(&door, 0)).await;
        assert_eq!(done.0, "/admin/account?said=factor_on");
        let recovery_codes = codes_of(&done.1);
        Self { door, session, authenticator, recovery_codes }
    }

    /// Gives the password: the cookies that wait for the code.
    async fn begins(&self) -> String {
        let (to, cookies) = self.door.tries(ANNA, PASSWORD, "").await;
        assert_eq!(to, "/login?step=code");
        cookies
    }

    async fn gives(&self, waiting: &str, code: &str) -> (String, String) {
        let answer = self.door.sends("/login/code", waiting, &[("code", code)]).await;
        (location(&answer).to_owned(), cookies(&answer))
    }

    /// The whole sign-in.
    async fn signs_in(&self, code: &str) -> (String, String) {
        self.gives(&self.begins().await, code).await
    }

    fn passes(&self, seconds: i64) {
        self.door.clock.advance_ms(seconds * 1_000);
    }

    async fn record(&self, deed: Deed) -> Vec<AuditEntry> {
        record(&self.door, deed).await
    }
}

async fn record(door: &Door, deed: Deed) -> Vec<AuditEntry> {
    let filter = AuditFilter { deed: Some(deed), ..AuditFilter::default() };
    let service = door.service.acting_for(By::COMMAND_LINE);
    service.audit(&filter, Seek::Newest, PageSize::new(200).unwrap()).await.unwrap().rows
}

async fn account(door: &Door, session: &str) -> String {
    door.gets(ACCOUNT, session).await.text().await.unwrap()
}

/// Has a secret made, and puts it into an authenticator.
async fn offer(door: &Door, session: &str) -> Authenticator {
    assert_eq!(location(&door.sends("/admin/account/second-factor", session, &[]).await), ACCOUNT);
    Authenticator::with(&secret_on(&account(door, session).await).expect("a secret on the page"))
}

/// The secret as the address for authenticators has it.
fn secret_on(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("otpauth://totp/Batchbook:anna%40example.com?secret=")?;
    Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}

async fn confirm(door: &Door, session: &str, code: &str) -> (String, String) {
    let answer = door.sends("/admin/account/second-factor/confirm", session, &[("code", code)]).await;
    (location(&answer).to_owned(), cookies(&answer))
}

fn codes_of(cookies: &str) -> Vec<String> {
    let (_, codes) = cookies.split_once("batchbook_insecure_loopback_codes=").unwrap_or_else(|| panic!("{cookies}"));
    codes.split(';').next().unwrap().split('.').map(str::to_owned).collect()
}

async fn a_second_factor_is_turned_on_by_its_first_code(kind: Kind) {
    let door = Door::on(kind).await;
    door.operator(ANNA, Role::Viewer).await;
    let session = door.signs_in(ANNA).await;
    assert!(!account(&door, &session).await.contains("otpauth:"), "nothing is offered before it is asked for");
    let authenticator = offer(&door, &session).await;
    let page = account(&door, &session).await;
    let grouped = secret_on(&page).unwrap().as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect::<Vec<_>>();
    assert!(page.contains(&grouped.join(" ")) && page.contains("class=\"qr\""), "{page}");
    // Not in force yet.
    door.signs_in(ANNA).await;
    assert_eq!(confirm(&door, &session, "").await.0, "/admin/account?said=wrong_code");
    assert_eq!(confirm(&door, &session, &authenticator.shows(&door, 3)).await.0, "/admin/account?said=wrong_code");
    let (to, codes) = confirm(&door, &session, &authenticator.shows(&door, 1)).await;
    assert_eq!(to, "/admin/account?said=factor_on", "clocks may differ by a step");
    let shown = codes_of(&codes);
    assert_eq!(shown.iter().collect::<std::collections::BTreeSet<_>>().len(), RECOVERY_CODES, "{shown:?}");
    assert!(shown.iter().all(|code| code.len() == 19), "{shown:?}");
    let page = account(&door, &format!("{session}; {codes}")).await;
    assert!(shown.iter().all(|code| page.contains(code)) && !page.contains("otpauth:"), "{page}");
    assert!(!account(&door, &session).await.contains(&shown[0]), "shown once");
    assert_eq!(location(&door.sends("/admin/account/second-factor", &session, &[]).await), "/admin/account?said=second_factor_on");
    assert_eq!(confirm(&door, &session, "123456").await.0, "/admin/account?said=second_factor_on");
    let set = record(&door, Deed::SecondFactorSet).await;
    assert_eq!((set.len(), set[0].actor.as_str()), (1, ANNA));
    assert!(door.is_in(&session).await, "whoever is in stays in");
    let told = format!("{:?}", record(&door, Deed::SecondFactorSet).await);
    assert!(!told.contains(&shown[0]));
}

async fn an_offer_is_shown_to_whoever_gave_the_password_and_for_a_while(kind: Kind) {
    let door = Door::on(kind).await;
    let anna = door.operator(ANNA, Role::Viewer).await;
    let session = door.signs_in(ANNA).await;
    let authenticator = offer(&door, &session).await;
    door.clock.advance_ms(PROOF_S * 1_000);
    assert!(!account(&door, &session).await.contains("otpauth:"), "a session that was left open shows nothing");
    for path in ["", "/confirm", "/remove"] {
        let asked = door.sends(&format!("/admin/account/second-factor{path}"), &session, &[]).await;
        assert_eq!(location(&asked), "/admin/confirm?next=%2Fadmin%2Faccount", "{path}");
    }
    door.sends("/admin/confirm", &session, &[("password", PASSWORD)]).await;
    assert_eq!(PROOF_S, OFFER_S);
    assert!(!account(&door, &session).await.contains("otpauth:"), "by then it is too old");
    assert_eq!(confirm(&door, &session, &authenticator.shows(&door, 0)).await.0, "/admin/account?said=offer_gone");
    // A newer offer takes the place of an older one.
    let (first, second) = (offer(&door, &session).await, offer(&door, &session).await);
    assert_eq!(confirm(&door, &session, &first.shows(&door, 0)).await.0, "/admin/account?said=wrong_code");
    assert_eq!(confirm(&door, &session, &second.shows(&door, 0)).await.0, "/admin/account?said=factor_on");
    // A script has no second factor to turn on.
    let by = By { who: Who::Operator { operator: anna, session: None, proven: true }, ..By::NOBODY };
    let refused = door.service.acting_for(by).offer_second_factor().await;
    assert!(matches!(refused, Err(ServiceError::Invalid { code: "invalid_request", .. })), "{refused:?}");
    let nobody = door.service.acting_for(By::NOBODY).offer_second_factor().await;
    assert!(matches!(nobody, Err(ServiceError::Forbidden(Forbidden::SignedOut))), "{nobody:?}");
}

async fn the_code_comes_after_the_right_password_and_before_the_session(kind: Kind) {
    let anna = Anna::on(kind).await;
    anna.passes(STEP_S);
    let (to, waiting) = anna.door.tries(ANNA, PASSWORD, "").await;
    assert_eq!(to, "/login?step=code");
    assert!(waiting.starts_with("batchbook_insecure_loopback_step=") && !waiting.contains(';'), "nothing else: {waiting}");
    assert!(!anna.door.is_in(&waiting).await, "there is no session yet");
    let as_session = waiting.replace("_step=", "=");
    assert!(!anna.door.is_in(&as_session).await, "and what waits is none");
    let page = anna.door.gets(&to, &waiting).await.text().await.unwrap();
    assert!(page.contains("action=\"/login/code\"") && page.contains("one-time-code"), "{page}");
    for wrong in ["", "000000x", &anna.authenticator.shows(&anna.door, 5)] {
        assert_eq!(anna.gives(&waiting, wrong).await, ("/login?step=code&said=wrong_code".to_owned(), String::new()), "{wrong}");
    }
    let (to, session) = anna.gives(&waiting, &anna.authenticator.shows(&anna.door, 0)).await;
    assert_eq!(to, "/admin");
    assert!(session.contains("batchbook_insecure_loopback=") && session.contains("_device=") && session.contains("_step="), "{session}");
    assert!(anna.door.is_in(&session).await);
    // Where it was to go on is not forgotten on the way.
    anna.passes(STEP_S);
    let form = [("email", ANNA), ("password", PASSWORD), ("next", "/admin/batches"), ("lang", "zh")];
    let first = anna.door.sends("/login", "", &form).await;
    assert_eq!(location(&first), "/login?next=%2Fadmin%2Fbatches&step=code&lang=zh");
    let code = anna.authenticator.shows(&anna.door, 0);
    let second = anna.door.sends("/login/code", &cookies(&first), &[("code", &code), ("next", "/admin/batches"), ("lang", "zh")]).await;
    assert_eq!(location(&second), "/admin/batches?lang=zh");
    let (asked, started) = (anna.record(Deed::CodeAsked).await, anna.record(Deed::SignedIn).await);
    assert_eq!((asked.len(), asked[0].actor.as_str()), (2, ANNA));
    assert_eq!(started[0].after.as_deref(), Some(r#"{"second_factor":"code"}"#));
}

async fn a_code_is_good_once(kind: Kind) {
    let anna = Anna::on(kind).await;
    let first = anna.authenticator.shows(&anna.door, 0);
    assert_eq!(anna.signs_in(&first).await.0, "/login?step=code&said=wrong_code", "it turned the second factor on");
    assert_eq!(anna.signs_in(&anna.authenticator.shows(&anna.door, -1)).await.0, "/login?step=code&said=wrong_code", "nor an older one");
    let next = anna.authenticator.shows(&anna.door, 1);
    assert_eq!(anna.signs_in(&next).await.0, "/admin");
    assert_eq!(anna.signs_in(&next).await.0, "/login?step=code&said=wrong_code");
    anna.passes(2 * STEP_S);
    // Two at once with one code: one of them gets in.
    let (one, other) = (anna.begins().await, anna.begins().await);
    let code = anna.authenticator.shows(&anna.door, 0);
    let (one, other) = tokio::join!(anna.gives(&one, &code), anna.gives(&other, &code));
    let mut led = [one.0, other.0];
    led.sort();
    assert_eq!(led, ["/admin", "/login?step=code&said=wrong_code"]);
    // One sign-in with two good codes at once: one session.
    anna.passes(3 * STEP_S);
    let waiting = anna.begins().await;
    let codes = [0, 1].map(|steps| anna.authenticator.shows(&anna.door, steps));
    let (one, other) = tokio::join!(anna.gives(&waiting, &codes[0]), anna.gives(&waiting, &codes[1]));
    assert_eq!([&one.0, &other.0].into_iter().filter(|to| *to == "/admin").count(), 1, "{one:?} {other:?}");
}

async fn a_code_that_comes_late_is_not_looked_at(kind: Kind) {
    let anna = Anna::on(kind).await;
    anna.passes(STEP_S);
    let waiting = anna.begins().await;
    anna.passes(CODE_S);
    let code = anna.authenticator.shows(&anna.door, 0);
    assert_eq!(anna.gives(&waiting, &code).await.0, "/login?said=late");
    assert_eq!(anna.gives("", &code).await.0, "/login?said=late", "without a password");
    let waiting = anna.begins().await;
    assert_eq!(anna.gives(&waiting, &code).await.0, "/admin", "it was not used up");
    assert_eq!(
        anna.gives(&waiting, &anna.authenticator.shows(&anna.door, 1)).await.0,
        "/login?said=late",
        "a password is good for one sign-in"
    );
}

async fn a_recovery_code_is_good_once(kind: Kind) {
    let anna = Anna::on(kind).await;
    let [first, second, ..] = anna.recovery_codes.as_slice() else { panic!("ten codes") };
    assert_eq!(anna.signs_in(first).await.0, "/admin");
    assert_eq!(anna.signs_in(first).await.0, "/login?step=code&said=wrong_code");
    let typed = second.to_lowercase().replace('-', " ");
    let (to, session) = anna.signs_in(&typed).await;
    assert_eq!(to, "/admin", "however it is typed");
    assert!(account(&anna.door, &session).await.contains("8 recovery codes are left"));
    let started = anna.record(Deed::SignedIn).await;
    assert_eq!(started[0].after.as_deref(), Some(r#"{"second_factor":"recovery_code"}"#));
    let refused = anna.record(Deed::SignInRefused).await;
    assert!(!format!("{refused:?} {started:?}").contains(first.as_str()), "no code is in the record");
}

async fn whoever_guesses_codes_waits(kind: Kind) {
    let anna = Anna::on(kind).await;
    anna.passes(STEP_S);
    let known = anna.signs_in(&anna.authenticator.shows(&anna.door, 0)).await.1;
    let device = known.split("; ").find_map(|pair| pair.strip_prefix("batchbook_insecure_loopback_device=")).unwrap().to_owned();
    let waiting = anna.begins().await;
    let step = waiting.split_once('=').unwrap().1;
    let guesses: Vec<String> = (0..200).map(|number| format!("{number:06}")).collect();
    // From everywhere at once: they are counted before they are looked at, and addresses do not matter.
    let door = anna.door.service.acting_for(By::NOBODY);
    let tried = futures::future::join_all(guesses.iter().enumerate().map(|(number, guess)| {
        let address = format!("203.0.113.{number}").parse().ok();
        door.sign_in_with_code(step, guess, Browser { device: None, address, agent: "" })
    }));
    let outcomes: Vec<_> = tried.await.into_iter().map(|outcome| outcome.unwrap().unwrap_err()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == SignInRefused::Wrong).count(), 5, "of two hundred are looked at");
    let (to, _) = anna.gives(&waiting, &anna.authenticator.shows(&anna.door, 1)).await;
    assert!(to.starts_with("/login?step=code&said=wait&wait="), "the right one is not looked at either: {to}");
    // The password does not begin the count anew; a browser that is known has one of its own.
    let (to, _) = anna.signs_in(&anna.authenticator.shows(&anna.door, 1)).await;
    assert!(to.starts_with("/login?step=code&said=wait"), "{to}");
    let at_home = Browser { device: Some(&device), address: None, agent: "" };
    let code = anna.authenticator.shows(&anna.door, 1);
    assert!(door.sign_in_with_code(step, &code, at_home).await.unwrap().is_ok());
    anna.passes(2 * STEP_S);
    assert_eq!(anna.signs_in(&anna.authenticator.shows(&anna.door, 1)).await.0, "/admin", "and from elsewhere after the wait");
    let refused = anna.record(Deed::SignInRefused).await;
    assert_eq!((refused.len(), refused[0].actor_kind), (5, ActorKind::Nobody));
    assert!(refused.iter().all(|entry| entry.object.is_some() && entry.after.as_ref().unwrap().contains(r#""second_factor":"code""#)));
}

async fn the_first_step_says_nothing_about_accounts(kind: Kind) {
    let anna = Anna::on(kind).await;
    for email in [ANNA, "nobody@example.com"] {
        let answer = anna.door.sends("/login", "", &[("email", email), ("password", "wrong wrong wrong")]).await;
        assert_eq!((answer.status().as_u16(), location(&answer), cookies(&answer).as_str()), (303, "/login?said=wrong", ""), "{email}");
    }
    assert_eq!(anna.record(Deed::CodeAsked).await.len(), 0);
}

async fn an_owner_takes_it_away_from_another_operator(kind: Kind) {
    let anna = Anna::on(kind).await;
    let door = &anna.door;
    door.operator("olga@example.com", Role::Owner).await;
    door.operator("finn@example.com", Role::Finance).await;
    let operators = door.service.operators().await.unwrap();
    let listed = operators.iter().find(|listed| listed.operator.email == ANNA).unwrap();
    assert!(listed.has_second_factor && operators.iter().filter(|listed| listed.has_second_factor).count() == 1);
    let id = listed.operator.id.to_string();
    let (olga, finn) = (door.signs_in("olga@example.com").await, door.signs_in("finn@example.com").await);
    let reset = async |session: &str, id: &str| {
        location(&door.sends("/admin/operators/second-factor", session, &[("operator", id)]).await).to_owned()
    };
    assert_eq!(reset(&finn, &id).await, "/admin/operators?said=forbidden");
    assert!(door.gets("/admin/operators", &olga).await.text().await.unwrap().contains("/admin/operators/second-factor"));
    let waiting = anna.begins().await;
    assert_eq!(reset(&olga, &id).await, "/admin/operators?said=changed");
    assert_eq!(anna.gives(&waiting, &anna.recovery_codes[0]).await.0, "/login?said=late", "whoever waited begins anew");
    door.signs_in(ANNA).await;
    assert_eq!(reset(&olga, &id).await, "/admin/operators?said=changed", "which is done already");
    let removed = anna.record(Deed::SecondFactorRemoved).await;
    assert_eq!((removed.len(), removed[0].actor.as_str(), removed[0].object.as_deref()), (1, "olga@example.com", Some(id.as_str())));
    assert!(!door.service.acting_for(By::COMMAND_LINE).reset_second_factor(id.parse().unwrap()).await.unwrap());
    door.clock.advance_ms(PROOF_S * 1_000);
    assert_eq!(reset(&olga, &id).await, "/admin/confirm?next=%2Fadmin%2Foperators");
}

async fn it_is_turned_off_by_whoever_has_it(kind: Kind) {
    let anna = Anna::on(kind).await;
    let off = anna.door.sends("/admin/account/second-factor/remove", &anna.session, &[]).await;
    assert_eq!(location(&off), "/admin/account?said=factor_off");
    anna.door.signs_in(ANNA).await;
    assert_eq!(anna.record(Deed::SecondFactorRemoved).await.len(), 1);
    anna.door.sends("/admin/account/second-factor/remove", &anna.session, &[]).await;
    assert_eq!(anna.record(Deed::SecondFactorRemoved).await.len(), 1, "what is done already is not recorded");
    // Another one has another secret and other recovery codes; a step that was used stays used.
    let authenticator = offer(&anna.door, &anna.session).await;
    assert_ne!(authenticator.secret, anna.authenticator.secret);
    assert_eq!(confirm(&anna.door, &anna.session, &authenticator.shows(&anna.door, 0)).await.0, "/admin/account?said=wrong_code");
    let (to, codes) = confirm(&anna.door, &anna.session, &authenticator.shows(&anna.door, 1)).await;
    assert_eq!(to, "/admin/account?said=factor_on");
    assert_eq!(anna.signs_in(&anna.recovery_codes[0]).await.0, "/login?step=code&said=wrong_code");
    assert_eq!(anna.signs_in(&codes_of(&codes)[0]).await.0, "/admin");
}

async fn another_password_ends_the_wait_for_a_code(kind: Kind) {
    let anna = Anna::on(kind).await;
    anna.passes(STEP_S);
    let waiting = anna.begins().await;
    let change = [("old", PASSWORD), ("new", "another horse battery")];
    let changed = anna.door.sends("/admin/account/password", &anna.session, &change).await;
    assert_eq!(location(&changed), "/admin/account?said=changed");
    assert_eq!(anna.gives(&waiting, &anna.authenticator.shows(&anna.door, 0)).await.0, "/login?said=late");
    let (to, _) = anna.door.tries(ANNA, "another horse battery", "").await;
    assert_eq!(to, "/login?step=code", "the second factor stays");
}

/// What the store promises, whoever asks.
async fn rows_of_second_factors_are_used_up_once(kind: Kind) {
    let door = Door::on(kind).await;
    let operator = door.operator(ANNA, Role::Viewer).await;
    let db = door.connect().await;
    let now = door.service.now();
    let mut tx = db.write().await.unwrap();
    let key = operators::by_id(&mut tx, operator.id).await.unwrap().unwrap().key;
    assert!(!second_factors::take_step(&mut tx, key, 7).await.unwrap(), "there is none");
    second_factors::offer(&mut tx, key, "AAAA", now).await.unwrap();
    assert!(!second_factors::confirm(&mut tx, key, "BBBB", 7).await.unwrap(), "another one was offered");
    assert!(second_factors::confirm(&mut tx, key, "AAAA", 7).await.unwrap());
    assert!(!second_factors::confirm(&mut tx, key, "AAAA", 8).await.unwrap(), "once");
    second_factors::replace_recovery_codes(&mut tx, key, &["a".to_owned(), "b".to_owned()]).await.unwrap();
    second_factors::begin_step(&mut tx, key, "step", now.plus_s(1), now).await.unwrap();
    tx.commit().await.unwrap();
    let factor = second_factors::of_operator(&mut db.read().await.unwrap(), key).await.unwrap();
    assert_eq!((factor.secret.as_deref(), factor.last_step, &factor.offered), (Some("AAAA"), 7, &None));
    assert!(!format!("{factor:?}").contains("AAAA"));
    // Four at once: one of them takes it.
    let click = || async {
        let mut tx = db.write().await?;
        let taken = second_factors::take_step(&mut tx, key, 9).await?;
        let code = second_factors::take_recovery_code(&mut tx, key, "a", now).await?;
        let step = second_factors::end_step(&mut tx, "step").await?;
        tx.commit().await?;
        Ok::<_, StoreError>((taken, code, step))
    };
    let taken = futures::future::join_all((0..4).map(|_| click())).await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(taken.iter().filter(|taken| **taken == (true, true, true)).count(), 1, "{taken:?}");
    assert_eq!(taken.iter().filter(|taken| **taken == (false, false, false)).count(), 3, "{taken:?}");
    let mut tx = db.write().await.unwrap();
    for (step, good) in [(8, false), (9, false), (10, true)] {
        assert_eq!(second_factors::take_step(&mut tx, key, step).await.unwrap(), good, "{step}");
    }
    assert_eq!(second_factors::recovery_codes_left(&mut tx, key).await.unwrap(), 1);
    second_factors::begin_step(&mut tx, key, "late", now.plus_s(1), now).await.unwrap();
    assert!(second_factors::waiting(&mut tx, "late", now).await.unwrap().is_some());
    assert!(second_factors::waiting(&mut tx, "late", now.plus_s(1)).await.unwrap().is_none());
    assert!(second_factors::remove(&mut tx, key).await.unwrap());
    assert!(!second_factors::remove(&mut tx, key).await.unwrap());
    assert!(second_factors::waiting(&mut tx, "late", now).await.unwrap().is_none());
    assert_eq!(second_factors::recovery_codes_left(&mut tx, key).await.unwrap(), 0);
    tx.commit().await.unwrap();
}
