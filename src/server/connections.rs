//! Connections: how many, and how long a client may take to say what it wants. `axum::serve` waits for ever for the end of a
//! request's headers, and a handful of slow clients would hold every place.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

/// Connections that are served at once; others wait in line.
const CONNECTIONS_MAX: usize = 8_192;
/// The headers of a request have arrived by then, and another request of the connection has begun.
const HEADERS_MAX: Duration = Duration::from_secs(30);
/// Bytes of all headers of a request at most.
const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// Headers of a request at most.
const HEADERS_COUNT_MAX: usize = 100;
/// After a connection could not be taken, for want of files or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`, then answers what is under way and returns.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    serve_within(listener, router, stop, HEADERS_MAX).await
}

async fn serve_within(listener: TcpListener, router: Router, stop: CancellationToken, headers_max: Duration) -> io::Result<()> {
    let mut by_peer = router.into_make_service_with_connect_info::<SocketAddr>();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let open = TaskTracker::new();
    loop {
        let taken = tokio::select! {
            () = stop.cancelled() => break,
            taken = take(&listener, &places) => taken,
        };
        let Some((stream, peer, place)) = taken else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let answering: Result<_, Infallible> = by_peer.call(peer).await;
        let Ok(answering) = answering;
        let stop = stop.clone();
        open.spawn(async move {
            let _place = place;
            let builder = builder(headers_max);
            let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(answering)));
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
    Ok(())
}

type Taken = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is a place for it; `None` when it could not be taken.
async fn take(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Taken> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Streamed pages are many small writes: without this each waits for the browser's delayed acknowledgement.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection has no TCP_NODELAY");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be taken");
            None
        }
    }
}

fn builder(headers_max: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(headers_max).max_headers(HEADERS_COUNT_MAX);
    builder.http1().max_buf_size(HEADER_BYTES_MAX as usize);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(HEADER_BYTES_MAX).keep_alive_interval(headers_max);
    builder
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn served() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<io::Result<()>>) {
        served_within(HEADERS_MAX).await
    }

    async fn served_within(headers_max: Duration) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let router = Router::new().route("/", get(|| async { "here" }));
        (address, stop.clone(), tokio::spawn(serve_within(listener, router, stop, headers_max)))
    }

    /// What is answered until the connection is closed.
    async fn says(address: SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is reset has answered what it had to say.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn answers_and_ends_in_order() {
        let (address, stop, running) = served().await;
        let answer = says(address, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
        // A connection that waits for its next request does not hold the end up.
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(idle.read(&mut [0; 1_000]).await.unwrap() > 0);
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap().unwrap();
    }

    #[tokio::test]
    async fn refuses_headers_that_are_too_many_or_too_large() {
        let (address, _stop, _running) = served().await;
        let many = (0..=HEADERS_COUNT_MAX).map(|number| format!("x-{number}: 1\r\n")).collect::<Vec<_>>().concat();
        let large = format!("x: {}\r\n", "y".repeat(HEADER_BYTES_MAX as usize * 2));
        for headers in [many, large] {
            let answer = says(address, &format!("GET / HTTP/1.1\r\nhost: x\r\n{headers}\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
    }

    #[tokio::test]
    async fn gives_up_on_headers_that_do_not_end() {
        let (address, _stop, _running) = served_within(Duration::from_millis(100)).await;
        let answer = says(address, "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
        assert!(!answer.contains("200"), "{answer}");
    }
}
