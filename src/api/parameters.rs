//! Reading addresses: query parameters, which must be known, and ids in paths.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::code::Code;
use super::problem::Problem;
use crate::domain::id::BatchId;

/// The query of a request. Its type denies unknown parameters: a misspelt `dry_run` must not place an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(value)| Self(value)).map_err(|rejection| {
            let cause = std::error::Error::source(&rejection).map_or_else(|| rejection.to_string(), ToString::to_string);
            Problem::new(Code::InvalidParameter, format!("The query parameters are not as described: {cause}."))
        })
    }
}

/// A text that is not an id cannot be the id of anything.
pub(crate) fn batch_id(text: &str) -> Result<BatchId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound, "There is no such batch. Its id starts with bat_ and has 30 characters."))
}

/// Numbers of tasks start at 1.
pub(crate) fn task_number(text: &str) -> Result<i32, Problem> {
    let number = text.parse().ok().filter(|number| *number >= 1);
    number.ok_or_else(|| Problem::new(Code::NotFound, "There is no such task. Tasks have the numbers 1 to the total of their batch."))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct DryRun {
        #[serde(default)]
        dry_run: bool,
    }

    async fn read(uri: &str) -> Result<bool, Problem> {
        let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        Parameters::<DryRun>::from_request_parts(&mut parts, &()).await.map(|Parameters(query)| query.dry_run)
    }

    #[tokio::test]
    async fn refuses_unknown_and_unreadable_parameters_by_name() {
        assert!(read("/batches?dry_run=true").await.unwrap());
        assert!(!read("/batches").await.unwrap());
        assert!(read("/batches?dryrun=true").await.unwrap_err().detail().contains("dryrun"));
        assert!(read("/batches?dry_run=yes").await.unwrap_err().detail().contains("dry_run"));
    }

    #[test]
    fn what_cannot_be_an_id_is_not_found() {
        assert_eq!(batch_id("17").unwrap_err().code(), Code::NotFound);
        for text in ["0", "-1", "x", "99999999999"] {
            assert_eq!(task_number(text).unwrap_err().code(), Code::NotFound, "{text}");
        }
    }
}
