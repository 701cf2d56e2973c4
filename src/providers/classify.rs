//! What an upstream's answer means: the decision table of PROVIDERS §6.2, for upstreams that speak HTTP.
//!
//! The order of the rules is fixed: structured codes first and exact, the HTTP status as the fallback, a few message patterns
//! last. Patterns are whole phrases: a message may quote a customer's prompt, so no message alone may ever stop a route.
//!
//! Two questions outrank every rule. On a submit: can the job exist upstream? If it can, the answer is
//! [`Submitted::Unanswered`], because a second POST is made and billed a second time. On a poll: is this about the job at all?
//! If not, the answer is [`Polled::Unclear`], because a gateway's bad minute is no failure of the task.

use crate::domain::attempt::{EVIDENCE_MESSAGE_MAX_CHARS, Evidence, Fault, Polled, Retry, Submitted};
use crate::domain::failure::{FailureType, Party};

mod codes;
#[cfg(test)]
mod tests;

/// An upstream's answer reduced to what the rules look at. Whatever the upstream did not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signal {
    pub http_status: Option<u16>,
    /// The provider's error code, verbatim; a number is its decimal text.
    pub code: Option<String>,
    /// The provider's error type (`error.type`), asked only when the code decides nothing.
    pub kind: Option<String>,
    /// The request field that the provider complains about (`error.param`).
    pub param: Option<String>,
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// How long the provider asks us to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
}

/// A failure type with the rule that chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verdict {
    rule: &'static str,
    failure: FailureType,
}

/// Whole phrases in a message, lower case, asked last.
const MESSAGE_RULES: &[(&str, FailureType, &str)] = &[
    ("message_content_policy", FailureType::ContentPolicyOutput, "content policy"),
    ("message_model_retired", FailureType::ModelRetired, "is no longer available"),
    ("message_model_error", FailureType::ModelError, "failed to generate"),
    ("message_timed_out", FailureType::Timeout, "generation timed out"),
];

/// Phrases about a model, believed at submit only where the provider names the field `model` itself.
const MODEL_GONE_PHRASES: &[&str] = &["no longer available", "not found", "does not exist", "deprecated", "not supported"];

/// What a job is doing, from the word its provider uses for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Queued, in progress, or a word we do not know: asked after until the model's deadline.
    Running,
    Succeeded,
    Failed,
    /// Stopped upstream.
    Canceled,
    /// Given up by the provider's own deadline.
    Expired,
}

impl JobStatus {
    /// Reads a status word: the synonyms of new-api (PROVIDERS §2.1), in any case.
    pub fn read(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "completed" | "complete" | "success" | "succeeded" | "finished" => Self::Succeeded,
            "failed" | "failure" | "fail" | "error" => Self::Failed,
            "cancelled" | "canceled" | "aborted" => Self::Canceled,
            "expired" => Self::Expired,
            _ => Self::Running,
        }
    }
}

/// The order could not be sent: no connection, no name, no TLS. Nothing can exist upstream (row 1).
pub fn submit_unsent(signal: Signal) -> Submitted {
    Submitted::Failed(fault(signal, Verdict { rule: "not_sent", failure: FailureType::Network }, Party::Network))
}

/// The order was sent, and no answer came that can be used (row 2). `rule` says which: `no_answer`, `unreadable_answer`, ….
pub fn submit_unanswered(signal: Signal, rule: &'static str) -> Submitted {
    Submitted::Unanswered(evidence(signal, rule))
}

/// An answer with a good status and no job id. Only a code that says that nothing was begun (too many requests, or a fault that
/// comes again whenever the order does) makes it a refusal; a code of trouble upstream leaves open whether the job exists.
pub fn submit_without_id(signal: Signal) -> Submitted {
    match by_code(&signal) {
        Some(verdict) if verdict.failure == FailureType::RateLimited || retry_of(verdict.failure) == Retry::Never => {
            submit_verdict(signal, verdict)
        }
        _ => submit_unanswered(signal, "answer_without_id"),
    }
}

/// An answer to a submit whose HTTP status is not a good one.
pub fn submit_refused(signal: Signal) -> Submitted {
    // A gateway that stopped waiting has passed the order on: whatever its body says, the job may exist.
    if matches!(signal.http_status, Some(504 | 520 | 524)) {
        return submit_unanswered(signal, "gateway_timeout");
    }
    let verdict = by_code(&signal).or_else(|| by_submit_status(&signal)).or_else(|| by_message(&signal)).unwrap_or(UNKNOWN);
    submit_verdict(signal, verdict)
}

/// An answer to a poll whose HTTP status is not a good one, or a good one that carries an error in place of a job.
///
/// Only two things are believed here: that the content was refused, which is about this job and no other, and that the job is
/// not known. All the rest (also 401, 403 and 429, rows 3 and 8) is the connection's trouble, not the job's.
pub fn poll_refused(signal: Signal) -> Polled {
    match by_code(&signal) {
        Some(verdict) if matches!(verdict.failure, FailureType::ContentPolicyInput | FailureType::ContentPolicyOutput) => {
            job_verdict(signal, verdict)
        }
        Some(Verdict { rule, failure: FailureType::NotFound }) => Polled::NotFound(evidence(signal, rule)),
        _ if matches!(signal.http_status, Some(404 | 410)) => Polled::NotFound(evidence(signal, "http_404_on_poll")),
        _ => Polled::Unclear(evidence(signal, "poll_refused")),
    }
}

/// A poll that brought nothing usable: a transport fault or garbage (rows 3 and 24). The task stays as it is.
pub fn poll_unclear(signal: Signal, rule: &'static str) -> Polled {
    Polled::Unclear(evidence(signal, rule))
}

/// A job that its provider calls failed.
pub fn job_failed(signal: Signal) -> Polled {
    let verdict = by_code(&signal).or_else(|| by_message(&signal)).unwrap_or(UNKNOWN);
    job_verdict(signal, verdict)
}

/// A job that was stopped upstream, and not by us: we never ask (row 23).
pub fn job_canceled(signal: Signal) -> Polled {
    job_verdict(signal, Verdict { rule: "job_canceled_upstream", failure: FailureType::ModelError })
}

/// A job that its provider gave up by its own deadline (row 17). It has ended there, so a new attempt makes no second video.
pub fn job_expired(signal: Signal) -> Polled {
    job_verdict(signal, Verdict { rule: "job_expired_upstream", failure: FailureType::Timeout })
}

/// A job that is called finished and has no video (row 20). Not tried again: it was made, and will be billed.
pub fn result_missing(signal: Signal) -> Polled {
    job_verdict(signal, Verdict { rule: "finished_without_url", failure: FailureType::ResultMissing })
}

/// Row 25: reported on the console as a share, because each one is a rule that is missing here.
const UNKNOWN: Verdict = Verdict { rule: "no_rule", failure: FailureType::Unknown };

fn by_code(signal: &Signal) -> Option<Verdict> {
    let said = [signal.code.as_deref(), signal.kind.as_deref()];
    said.into_iter().flatten().find_map(|code| codes::meaning_of(code).map(|(rule, failure)| Verdict { rule, failure }))
}

fn by_submit_status(signal: &Signal) -> Option<Verdict> {
    let status = signal.http_status?;
    let param = signal.param.as_deref().unwrap_or_default();
    let (rule, failure) = match status {
        400 | 422 if param == "model" && says_one_of(signal, MODEL_GONE_PHRASES) => ("param_model_gone", FailureType::ModelRetired),
        400 | 422 if param.starts_with("input_reference") => ("param_input_reference", FailureType::AssetError),
        400 | 413 | 422 => ("http_param", FailureType::ParamError),
        401 | 403 => ("http_auth", FailureType::ProviderAuth),
        402 => ("http_payment", FailureType::ProviderQuota),
        // A model that is gone, or a base URL that is wrong: either way no order on this route can succeed (row 19).
        404 | 410 => ("http_404_on_submit", FailureType::ModelRetired),
        405 | 415 => ("http_request_shape", FailureType::PlatformError),
        408 | 425 => ("http_early", FailureType::Network),
        429 => ("http_rate_limited", FailureType::RateLimited),
        502 | 503 | 529 => ("http_unavailable", FailureType::Capacity),
        500..=599 => ("http_5xx", FailureType::ModelError),
        _ => return None,
    };
    Some(Verdict { rule, failure })
}

fn by_message(signal: &Signal) -> Option<Verdict> {
    let (rule, failure, _) = MESSAGE_RULES.iter().find(|(_, _, phrase)| says_one_of(signal, &[phrase]))?;
    Some(Verdict { rule, failure: *failure })
}

fn says_one_of(signal: &Signal, phrases: &[&str]) -> bool {
    let message = signal.message.as_deref().unwrap_or_default().to_lowercase();
    phrases.iter().any(|phrase| message.contains(phrase))
}

fn submit_verdict(signal: Signal, verdict: Verdict) -> Submitted {
    let party = party_of(&signal, verdict);
    match verdict.failure {
        FailureType::RateLimited => {
            Submitted::Throttled { retry_after_ms: signal.retry_after_ms, evidence: evidence(signal, verdict.rule) }
        }
        // One customer's words may be quoted in a message, so a message alone fails one task and stops no route.
        FailureType::ProviderQuota | FailureType::ProviderAuth | FailureType::ModelRetired if !verdict.rule.starts_with("message_") => {
            Submitted::RouteDown(fault(signal, verdict, party))
        }
        _ => Submitted::Failed(fault(signal, verdict, party)),
    }
}

fn job_verdict(signal: Signal, verdict: Verdict) -> Polled {
    let party = party_of(&signal, verdict);
    Polled::Failed(fault(signal, verdict, party))
}

/// Row 4 is the one answer whose party differs from its type's usual one: an upstream that says 408 or 425 was reached.
fn party_of(signal: &Signal, verdict: Verdict) -> Party {
    match (verdict.failure, signal.http_status) {
        (FailureType::Network, Some(408 | 425)) => Party::Provider,
        (failure, _) => failure.usual_party(),
    }
}

fn fault(signal: Signal, verdict: Verdict, party: Party) -> Fault {
    Fault { failure: verdict.failure, party, evidence: evidence(signal, verdict.rule), retry: retry_of(verdict.failure) }
}

/// Column "auto-retry". A refused content is never sent again: some providers suspend accounts for it (row 11).
const fn retry_of(failure: FailureType) -> Retry {
    match failure {
        FailureType::ModelError | FailureType::Capacity | FailureType::Timeout | FailureType::Network | FailureType::RateLimited => {
            Retry::Backoff
        }
        _ => Retry::Never,
    }
}

fn evidence(signal: Signal, rule: &'static str) -> Evidence {
    Evidence {
        http_status: signal.http_status.map(i32::from),
        code: signal.code.or(signal.kind).map(cut),
        message: signal.message.map(cut),
        request_id: signal.request_id.map(cut),
        rule: Some(rule.to_owned()),
    }
}

/// Cuts a provider's text to [`EVIDENCE_MESSAGE_MAX_CHARS`], and drops the characters that databases and terminals choke on.
fn cut(text: String) -> String {
    text.chars().filter(|letter| !letter.is_control() || *letter == '\n').take(EVIDENCE_MESSAGE_MAX_CHARS).collect()
}
