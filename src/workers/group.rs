//! Groups: single things to write become one transaction of up to 500.
//!
//! While groups are being written, one in each lane, the next gathers. A group that the database cannot take now is tried again until it can;
//! one that it refuses is cut in half until the one thing that it refuses is alone, which is logged and left as it was.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::service::ServiceError;

use super::FLIGHTS_PER_TURN;

/// Where single things are handed in.
#[derive(Debug)]
pub struct Sender<T, R>(mpsc::Sender<(T, oneshot::Sender<R>)>);

/// Things that wait to be gathered at most; more make their senders wait.
const QUEUE_MAX: usize = 10_000;
/// Groups that are written at the same time: the database works on one while the other waits for a lock, the disk or us. On
/// SQLite, which has one writer, the second waits in line.
pub const LANES: u32 = 2;
const PAUSE_MAX: Duration = Duration::from_secs(5);

impl<T, R> Sender<T, R> {
    /// Returns when the thing is written; `None` when it will not be by this worker.
    pub async fn write(&self, thing: T) -> Option<R> {
        let (answer, answered) = oneshot::channel();
        self.0.send((thing, answer)).await.ok()?;
        answered.await.ok()
    }
}

/// Gathers for `gather` or until `max`, then writes. `write` answers one `R` per thing, in order. Ends when every sender is
/// gone, or at `abandon`.
pub fn spawn<T, R, W, F>(max: usize, gather: Duration, abandon: CancellationToken, write: W) -> Sender<T, R>
where
    T: Send + Sync + Clone + std::fmt::Debug + 'static,
    R: Send + 'static,
    W: Fn(Vec<T>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Vec<R>, ServiceError>> + Send,
{
    let (sender, mut receiver) = mpsc::channel(QUEUE_MAX);
    let (write, lanes) = (Arc::new(write), Arc::new(Semaphore::new(LANES as usize)));
    tokio::spawn(async move {
        let mut gathered = Vec::with_capacity(max);
        while receiver.recv_many(&mut gathered, max).await > 0 {
            let full = tokio::time::sleep(gather);
            tokio::pin!(full);
            while gathered.len() < max {
                let room = max - gathered.len();
                tokio::select! {
                    more = receiver.recv_many(&mut gathered, room) => if more == 0 { break },
                    () = &mut full => break,
                }
            }
            let lane = tokio::select! {
                () = abandon.cancelled() => return,
                lane = Arc::clone(&lanes).acquire_owned() => lane,
            };
            let (group, write, abandon) = (std::mem::take(&mut gathered), Arc::clone(&write), abandon.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = abandon.cancelled() => {}
                    () = write_all(group, write.as_ref()) => {}
                }
                drop(lane);
            });
        }
    });
    Sender(sender)
}

async fn write_all<T, R, W, F>(group: Vec<(T, oneshot::Sender<R>)>, write: &W)
where
    T: Clone + std::fmt::Debug,
    W: Fn(Vec<T>) -> F,
    F: Future<Output = Result<Vec<R>, ServiceError>>,
{
    let mut groups = VecDeque::from([group]);
    let mut pause = Duration::from_millis(50);
    while let Some(mut group) = groups.pop_front() {
        let things: Vec<T> = group.iter().map(|(thing, _)| thing.clone()).collect();
        match write(things).await {
            Ok(answers) => {
                for (told, ((_, answer), result)) in (1..).zip(group.into_iter().zip(answers)) {
                    // Whoever does not wait for the answer does not need it.
                    let _ = answer.send(result);
                    if told % FLIGHTS_PER_TURN == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                pause = Duration::from_millis(50);
            }
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, things = group.len(), "not written yet; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
                groups.push_front(group);
            }
            Err(error) if group.len() > 1 => {
                tracing::warn!(%error, things = group.len(), "a group was refused; writing its halves");
                let second = group.split_off(group.len() / 2);
                groups.push_front(second);
                groups.push_front(group);
            }
            Err(error) => {
                tracing::error!(%error, thing = ?group.first().map(|(thing, _)| thing), "refused by the database; left as it was");
            }
        }
    }
}
