//! The configuration: one [`Config`], read once at start from flags, environment and an optional file (`config/sources.rs`).
//! Every setting has a name, a default and a meaning (`config/settings.rs`); every problem is said with the setting's name.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use self::masked::masked;
use self::settings as names;
use self::sources::{Origin, Sources};
use crate::api::Site;
use crate::domain::access::Role;
use crate::domain::credits::Credits;
use crate::domain::webhook::Schedule;
use crate::domain::webhook::target::Subnets;
use crate::providers::identity::{self, IdentityConfig};
use crate::providers::openai_videos::Secret;
use crate::site::Seller;
use crate::store::DbConfig;

mod masked;
pub mod settings;
pub mod sources;

/// A million tasks is what the design holds for.
const TASKS_LIMIT: usize = 1_000_000;
const CONNECTIONS_LIMIT: u32 = 500;
const REQUESTS_PER_MIN_LIMIT: i64 = 1_000_000;
const DRAIN_LIMIT_S: u64 = 3_600;
/// Of secrets that protect this server.
const SECRET_MIN_CHARS: usize = 16;

/// Everything that can be configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub database: DbConfig,
    pub site_addr: SocketAddr,
    /// Where the browser half is; `None` to look in the usual places.
    pub site_root: Option<PathBuf>,
    pub log_filter: String,
    pub log_format: LogFormat,
    pub tasks_max: usize,
    /// Limit of new API keys.
    pub requests_per_min: i64,
    pub worker_name: String,
    pub drain_max: Duration,
    /// Begins the links in webhooks; no slash at its end.
    pub public_url: String,
    /// Who sells, as the price page says it.
    pub seller: Seller,
    /// An operator who changes more credits than these needs a second one.
    pub approval_over: Option<Credits>,
    /// Who else vouches for operators.
    pub oidc: Option<OidcConfig>,
    /// Proxies that are believed.
    pub trusted_proxies: Subnets,
    pub webhook_schedule: Schedule,
    pub subnets: Subnets,
    pub providers: Vec<ProviderConfig>,
    /// One sentence for each name that looks like a setting and is none.
    pub warnings: Vec<String>,
}

/// An OpenID Connect provider, and which of its words mean which role.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    pub identity: IdentityConfig,
    pub roles: Vec<(String, Role)>,
}

/// An account at an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderConfig {
    /// As routes of the catalogue call it.
    pub name: String,
    pub base_url: String,
    pub api_key: Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Why there is no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {path}: {problem}")]
    File { path: String, problem: String },
    #[error("{name} {problem}")]
    Setting { name: String, problem: String },
}

/// A setting as it holds now, to be shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    pub name: String,
    /// `set` or `not set` for a secret; addresses without their passwords.
    pub value: String,
    pub default: String,
    pub origin: Origin,
    pub secret: bool,
    pub meaning: String,
}

impl Config {
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut database = DbConfig::new(text(sources, names::DATABASE_URL));
        database.connections_max = number(sources, names::DB_CONNECTIONS_MAX, 1, CONNECTIONS_LIMIT)?;
        database.sqlite_synchronous_full = word(sources, names::SQLITE_SYNCHRONOUS, &[("full", true), ("normal", false)])?;
        Ok(Self {
            database,
            site_addr: site_addr(sources)?,
            site_root: sources.find(names::SITE_ROOT).map(|(path, _)| PathBuf::from(path)),
            log_filter: text(sources, names::LOG_FILTER),
            log_format: word(sources, names::LOG_FORMAT, &[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
            tasks_max: number(sources, names::TASKS_MAX, 1, TASKS_LIMIT)?,
            requests_per_min: number(sources, names::REQUESTS_PER_MIN, 1, REQUESTS_PER_MIN_LIMIT)?,
            worker_name: sources.find(names::WORKER_NAME).map_or_else(process_name, |(name, _)| name.to_owned()),
            drain_max: Duration::from_secs(number(sources, names::DRAIN_S, 0, DRAIN_LIMIT_S)?),
            public_url: public_url(sources)?,
            seller: seller(sources)?,
            approval_over: approval_over(sources)?,
            oidc: oidc(sources)?,
            trusted_proxies: parsed(sources, names::TRUSTED_PROXIES)?,
            webhook_schedule: parsed(sources, names::WEBHOOK_SCHEDULE_S)?,
            subnets: parsed(sources, names::ALLOW_SUBNETS)?,
            providers: providers(sources)?,
            warnings: sources.warnings(),
        })
    }

    /// The address to listen on, unless passwords and sessions would cross a network that anybody can listen to.
    pub fn listen_addr(&self) -> Result<SocketAddr, ConfigError> {
        if self.is_https() || self.site_addr.ip().to_canonical().is_loopback() {
            return Ok(self.site_addr);
        }
        let problem = format!(
            "is {}, which other machines could reach, and nothing says that they reach it by https. Put a proxy that speaks TLS \
             in front, set {} to its https address and {} to its subnet; or listen on 127.0.0.1:{port}",
            self.site_addr,
            names::PUBLIC_URL,
            names::TRUSTED_PROXIES,
            port = self.site_addr.port()
        );
        Err(ConfigError::Setting { name: names::SITE_ADDR.to_owned(), problem })
    }

    /// Whether browsers reach the server by https.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// How the server is reached.
    pub fn site(&self) -> Site {
        let host = url::Url::parse(&self.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Site { origin: self.is_https().then(|| self.public_url.clone()), host, proxies: self.trusted_proxies }
    }
}

/// Every setting with its value now, in the order of [`names::SETTINGS`], then the providers'.
pub fn shown(sources: &Sources) -> Vec<Shown> {
    let fixed = names::SETTINGS.iter().map(|setting| shown_one(sources, setting.name, setting.default, setting.secret, setting.meaning));
    let mut providers: BTreeSet<String> = sources.names().filter_map(any_provider).collect();
    if providers.is_empty() {
        providers.insert("name".to_owned());
    }
    let pairs = providers.into_iter().flat_map(|provider| {
        let name = format!("{}{}", names::PROVIDER_PREFIX, provider.to_uppercase());
        [
            shown_one(sources, &format!("{name}{}", names::BASE_URL_SUFFIX), "", false, names::BASE_URL_MEANING),
            shown_one(sources, &format!("{name}{}", names::API_KEY_SUFFIX), "", true, names::API_KEY_MEANING),
        ]
    });
    fixed.chain(pairs).collect()
}

fn shown_one(sources: &Sources, name: &str, default: &str, secret: bool, meaning: &str) -> Shown {
    let found = sources.find(name);
    let value = match found {
        Some(_) if secret => "set".to_owned(),
        Some((value, _)) => masked(value),
        None if default.is_empty() => "not set".to_owned(),
        None => default.to_owned(),
    };
    let origin = found.map_or(Origin::Default, |(_, origin)| origin);
    Shown { name: name.to_owned(), value, default: default.to_owned(), origin, secret, meaning: meaning.to_owned() }
}

fn any_provider(name: &str) -> Option<String> {
    names::provider_of(name, names::BASE_URL_SUFFIX).or_else(|| names::provider_of(name, names::API_KEY_SUFFIX))
}

fn text(sources: &Sources, name: &'static str) -> String {
    let default = || names::setting_named(name).map_or("", |setting| setting.default);
    sources.find(name).map_or_else(default, |(value, _)| value).to_owned()
}

fn number<N: FromStr + PartialOrd + std::fmt::Display>(sources: &Sources, name: &'static str, min: N, max: N) -> Result<N, ConfigError> {
    let value = text(sources, name);
    match value.parse::<N>() {
        Ok(number) if number >= min && number <= max => Ok(number),
        Ok(_) | Err(_) => Err(problem(name, format!("is {value:?}; it is a whole number from {min} to {max}"))),
    }
}

fn oidc(sources: &Sources) -> Result<Option<OidcConfig>, ConfigError> {
    let given = |name| sources.find(name).map(|(value, _)| value);
    let Some(issuer) = given(names::OIDC_ISSUER) else {
        let stray = [names::OIDC_CLIENT_ID, names::OIDC_CLIENT_SECRET].into_iter().find(|name| given(name).is_some());
        return stray.map_or(Ok(None), |name| Err(problem(names::OIDC_ISSUER, format!("is not set, but {name} is"))));
    };
    if !url::Url::parse(issuer).is_ok_and(|url| identity::is_safe(&url)) {
        return Err(problem(names::OIDC_ISSUER, format!("is {issuer:?}; it is an https address")));
    }
    let needed = |name| given(name).ok_or_else(|| problem(name, format!("is not set, but {} is", names::OIDC_ISSUER)));
    let secret = needed(names::OIDC_CLIENT_SECRET)?;
    if secret.chars().count() < SECRET_MIN_CHARS {
        return Err(problem(
            names::OIDC_CLIENT_SECRET,
            format!("is too short to be a secret; it has at least {SECRET_MIN_CHARS} characters"),
        ));
    }
    let roles = text(sources, names::OIDC_ROLES);
    let roles = roles.split(',').map(|pair| {
        let (word, role) = pair.split_once('=').unwrap_or((pair, ""));
        let role = role.trim().parse().map_err(|_| problem(names::OIDC_ROLES, format!("says {pair:?}; it is like books-owners=owner")))?;
        Ok((word.trim().to_owned(), role))
    });
    let identity = IdentityConfig {
        issuer: issuer.to_owned(),
        client_id: needed(names::OIDC_CLIENT_ID)?.to_owned(),
        client_secret: Secret::new(secret),
        role_claim: text(sources, names::OIDC_ROLE_CLAIM),
    };
    Ok(Some(OidcConfig { identity, roles: roles.collect::<Result<_, _>>()? }))
}

fn seller(sources: &Sources) -> Result<Seller, ConfigError> {
    let contact = sources.find(names::SALES_CONTACT).map(|(contact, _)| {
        contact.parse().map_err(|()| {
            problem(names::SALES_CONTACT, format!("is {contact:?}; it is an address like sales@example.com or https://example.com/contact"))
        })
    });
    Ok(Seller { name: text(sources, names::SELLER), contact: contact.transpose()? })
}

fn approval_over(sources: &Sources) -> Result<Option<Credits>, ConfigError> {
    if sources.find(names::APPROVAL_OVER_CREDITS).is_none() {
        return Ok(None);
    }
    number(sources, names::APPROVAL_OVER_CREDITS, 0, i64::MAX).map(|credits| Some(Credits::new(credits)))
}

fn word<T: Copy>(sources: &Sources, name: &'static str, words: &[(&str, T)]) -> Result<T, ConfigError> {
    let value = text(sources, name);
    let known = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
    let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&value));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| problem(name, format!("is {value:?}; it is {}", known())))
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(sources: &Sources, name: &'static str) -> Result<T, ConfigError> {
    text(sources, name).parse().map_err(|error| problem(name, format!("cannot be used: {error}")))
}

fn public_url(sources: &Sources) -> Result<String, ConfigError> {
    let Some((url, _)) = sources.find(names::PUBLIC_URL) else { return Ok(format!("http://{}", site_addr(sources)?)) };
    let is_plain = !url.contains(['"', '\\', ' ']) && !url.chars().any(char::is_control);
    if is_plain && (url.starts_with("https://") || url.starts_with("http://")) {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    Err(problem(names::PUBLIC_URL, format!("is {url:?}; it is an address like https://api.example.com")))
}

fn site_addr(sources: &Sources) -> Result<SocketAddr, ConfigError> {
    let value = text(sources, names::SITE_ADDR);
    value.parse().map_err(|_| problem(names::SITE_ADDR, format!("is {value:?}; it is an IP address and a port, like 127.0.0.1:3000")))
}

fn providers(sources: &Sources) -> Result<Vec<ProviderConfig>, ConfigError> {
    let found: BTreeSet<String> = sources.names().filter(|name| sources.find(name).is_some()).filter_map(any_provider).collect();
    found
        .into_iter()
        .map(|name| {
            let variable = |suffix| format!("{}{}{suffix}", names::PROVIDER_PREFIX, name.to_uppercase());
            let base_url = variable(names::BASE_URL_SUFFIX);
            let Some((url, _)) = sources.find(&base_url) else {
                return Err(problem(&base_url, format!("is not set, but {} is", variable(names::API_KEY_SUFFIX))));
            };
            // An upstream on the same machine may ask for no key.
            let api_key = sources.find(&variable(names::API_KEY_SUFFIX)).map_or("", |(key, _)| key);
            Ok(ProviderConfig { name, base_url: url.to_owned(), api_key: Secret::new(api_key) })
        })
        .collect()
}

fn problem(name: &str, problem: String) -> ConfigError {
    ConfigError::Setting { name: name.to_owned(), problem }
}

/// Host name and process id: different for every process that shares a database.
fn process_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()).unwrap_or_else(|| "local".to_owned());
    format!("{host}-{}", std::process::id())
}

#[cfg(test)]
mod tests;
