//! Where settings come from: flags, then the environment, then `batchbook.toml`. Everything is text until it is used.
//!
//! In the file a setting has the name of its variable without `BATCHBOOK_`, in small letters; tables are joined by `_`, so
//! `[provider.gateway]` with `base_url = "…"` is `BATCHBOOK_PROVIDER_GATEWAY_BASE_URL`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::settings::{self, CONFIG_FILE, OF_SCRIPTS, OF_TESTS_PREFIX};

/// The file that is read when no other is named, if it is there.
pub const DEFAULT_FILE: &str = "batchbook.toml";
const PREFIX: &str = "BATCHBOOK_";

/// Which source a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Default,
    File,
    Environment,
    Flag,
}

impl Origin {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// Settings as text, by name. May hold secrets, so it is not `Debug`.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "holds secrets as plain text")]
pub struct Sources {
    pub flags: BTreeMap<String, String>,
    pub environment: BTreeMap<String, String>,
    pub file: BTreeMap<String, String>,
    /// The file that was read.
    pub file_path: Option<PathBuf>,
}

impl Sources {
    /// The process's environment, and the file that it or a flag names.
    pub fn of_process(flags: BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
        let mut sources = Self { flags, environment, ..Self::default() };
        let named = sources.find(CONFIG_FILE).map(|(path, _)| PathBuf::from(path));
        let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        if named.is_some() || path.exists() {
            sources.file = read_file(&path)?;
            sources.file_path = Some(path);
        }
        Ok(sources)
    }

    /// The value that counts, and where it came from. An empty value counts as none.
    pub fn find(&self, name: &str) -> Option<(&str, Origin)> {
        [(&self.flags, Origin::Flag), (&self.environment, Origin::Environment), (&self.file, Origin::File)]
            .into_iter()
            .find_map(|(values, origin)| Some((values.get(name).filter(|value| !value.trim().is_empty())?.trim(), origin)))
    }

    /// Every name that is set anywhere.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.flags, &self.environment, &self.file].into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// One sentence for each name that looks like ours and is not.
    pub fn warnings(&self) -> Vec<String> {
        let of_file = self.file.keys().filter(|name| !is_known(name)).map(|name| {
            let name = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
            format!("{name:?} in the configuration file is no setting of this version and was ignored; `batchbook config` lists all.")
        });
        let of_environment = self
            .environment
            .keys()
            .filter(|name| name.starts_with(PREFIX) && !is_known(name))
            .map(|name| format!("The variable {name} is no setting of this version and was ignored; `batchbook config` lists all."));
        of_file.chain(of_environment).collect()
    }
}

fn is_known(name: &str) -> bool {
    settings::setting_named(name).is_some()
        || settings::is_of_provider(name)
        || OF_SCRIPTS.contains(&name)
        || name.starts_with(OF_TESTS_PREFIX)
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let bad = |problem: String| ConfigError::File { path: path.display().to_string(), problem };
    let text = std::fs::read_to_string(path).map_err(|error| bad(format!("it cannot be read: {error}")))?;
    let values = parse_file(&text).map_err(bad)?;
    if values.iter().any(|(name, value)| settings::is_secret(name, value)) && others_may_read(path) {
        return Err(bad("it holds secrets, and everybody on this machine may read it: chmod 600 it".to_owned()));
    }
    Ok(values)
}

/// Whether the file's mode lets everybody read. Where there are no modes, nobody can tell.
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

/// The settings in a file's text, by the names of their variables.
pub fn parse_file(text: &str) -> Result<BTreeMap<String, String>, String> {
    // The parser's own message would show the line, and the line may hold a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        format!("line {line} is not TOML: {}", error.message())
    })?;
    let mut values = BTreeMap::new();
    flatten("", table, &mut values)?;
    Ok(values)
}

fn flatten(prefix: &str, table: toml::Table, values: &mut BTreeMap<String, String>) -> Result<(), String> {
    for (key, value) in table {
        let path = if prefix.is_empty() { key } else { format!("{prefix}_{key}") };
        let text = match value {
            toml::Value::Table(inner) => {
                flatten(&path, inner, values)?;
                continue;
            }
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) => {
                return Err(format!("{path} is a text, a whole number, or true or false"));
            }
        };
        let name = path.replace('-', "_").to_uppercase();
        let name = if settings::setting_named(&name).is_some() { name } else { format!("{PREFIX}{name}") };
        values.insert(name, text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_spells_names_in_small_letters_and_tables() {
        let values = parse_file("database_url = 'sqlite://x.db'\ntasks_max = 7\n[provider.gateway]\nbase-url = 'http://x/v1'\n").unwrap();
        assert_eq!(values["DATABASE_URL"], "sqlite://x.db");
        assert_eq!(values["BATCHBOOK_TASKS_MAX"], "7");
        assert_eq!(values["BATCHBOOK_PROVIDER_GATEWAY_BASE_URL"], "http://x/v1");
    }

    #[test]
    fn a_bad_file_is_refused_without_showing_its_lines() {
        let error = parse_file("tasks_max = 1\napi_key = sk-secret\n").unwrap_err();
        assert!(error.contains("line 2") && !error.contains("sk-secret"), "{error}");
        assert!(parse_file("tasks_max = [1]").is_err());
    }

    #[test]
    fn a_file_with_secrets_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batchbook.toml");
        let with_mode = |text: &str, mode| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read_file(&path)
        };
        for secret in [
            "[provider.gateway]\napi_key = 'sk-1'\n",
            "oidc_client_secret = 'long enough to be one'\n",
            "database_url = 'postgres://ann:pw@db/books'\n",
        ] {
            let error = with_mode(secret, 0o644).unwrap_err().to_string();
            assert!(error.contains("chmod 600") && !error.contains("sk-1"), "{error}");
            assert!(with_mode(secret, 0o640).is_ok());
        }
        assert!(with_mode("tasks_max = 7\ndatabase_url = 'sqlite://x.db'\n", 0o644).is_ok(), "there is no secret in it");
    }

    #[test]
    fn names_that_nobody_knows_are_warned_about() {
        let of = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
        let sources = Sources {
            environment: of(&["BATCHBOOK_TASK_MAX", "BATCHBOOK_TASKS_MAX", "BATCHBOOK_CACHE", "BATCHBOOK_PROVIDER_X_API_KEY", "HOME"]),
            file: of(&["BATCHBOOK_COLOUR"]),
            ..Sources::default()
        };
        let warnings = sources.warnings();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].contains("\"colour\"") && warnings[1].contains("BATCHBOOK_TASK_MAX"));
    }
}
