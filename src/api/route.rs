//! What answers at an address: axum's `get`, `post` and the like for handlers whose types are forgotten first. axum wraps a handler
//! many times, and the compiler would look through all that a handler does again for each wrapper, a sixth of its time.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use futures::future::BoxFuture;

type Forgotten<S> = Arc<dyn Fn(Request, S) -> BoxFuture<'static, Response> + Send + Sync>;

pub(crate) fn get<H: Handler<T, S>, T, S: Clone + Send + Sync + 'static>(handler: H) -> MethodRouter<S> {
    at(MethodFilter::GET, forget(handler))
}

pub(crate) fn post<H: Handler<T, S>, T, S: Clone + Send + Sync + 'static>(handler: H) -> MethodRouter<S> {
    at(MethodFilter::POST, forget(handler))
}

pub(crate) fn patch<H: Handler<T, S>, T, S: Clone + Send + Sync + 'static>(handler: H) -> MethodRouter<S> {
    at(MethodFilter::PATCH, forget(handler))
}

pub(crate) fn delete<H: Handler<T, S>, T, S: Clone + Send + Sync + 'static>(handler: H) -> MethodRouter<S> {
    at(MethodFilter::DELETE, forget(handler))
}

fn forget<H: Handler<T, S>, T, S: 'static>(handler: H) -> Forgotten<S> {
    Arc::new(move |request, state| Box::pin(handler.clone().call(request, state)))
}

fn at<S: Clone + Send + Sync + 'static>(filter: MethodFilter, handler: Forgotten<S>) -> MethodRouter<S> {
    on(filter, move |State(state): State<S>, request: Request| handler(request, state))
}
