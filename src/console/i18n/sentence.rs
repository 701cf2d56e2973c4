//! The sentence that sums a batch up. It is made from figures that the ledger's rows add up to, never from typed text, and
//! says only what is true at the time: what is still open is said first.

use super::Lang;
use crate::domain::batch::{BatchCredits, Counts};
use crate::domain::failure::Party;
use crate::domain::money::Money;

/// What the sentence is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFacts {
    pub counts: Counts,
    pub credits: BatchCredits,
    pub revenue: Money,
    pub profit: Money,
    /// Failed tasks by responsible party, most first.
    pub parties: Vec<PartyFailures>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyFailures {
    pub party: Party,
    pub tasks: i64,
}

/// A piece of the sentence, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// The figure that the sentence is about.
    Strong(String),
    /// A party, to be linked to its failures.
    Party(Party, &'static str),
}

pub fn english(facts: &BatchFacts) -> Vec<Part> {
    let (lang, counts) = (Lang::EN, facts.counts);
    let number = |n| lang.number(n);
    let mut say = Sentence::default();
    if counts.open() == counts.total {
        say.text(&format!(
            "Nothing has finished yet: {} and {} held.",
            tasks(counts.total, "is open", "are open"),
            credits(facts.credits.held.get(), "is", "are")
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
        say.text(&format!(" {} of {} failed: ", number(counts.failed), tasks(counts.total, "", "").trim_end()));
        say.parties(facts, lang, ", ", " ");
        say.text(".");
    } else if counts.succeeded == counts.total {
        say.text(&match counts.total {
            1 => " The task succeeded.".to_owned(),
            total => format!(" All {} tasks succeeded.", number(total)),
        });
    } else {
        say.text(" No task failed.");
    }
    if counts.canceled > 0 {
        say.text(&format!(" {} canceled before running.", tasks(counts.canceled, "was", "were")));
    }
    if facts.credits.refunded.get() > 0 {
        say.text(&format!(" {} refunded automatically.", credits(facts.credits.refunded.get(), "was", "were")));
    }
    if counts.open() > 0 {
        say.text(&format!(" {}.", tasks(counts.open(), "is still open", "are still open")));
    }
    say.parts
}

pub fn chinese(facts: &BatchFacts) -> Vec<Part> {
    let (lang, counts) = (Lang::ZH, facts.counts);
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
        say.text(&format!("{} 个任务中有 {} 个失败：", number(counts.total), number(counts.failed)));
        say.parties(facts, lang, "，", " ");
        say.text("。");
    } else if counts.succeeded == counts.total {
        say.text(&format!("{} 个任务全部成功。", number(counts.total)));
    } else {
        say.text("没有任务失败。");
    }
    if counts.canceled > 0 {
        say.text(&format!("{} 个任务未运行即取消。", number(counts.canceled)));
    }
    if facts.credits.refunded.get() > 0 {
        say.text(&format!("已自动退还 {} 积分。", lang.credits(facts.credits.refunded)));
    }
    if counts.open() > 0 {
        say.text(&format!("还有 {} 个任务进行中。", number(counts.open())));
    }
    say.parts
}

fn made(say: &mut Sentence, facts: &BatchFacts, [gain, loss]: [&str; 2], lang: Lang) {
    let negative = facts.profit < Money::ZERO;
    say.text(if negative { loss } else { gain });
    let amount = if negative { Money::from_micros(facts.profit.micros().saturating_neg()) } else { facts.profit };
    say.parts.push(Part::Strong(lang.money(amount)));
}

/// `1 task was`, `1,000 tasks were`.
fn tasks(count: i64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 task {one}") } else { format!("{} tasks {many}", Lang::EN.number(count)) }
}

fn credits(count: i64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 credit {one}") } else { format!("{} credits {many}", Lang::EN.number(count)) }
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

    fn parties(&mut self, facts: &BatchFacts, lang: Lang, comma: &str, space: &str) {
        for (index, failures) in facts.parties.iter().filter(|failures| failures.tasks > 0).enumerate() {
            self.text(if index > 0 { comma } else { "" });
            self.text(&format!("{}{space}", lang.number(failures.tasks)));
            self.parts.push(Part::Party(failures.party, (lang.words().party_word)(failures.party)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;

    fn plain(parts: &[Part]) -> String {
        parts
            .iter()
            .map(|part| match part {
                Part::Text(text) | Part::Strong(text) => text.as_str(),
                Part::Party(_, word) => word,
            })
            .collect()
    }

    fn facts(counts: Counts, [held, charged, refunded]: [i64; 3], revenue: i64, profit: i64, parties: &[(Party, i64)]) -> BatchFacts {
        assert!(counts.is_consistent());
        BatchFacts {
            counts,
            credits: BatchCredits::new(Credits::new(held), Credits::new(charged), Credits::new(refunded)).unwrap(),
            revenue: Money::from_micros(revenue),
            profit: Money::from_micros(profit),
            parties: parties.iter().map(|(party, tasks)| PartyFailures { party: *party, tasks: *tasks }).collect(),
        }
    }

    fn spring() -> BatchFacts {
        let counts = Counts { total: 1_000, succeeded: 916, failed: 84, ..Counts::default() };
        facts(counts, [49_000, 44_884, 4_116], 448_840_000, 329_110_000, &[(Party::Provider, 61), (Party::Customer, 23)])
    }

    #[test]
    fn says_what_a_finished_batch_made_and_whose_fault_its_failures_were() {
        assert_eq!(
            plain(&Lang::EN.batch_sentence(&spring())),
            "Made US$ 329.11 (73.3 %). 84 of 1,000 tasks failed: 61 provider, 23 customer. 4,116 credits were refunded automatically."
        );
        assert_eq!(
            plain(&Lang::ZH.batch_sentence(&spring())),
            "盈利 US$ 329.11（73.3 %）。1,000 个任务中有 84 个失败：61 服务商，23 客户。已自动退还 4,116 积分。"
        );
    }

    #[test]
    fn says_that_a_batch_is_not_done() {
        let counts = Counts { total: 10, pending: 3, processing: 1, succeeded: 6, ..Counts::default() };
        let running = facts(counts, [490, 294, 0], 2_940_000, 2_234_400, &[]);
        assert_eq!(plain(&Lang::EN.batch_sentence(&running)), "Made US$ 2.23 (76.0 %) so far. No task failed. 4 tasks are still open.");
        assert_eq!(plain(&Lang::ZH.batch_sentence(&running)), "目前盈利 US$ 2.23（76.0 %）。没有任务失败。还有 4 个任务进行中。");
    }

    #[test]
    fn says_nothing_of_profit_before_anything_ended() {
        let counts = Counts { total: 1, pending: 1, ..Counts::default() };
        let queued = facts(counts, [49, 0, 0], 0, 0, &[]);
        assert_eq!(plain(&Lang::EN.batch_sentence(&queued)), "Nothing has finished yet: 1 task is open and 49 credits are held.");
    }

    #[test]
    fn says_a_loss_and_gifts_and_single_things() {
        let counts = Counts { total: 1, succeeded: 1, ..Counts::default() };
        let gift = facts(counts, [49, 49, 0], 0, -117_600, &[]);
        assert_eq!(
            plain(&Lang::EN.batch_sentence(&gift)),
            "Lost US$ 0.12, with no revenue: the credits were given, not bought. The task succeeded."
        );
        let counts = Counts { total: 2, failed: 1, canceled: 1, ..Counts::default() };
        let lost = facts(counts, [2, 0, 2], 0, 0, &[(Party::Platform, 1)]);
        assert_eq!(
            plain(&Lang::EN.batch_sentence(&lost)),
            "Made US$ 0.00, with no revenue: nothing was charged. 1 of 2 tasks failed: 1 platform. 1 task was canceled before running. 2 credits were refunded automatically."
        );
    }
}
