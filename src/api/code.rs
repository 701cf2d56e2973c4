//! The stable codes of everything that can go wrong with a request: one row each, shown in the reference.

use axum::http::StatusCode;

use crate::domain::word::words;

words! {
    /// Stable codes of what can go wrong with a request. Programs decide by them; titles and details are for people.
    Code {
        Unauthenticated = "unauthenticated",
        KeyExpired = "key_expired",
        AddressNotAllowed = "address_not_allowed",
        InsufficientScope = "insufficient_scope",
        SecretShownBefore = "secret_shown_before",
        SignedOut = "signed_out",
        Forbidden = "forbidden",
        PasswordNeeded = "password_needed",
        NotFound = "not_found",
        UnknownRoute = "unknown_route",
        MethodNotAllowed = "method_not_allowed",
        InvalidParameter = "invalid_parameter",
        IdempotencyKeyMissing = "idempotency_key_missing",
        IdempotencyKeyInvalid = "idempotency_key_invalid",
        IdempotencyKeyConflict = "idempotency_key_conflict",
        IdempotencyKeyReused = "idempotency_key_reused",
        IdempotencyInFlight = "idempotency_in_flight",
        UnsupportedMediaType = "unsupported_media_type",
        BodyTooLarge = "body_too_large",
        BodyTimeout = "body_timeout",
        MalformedJson = "malformed_json",
        InvalidRequest = "invalid_request",
        InvalidItems = "invalid_items",
        NoItems = "no_items",
        TooManyItems = "too_many_items",
        UnderMinimum = "under_minimum",
        NotEnoughCredits = "not_enough_credits",
        CrossSite = "cross_site",
        NoVideo = "no_video",
        VideoGone = "video_gone",
        VideoUnavailable = "video_unavailable",
        NoSuchRange = "no_such_range",
        BatchFinished = "batch_finished",
        BatchCanceling = "batch_canceling",
        InvalidEndpoint = "invalid_endpoint",
        TooManyEndpoints = "too_many_endpoints",
        DeliveryInFlight = "delivery_in_flight",
        InvalidReplay = "invalid_replay",
        EndpointDisabled = "endpoint_disabled",
        ReplayRunning = "replay_running",
        ReplayFinished = "replay_finished",
        OwnRequest = "own_request",
        RequestDecided = "request_decided",
        RateLimited = "rate_limited",
        Internal = "internal_error",
        Unavailable = "unavailable",
    }
}

impl Code {
    /// The HTTP status, the title, and what to do: one row per code, shown in the reference.
    pub const fn about(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Unauthenticated => (401, "No valid API key", "Send a key that is in use as `Authorization: Bearer bb_…`."),
            Self::SignedOut => (401, "Nobody is signed in", "Sign in, or send an operator's token as `Authorization: Bearer bbo_…`."),
            Self::Forbidden => (403, "Not allowed", "Ask an operator with one of the roles that the detail names."),
            Self::PasswordNeeded => {
                (403, "The password is asked for again", "Give the password again in the console, then repeat the request.")
            }
            Self::KeyExpired => (401, "The key has expired", "Use another key; ask whoever made this one for it."),
            Self::AddressNotAllowed => (403, "Not from this address", "Send from an address that the key may be used from."),
            Self::InsufficientScope => (403, "The key may not do this", "Use a key with the scope that the detail names."),
            Self::SecretShownBefore => (409, "The secret was shown before", "Revoke that key and make another one if its secret is lost."),
            Self::NotFound => (404, "Not found", "Check the id. Things of another customer are not found either."),
            Self::UnknownRoute => (404, "Unknown address", "Check the address against this reference."),
            Self::MethodNotAllowed => (405, "Method not allowed", "Use a method that the `Allow` header names."),
            Self::InvalidParameter => (400, "Invalid parameter", "Correct the query parameter that the detail names."),
            Self::IdempotencyKeyMissing => (400, "No idempotency key", "Send an `Idempotency-Key` of your own choice, new for each batch."),
            Self::IdempotencyKeyInvalid => (400, "Invalid idempotency key", "Use 1 to 255 printable ASCII characters, and send it once."),
            Self::IdempotencyKeyConflict => (400, "Two idempotency keys", "Send the header or `request_id`, or the same value in both."),
            Self::IdempotencyKeyReused => {
                (422, "Idempotency key used for another batch", "Use a new key for a new batch; `first_batch` names the first.")
            }
            Self::IdempotencyInFlight => (409, "The first request is still running", "Repeat the same request after `retry_after_s`."),
            Self::UnsupportedMediaType => (415, "Not JSON", "Send plain JSON with `Content-Type: application/json`."),
            Self::BodyTooLarge => (413, "Body too large", "Send at most 32 MiB; split the batch."),
            Self::BodyTimeout => (408, "Body too slow", "Send the request again; nothing was stored."),
            Self::MalformedJson => (400, "Malformed JSON", "Correct the JSON at the place that the detail names."),
            Self::InvalidRequest => (422, "Invalid request", "Correct the field that the detail names."),
            Self::InvalidItems => (422, "Invalid items", "Correct the items listed in `errors`; nothing was stored."),
            Self::NoItems => (422, "No items", "Send at least one item."),
            Self::TooManyItems => (422, "Too many items", "Split the batch."),
            Self::UnderMinimum => (422, "Under a model's minimum", "Order at least the model's minimum in one batch."),
            Self::NotEnoughCredits => {
                (402, "Not enough credits", "Add credits, or submit fewer items; `needed` and `available` say how far apart they are.")
            }
            Self::CrossSite => (403, "Sent by a page of another site", "Send it from the console itself, or from a program."),
            Self::NoVideo => (409, "No video", "Only succeeded tasks have a video; wait until the task is `succeeded`."),
            Self::VideoGone => (410, "Video not kept any more", "Fetch videos before their `expires_at`."),
            Self::VideoUnavailable => (502, "Video unavailable", "Send the request again after `retry_after_s` seconds."),
            Self::NoSuchRange => (416, "No such range", "Ask for a range inside of the video, or leave `Range` out."),
            Self::BatchFinished => (409, "The batch is finished", "There is nothing left to cancel."),
            Self::BatchCanceling => (409, "The batch is being canceled", "Wait until it is `canceled`."),
            Self::InvalidEndpoint => (422, "Invalid endpoint", "Correct the field that the detail names."),
            Self::TooManyEndpoints => (422, "Too many endpoints", "Delete an endpoint that is not needed."),
            Self::DeliveryInFlight => (409, "The delivery is on its way", "Wait until this attempt has ended, then send it again."),
            Self::InvalidReplay => (422, "Invalid replay", "Correct what the detail names; then look at a new preview."),
            Self::EndpointDisabled => (409, "The endpoint is disabled", "Enable it first."),
            Self::ReplayRunning => (409, "A replay to this endpoint is running", "Wait for it, or stop it."),
            Self::ReplayFinished => (409, "The replay has ended", "There is nothing left to stop."),
            Self::OwnRequest => (403, "Your own request", "Another operator decides it."),
            Self::RequestDecided => (409, "Decided already", "Look at what was decided."),
            Self::RateLimited => (429, "Too many requests", "Wait `retry_after_s` seconds, and send more slowly."),
            Self::Internal => {
                (500, "Internal error", "Send the request again with the same idempotency key; if it stays, tell support the `request_id`.")
            }
            Self::Unavailable => {
                (503, "Unavailable", "Send the request again after `retry_after_s` seconds with the same idempotency key.")
            }
        }
    }

    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.about().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What a failure that nobody made a problem of is called (routing, extractors, layers).
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthenticated,
            403 => Self::CrossSite,
            404 => Self::UnknownRoute,
            405 => Self::MethodNotAllowed,
            408 => Self::BodyTimeout,
            413 => Self::BodyTooLarge,
            415 => Self::UnsupportedMediaType,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            400..=499 => Self::InvalidParameter,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_failure_and_says_what_to_do() {
        for code in Code::ALL {
            let (status, title, advice) = code.about();
            assert!((400..600).contains(&status) && !title.is_empty() && advice.ends_with('.'), "{code}");
            assert_eq!(code.status().as_u16(), status);
        }
    }
}
