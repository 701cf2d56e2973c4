//! Directives: what a prompt asks the simulated provider to do, written `[[name]]` or `[[name:value]]`. The module's header
//! lists them.

use crate::domain::failure::FailureType;

/// More directives in one prompt are not read.
const DIRECTIVES_MAX: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    Ok,
    SlowMs(u64),
    Fail(FailureType),
    /// HTTP status of every submit.
    Error(u16),
    /// HTTP status of the task's first submit.
    ErrorOnce(u16),
    Malformed,
    AcceptThenHang,
    Reset,
    Never,
    /// HTTP status of every GET of the job.
    PollError(u16),
    Flip,
    Backwards,
    UnknownStatus,
}

impl Directive {
    /// The directives of a prompt, in their order. What is no directive is part of the prompt.
    pub fn all_in(prompt: &str) -> Vec<Self> {
        let marked = prompt.split("[[").skip(1).filter_map(|rest| rest.split_once("]]"));
        marked.filter_map(|(inner, _)| Self::read(inner.trim())).take(DIRECTIVES_MAX).collect()
    }

    fn read(inner: &str) -> Option<Self> {
        let (name, value) = inner.split_once(':').unwrap_or((inner, ""));
        let value = value.trim();
        match name.trim() {
            "ok" => Some(Self::Ok),
            "slow" => duration_ms(value).map(Self::SlowMs),
            "fail" => value.parse().ok().map(Self::Fail),
            "error" => error_status(value).map(Self::Error),
            "error_once" => error_status(value).map(Self::ErrorOnce),
            "malformed" => Some(Self::Malformed),
            "accept_then_hang" => Some(Self::AcceptThenHang),
            "reset" => Some(Self::Reset),
            "never" => Some(Self::Never),
            "poll_error" => error_status(value).map(Self::PollError),
            "flip" => Some(Self::Flip),
            "backwards" => Some(Self::Backwards),
            "unknown_status" => Some(Self::UnknownStatus),
            _ => None,
        }
    }
}

fn error_status(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (400..=599).contains(status))
}

/// `30s` or `500ms`.
fn duration_ms(text: &str) -> Option<u64> {
    match text.strip_suffix("ms") {
        Some(ms) => ms.parse().ok(),
        None => text.strip_suffix('s')?.parse::<u64>().ok()?.checked_mul(1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_directive() {
        let prompt = "a cat [[slow:30s]] [[slow:500ms]] on [[ fail : model_error ]] a [[error:503]]";
        let read = [Directive::SlowMs(30_000), Directive::SlowMs(500), Directive::Fail(FailureType::ModelError), Directive::Error(503)];
        assert_eq!(Directive::all_in(prompt), read);
        for (text, directive) in [
            ("[[ok]]", Directive::Ok),
            ("[[error_once:429]]", Directive::ErrorOnce(429)),
            ("[[malformed]]", Directive::Malformed),
            ("[[accept_then_hang]]", Directive::AcceptThenHang),
            ("[[reset]]", Directive::Reset),
            ("[[never]]", Directive::Never),
            ("[[poll_error:502]]", Directive::PollError(502)),
            ("[[flip]]", Directive::Flip),
            ("[[backwards]]", Directive::Backwards),
            ("[[unknown_status]]", Directive::UnknownStatus),
        ] {
            assert_eq!(Directive::all_in(text), [directive], "{text}");
        }
    }

    #[test]
    fn what_is_no_directive_is_part_of_the_prompt() {
        for prompt in
            ["a cat", "[[", "]] [[", "[[ok", "[[dance]]", "[[fail:blame]]", "[[error:200]]", "[[error:9]]", "[[slow:fast]]", "[[slow:5]]"]
        {
            assert_eq!(Directive::all_in(prompt), [], "{prompt}");
        }
    }

    #[test]
    fn reads_no_more_than_its_limit() {
        assert_eq!(Directive::all_in(&"[[ok]]".repeat(50)).len(), DIRECTIVES_MAX);
    }
}
