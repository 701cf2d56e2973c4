//! Why a command failed: a stable code for programs, a sentence for people.

use crate::providers::openai_videos::BadConfig;
use crate::server::config::ConfigError;
use crate::server::state::OpenError;
use crate::service::ServiceError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: &'static str,
    pub message: String,
}

impl Failure {
    /// Code of arguments that cannot be meant so.
    pub const USAGE: &'static str = "usage";

    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new("configuration", format!("{error}. `batchbook config` lists every setting."))
    }
}

impl From<BadConfig> for Failure {
    fn from(error: BadConfig) -> Self {
        Self::new("configuration", format!("{error}. `batchbook config` lists every setting."))
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let code = match &error {
            OpenError::NoFile(_) => "no_database",
            OpenError::Folder { .. } | OpenError::Store(_) => "database",
            OpenError::Unreachable { .. } => "database_unreachable",
        };
        Self::new(code, error.to_string())
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound { what } => {
                Self::new("not_found", format!("There is no such {what}. Check the id; a copied id has no spaces."))
            }
            ServiceError::Forbidden(forbidden) => Self::new("forbidden", format!("{forbidden}.")),
            ServiceError::NotRefundable(why) => Self::new("invalid_request", why.to_string()),
            ServiceError::Invalid { code, message } => Self::new(code, message),
            ServiceError::NotEnoughCredits { needed, available } => Self::new(
                "not_enough_credits",
                format!("{needed} credits are needed and {available} are available. Grant more with `batchbook customer grant`."),
            ),
            ServiceError::Unavailable(_) => {
                Self::new("database_unreachable", "The database does not answer. Nothing was stored; try again when it runs.")
            }
            ServiceError::Internal(source) => Self::internal(source.as_ref()),
            other => Self::new("refused", other.to_string()),
        }
    }
}

impl Failure {
    /// Database errors arrive here as they are. The one that people meet is a schema that was never made or is older.
    fn internal(error: &(dyn std::error::Error + Send + Sync)) -> Self {
        let text = error.to_string();
        if text.contains("no such table") || text.contains("no such column") || text.contains("does not exist") {
            return Self::new("not_migrated", format!("The database is not up to date ({text}). Run `batchbook migrate` first."));
        }
        Self::new("internal", format!("{text}. Nothing was stored; this is a fault of the program or of the database."))
    }
}
