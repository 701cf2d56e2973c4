//! The sentence that sums a batch up. It is made from figures that the ledger's rows add up to, never from typed text, and
//! says only what is true at the time: what is still open is said first.

use super::Lang;
use crate::domain::batch::Counts;
use crate::domain::books::Sums;
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::money::Money;
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
    let is = |count: i64| if count == 1 { "is" } else { "are" };
    let mut say = Sentence::default();
    if counts.open() == counts.total {
        let (open, held) = (counts.total, facts.credits.held.get());
        say.text(&format!("Nothing has finished yet: {} {} open and {} {} held.", tasks(open), is(open), credits(held), is(held)));
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
        say.text(&format!(" {} {} still open.", tasks(counts.open()), is(counts.open())));
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
    many(Lang::EN, count, "", "task")
}

fn credits(count: i64) -> String {
    many(Lang::EN, count, "", "credit")
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
mod tests;
