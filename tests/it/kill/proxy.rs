//! A line between the program and PostgreSQL that loses one answer at a chosen moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub struct Proxy {
    /// Address of the database by way of the proxy.
    pub url: String,
    lost: Arc<AtomicBool>,
    server: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Once `after` went by on a connection, the answer to the next `lost` there is swallowed, and the connection breaks.
#[derive(Clone, Copy)]
struct Moment {
    after: &'static str,
    lost: &'static str,
}

/// How long the database has to do what it will not be thanked for.
const GRACE: Duration = Duration::from_millis(200);

impl Proxy {
    pub async fn that_loses_one_answer(url: &str, after: &'static str, lost: &'static str) -> Self {
        let (before, rest) = url.split_once('@').expect("an address with a user");
        let (upstream, name) = rest.split_once('/').expect("an address with a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("{before}@{}/{name}", listener.local_addr().expect("an address"));
        let (upstream, has_lost) = (upstream.to_owned(), Arc::new(AtomicBool::new(false)));
        let done = Arc::clone(&has_lost);
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.expect("the database answers");
                tokio::spawn(carry(client, server, Moment { after, lost }, Arc::clone(&done)));
            }
        });
        Self { url, lost: has_lost, server }
    }

    pub fn has_lost_it(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, moment: Moment, lost: Arc<AtomicBool>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut near = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                let text = String::from_utf8_lossy(&asked[..count]);
                near |= text.contains(moment.after);
                let now = near && text.contains(moment.lost) && !lost.swap(true, Ordering::SeqCst);
                if server.write_all(&asked[..count]).await.is_err() {
                    return;
                }
                if now {
                    tokio::time::sleep(GRACE).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
