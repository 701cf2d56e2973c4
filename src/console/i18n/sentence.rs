//! The sentence that sums a batch up. It is made from figures that the ledger's rows add up to, never from typed text, and
//! says only what is true at the time: what is still open is said first.

use super::Lang;
use crate::domain::batch::Counts;
use crate::domain::books::Sums;
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::money::{Money, group_thousands};
use crate::domain::task::{TaskFilter, TaskState};

/// What the sentence is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFacts {
    pub counts: Counts,
    /// As the ledger's entries add up.
    pub credits: Sums,
    pub revenue: Money,
    pub profit: Money,
    /// Failed tasks by type and responsible party, most first.
    pub failures: Vec<PartyFailure>,
    pub refunded_for_failures: Credits,
    pub refunded_for_cancel: Credits,
    /// Given back by operators after it was charged.
    pub reversed: Credits,
    /// The refund booked last: of which task, and how many microseconds after its failure was known.
    pub last_refund: Option<(i32, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyFailure {
    pub party: Party,
    pub failure: FailureType,
    pub tasks: i64,
}

/// A piece of the sentence, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// The figure that the sentence is about.
    Strong(String),
    /// Tasks, or their credits, to be linked to those tasks.
    Tasks(TaskFilter, String),
    /// Failed tasks whose kinds are not named, to be linked to all kinds.
    Others(String),
    /// What operators gave back, to be linked to the transactions that did.
    Reversed(String),
    /// Something to be linked to the task that proves it.
    Task(i32, String),
}

impl Part {
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text)
            | Self::Strong(text)
            | Self::Others(text)
            | Self::Reversed(text)
            | Self::Tasks(_, text)
            | Self::Task(_, text) => text,
        }
    }
}

/// Kinds of failures that are named one by one at most.
pub const NAMED_MAX: usize = 3;

pub fn english(lang: Lang, facts: &BatchFacts) -> Vec<Part> {
    let counts = facts.counts;
    let number = |n| lang.number(n);
    let mut say = Sentence::default();
    if counts.open() == counts.total {
        say.text(&format!(
            "Nothing has finished yet: {} {} open and {} {} held.",
            tasks(counts.total),
            if counts.total == 1 { "is" } else { "are" },
            credits(facts.credits.held.get()),
            if facts.credits.held.get() == 1 { "is" } else { "are" }
        ));
        return say.parts;
    }
    let so_far = if counts.open() > 0 { " so far" } else { "" };
    made(&mut say, facts, ["Made ", "Lost "], lang);
    say.text(&match facts.profit.permille_of(facts.revenue) {
        Some(margin) => format!(" ({}){so_far}.", lang.percent(margin)),
        None if facts.credits.charged.is_zero() => format!("{so_far}, with no revenue: nothing was charged."),
        None => format!("{so_far}, with no revenue: the credits were given, not bought."),
    });
    if counts.failed > 0 {
        say.text(" ");
        say.of_state(TaskState::Failed, number(counts.failed));
        say.text(&format!(" of {} failed: ", tasks(counts.total)));
        say.failures(facts, lang, ", ", english_failure);
        if let Some(others) = others(facts) {
            say.text(" and ");
            say.parts.push(Part::Others(format!("{} others", number(others))));
        }
        say.text(".");
    } else if counts.succeeded == counts.total {
        say.text(&match counts.total {
            1 => " The task succeeded.".to_owned(),
            total => format!(" All {} tasks succeeded.", number(total)),
        });
    } else {
        say.text(" No task failed.");
    }
    let are = |count: i64| if count == 1 { "was" } else { "were" };
    if facts.refunded_for_failures.get() > 0 {
        let refunded = facts.refunded_for_failures.get();
        say.text(" ");
        say.of_state(TaskState::Failed, credits(refunded));
        say.text(&format!(" {} refunded automatically", are(refunded)));
        if let Some((task, micros)) = facts.last_refund {
            say.text(", the last one ");
            say.parts.push(Part::Task(task, format!("{} after its failure", lang.duration(micros))));
        }
        say.text(".");
    }
    if counts.canceled > 0 {
        let refunded = facts.refunded_for_cancel.get();
        say.text(" ");
        say.of_state(TaskState::Canceled, tasks(counts.canceled));
        say.text(&format!(" {} canceled before running, and ", are(counts.canceled)));
        say.of_state(TaskState::Canceled, credits(refunded));
        say.text(&format!(" {} given back.", are(refunded)));
    }
    if facts.reversed.get() > 0 {
        say.text(" ");
        say.parts.push(Part::Reversed(credits(facts.reversed.get())));
        say.text(&format!(" {} given back later by an operator.", are(facts.reversed.get())));
    }
    if counts.open() > 0 {
        say.text(&format!(" {} {} still open.", tasks(counts.open()), if counts.open() == 1 { "is" } else { "are" }));
    }
    say.parts
}

pub fn chinese(lang: Lang, facts: &BatchFacts) -> Vec<Part> {
    let counts = facts.counts;
    let number = |n| lang.number(n);
    let mut say = Sentence::default();
    if counts.open() == counts.total {
        say.text(&format!("尚无任务完成：{} 个任务进行中，预扣 {} 积分。", number(counts.total), lang.credits(facts.credits.held)));
        return say.parts;
    }
    say.text(if counts.open() > 0 { "目前" } else { "" });
    made(&mut say, facts, ["盈利 ", "亏损 "], lang);
    say.text(&match facts.profit.permille_of(facts.revenue) {
        Some(margin) => format!("（{}）。", lang.percent(margin)),
        None if facts.credits.charged.is_zero() => "，没有收入：未扣任何积分。".to_owned(),
        None => "，没有收入：所用积分为赠送。".to_owned(),
    });
    if counts.failed > 0 {
        say.text(&format!("{} 个任务中有 ", number(counts.total)));
        say.of_state(TaskState::Failed, number(counts.failed));
        say.text(" 个失败：");
        say.failures(facts, lang, "，", chinese_failure);
        if let Some(others) = others(facts) {
            say.text("，");
            say.parts.push(Part::Others(format!("另有 {} 个", number(others))));
        }
        say.text("。");
    } else if counts.succeeded == counts.total {
        say.text(&format!("{} 个任务全部成功。", number(counts.total)));
    } else {
        say.text("没有任务失败。");
    }
    if facts.refunded_for_failures.get() > 0 {
        say.text("已自动退还 ");
        say.of_state(TaskState::Failed, format!("{} 积分", lang.credits(facts.refunded_for_failures)));
        if let Some((task, micros)) = facts.last_refund {
            say.text("，最后一笔");
            say.parts.push(Part::Task(task, format!("在失败后 {} 退还", lang.duration(micros))));
        }
        say.text("。");
    }
    if counts.canceled > 0 {
        say.of_state(TaskState::Canceled, format!("{} 个任务", number(counts.canceled)));
        say.text("未运行即取消，退还 ");
        say.of_state(TaskState::Canceled, format!("{} 积分", lang.credits(facts.refunded_for_cancel)));
        say.text("。");
    }
    if facts.reversed.get() > 0 {
        say.text("操作员事后退还 ");
        say.parts.push(Part::Reversed(format!("{} 积分", lang.credits(facts.reversed))));
        say.text("。");
    }
    if counts.open() > 0 {
        say.text(&format!("还有 {} 个任务进行中。", number(counts.open())));
    }
    say.parts
}

/// Failed tasks whose kinds are not named.
fn others(facts: &BatchFacts) -> Option<i64> {
    Some(facts.failures.iter().skip(NAMED_MAX).map(|row| row.tasks).sum()).filter(|others| *others > 0)
}

/// Whether the party must be said: a fault of the provider always, another one where the type alone would suggest somebody else.
fn says_party(row: &PartyFailure) -> bool {
    row.party == Party::Provider || row.party != row.failure.usual_party()
}

/// `61 provider timeouts`, `23 content policy`.
fn english_failure(lang: Lang, row: &PartyFailure) -> String {
    let party = if says_party(row) { format!("{} ", (lang.words().party_word)(row.party)) } else { String::new() };
    let noun = match row.failure {
        FailureType::ContentPolicyInput => "content policy (input)",
        FailureType::ContentPolicyOutput => "content policy (output)",
        FailureType::Capacity => "out of capacity",
        FailureType::RateLimited => "rate limited",
        FailureType::ModelRetired => "model retired",
        FailureType::Canceled => "canceled",
        FailureType::Unknown => "unknown",
        FailureType::ParamError => return many(lang, row.tasks, &party, "parameter error"),
        FailureType::AssetError => return many(lang, row.tasks, &party, "unusable reference"),
        FailureType::ModelError => return many(lang, row.tasks, &party, "model error"),
        FailureType::Timeout => return many(lang, row.tasks, &party, "timeout"),
        FailureType::Network => return many(lang, row.tasks, &party, "network fault"),
        FailureType::ProviderQuota => return many(lang, row.tasks, &party, "exhausted account"),
        FailureType::ProviderAuth => return many(lang, row.tasks, &party, "refused key"),
        FailureType::NotFound => return many(lang, row.tasks, &party, "lost task"),
        FailureType::ResultMissing => return many(lang, row.tasks, &party, "missing result"),
        FailureType::ResultDownload => return many(lang, row.tasks, &party, "failed download"),
        FailureType::SubmitUnknown => return many(lang, row.tasks, &party, "unanswered submission"),
        FailureType::PlatformError => return many(lang, row.tasks, &party, "platform error"),
    };
    format!("{} {party}{noun}", lang.number(row.tasks))
}

fn many(lang: Lang, count: i64, party: &str, noun: &str) -> String {
    format!("{} {party}{noun}{}", lang.number(count), if count == 1 { "" } else { "s" })
}

/// `61 个服务商超时`.
fn chinese_failure(lang: Lang, row: &PartyFailure) -> String {
    let words = lang.words();
    let party = if says_party(row) { (words.party_word)(row.party) } else { "" };
    format!("{} 个{party}{}", lang.number(row.tasks), (words.failure_word)(row.failure))
}

fn made(say: &mut Sentence, facts: &BatchFacts, [gain, loss]: [&str; 2], lang: Lang) {
    let negative = facts.profit < Money::ZERO;
    say.text(if negative { loss } else { gain });
    let amount = if negative { Money::from_micros(facts.profit.micros().saturating_neg()) } else { facts.profit };
    say.parts.push(Part::Strong(lang.money(amount)));
}

/// `1 task`, `1,000 tasks`.
fn tasks(count: i64) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{} tasks", group_thousands(count.unsigned_abs())) }
}

fn credits(count: i64) -> String {
    if count == 1 { "1 credit".to_owned() } else { format!("{} credits", group_thousands(count.unsigned_abs())) }
}

#[derive(Default)]
struct Sentence {
    parts: Vec<Part>,
}

impl Sentence {
    /// Neighbouring texts become one: fewer nodes in the page.
    fn text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    fn failures(&mut self, facts: &BatchFacts, lang: Lang, comma: &str, name: fn(Lang, &PartyFailure) -> String) {
        for (index, row) in facts.failures.iter().take(NAMED_MAX).enumerate() {
            self.text(if index > 0 { comma } else { "" });
            let filter = TaskFilter { party: Some(row.party), ..TaskFilter::of_failure(row.failure) };
            self.parts.push(Part::Tasks(filter, name(lang, row)));
        }
    }

    fn of_state(&mut self, state: TaskState, text: String) {
        self.parts.push(Part::Tasks(TaskFilter::of_state(state), text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(lang: Lang, facts: &BatchFacts) -> String {
        lang.batch_sentence(facts).iter().map(Part::text).collect()
    }

    fn facts(counts: Counts, [held, charged, refunded]: [i64; 3], revenue: i64, profit: i64) -> BatchFacts {
        assert!(counts.is_consistent());
        BatchFacts {
            counts,
            credits: Sums::new([held, charged, refunded, held - charged - refunded]),
            revenue: Money::from_micros(revenue),
            profit: Money::from_micros(profit),
            failures: Vec::new(),
            refunded_for_failures: Credits::ZERO,
            refunded_for_cancel: Credits::ZERO,
            reversed: Credits::ZERO,
            last_refund: None,
        }
    }

    fn failures(rows: &[(FailureType, Party, i64)]) -> Vec<PartyFailure> {
        rows.iter().map(|(failure, party, tasks)| PartyFailure { party: *party, failure: *failure, tasks: *tasks }).collect()
    }

    fn spring() -> BatchFacts {
        let counts = Counts { total: 1_000, succeeded: 916, failed: 84, ..Counts::default() };
        BatchFacts {
            failures: failures(&[(FailureType::Timeout, Party::Provider, 61), (FailureType::ContentPolicyInput, Party::Customer, 23)]),
            refunded_for_failures: Credits::new(4_116),
            last_refund: Some((973, 3_000_000)),
            ..facts(counts, [49_000, 44_884, 4_116], 448_840_000, 329_110_000)
        }
    }

    #[test]
    fn says_what_a_finished_batch_made_and_whose_fault_its_failures_were() {
        assert_eq!(
            say(Lang::EN, &spring()),
            "Made US$ 329.11 (73.3 %). 84 of 1,000 tasks failed: 61 provider timeouts, 23 content policy (input). \
             4,116 credits were refunded automatically, the last one 3 s after its failure."
        );
        assert_eq!(
            say(Lang::ZH, &spring()),
            "盈利 US$ 329.11（73.3 %）。1,000 个任务中有 84 个失败：61 个服务商超时，23 个内容政策（输入）。\
             已自动退还 4,116 积分，最后一笔在失败后 3 秒 退还。"
        );
        let task = Lang::EN.batch_sentence(&spring()).into_iter().find(|part| matches!(part, Part::Task(..)));
        assert_eq!(task, Some(Part::Task(973, "3 s after its failure".to_owned())));
    }

    #[test]
    fn names_three_kinds_of_failures_and_counts_the_others() {
        let rows = [
            (FailureType::ModelError, Party::Provider, 5),
            (FailureType::Timeout, Party::Platform, 4),
            (FailureType::ProviderAuth, Party::Platform, 1),
            (FailureType::Network, Party::Network, 2),
            (FailureType::Unknown, Party::Unknown, 1),
        ];
        let counts = Counts { total: 20, succeeded: 7, failed: 13, ..Counts::default() };
        let many = BatchFacts { failures: failures(&rows), ..facts(counts, [20, 7, 13], 70_000, 10_000) };
        assert_eq!(
            say(Lang::EN, &many),
            "Made US$ 0.01 (14.2 %). 13 of 20 tasks failed: 5 provider model errors, 4 platform timeouts, 1 refused key and 3 others."
        );
        assert!(say(Lang::ZH, &many).contains("，另有 3 个。"), "{}", say(Lang::ZH, &many));
    }

    #[test]
    fn says_that_a_batch_is_not_done() {
        let counts = Counts { total: 10, pending: 3, processing: 1, succeeded: 6, ..Counts::default() };
        let running = facts(counts, [490, 294, 0], 2_940_000, 2_234_400);
        assert_eq!(say(Lang::EN, &running), "Made US$ 2.23 (76.0 %) so far. No task failed. 4 tasks are still open.");
        assert_eq!(say(Lang::ZH, &running), "目前盈利 US$ 2.23（76.0 %）。没有任务失败。还有 4 个任务进行中。");
    }

    #[test]
    fn says_nothing_of_profit_before_anything_ended() {
        let counts = Counts { total: 1, pending: 1, ..Counts::default() };
        let queued = facts(counts, [49, 0, 0], 0, 0);
        assert_eq!(say(Lang::EN, &queued), "Nothing has finished yet: 1 task is open and 49 credits are held.");
    }

    #[test]
    fn says_a_loss_and_gifts_and_single_things() {
        let counts = Counts { total: 1, succeeded: 1, ..Counts::default() };
        let gift = facts(counts, [49, 49, 0], 0, -117_600);
        assert_eq!(say(Lang::EN, &gift), "Lost US$ 0.12, with no revenue: the credits were given, not bought. The task succeeded.");
        let counts = Counts { total: 2, failed: 1, canceled: 1, ..Counts::default() };
        let lost = BatchFacts {
            failures: failures(&[(FailureType::PlatformError, Party::Platform, 1)]),
            refunded_for_failures: Credits::new(1),
            refunded_for_cancel: Credits::new(1),
            ..facts(counts, [2, 0, 2], 0, 0)
        };
        assert_eq!(
            say(Lang::EN, &lost),
            "Made US$ 0.00, with no revenue: nothing was charged. 1 of 2 tasks failed: 1 platform error. \
             1 credit was refunded automatically. 1 task was canceled before running, and 1 credit was given back."
        );
        assert!(say(Lang::ZH, &lost).ends_with("已自动退还 1 积分。1 个任务未运行即取消，退还 1 积分。"), "{}", say(Lang::ZH, &lost));
    }

    #[test]
    fn says_what_an_operator_gave_back() {
        let counts = Counts { total: 2, succeeded: 2, ..Counts::default() };
        let later = BatchFacts { reversed: Credits::new(49), ..facts(counts, [98, 49, 49], 490_000, 254_800) };
        assert_eq!(
            say(Lang::EN, &later),
            "Made US$ 0.25 (52.0 %). All 2 tasks succeeded. 49 credits were given back later by an operator."
        );
    }
}
