//! What a provider's code means, whatever the provider and whenever it is said.

use crate::domain::failure::FailureType;

/// A rule on the provider's code: its name, what it means, the codes. One `*` in a code stands for any text.
type CodeRule = (&'static str, FailureType, &'static [&'static str]);

/// Codes by meaning (PROVIDERS §1.2, §2.2, §6.2). Numbers that mean different things at different providers (1000, 1002, 1200,
/// 5000) are left out on purpose: the HTTP status decides those.
const CODE_RULES: &[CodeRule] = &[
    (
        "code_content_input",
        FailureType::ContentPolicyInput,
        &[
            "sentinel_block",
            "content_policy_violation",
            "input_moderation",
            "Input*SensitiveContentDetected",
            "SAFETY.INPUT.*",
            "INPUT_PREPROCESSING.SAFETY.TEXT",
            "1301",
            "1026",
        ],
    ),
    (
        "code_content_output",
        FailureType::ContentPolicyOutput,
        &["moderation_blocked", "output_moderation", "Output*SensitiveContentDetected", "SAFETY.OUTPUT.*", "raiMediaFiltered", "1027"],
    ),
    (
        "code_quota",
        FailureType::ProviderQuota,
        &[
            "insufficient_quota",
            "insufficient_user_quota",
            "pre_consume_token_quota_failed",
            "QuotaExceeded",
            "quota_exceeded",
            "insufficient_balance",
            "billing_hard_limit_reached",
            "billing_not_active",
            "AccountOverdueError",
            "1008",
            "1100",
            "1101",
            "1102",
        ],
    ),
    (
        "code_auth",
        FailureType::ProviderAuth,
        &["invalid_api_key", "authorized_error", "authentication_error", "AuthenticationError", "account_deactivated", "1004", "2049"],
    ),
    (
        "code_model_retired",
        FailureType::ModelRetired,
        &["model_not_found", "model_not_available", "model_retired", "InvalidEndpoint.NotFound", "ModelNotOpen"],
    ),
    (
        "code_overloaded",
        FailureType::Capacity,
        &[
            "ServerOverloaded",
            "server_overloaded",
            "overloaded_error",
            "service_unavailable",
            "runner_scheduling_failure",
            "startup_timeout",
            "THIRD_PARTY.UNAVAILABLE",
            "ModelLoadingError",
            "5001",
            "455",
        ],
    ),
    (
        "code_rate_limited",
        FailureType::RateLimited,
        &[
            "rate_limit_exceeded",
            "too_many_requests",
            "concurrent_requests_limit",
            "RateLimitExceeded",
            "RESOURCE_EXHAUSTED",
            "1302",
            "1303",
        ],
    ),
    (
        "code_asset",
        FailureType::AssetError,
        &[
            "ASSET.INVALID",
            "image_load_error",
            "image_processing_error",
            "image_dimension_mismatch",
            "image_too_small",
            "image_too_large",
            "invalid_image",
            "invalid_image_format",
            "invalid_image_url",
            "file_download_error",
            "1402",
        ],
    ),
    // Fields that our own request builder produced: ours to repair, whatever the customer asked for.
    ("code_request_shape", FailureType::PlatformError, &["unknown_parameter", "missing_required_parameter", "invalid_json"]),
    ("code_param", FailureType::ParamError, &["invalid_parameters", "invalid_value", "invalid_type", "string_above_max_length"]),
    ("code_not_found", FailureType::NotFound, &["task_not_exist", "task_not_found", "video_not_found", "-22"]),
    ("code_timeout", FailureType::Timeout, &["generation_timeout", "task_timeout", "5002"]),
    (
        "code_model_error",
        FailureType::ModelError,
        &[
            "server_error",
            "internal_error",
            "internal_server_error",
            "INTERNAL",
            "INTERNAL.BAD_OUTPUT.*",
            "generation_failed",
            "video_generation_failed",
            "generation_failed_no_content",
            "processing_error",
            "runner_server_error",
            "downstream_service_*",
            "service_error",
        ],
    ),
];

/// The rule's name and the failure type of a code that the table holds.
pub fn meaning_of(code: &str) -> Option<(&'static str, FailureType)> {
    let (rule, failure, _) = CODE_RULES.iter().find(|(_, _, codes)| codes.iter().any(|pattern| code_matches(pattern, code)))?;
    Some((rule, *failure))
}

fn code_matches(pattern: &str, code: &str) -> bool {
    match pattern.split_once('*') {
        None => code == pattern,
        Some((head, tail)) => code.strip_prefix(head).is_some_and(|rest| rest.ends_with(tail)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_has_two_meanings() {
        let codes: Vec<&str> =
            CODE_RULES.iter().flat_map(|(_, _, codes)| codes.iter().copied()).filter(|code| !code.contains('*')).collect();
        for code in &codes {
            let hits = CODE_RULES.iter().filter(|(_, _, rule)| rule.iter().any(|pattern| code_matches(pattern, code))).count();
            assert_eq!(hits, 1, "{code}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text_and_all_else_is_exact() {
        assert!(code_matches("Input*SensitiveContentDetected", "InputImageSensitiveContentDetected"));
        assert!(!code_matches("Input*SensitiveContentDetected", "InputImage"));
        assert!(code_matches("SAFETY.INPUT.*", "SAFETY.INPUT.TEXT"));
        assert!(!code_matches("sentinel_block", "not_sentinel_block"));
        assert!(!code_matches("INTERNAL", "INTERNAL_2"));
    }
}
