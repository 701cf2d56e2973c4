//! The decision table, row by row.

use super::*;

fn http(status: u16) -> Signal {
    Signal { http_status: Some(status), ..Signal::default() }
}

fn coded(status: u16, code: &str) -> Signal {
    Signal { code: Some(code.to_owned()), ..http(status) }
}

fn said(message: &str) -> Signal {
    Signal { message: Some(message.to_owned()), ..Signal::default() }
}

/// The answer in one line: what it is, the failure type, the party, the retry.
fn sent(answer: Submitted) -> String {
    match answer {
        Submitted::Failed(fault) => format!("failed {} {} {:?}", fault.failure, fault.party, fault.retry),
        Submitted::RouteDown(fault) => format!("route_down {} {}", fault.failure, fault.party),
        Submitted::Throttled { retry_after_ms, .. } => format!("throttled {retry_after_ms:?}"),
        Submitted::Unanswered(evidence) => format!("unanswered {}", evidence.rule.unwrap_or_default()),
        other => format!("{other:?}"),
    }
}

fn asked(answer: Polled) -> String {
    match answer {
        Polled::Failed(fault) => format!("failed {} {} {:?}", fault.failure, fault.party, fault.retry),
        Polled::Unclear(evidence) => format!("unclear {}", evidence.rule.unwrap_or_default()),
        Polled::NotFound(evidence) => format!("not_found {}", evidence.rule.unwrap_or_default()),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_submit_is_decided_by_its_code_first() {
    for (status, code, meaning) in [
        (400, "sentinel_block", "failed content_policy_input customer Never"),
        (403, "content_policy_violation", "failed content_policy_input customer Never"),
        (500, "InputTextSensitiveContentDetected", "failed content_policy_input customer Never"),
        (400, "SAFETY.INPUT.TEXT", "failed content_policy_input customer Never"),
        (400, "moderation_blocked", "failed content_policy_output customer Never"),
        (400, "OutputVideoSensitiveContentDetected", "failed content_policy_output customer Never"),
        (429, "insufficient_quota", "route_down provider_quota platform"),
        (429, "QuotaExceeded", "route_down provider_quota platform"),
        (403, "insufficient_user_quota", "route_down provider_quota platform"),
        (200, "1008", "route_down provider_quota platform"),
        (429, "ServerOverloaded", "failed capacity provider Backoff"),
        (429, "rate_limit_exceeded", "throttled None"),
        (500, "1303", "throttled None"),
        (400, "invalid_api_key", "route_down provider_auth platform"),
        (400, "model_not_found", "route_down model_retired platform"),
        (404, "InvalidEndpoint.NotFound", "route_down model_retired platform"),
        (400, "image_load_error", "failed asset_error customer Never"),
        (422, "file_download_error", "failed asset_error customer Never"),
        (400, "unknown_parameter", "failed platform_error platform Never"),
        (500, "invalid_value", "failed param_error platform Never"),
        (400, "generation_timeout", "failed timeout provider Backoff"),
        (400, "downstream_service_error", "failed model_error provider Backoff"),
        (400, "INTERNAL.BAD_OUTPUT.CODE01", "failed model_error provider Backoff"),
    ] {
        assert_eq!(sent(submit_refused(coded(status, code))), meaning, "{status} {code}");
    }
}

#[test]
fn a_submit_without_a_known_code_is_decided_by_its_status() {
    for (status, meaning) in [
        (302, "failed unknown unknown Never"),
        (400, "failed param_error platform Never"),
        (401, "route_down provider_auth platform"),
        (402, "route_down provider_quota platform"),
        (403, "route_down provider_auth platform"),
        (404, "route_down model_retired platform"),
        (405, "failed platform_error platform Never"),
        (408, "failed network provider Backoff"),
        (410, "route_down model_retired platform"),
        (418, "failed unknown unknown Never"),
        (422, "failed param_error platform Never"),
        (425, "failed network provider Backoff"),
        (429, "throttled None"),
        (500, "failed model_error provider Backoff"),
        (501, "failed model_error provider Backoff"),
        (502, "failed capacity provider Backoff"),
        (503, "failed capacity provider Backoff"),
        (504, "unanswered gateway_timeout"),
        (524, "unanswered gateway_timeout"),
    ] {
        assert_eq!(sent(submit_refused(coded(status, "a_code_of_tomorrow"))), meaning, "{status}");
        assert_eq!(sent(submit_refused(http(status))), meaning, "{status} without a code");
    }
}

#[test]
fn a_gateway_timeout_outranks_its_code() {
    assert_eq!(sent(submit_refused(coded(504, "server_error"))), "unanswered gateway_timeout");
}

#[test]
fn a_throttled_submit_says_how_long_to_wait() {
    assert_eq!(sent(submit_refused(Signal { retry_after_ms: Some(1_500), ..http(429) })), "throttled Some(1500)");
}

#[test]
fn the_type_decides_where_the_code_does_not() {
    let signal = Signal { kind: Some("insufficient_quota".to_owned()), ..http(429) };
    assert_eq!(sent(submit_refused(signal)), "route_down provider_quota platform");
    let signal = Signal { kind: Some("invalid_request_error".to_owned()), ..coded(400, "sentinel_block") };
    assert_eq!(sent(submit_refused(signal)), "failed content_policy_input customer Never");
}

#[test]
fn a_named_field_refines_a_400() {
    let on = |param: &str, message: &str| Signal { param: Some(param.to_owned()), http_status: Some(400), ..said(message) };
    assert_eq!(sent(submit_refused(on("model", "The model sora-2 is no longer available"))), "route_down model_retired platform");
    assert_eq!(sent(submit_refused(on("input_reference.image_url", "cannot read"))), "failed asset_error customer Never");
    assert_eq!(sent(submit_refused(on("seconds", "must be 4, 8 or 12"))), "failed param_error platform Never");
}

#[test]
fn a_quoted_prompt_never_stops_a_route() {
    let quoted = said("bad prompt: \"my old api key is no longer available\"");
    let answer = submit_refused(Signal { http_status: Some(400), ..quoted.clone() });
    assert_eq!(sent(answer), "failed param_error platform Never");
    let answer = submit_refused(Signal { http_status: Some(418), ..quoted });
    assert_eq!(sent(answer), "failed model_retired platform Never");
}

#[test]
fn an_order_that_was_not_sent_may_be_sent_again() {
    assert_eq!(sent(submit_unsent(said("connection refused"))), "failed network network Backoff");
}

#[test]
fn an_order_that_was_sent_and_not_answered_is_never_a_failure() {
    assert_eq!(sent(submit_unanswered(said("timed out"), "no_answer")), "unanswered no_answer");
    assert_eq!(sent(submit_without_id(http(200))), "unanswered answer_without_id");
    assert_eq!(sent(submit_without_id(coded(200, "a_code_of_tomorrow"))), "unanswered answer_without_id");
}

#[test]
fn a_good_status_is_a_refusal_only_with_a_code_that_says_nothing_was_begun() {
    assert_eq!(sent(submit_without_id(coded(200, "1303"))), "throttled None");
    assert_eq!(sent(submit_without_id(coded(200, "sentinel_block"))), "failed content_policy_input customer Never");
    assert_eq!(sent(submit_without_id(coded(200, "insufficient_quota"))), "route_down provider_quota platform");
    assert_eq!(sent(submit_without_id(coded(200, "internal_error"))), "unanswered answer_without_id");
    assert_eq!(sent(submit_without_id(coded(200, "startup_timeout"))), "unanswered answer_without_id");
}

#[test]
fn trouble_while_polling_is_no_failure_of_the_task() {
    for status in [400, 401, 402, 403, 408, 429, 500, 502, 503, 504] {
        assert_eq!(asked(poll_refused(http(status))), "unclear poll_refused", "{status}");
    }
    assert_eq!(asked(poll_refused(coded(429, "insufficient_quota"))), "unclear poll_refused");
    assert_eq!(asked(poll_unclear(Signal::default(), "no_answer")), "unclear no_answer");
}

#[test]
fn a_poll_may_say_that_the_job_is_not_known() {
    assert_eq!(asked(poll_refused(http(404))), "not_found http_404_on_poll");
    assert_eq!(asked(poll_refused(http(410))), "not_found http_404_on_poll");
    assert_eq!(asked(poll_refused(coded(400, "task_not_exist"))), "not_found code_not_found");
}

#[test]
fn refused_content_is_believed_while_polling() {
    assert_eq!(asked(poll_refused(coded(400, "moderation_blocked"))), "failed content_policy_output customer Never");
}

#[test]
fn a_failed_job_is_decided_by_its_code() {
    for (code, meaning) in [
        ("moderation_blocked", "failed content_policy_output customer Never"),
        ("sentinel_block", "failed content_policy_input customer Never"),
        ("video_generation_failed", "failed model_error provider Backoff"),
        ("image_load_error", "failed asset_error customer Never"),
        ("generation_timeout", "failed timeout provider Backoff"),
        ("invalid_parameters", "failed param_error platform Never"),
        ("rate_limit_exceeded", "failed rate_limited platform Backoff"),
        ("ServerOverloaded", "failed capacity provider Backoff"),
        ("insufficient_quota", "failed provider_quota platform Never"),
        ("unknown_error", "failed unknown unknown Never"),
    ] {
        let signal = Signal { code: Some(code.to_owned()), ..Signal::default() };
        assert_eq!(asked(job_failed(signal)), meaning, "{code}");
    }
}

#[test]
fn a_failed_job_without_a_known_code_is_decided_by_few_phrases() {
    assert_eq!(asked(job_failed(said("Failed to generate the video"))), "failed model_error provider Backoff");
    assert_eq!(asked(job_failed(said("Refused by our Content Policy"))), "failed content_policy_output customer Never");
    assert_eq!(asked(job_failed(said("veo-3 is no longer available"))), "failed model_retired platform Never");
    assert_eq!(asked(job_failed(said("the api at this ip said no"))), "failed unknown unknown Never");
    assert_eq!(asked(job_failed(Signal::default())), "failed unknown unknown Never");
}

#[test]
fn the_other_ends_of_a_job_have_their_own_rules() {
    assert_eq!(asked(job_canceled(Signal::default())), "failed model_error provider Backoff");
    assert_eq!(asked(job_expired(Signal::default())), "failed timeout provider Backoff");
    assert_eq!(asked(result_missing(Signal::default())), "failed result_missing provider Never");
}

#[test]
fn status_words_are_read_as_new_api_reads_them() {
    for (words, status) in [
        ("queued pending submitted not_start preparing unknown notstarted created starting", JobStatus::Running),
        ("processing in_progress running generating NOT_START hatching", JobStatus::Running),
        ("completed complete success succeeded finished SUCCESS", JobStatus::Succeeded),
        ("failed failure fail error FAILURE", JobStatus::Failed),
        ("cancelled canceled", JobStatus::Canceled),
        ("expired", JobStatus::Expired),
    ] {
        for word in words.split(' ') {
            assert_eq!(JobStatus::read(word), status, "{word}");
        }
    }
    assert_eq!(JobStatus::read(""), JobStatus::Running);
}

#[test]
fn the_evidence_goes_along_and_is_cut() {
    let signal = Signal { request_id: Some("req_1".to_owned()), message: Some("é\0".repeat(2_000)), ..coded(400, "sentinel_block") };
    let Submitted::Failed(fault) = submit_refused(signal) else { panic!("not a refusal") };
    assert_eq!(fault.evidence.http_status, Some(400));
    assert_eq!(fault.evidence.code.as_deref(), Some("sentinel_block"));
    assert_eq!(fault.evidence.request_id.as_deref(), Some("req_1"));
    assert_eq!(fault.evidence.rule.as_deref(), Some("code_content_input"));
    assert_eq!(fault.evidence.message, Some("é".repeat(EVIDENCE_MESSAGE_MAX_CHARS)));
}
