//! The server's twin of `asked_over_http.rs`: while a page is made, a server function is asked without HTTP.

use std::any::Any;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use leptos::server_fn::ServerFn;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::console::api::{ConsoleError, wire};

/// The answer of a server function: shared by the page and by what the page brings along.
#[derive(Clone)]
pub struct Answer {
    result: Result<Arc<dyn Any + Send + Sync>, ConsoleError>,
    write: fn(&Self) -> Option<String>,
}

impl Answer {
    fn of<T: Serialize + Send + Sync + 'static>(result: Result<T, ConsoleError>) -> Self {
        Self { result: result.map(|value| Arc::new(value) as Arc<dyn Any + Send + Sync>), write: Self::write::<T> }
    }

    fn write<T: Serialize + 'static>(&self) -> Option<String> {
        let result = match &self.result {
            Ok(value) => Ok(value.downcast_ref::<T>()?),
            Err(error) => Err(error),
        };
        wire::write(&result).ok()
    }

    /// Never reached: on the server nothing is taken over from a page.
    pub fn from_text(_text: &str) -> Self {
        Self::of::<()>(Err(ConsoleError::Unreachable))
    }

    pub fn text(&self) -> String {
        (self.write)(self).unwrap_or_default()
    }

    pub fn read<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, ConsoleError> {
        self.result.clone()?.downcast().map_err(|_| ConsoleError::Internal { request_id: None })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("result", &self.result).finish_non_exhaustive()
    }
}

/// Runs the body of the server function, with the arguments that a browser would have sent.
pub fn ask<F>(arguments: String) -> Pin<Box<dyn Future<Output = Answer> + Send>>
where
    F: ServerFn<Error = ConsoleError> + DeserializeOwned + 'static,
    F::Output: Serialize + Send + Sync + 'static,
{
    Box::pin(async move { Answer::of(run::<F>(&arguments).await) })
}

/// Runs it if there are arguments.
pub fn ask_if<F>(arguments: Option<String>) -> Pin<Box<dyn Future<Output = Answer> + Send>>
where
    F: ServerFn<Error = ConsoleError> + DeserializeOwned + 'static,
    F::Output: Serialize + Send + Sync + 'static,
{
    Box::pin(async move {
        Answer::of(match arguments {
            Some(arguments) => run::<F>(&arguments).await.map(Some),
            None => Ok(None),
        })
    })
}

async fn run<F: ServerFn<Error = ConsoleError> + DeserializeOwned>(arguments: &str) -> Result<F::Output, ConsoleError> {
    let arguments: F = wire::read(arguments).map_err(|_| ConsoleError::Internal { request_id: None })?;
    arguments.run_body().await
}

/// Never reached: the server asks nobody.
pub fn get(_path: &str, _arguments: &str) -> Ready<Option<String>> {
    ready(None)
}
