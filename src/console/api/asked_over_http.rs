//! How the browser asks a server function. Its twin for the server is `asked_in_process.rs`; `lib.rs` chooses one of the two as
//! `crate::asked`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leptos::server_fn::ServerFn;
use send_wrapper::SendWrapper;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::console::api::{ConsoleError, wire};

/// The answer to a server function, or what a page brought along: text, read again by whoever shows it.
#[derive(Clone, Debug)]
pub struct Answer(Arc<str>);

impl Answer {
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    pub fn text(&self) -> String {
        self.0.as_ref().to_owned()
    }

    pub fn read<T: DeserializeOwned>(&self) -> Result<Arc<T>, ConsoleError> {
        wire::read(&self.0).unwrap_or(Err(ConsoleError::Unreachable)).map(Arc::new)
    }
}

/// Asks the server.
pub fn ask<F: ServerFn>(arguments: String) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    answer(F::PATH, arguments, "Ok|")
}

/// Asks the server if there are arguments.
pub fn ask_if<F: ServerFn>(arguments: Option<String>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    match arguments {
        Some(arguments) => answer(F::PATH, arguments, "Ok|+"),
        None => Box::pin(std::future::ready(Answer::from_text("Ok|-"))),
    }
}

fn answer(path: &'static str, arguments: String, good: &'static str) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    Box::pin(SendWrapper::new(async move {
        let text = fetch(path, &arguments, good).await;
        Answer::from_text(text.as_deref().unwrap_or("Err|Unreachable|"))
    }))
}

/// The body of the answer as a `Result`, in the form that travels; `None` when there is no answer.
pub fn get(path: &str, arguments: &str) -> impl Future<Output = Option<String>> + Send + use<> {
    SendWrapper::new(fetch(path, arguments, "Ok|"))
}

fn fetch(path: &str, arguments: &str, good: &'static str) -> impl Future<Output = Option<String>> + use<> {
    let address = format!("{path}?{}", String::from(js_sys::encode_uri_component(arguments)));
    async move {
        let response = JsFuture::from(web_sys::window()?.fetch_with_str(&address)).await.ok()?;
        let response: web_sys::Response = response.dyn_into().ok()?;
        let result = if response.ok() { good } else { "Err|" };
        let body = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
        Some(format!("{result}{body}"))
    }
}
