use std::collections::BTreeMap;

use super::*;

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn environment(pairs: &[(&str, &str)]) -> Sources {
    Sources { environment: values(pairs), ..Sources::default() }
}

fn error(pairs: &[(&str, &str)]) -> String {
    Config::read(&environment(pairs)).unwrap_err().to_string()
}

#[test]
fn every_default_is_a_value() {
    let config = Config::read(&Sources::default()).unwrap();
    assert_eq!(config.database.url, "sqlite://data/batchbook.db");
    assert_eq!(config.site_addr.to_string(), "127.0.0.1:3000");
    assert_eq!(config.seller, Seller::default());
    assert_eq!((config.tasks_max, config.log_format), (10_000, LogFormat::Text));
    assert_eq!(config.database.connections_max, DbConfig::new("").connections_max);
    assert!(config.database.sqlite_synchronous_full && config.providers.is_empty() && config.warnings.is_empty());
}

#[test]
fn flags_outrank_the_environment_and_the_environment_the_file() {
    let name = names::TASKS_MAX;
    let mut sources = Sources { file: values(&[(name, "1")]), ..Sources::default() };
    let tasks_max = |sources: &Sources| Config::read(sources).unwrap().tasks_max;
    assert_eq!(tasks_max(&sources), 1);
    sources.environment = values(&[(name, "2")]);
    assert_eq!(tasks_max(&sources), 2);
    sources.flags = values(&[(name, "3")]);
    assert_eq!(tasks_max(&sources), 3);
    sources.flags = values(&[(name, " ")]);
    assert_eq!(tasks_max(&sources), 2, "an empty value counts as none");
}

#[test]
fn a_bad_value_names_its_setting_and_what_it_should_be() {
    for (name, value) in [
        (names::TASKS_MAX, "0"),
        (names::TASKS_MAX, "many"),
        (names::DB_CONNECTIONS_MAX, "-1"),
        (names::LOG_FORMAT, "xml"),
        (names::SITE_ADDR, "localhost"),
        (names::SQLITE_SYNCHRONOUS, "off"),
        (names::DRAIN_S, "1.5"),
        (names::SALES_CONTACT, "our sales team"),
    ] {
        let error = error(&[(name, value)]);
        assert!(error.contains(name) && error.contains(value) && error.contains("it is"), "{error}");
    }
}

#[test]
fn only_loopback_is_listened_on_without_https() {
    let addr = |value| Config::read(&environment(&[(names::SITE_ADDR, value)])).unwrap().listen_addr();
    for good in ["127.0.0.1:3000", "127.9.9.9:80", "[::1]:0", "[::ffff:127.0.0.1]:3000"] {
        assert!(addr(good).is_ok(), "{good}");
    }
    for bad in ["0.0.0.0:3000", "192.168.1.5:3000", "[::]:3000", "[::ffff:10.0.0.1]:80"] {
        let error = addr(bad).unwrap_err().to_string();
        assert!(error.contains("https") && error.contains("127.0.0.1:"), "{error}");
        let https = |url| Config::read(&environment(&[(names::SITE_ADDR, bad), (names::PUBLIC_URL, url)])).unwrap();
        assert!(https("https://books.example").listen_addr().is_ok() && https("http://books.example").listen_addr().is_err());
        let site = https("https://books.example:8443").site();
        assert_eq!((site.is_https(), site.host.as_deref()), (true, Some("books.example")));
    }
}

#[test]
fn an_identity_provider_is_complete_and_its_secret_is_one() {
    let good = [
        (names::OIDC_ISSUER, "https://id.example"),
        (names::OIDC_CLIENT_ID, "books"),
        (names::OIDC_CLIENT_SECRET, "a long secret of the client"),
        (names::OIDC_ROLES, "books-owners=owner, all=viewer"),
    ];
    let config = Config::read(&environment(&good)).unwrap();
    assert!(!format!("{config:?}").contains("a long secret"));
    assert_eq!(config.oidc.unwrap().roles, [("books-owners".to_owned(), Role::Owner), ("all".to_owned(), Role::Viewer)]);
    for (name, value) in [
        (names::OIDC_ISSUER, "http://id.example"),
        (names::OIDC_ISSUER, ""),
        (names::OIDC_CLIENT_ID, ""),
        (names::OIDC_CLIENT_SECRET, ""),
        (names::OIDC_CLIENT_SECRET, "short"),
        (names::OIDC_ROLES, "books-owners=chef"),
    ] {
        let mut pairs = good.to_vec();
        pairs.retain(|(other, _)| *other != name);
        pairs.push((name, value));
        let error = error(&pairs);
        assert!(error.contains(name) && !error.contains("short\""), "{error}");
    }
}

#[test]
fn providers_are_pairs_by_name() {
    let config = Config::read(&environment(&[
        ("BATCHBOOK_PROVIDER_GATEWAY_BASE_URL", "http://127.0.0.1:4010/v1"),
        ("BATCHBOOK_PROVIDER_MY_OTHER_BASE_URL", "https://other.example/v1"),
        ("BATCHBOOK_PROVIDER_MY_OTHER_API_KEY", "sk-1"),
    ]));
    let config = config.unwrap();
    let found: Vec<_> = config.providers.iter().map(|one| (one.name.as_str(), one.api_key.expose())).collect();
    assert_eq!(found, [("gateway", ""), ("my_other", "sk-1")]);
    assert!(!format!("{config:?}").contains("sk-1"));
    let error = error(&[("BATCHBOOK_PROVIDER_GATEWAY_API_KEY", "sk-1")]);
    assert!(error.contains("BATCHBOOK_PROVIDER_GATEWAY_BASE_URL") && !error.contains("sk-1"), "{error}");
}

#[test]
fn what_is_shown_holds_no_secret() {
    let sources = environment(&[
        (names::DATABASE_URL, "postgres://ann:s3cret@db/books"),
        ("BATCHBOOK_PROVIDER_GATEWAY_BASE_URL", "https://u:s3cret@up.example/v1"),
        ("BATCHBOOK_PROVIDER_GATEWAY_API_KEY", "s3cret"),
    ]);
    let rows = shown(&sources);
    assert!(!format!("{rows:?}").contains("s3cret"), "{rows:?}");
    let value = |name: &str| rows.iter().find(|row| row.name == name).map(|row| (row.value.as_str(), row.origin)).unwrap();
    assert_eq!(value("BATCHBOOK_PROVIDER_GATEWAY_API_KEY"), ("set", Origin::Environment));
    assert_eq!(value(names::TASKS_MAX), ("10000", Origin::Default));
}

#[test]
fn every_setting_is_shown_once() {
    let rows = shown(&Sources::default());
    let distinct: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(distinct.len(), rows.len());
    assert_eq!(rows.len(), names::SETTINGS.len() + 2);
}
