//! A receiver of webhooks that misbehaves on demand. It speaks HTTP by hand, so that it can break it anywhere.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::process::WAIT_MAX;

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub enum Say {
    Status(u16),
    /// Status, header lines, body.
    Answer(u16, &'static str, &'static str),
    /// Header lines, and a body as it is.
    Bytes(&'static str, &'static [u8]),
    /// Reads the request and says nothing.
    Hang,
    /// A status, and header lines that never end and trickle.
    SlowHeaders,
    /// A status, and a body that never ends and trickles.
    SlowBody,
    /// A status, and as much body as anybody reads.
    EndlessBody,
    /// Closes the connection before the status.
    ResetBefore,
    /// A status, half of the body, and the end.
    ResetWithin,
    /// A status, the whole body, and the end.
    ResetAfter,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or_else(|| panic!("no {name}: {self:#?}"), |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Say>>,
    received: Mutex<Vec<Received>>,
    more: Notify,
}

pub struct Receiver {
    pub url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    /// Does what the script says, one request after the other; the last thing for ever.
    pub async fn that(script: impl IntoIterator<Item = Say>) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), script)
    }

    pub fn on(listener: TcpListener, script: impl IntoIterator<Item = Say>) -> Self {
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let state = Arc::new(State { script: Mutex::new(script.into_iter().collect()), ..State::default() });
        let server = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&state)));
                }
            }
        });
        Self { url, state, server }
    }

    /// By TLS with a certificate that it signed itself, good until this year. Answers 200 to whoever trusts it.
    pub async fn by_tls(year: i32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/hook", listener.local_addr().unwrap());
        let state = Arc::new(State { script: Mutex::new([Say::Status(200)].into()), ..State::default() });
        let acceptor = acceptor(year);
        let server = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
                    tokio::spawn(async move {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(stream, state).await;
                        }
                    });
                }
            }
        });
        Self { url, state, server }
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Everything, once there are so many.
    pub async fn gets(&self, count: usize) -> Vec<Received> {
        let enough = async {
            loop {
                let more = self.state.more.notified();
                if self.received().len() >= count {
                    return self.received();
                }
                more.await;
            }
        };
        tokio::time::timeout(WAIT_MAX, enough)
            .await
            .unwrap_or_else(|_| panic!("{} of {count}: {:#?}", self.received().len(), self.received()))
    }
}

fn acceptor(year: i32) -> TlsAcceptor {
    let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<State>) {
    while let Some(request) = read(&mut stream).await {
        state.received.lock().unwrap().push(request);
        state.more.notify_waiters();
        let say = {
            let mut script = state.script.lock().unwrap();
            if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() }
        };
        if !answer(&mut stream, say).await {
            return;
        }
    }
}

/// Returns whether the connection can go on.
async fn answer(stream: &mut (impl AsyncWrite + Unpin), say: Say) -> bool {
    let text = match say {
        Say::Status(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok"),
        Say::Answer(status, headers, body) => format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()),
        Say::Hang => {
            tokio::time::sleep(Duration::from_mins(10)).await;
            return false;
        }
        Say::Bytes(headers, body) => {
            let head = format!("HTTP/1.1 200 X\r\n{headers}content-length: {}\r\n\r\n", body.len());
            return stream.write_all(head.as_bytes()).await.is_ok() && stream.write_all(body).await.is_ok();
        }
        Say::SlowHeaders => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\n").await;
            while stream.write_all(b"x-more: x\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            return false;
        }
        Say::SlowBody => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n").await;
            while stream.write_all(b".").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            return false;
        }
        Say::EndlessBody => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n").await;
            while stream.write_all(format!("400\r\n{}\r\n", "x".repeat(1024)).as_bytes()).await.is_ok() {}
            return false;
        }
        Say::ResetBefore => return false,
        Say::ResetWithin => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nhalf").await;
            return false;
        }
        Say::ResetAfter => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\nok").await;
            return false;
        }
    };
    stream.write_all(text.as_bytes()).await.is_ok()
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let headers: Vec<(String, String)> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received { headers, body: String::from_utf8(body).unwrap() })
}
