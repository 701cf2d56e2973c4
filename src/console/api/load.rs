//! What a page loads: the answer of a server function, asked for on the server while the page is made, and again by the browser
//! whenever its arguments change.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::ServerFn;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ConsoleError;
use super::wire::{self, Broken, Wire};
use crate::asked::Answer;

/// An answer that is on its way, or was given. To be awaited in a `Suspend`.
pub struct Loaded<T> {
    answer: Resource<Answer, Wire>,
    what: PhantomData<fn() -> T>,
}

/// A source gives the arguments, and the tick of the clock if the answer is to be asked for again at every refresh:
/// `load(move || (ReadBatch { id: id.get() }, clock.tick()))`.
///
/// Answers of all kinds are one type to Leptos (each type costs the browser half ten kilobytes); a page reads what it needs.
pub fn load<F>(source: impl Fn() -> (F, u32) + Send + Sync + 'static) -> Loaded<F::Output>
where
    F: ServerFn<Error = ConsoleError> + Serialize + DeserializeOwned + 'static,
    F::Output: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let source = move || {
        let (arguments, tick) = source();
        (Some(wire::write(&arguments).unwrap_or_default()), tick)
    };
    let ask = |arguments: Option<String>| crate::asked::ask::<F>(arguments.unwrap_or_default());
    Loaded { answer: resource(Box::new(source), ask), what: PhantomData }
}

/// Like [`load`], for what is not always asked for: without arguments the answer is `None`, and nothing is sent.
pub fn load_if<F>(source: impl Fn() -> (Option<F>, u32) + Send + Sync + 'static) -> Loaded<Option<F::Output>>
where
    F: ServerFn<Error = ConsoleError> + Serialize + DeserializeOwned + 'static,
    F::Output: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let source = move || {
        let (arguments, tick) = source();
        (arguments.map(|arguments| wire::write(&arguments).unwrap_or_default()), tick)
    };
    Loaded { answer: resource(Box::new(source), crate::asked::ask_if::<F>), what: PhantomData }
}

type Source = Box<dyn Fn() -> (Option<String>, u32) + Send + Sync>;
type Ask = fn(Option<String>) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

fn resource(source: Source, ask: Ask) -> Resource<Answer, Wire> {
    Resource::new_with_options(source, move |(arguments, _)| ask(arguments), false)
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Loaded<T> {
    /// What has been answered, if anything has. Whoever reads this runs again at the next answer.
    pub fn get(self) -> Option<Result<Arc<T>, ConsoleError>> {
        self.answer.get().map(|answer| answer.read())
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> IntoFuture for Loaded<T> {
    type Output = Result<Arc<T>, ConsoleError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let answer = self.answer.into_future();
        Box::pin(async move { answer.await.read() })
    }
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loaded<T> {}

impl<T> fmt::Debug for Loaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

impl Encoder<Answer> for Wire {
    type Error = Infallible;
    type Encoded = String;

    fn encode(answer: &Answer) -> Result<String, Infallible> {
        Ok(answer.text())
    }
}

impl Decoder<Answer> for Wire {
    type Error = Infallible;
    type Encoded = str;

    fn decode(text: &str) -> Result<Answer, Infallible> {
        Ok(Answer::from_text(text))
    }
}

impl<T: Serialize + 'static> Encoder<T> for Wire {
    type Error = Broken;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Broken> {
        wire::write(value)
    }
}

impl<T: DeserializeOwned + 'static> Decoder<T> for Wire {
    type Error = Broken;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Broken> {
        wire::read(text)
    }
}
