//! How a server function that reads travels: one small GET whose query is its arguments, in the form of [`super::wire`].

use std::future::Future;

use http::Method;
use leptos::server_fn::client::Client;
use leptos::server_fn::request::Req;
use leptos::server_fn::response::TryRes;
use leptos::server_fn::server::Server;
use leptos::server_fn::{ContentType, Protocol};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ConsoleError;
use super::wire::{self, Wire};

impl<Input, Output, C, S> Protocol<Input, Output, C, S, ConsoleError> for Wire
where
    Input: Serialize + DeserializeOwned + Send,
    Output: Serialize + DeserializeOwned + Send,
    C: Client<ConsoleError>,
    S: Server<ConsoleError>,
{
    const METHOD: Method = Method::GET;

    async fn run_server<F, Fut>(request: S::Request, body: F) -> Result<S::Response, ConsoleError>
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, ConsoleError>> + Send,
    {
        let unreadable = |_| ConsoleError::Unreachable;
        let arguments = unescaped(request.as_query().unwrap_or_default()).ok_or(ConsoleError::Unreachable)?;
        drop(request);
        let output = body(wire::read(&arguments).map_err(unreadable)?).await?;
        let text = wire::write(&output).map_err(|_| ConsoleError::Internal { request_id: None })?;
        TryRes::try_from_string(Wire::CONTENT_TYPE, text)
    }

    async fn run_client(path: &str, input: Input) -> Result<Output, ConsoleError> {
        let arguments = wire::write(&input).unwrap_or_default();
        let answer = crate::asked::get(path, &arguments).await.ok_or(ConsoleError::Unreachable)?;
        wire::read(&answer).unwrap_or(Err(ConsoleError::Unreachable))
    }
}

/// Undoes what browsers do to text in a query; `None` when that is not what was done.
fn unescaped(query: &str) -> Option<String> {
    let mut pieces = query.as_bytes().split(|byte| *byte == b'%');
    let mut bytes = pieces.next().unwrap_or_default().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()?);
        bytes.extend_from_slice(rest);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_what_browsers_do() {
        assert_eq!(unescaped("bat_1|2|%E4%BD%A0%20%25|").as_deref(), Some("bat_1|2|你 %|"));
        for wrong in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(unescaped(wrong), None, "{wrong}");
        }
    }
}
