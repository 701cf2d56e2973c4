//! Why a task failed, and who bears it. The type is decided in one place (`providers/classify.rs` for what an upstream
//! says, the workers' deadline for what it never says), stored with its evidence, and never changed afterwards.

use super::word::words;

words! {
    /// What went wrong. DESIGN §2 lists them; PROVIDERS §6.2 says which signal becomes which.
    FailureType {
        ContentPolicyInput = "content_policy_input",
        ContentPolicyOutput = "content_policy_output",
        ParamError = "param_error",
        AssetError = "asset_error",
        ModelError = "model_error",
        Capacity = "capacity",
        Timeout = "timeout",
        Network = "network",
        RateLimited = "rate_limited",
        ProviderQuota = "provider_quota",
        ProviderAuth = "provider_auth",
        NotFound = "not_found",
        ModelRetired = "model_retired",
        ResultMissing = "result_missing",
        ResultDownload = "result_download",
        /// The request was sent and never answered: it may or may not be running upstream. Never sent blindly again.
        SubmitUnknown = "submit_unknown",
        Canceled = "canceled",
        PlatformError = "platform_error",
        Unknown = "unknown",
    }
}

words! {
    /// Who bears a failure.
    Party {
        Customer = "customer",
        Provider = "provider",
        Network = "network",
        Platform = "platform",
        Unknown = "unknown",
    }
}

words! {
    /// The few words that screens roll failure types up to.
    FailureGroup {
        ContentPolicy = "content_policy",
        ModelError = "model_error",
        ParamError = "param_error",
        Timeout = "timeout",
        Network = "network",
        Platform = "platform",
        Unknown = "unknown",
    }
}

impl FailureType {
    /// Who bears it, when the signal itself does not say otherwise (PROVIDERS §6.2, column "party").
    pub const fn usual_party(self) -> Party {
        match self {
            Self::ContentPolicyInput | Self::ContentPolicyOutput | Self::AssetError | Self::Canceled => Party::Customer,
            // A parameter that the provider refuses passed our own validation: ours, unless the catalogue passes it through.
            Self::ParamError | Self::RateLimited | Self::ProviderQuota | Self::ProviderAuth | Self::ModelRetired | Self::PlatformError => {
                Party::Platform
            }
            Self::ModelError | Self::Capacity | Self::Timeout | Self::NotFound | Self::ResultMissing | Self::ResultDownload => {
                Party::Provider
            }
            Self::Network => Party::Network,
            Self::SubmitUnknown | Self::Unknown => Party::Unknown,
        }
    }

    pub const fn group(self) -> FailureGroup {
        match self {
            Self::ContentPolicyInput | Self::ContentPolicyOutput => FailureGroup::ContentPolicy,
            Self::ModelError | Self::Capacity | Self::NotFound | Self::ResultMissing | Self::ResultDownload => FailureGroup::ModelError,
            Self::ParamError | Self::AssetError => FailureGroup::ParamError,
            Self::Timeout => FailureGroup::Timeout,
            Self::Network => FailureGroup::Network,
            Self::RateLimited | Self::ProviderQuota | Self::ProviderAuth | Self::ModelRetired | Self::Canceled | Self::PlatformError => {
                FailureGroup::Platform
            }
            Self::SubmitUnknown | Self::Unknown => FailureGroup::Unknown,
        }
    }

    /// The sentence customers see. Neutral: it never names a provider and never quotes one.
    pub const fn customer_sentence(self) -> &'static str {
        match self {
            Self::ContentPolicyInput => {
                "The prompt or its reference was refused by content policy before generation. Change it and submit it again."
            }
            Self::ContentPolicyOutput => "The generated video was refused by content policy. A different wording may pass.",
            Self::ParamError => "A parameter of this task was not accepted. The credits were returned.",
            Self::AssetError => {
                "The reference file could not be used. Check that its address is public and the file is a supported picture."
            }
            Self::ModelError => "The model failed to make this video. The credits were returned.",
            Self::Capacity => "The model had no capacity for this task before its deadline. The credits were returned.",
            Self::Timeout => "The video was not ready before its deadline. The credits were returned.",
            Self::Network => "A network fault kept this task from running. The credits were returned.",
            Self::RateLimited | Self::ProviderQuota | Self::ProviderAuth | Self::PlatformError => {
                "A fault on our side kept this task from running. The credits were returned."
            }
            Self::NotFound => "The task was lost while it was being made. The credits were returned.",
            Self::ModelRetired => "The model was withdrawn before this task ran. The credits were returned.",
            Self::ResultMissing | Self::ResultDownload => "The task ended without a usable video. The credits were returned.",
            Self::SubmitUnknown => "It could not be confirmed that this task was made. The credits were returned.",
            Self::Canceled => "The batch was canceled before this task ran. The credits were returned.",
            Self::Unknown => "The task failed for a reason that we are looking into. The credits were returned.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for failure in FailureType::ALL {
            assert_eq!(failure.as_str().parse(), Ok(*failure));
        }
        assert!("blame".parse::<FailureType>().is_err());
    }

    #[test]
    fn our_own_errors_are_never_filed_under_the_provider() {
        for ours in [
            FailureType::RateLimited,
            FailureType::ProviderQuota,
            FailureType::ProviderAuth,
            FailureType::PlatformError,
            FailureType::ParamError,
        ] {
            assert_eq!(ours.usual_party(), Party::Platform, "{ours}");
        }
    }

    #[test]
    fn customers_never_read_the_word_provider() {
        for failure in FailureType::ALL {
            let sentence = failure.customer_sentence().to_lowercase();
            assert!(!sentence.contains("provider") && !sentence.contains("upstream"), "{failure}: {sentence}");
        }
    }
}
