//! Why a page, or a part of one, cannot be shown. Transport-free and without text: each language has its own sentence.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What went wrong. The code is stable, the request id finds the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ConsoleError {
    #[error("not found")]
    NotFound,
    /// The session is over. Loading the page anew leads to the sign-in and back.
    #[error("signed out")]
    SignedOut,
    /// For other roles.
    #[error("forbidden")]
    Forbidden,
    /// The role is right, and the password was given too long ago.
    #[error("the password is asked for again")]
    PasswordNeeded,
    #[error("the database does not answer")]
    Unavailable { request_id: Option<String> },
    /// What was sent cannot be read: a form of an older page and a newer server.
    #[error("what was sent cannot be read")]
    Unreadable,
    #[error("internal error")]
    Internal { request_id: Option<String> },
}

impl ConsoleError {
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Unavailable { request_id } | Self::Internal { request_id } => request_id.as_deref(),
            Self::NotFound | Self::SignedOut | Self::Forbidden | Self::PasswordNeeded | Self::Unreadable => None,
        }
    }
}

impl FromServerFnError for ConsoleError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Response(_) => Self::Unreadable,
            _ => Self::Internal { request_id: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn travels_with_its_code_and_request_id() {
        let error = ConsoleError::Internal { request_id: Some("req_1".to_owned()) };
        let sent = error.ser();
        assert_eq!(sent.as_ref(), br#"{"Internal":{"request_id":"req_1"}}"#);
        assert_eq!(ConsoleError::de(sent), error);
    }
}
