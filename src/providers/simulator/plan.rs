//! The plan: what becomes of one submit, by its prompt's directives or by chance.

use super::SimulatorConfig;
use super::course::Ending;
use super::directive::Directive;
use super::refusal::{self, Refusal};
use super::rolls::Rolls;
use crate::domain::failure::FailureType;

/// How the tasks that fail by chance are spread over failure types. Most are faults that no further attempt repairs; the others
/// (`model_error`, `capacity`) fail on every attempt, so that [`SimulatorConfig::failure_rate`] holds after retries.
const FAILURE_WEIGHTS: &[(FailureType, u32)] = &[
    (FailureType::ContentPolicyInput, 28),
    (FailureType::ContentPolicyOutput, 28),
    // Only with a reference picture; without one its weight falls to the entry before it.
    (FailureType::AssetError, 10),
    (FailureType::ParamError, 5),
    (FailureType::ModelError, 20),
    (FailureType::Capacity, 3),
    (FailureType::ResultMissing, 3),
    (FailureType::Unknown, 2),
    // By chance a job that never ends, so it is rare: it keeps its batch open until the model's deadline.
    (FailureType::Timeout, 1),
];

/// What the tasks meet that have trouble on their first attempt and then recover.
const TROUBLE_WEIGHTS: &[(FailureType, u32)] = &[(FailureType::RateLimited, 2), (FailureType::Capacity, 1), (FailureType::ModelError, 1)];

/// What is asked, as far as it decides anything.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub prompt: &'a str,
    /// The client's name of the attempt: `…/17/1`, task 17, attempt 1.
    pub reference: Option<&'a str>,
    pub has_picture: bool,
    /// The reference was submitted before.
    pub seen_before: bool,
}

/// What the submit itself comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Take,
    Refuse(Refusal),
    TakeThenHang,
    /// 200 with broken JSON.
    TakeThenGarble,
    /// The connection breaks in the middle of the answer.
    TakeThenBreakOff,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub answer: Answer,
    pub ending: Ending,
    pub takes_ms: u64,
    pub poll_error: Option<u16>,
}

impl Plan {
    pub fn of(config: &SimulatorConfig, ask: Ask<'_>) -> Self {
        let rolls = Rolls::of(config.seed, ask.prompt, ask.task().0);
        let directives = Directive::all_in(ask.prompt);
        let slow_ms = directives.iter().find_map(|directive| if let Directive::SlowMs(ms) = directive { Some(*ms) } else { None });
        let poll_error =
            directives.iter().find_map(|directive| if let Directive::PollError(status) = directive { Some(*status) } else { None });
        let decided = directives.iter().find_map(|directive| decide(*directive, ask));
        let (answer, ending) = decided.unwrap_or_else(|| if poll_error.is_some() { TAKEN } else { chance(config, ask, &rolls) });
        Self { answer, ending, takes_ms: slow_ms.unwrap_or_else(|| rolls.takes_ms(config.latency_ms)), poll_error }
    }
}

const TAKEN: (Answer, Ending) = (Answer::Take, Ending::Completed);

/// What a directive decides; `None` when it leaves answer and ending to the next one.
fn decide(directive: Directive, ask: Ask<'_>) -> Option<(Answer, Ending)> {
    match directive {
        Directive::SlowMs(_) | Directive::PollError(_) => None,
        Directive::Ok => Some(TAKEN),
        Directive::Fail(failure) => Some(failing(failure)),
        Directive::ErrorOnce(_) if ask.seen_before || !ask.is_first_attempt() => Some(TAKEN),
        Directive::Error(status) | Directive::ErrorOnce(status) => Some((Answer::Refuse(Refusal::of_status(status)), Ending::Completed)),
        Directive::Malformed => Some((Answer::TakeThenGarble, Ending::Completed)),
        Directive::AcceptThenHang => Some((Answer::TakeThenHang, Ending::Completed)),
        Directive::Reset => Some((Answer::TakeThenBreakOff, Ending::Completed)),
        Directive::Never => Some((Answer::Take, Ending::Never)),
        Directive::Flip => Some((Answer::Take, Ending::Flip)),
        Directive::Backwards => Some((Answer::Take, Ending::Backwards)),
        Directive::UnknownStatus => Some((Answer::Take, Ending::UnknownStatus)),
    }
}

/// The signal from which a client is to conclude this failure type.
fn failing(failure: FailureType) -> (Answer, Ending) {
    let refused = |refusal| (Answer::Refuse(refusal), Ending::Completed);
    let taken = |ending| (Answer::Take, ending);
    match failure {
        FailureType::ContentPolicyInput => refused(refusal::SENTINEL_BLOCK),
        FailureType::ParamError => refused(refusal::INVALID_VALUE),
        FailureType::Capacity => refused(refusal::NO_CAPACITY),
        FailureType::Network => refused(refusal::EARLY),
        FailureType::RateLimited => refused(refusal::RATE_LIMITED),
        FailureType::ProviderQuota => refused(refusal::NO_QUOTA),
        FailureType::ProviderAuth => refused(refusal::UNAUTHORIZED),
        FailureType::ModelRetired => refused(refusal::MODEL_GONE),
        FailureType::ContentPolicyOutput => taken(Ending::ModerationBlocked),
        FailureType::AssetError => taken(Ending::AssetError),
        FailureType::ModelError => taken(Ending::ModelError),
        FailureType::Timeout => taken(Ending::Timeout),
        FailureType::Unknown => taken(Ending::Unknown),
        FailureType::NotFound => taken(Ending::Lost),
        FailureType::ResultMissing => taken(Ending::NoUrl),
        FailureType::ResultDownload => taken(Ending::NoContent),
        FailureType::SubmitUnknown => (Answer::TakeThenHang, Ending::Completed),
        // No upstream causes these.
        FailureType::Canceled | FailureType::PlatformError => TAKEN,
    }
}

fn chance(config: &SimulatorConfig, ask: Ask<'_>, rolls: &Rolls) -> (Answer, Ending) {
    if Rolls::hits(rolls.fails, config.failure_rate) {
        return match Rolls::pick(rolls.how, FAILURE_WEIGHTS) {
            FailureType::Timeout => (Answer::Take, Ending::Never),
            FailureType::AssetError if !ask.has_picture => failing(FailureType::ContentPolicyOutput),
            failure => failing(failure),
        };
    }
    if ask.is_first_attempt() && !ask.seen_before && Rolls::hits(rolls.trouble, config.failure_rate) {
        return failing(Rolls::pick(rolls.how, TROUBLE_WEIGHTS));
    }
    TAKEN
}

impl Ask<'_> {
    /// The task's part of the reference, and whether this is its first attempt.
    fn task(&self) -> (&str, bool) {
        let reference = self.reference.unwrap_or_default();
        reference.rsplit_once('/').map_or((reference, false), |(task, attempt)| (task, attempt == "1"))
    }

    fn is_first_attempt(&self) -> bool {
        self.task().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(failure_rate: f64) -> SimulatorConfig {
        SimulatorConfig { failure_rate, ..SimulatorConfig::default() }
    }

    fn ask<'a>(prompt: &'a str, reference: &'a str) -> Ask<'a> {
        Ask { prompt, reference: Some(reference), has_picture: false, seen_before: false }
    }

    /// Whether a task of three attempts ends well.
    fn succeeds(config: &SimulatorConfig, task: usize) -> bool {
        (1..=3).any(|attempt| {
            let plan = Plan::of(config, ask("a cat", &format!("bat_1/{task}/{attempt}")));
            (plan.answer, plan.ending) == TAKEN
        })
    }

    #[test]
    fn the_failure_rate_is_the_share_of_tasks_that_fail_after_retries() {
        let failed = (0..10_000).filter(|task| !succeeds(&config(0.1), *task)).count();
        assert!((900..=1_100).contains(&failed), "{failed}");
        assert!((0..1_000).all(|task| succeeds(&config(0.0), task)));
        assert!((0..1_000).all(|task| !succeeds(&config(1.0), task)));
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        let story = |seed| -> Vec<Plan> {
            let config = SimulatorConfig { seed, ..config(0.5) };
            (0..100).map(|task| Plan::of(&config, ask("a cat", &format!("bat_1/{task}/1")))).collect()
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
    }

    #[test]
    fn chance_shows_every_failure_of_its_table_and_stops_no_route() {
        let mut seen = std::collections::BTreeSet::new();
        for task in 0..5_000 {
            let reference = format!("bat_1/{task}/1");
            let plan = Plan::of(&config(1.0), Ask { has_picture: true, ..ask("a cat", &reference) });
            if let Answer::Refuse(refusal) = &plan.answer {
                assert!(![401, 402, 404].contains(&refusal.status) && refusal.code != "insufficient_quota", "{refusal:?}");
            }
            seen.insert(format!("{:?} {:?}", plan.answer, plan.ending));
        }
        assert_eq!(seen.len(), FAILURE_WEIGHTS.len(), "{seen:#?}");
    }

    #[test]
    fn no_picture_no_asset_error() {
        let plans = (0..2_000).map(|task| Plan::of(&config(1.0), ask("a cat", &format!("bat_1/{task}/1"))));
        assert!(plans.into_iter().all(|plan| plan.ending != Ending::AssetError));
    }

    #[test]
    fn a_directive_leaves_nothing_to_chance() {
        let plan = Plan::of(&config(1.0), ask("a cat [[slow:2s]] [[ok]]", "b/1/1"));
        assert_eq!(plan, Plan { answer: Answer::Take, ending: Ending::Completed, takes_ms: 2_000, poll_error: None });
        let plan = Plan::of(&config(1.0), ask("[[poll_error:503]]", "b/1/1"));
        assert_eq!((plan.answer, plan.ending, plan.poll_error), (Answer::Take, Ending::Completed, Some(503)));
    }

    #[test]
    fn an_error_once_is_for_the_first_submit_of_a_task() {
        let refused = |ask| matches!(Plan::of(&config(0.0), ask).answer, Answer::Refuse(_));
        let first = ask("[[error_once:503]]", "b/1/1");
        assert!(refused(first));
        assert!(!refused(Ask { seen_before: true, ..first }));
        assert!(!refused(ask("[[error_once:503]]", "b/1/2")));
        assert!(!refused(Ask { reference: None, ..first }));
    }
}
