//! Every setting by name, with its default and its meaning: what `batchbook config` lists.

/// One setting, named like its environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    /// What holds when nothing is set, in the words of the setting; empty for nothing.
    pub default: &'static str,
    pub secret: bool,
    pub meaning: &'static str,
}

pub const CONFIG_FILE: &str = "BATCHBOOK_CONFIG";
pub const DATABASE_URL: &str = "DATABASE_URL";
pub const SITE_ADDR: &str = "LEPTOS_SITE_ADDR";
pub const SITE_ROOT: &str = "LEPTOS_SITE_ROOT";
pub const LOG_FILTER: &str = "RUST_LOG";
pub const LOG_FORMAT: &str = "BATCHBOOK_LOG_FORMAT";
pub const DB_CONNECTIONS_MAX: &str = "BATCHBOOK_DB_CONNECTIONS_MAX";
pub const SQLITE_SYNCHRONOUS: &str = "BATCHBOOK_SQLITE_SYNCHRONOUS";
pub const TASKS_MAX: &str = "BATCHBOOK_TASKS_MAX";
pub const REQUESTS_PER_MIN: &str = "BATCHBOOK_REQUESTS_PER_MIN";
pub const WORKER_NAME: &str = "BATCHBOOK_WORKER_NAME";
pub const DRAIN_S: &str = "BATCHBOOK_DRAIN_S";
pub const PUBLIC_URL: &str = "BATCHBOOK_PUBLIC_URL";
pub const SELLER: &str = "BATCHBOOK_SELLER";
pub const SALES_CONTACT: &str = "BATCHBOOK_SALES_CONTACT";
pub const WEBHOOK_SCHEDULE_S: &str = "BATCHBOOK_WEBHOOK_SCHEDULE_S";
pub const APPROVAL_OVER_CREDITS: &str = "BATCHBOOK_APPROVAL_OVER_CREDITS";
pub const OIDC_ISSUER: &str = "BATCHBOOK_OIDC_ISSUER";
pub const OIDC_CLIENT_ID: &str = "BATCHBOOK_OIDC_CLIENT_ID";
pub const OIDC_CLIENT_SECRET: &str = "BATCHBOOK_OIDC_CLIENT_SECRET";
pub const OIDC_ROLE_CLAIM: &str = "BATCHBOOK_OIDC_ROLE_CLAIM";
pub const OIDC_ROLES: &str = "BATCHBOOK_OIDC_ROLES";
pub const TRUSTED_PROXIES: &str = "BATCHBOOK_TRUSTED_PROXIES";
pub const ALLOW_SUBNETS: &str = "BATCHBOOK_ALLOW_SUBNETS";

/// `BATCHBOOK_PROVIDER_<NAME>_BASE_URL` and `…_API_KEY`: one pair for each provider that routes of the catalogue name.
pub const PROVIDER_PREFIX: &str = "BATCHBOOK_PROVIDER_";
pub const BASE_URL_SUFFIX: &str = "_BASE_URL";
pub const API_KEY_SUFFIX: &str = "_API_KEY";
pub const BASE_URL_MEANING: &str =
    "Address of a provider's API with its version, like https://api.example.com/v1; NAME is the route's provider.";
pub const API_KEY_MEANING: &str = "Key of the account at that provider.";

/// Variables that begin like ours and belong to the scripts around the program, or to a customer's.
pub const OF_SCRIPTS: &[&str] = &["BATCHBOOK_CACHE", "BATCHBOOK_KEY"];
/// Variables that begin so are the test suite's.
pub const OF_TESTS_PREFIX: &str = "BATCHBOOK_TEST_";

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, secret: false, meaning }
}

/// All settings with a fixed name, in the order in which they are listed.
pub const SETTINGS: &[Setting] = &[
    setting(CONFIG_FILE, "batchbook.toml, if it is there", "Configuration file. The environment overrides it, flags override both."),
    setting(DATABASE_URL, "sqlite://data/batchbook.db", "Database: sqlite://<file> or postgres://<user>:<password>@<host>/<name>."),
    setting(
        SITE_ADDR,
        "127.0.0.1:3000",
        "Address of API and console. Others than loopback are accepted when BATCHBOOK_PUBLIC_URL is https.",
    ),
    setting(SITE_ROOT, "target/site", "Folder with the browser half: WASM, styles, pictures."),
    setting(LOG_FILTER, "info", "What is logged, by level and module. Logs go to standard error."),
    setting(LOG_FORMAT, "text", "Form of the log: text or json."),
    setting(
        DB_CONNECTIONS_MAX,
        "16",
        "Connections to PostgreSQL at most, beside six that a worker has for itself; or readers of SQLite, of which there are never more than 8.",
    ),
    setting(SQLITE_SYNCHRONOUS, "full", "SQLite: full (what was acknowledged survives a power cut) or normal (only for comparison)."),
    setting(TASKS_MAX, "10000", "Tasks in one batch at most."),
    setting(REQUESTS_PER_MIN, "600", "Requests a minute that a new API key may make, unless it is given another limit."),
    setting(WORKER_NAME, "<host name>-<process id>", "Name of this process among the workers, for operators."),
    setting(DRAIN_S, "30", "Seconds that work under way is given to end after SIGTERM."),
    setting(
        PUBLIC_URL,
        "http:// and LEPTOS_SITE_ADDR",
        "Address under which customers and operators reach this server; it begins the links to videos and in webhooks. With https, cookies are for https only; a proxy in front speaks TLS.",
    ),
    setting(SELLER, "Batchbook", "Your company, as the price page calls it."),
    setting(
        SALES_CONTACT,
        "",
        "Where questions go that the price page does not answer: an e-mail address, or the https address of a form.",
    ),
    setting(
        WEBHOOK_SCHEDULE_S,
        "0,5,300,1800,7200,18000,36000,50400,72000,86400",
        "Seconds before each try of a webhook, separated by commas; after the last one it is exhausted.",
    ),
    setting(
        APPROVAL_OVER_CREDITS,
        "",
        "An operator who grants or adjusts more credits at once than these needs a second one to approve it.",
    ),
    setting(OIDC_ISSUER, "", "OpenID Connect provider that vouches for operators, as its document writes it, like https://id.example.com."),
    setting(OIDC_CLIENT_ID, "", "As whom it knows this server. The address to come back to is <public address>/login/oidc/callback."),
    Setting { name: OIDC_CLIENT_SECRET, default: "", secret: true, meaning: "Secret that it gave this server; at least 16 characters." },
    setting(OIDC_ROLE_CLAIM, "role", "Claim of its token with a person's roles: a word or a list of words; dots lead inside."),
    setting(
        OIDC_ROLES,
        "owner=owner,finance=finance,support=support,viewer=viewer",
        "Which of its words mean which role, separated by commas, the mightiest first.",
    ),
    setting(
        TRUSTED_PROXIES,
        "",
        "Subnets, separated by commas, of the proxies in front of this server. Only what they say of a request (X-Forwarded-For) is believed.",
    ),
    setting(
        ALLOW_SUBNETS,
        "",
        "Subnets, separated by commas, that webhooks, references and results may lead to although they are not on the public internet.",
    ),
];

/// The setting of this name.
pub fn setting_named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Whether a variable is one of a provider's pair.
pub fn is_of_provider(name: &str) -> bool {
    provider_of(name, BASE_URL_SUFFIX).or_else(|| provider_of(name, API_KEY_SUFFIX)).is_some()
}

/// Whether a value of this name is to be kept from others: a secret, or an address with a password in it.
pub fn is_secret(name: &str, value: &str) -> bool {
    let is_known_secret = setting_named(name).is_some_and(|setting| setting.secret) || provider_of(name, API_KEY_SUFFIX).is_some();
    is_known_secret || url::Url::parse(value).is_ok_and(|url| url.password().is_some())
}

/// The provider's name, as routes spell it, in a variable that ends so.
pub fn provider_of(name: &str, suffix: &str) -> Option<String> {
    let provider = name.strip_prefix(PROVIDER_PREFIX)?.strip_suffix(suffix)?;
    (!provider.is_empty()).then(|| provider.to_lowercase())
}
