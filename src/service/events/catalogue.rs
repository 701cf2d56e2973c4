//! Every type of event with when it is sent and an example, made by the code that makes the real ones.

use crate::domain::batch::{BatchCredits, BatchEnd, BatchHead, BatchState, Counts};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::id::{BatchId, BatchKey, CustomerKey, EventId, Random};
use crate::domain::money::Money;
use crate::domain::time::Time;
use crate::domain::webhook::EventType;

use super::payload::{BatchNews, Message, RefundNews, TaskNews, TaskNewsError, TestNews, refund};

/// What there is to know of one type.
#[derive(Clone, Debug)]
pub struct Described {
    pub kind: EventType,
    /// When it is sent, in one sentence.
    pub when: &'static str,
    /// A whole request body.
    pub example: String,
}

/// All types, in their order.
pub fn catalogue() -> Vec<Described> {
    EventType::ALL.iter().map(|kind| Described { kind: *kind, when: when(*kind), example: example(*kind) }).collect()
}

const fn when(kind: EventType) -> &'static str {
    match kind {
        EventType::BatchCreated => "The batch was accepted, and its credits are held.",
        EventType::BatchProcessing => "The first of its tasks was taken up.",
        EventType::BatchCompleted => "It is finished: every task succeeded.",
        EventType::BatchPartial => "It is finished: some tasks succeeded, and the credits of the others are back.",
        EventType::BatchFailed => "It is finished: no task succeeded, and all its credits are back.",
        EventType::BatchCanceled => "It is finished after it was canceled; `counts` says what had succeeded before.",
        EventType::BatchRefunded => {
            "Credits are back: for tasks that failed or were canceled, at most one event for each group that is settled together, or for \
            charged tasks that were refunded later."
        }
        EventType::TaskSucceeded => {
            "Tasks succeeded and are charged; those that were settled together come together, at most 100 in one event. Only endpoints \
            that name this type get it."
        }
        EventType::TaskFailed => {
            "Tasks failed and their credits are back; those that were settled together come together, at most 100 in one event. Only \
            endpoints that name this type get it."
        }
        EventType::WebhookTest => "Somebody asked for a test of an endpoint. Any endpoint may get it.",
    }
}

/// For examples, which are the same at every start.
#[derive(Debug)]
struct Same;

impl Random for Same {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

/// 2026-11-22T09:14:07Z.
const MOMENT: Time = Time::from_micros(1_795_338_847_000_000);
const PRICE: i64 = 49;

fn example(kind: EventType) -> String {
    let batch = BatchId::new(MOMENT.plus_s(-240), &Same);
    let payload = payload(kind, batch);
    let about = (kind != EventType::WebhookTest).then_some((batch, "order-1042"));
    let message = Message { kind: kind.as_str(), happened_at: MOMENT, event: EventId::new(MOMENT, &Same), batch: about, payload: &payload };
    message.body("https://batchbook.example")
}

fn payload(kind: EventType, batch: BatchId) -> String {
    let running = BatchState::Processing { started_at: MOMENT.plus_s(-238) };
    let ended = |end| BatchState::Finished { started_at: Some(MOMENT.plus_s(-238)), finished_at: MOMENT, end };
    let timeouts = |tasks| refund(FailureType::Timeout.as_str(), tasks, Credits::new(tasks * PRICE));
    let refused = |tasks| refund(FailureType::ContentPolicyInput.as_str(), tasks, Credits::new(tasks * PRICE));
    let news = |state, counts, refunds| BatchNews::of(&head(batch, state, counts), refunds);
    // Pending, processing, succeeded, failed, canceled.
    let news = match kind {
        EventType::BatchCreated => news(BatchState::Queued, [100, 0, 0, 0, 0], Vec::new()),
        EventType::BatchProcessing => news(running, [60, 40, 0, 0, 0], Vec::new()),
        EventType::BatchCompleted => news(ended(BatchEnd::Completed), [0, 0, 100, 0, 0], Vec::new()),
        EventType::BatchPartial => news(ended(BatchEnd::Partial), [0, 0, 96, 4, 0], vec![timeouts(3), refused(1)]),
        EventType::BatchFailed => news(ended(BatchEnd::Failed), [0, 0, 0, 100, 0], vec![timeouts(100)]),
        EventType::BatchCanceled => {
            let canceled = RefundNews::canceled(78, Credits::new(78 * PRICE));
            news(ended(BatchEnd::Canceled), [0, 0, 20, 2, 78], vec![timeouts(2), canceled])
        }
        EventType::BatchRefunded => news(running, [0, 40, 56, 4, 0], vec![timeouts(3), refused(1)]),
        EventType::TaskSucceeded => news(running, [0, 40, 60, 0, 0], Vec::new()).with_tasks(vec![task(17, None)]),
        EventType::TaskFailed => {
            let failed = task(18, Some((FailureType::Timeout, Party::Provider)));
            news(running, [0, 40, 59, 1, 0], Vec::new()).with_tasks(vec![failed])
        }
        EventType::WebhookTest => return TestNews::to_json(),
    };
    news.to_json()
}

fn head(batch: BatchId, state: BatchState, counts: [i64; 5]) -> BatchHead {
    let [pending, processing, succeeded, failed, canceled] = counts;
    let counts = Counts { total: counts.iter().sum(), pending, processing, succeeded, failed, canceled };
    let credits = |tasks: i64| Credits::new(tasks * PRICE);
    BatchHead {
        key: BatchKey(0),
        id: batch,
        customer: CustomerKey(0),
        state,
        counts,
        credits: BatchCredits::new(credits(counts.total), credits(succeeded), credits(failed + canceled)).unwrap_or_default(),
        next_task_number: 1,
        revenue: Money::ZERO,
        cost_succeeded: Money::ZERO,
        cost_failed: Money::ZERO,
    }
}

fn task(number: i32, failed: Option<(FailureType, Party)>) -> TaskNews {
    let (charged, refunded) = if failed.is_some() { (0, PRICE) } else { (PRICE, 0) };
    TaskNews {
        number,
        custom_id: Some(format!("scene-{number}")),
        charged: Credits::new(charged),
        refunded: Credits::new(refunded),
        error: failed.map(TaskNewsError::of),
    }
}
