//! A receiver of webhooks that misbehaves on demand. It speaks HTTP by hand, so that it can break it anywhere.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::process::WAIT_MAX;

/// What the receiver does with a request.
#[derive(Clone, Debug)]
pub enum Say {
    Status(u16),
    /// Status, header lines, body.
    Answer(u16, &'static str, &'static str),
    /// Reads the request and says nothing.
    Hang,
    /// A status, and a body that never ends and trickles.
    SlowBody,
    /// A status, and as much body as anybody reads.
    EndlessBody,
    /// Closes the connection before the status.
    ResetBefore,
    /// A status, half of the body, and the end.
    ResetWithin,
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
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

async fn serve(mut stream: TcpStream, state: Arc<State>) {
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
async fn answer(stream: &mut TcpStream, say: Say) -> bool {
    let text = match say {
        Say::Status(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok"),
        Say::Answer(status, headers, body) => format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()),
        Say::Hang => {
            tokio::time::sleep(Duration::from_mins(10)).await;
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
    };
    stream.write_all(text.as_bytes()).await.is_ok()
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
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
