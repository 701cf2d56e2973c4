//! Replays: what failed to arrive at an endpoint within a window is sent again, after a preview that says exactly what that is.
//!
//! A preview freezes its set and gives a token; the token starts exactly that set, once. The set is put in line in groups, each
//! in a transaction of its own with the replay's cursor, so that a crash costs nothing, an abort takes effect at once, and first
//! tries are never behind it.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::access::Action;
use crate::domain::audit::{Deed, ObjectKind};
use crate::domain::id::{EndpointId, ReplayId};
use crate::domain::page::PageSize;
use crate::domain::time::Time;
use crate::domain::webhook::{AbortedBecause, EndpointState, REPLAY_MAX, REPLAY_WINDOW_MAX_S, Replay, ReplayPreview, ReplayWindow};
use crate::store::replays::{self, NewReplay};
use crate::store::{StoreError, Tx};

use super::audit::Note;
use super::once::check_reason;
use super::{Listed, Reader, Service, ServiceError, ServiceResult, endpoints};

/// A preview can be started for so long.
const PREVIEW_GOOD_FOR_S: i64 = 3_600;
/// Running replays that one call looks after at most.
const RUNNING_MAX: i64 = 100;
/// Deliveries of one replay that wait to be sent at most: what an abort has to take back.
const IN_LINE_MAX: i64 = 1_000;
/// Deliveries that one transaction puts in line at most.
const GROUP_MAX: i64 = 500;

/// What a token holds. It is not secret: whoever brings it must be allowed to see the endpoint.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    /// Taken by the first start: so there is only one.
    id: ReplayId,
    window: ReplayWindow,
    asked_at: Time,
    total: i64,
}

impl Token {
    fn write(&self) -> ServiceResult<String> {
        Ok(BASE64URL_NOPAD.encode(&serde_json::to_vec(self).map_err(ServiceError::internal)?))
    }

    fn read(text: &str) -> ServiceResult<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes()).ok();
        let token = bytes.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok()).filter(|token| token.window.is_good());
        token.ok_or_else(|| invalid("The token is none that a preview gave. Ask for a preview, and send its token."))
    }
}

impl Service {
    /// What a replay of this window would send. Freezes the set: its token starts exactly this.
    pub async fn preview_replay(&self, reader: Reader, window: ReplayWindow) -> ServiceResult<ReplayPreview> {
        reader.may(self, Action::ResendWebhooks)?;
        if !window.is_good() {
            let days = REPLAY_WINDOW_MAX_S / 86_400;
            return Err(invalid(&format!("A window begins before it ends, and has at most {days} days.")));
        }
        let asked_at = self.now();
        let mut tx = self.db().read().await?;
        let endpoint = endpoints::one(&mut tx, reader, window.endpoint).await?;
        let counted = replays::count_set(&mut tx, endpoint.key, &window, asked_at).await?;
        let total = counted.total();
        if total > REPLAY_MAX {
            return Err(invalid(&format!("More than {REPLAY_MAX} deliveries failed within this window. Choose a shorter one.")));
        }
        let token = Token { id: ReplayId::new(asked_at, self.random()), window, asked_at, total }.write()?;
        Ok(ReplayPreview { window, asked_at, total, delivered_since: counted.succeeded, on_way: counted.pending, token })
    }

    /// Starts what a preview showed. The same token again answers with the same replay.
    pub async fn start_replay(&self, reader: Reader, token: &str, reason: &str) -> ServiceResult<Replay> {
        reader.may(self, Action::ResendWebhooks)?;
        let Token { id, window, asked_at, total } = Token::read(token)?;
        check_reason(Some(reason))?;
        let now = self.now();
        let mut tx = self.db().write().await?;
        if let Some(started) = replays::by_id(&mut tx, reader.customer(), id).await? {
            return Ok(started);
        }
        if !(0..=PREVIEW_GOOD_FOR_S * 1_000_000).contains(&now.micros_since(asked_at)) {
            return Err(invalid("The preview is older than an hour. Ask for a new one, and look at it again."));
        }
        let endpoint = endpoints::one(&mut tx, reader, window.endpoint).await?;
        if endpoint.status.state() == EndpointState::Disabled {
            let message = "The endpoint is disabled, so nothing would be sent. Enable it first.".to_owned();
            return Err(ServiceError::Invalid { code: "endpoint_disabled", message });
        }
        let counted = replays::count_set(&mut tx, endpoint.key, &window, asked_at).await?;
        if counted.total() > total {
            return Err(invalid("The token does not agree with what it names. Ask for a new preview."));
        }
        if counted.failed == 0 {
            return Err(invalid("Nothing is left to be sent again within this window."));
        }
        if replays::is_running(&mut tx, endpoint.key).await? {
            return Err(running_already());
        }
        let actor = &reader.actor(self);
        let replay = NewReplay { id, customer: endpoint.customer, endpoint: endpoint.key, window, asked_at, total, reason, actor };
        match replays::insert(&mut tx, &replay, now).await {
            // Somebody else was a moment sooner.
            Err(StoreError::Exists(_)) => return Err(running_already()),
            inserted => inserted?,
        }
        let replay = one(&mut tx, reader, id).await?;
        let note = Note::new(Deed::ReplayStarted, ObjectKind::Replay, id).of(endpoint.customer);
        let note = note.after(json!({"window": window, "deliveries": total})).because(Some(reason));
        reader.note(self, &mut tx, note).await?;
        tx.commit().await?;
        self.announce_delivery();
        Ok(replay)
    }

    pub async fn replay(&self, reader: Reader, id: ReplayId) -> ServiceResult<Replay> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        one(&mut tx, reader, id).await
    }

    /// Newest first; to one endpoint, or to all.
    pub async fn replays(
        &self,
        reader: Reader,
        endpoint: Option<EndpointId>,
        before: Option<ReplayId>,
        size: PageSize,
    ) -> ServiceResult<Listed<Replay>> {
        reader.may(self, Action::Read)?;
        let mut tx = self.db().read().await?;
        let endpoint = match endpoint {
            Some(id) => Some(endpoints::one(&mut tx, reader, id).await?.key),
            None => None,
        };
        Ok(Listed::of(replays::list(&mut tx, reader.customer(), endpoint, before, size).await?, size))
    }

    /// Stops a replay. What is in line and not sent is canceled; what was sent stays sent.
    pub async fn abort_replay(&self, reader: Reader, id: ReplayId) -> ServiceResult<Replay> {
        reader.may(self, Action::ResendWebhooks)?;
        let mut tx = self.db().write().await?;
        let replay = one(&mut tx, reader, id).await?;
        let Some(running) = replays::lock(&mut tx, replay.key).await? else {
            let message = format!("The replay is {} already: there is nothing left to stop.", replay.status.state());
            return Err(ServiceError::Invalid { code: "replay_finished", message });
        };
        replays::abort(&mut tx, &running, AbortedBecause::Asked, Some(&reader.actor(self)), self.now()).await?;
        reader.note(self, &mut tx, Note::new(Deed::ReplayAborted, ObjectKind::Replay, id).of(running.customer)).await?;
        let replay = one(&mut tx, reader, id).await?;
        tx.commit().await?;
        Ok(replay)
    }

    /// Puts the next deliveries of running replays in line, and ends those that are at their end. Returns how many steps that
    /// were; call again until none.
    pub async fn advance_replays(&self) -> ServiceResult<usize> {
        let mut tx = self.db().read().await?;
        let running = replays::running(&mut tx, RUNNING_MAX).await?;
        drop(tx);
        let mut steps = 0;
        for key in running {
            let now = self.now();
            let mut tx = self.db().write().await?;
            // Another process may have been sooner.
            let Some(running) = replays::lock(&mut tx, key).await? else { continue };
            if let Some(because) = running.closed {
                replays::abort(&mut tx, &running, because, None, now).await?;
                steps += 1;
            } else if running.in_line < IN_LINE_MAX {
                let room = (IN_LINE_MAX - running.in_line).min(GROUP_MAX);
                let looked_at = replays::put_in_line(&mut tx, &running, room, now).await?;
                if looked_at == 0 && running.in_line == 0 {
                    replays::complete(&mut tx, &running, now).await?;
                }
                steps += usize::from(looked_at > 0 || running.in_line == 0);
            }
            tx.commit().await?;
        }
        if steps > 0 {
            self.announce_delivery();
        }
        Ok(steps)
    }
}

async fn one(tx: &mut Tx, reader: Reader, id: ReplayId) -> ServiceResult<Replay> {
    replays::by_id(tx, reader.customer(), id).await?.ok_or(ServiceError::NotFound { what: "replay" })
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::Invalid { code: "invalid_replay", message: message.to_owned() }
}

fn running_already() -> ServiceError {
    let message = "A replay to this endpoint is running already. Wait for it, or stop it.".to_owned();
    ServiceError::Invalid { code: "replay_running", message }
}
