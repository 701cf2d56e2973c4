//! A batch in Markdown, to be pasted into a ticket: the same figures as its page, in UTC, with a link.

use std::fmt::Write as _;

use super::{BatchFacts, Lang, Part};
use crate::domain::batch::BatchStatus;
use crate::domain::books::{Sums, Verdict};
use crate::domain::credits::Credits;
use crate::domain::failure::{FailureType, Party};
use crate::domain::money::Money;
use crate::domain::time::Time;

/// What the summary is made from.
#[derive(Clone, Debug)]
pub struct TicketFacts {
    /// Whole address of the page.
    pub link: String,
    pub id: String,
    pub customer: String,
    /// `1,000 × sora-2`
    pub ordered: String,
    pub status: BatchStatus,
    pub facts: BatchFacts,
    pub sums: Sums,
    pub verdict: Verdict,
    /// Revenue, provider cost of successes, of failures, profit.
    pub money: [Money; 4],
    pub failures: Vec<(Party, FailureType, i64, Credits, Money)>,
    /// Created, started, finished.
    pub times: [Option<Time>; 3],
    pub now: Time,
}

impl Lang {
    pub fn ticket(self, ticket: &TicketFacts) -> String {
        let (words, own) = (self.words(), self.batch());
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "### [{}]({}) · {}", escaped(&ticket.id), ticket.link, (words.batch_status_word)(ticket.status));
        let sentence: String = self.batch_sentence(&ticket.facts).iter().map(Part::text).collect();
        let _ = writeln!(text, "\n{sentence}\n");
        let mut line = |name: &str, value: &str| _ = writeln!(text, "- {name}: {value}");
        line(words.customer, &escaped(&ticket.customer));
        line(words.batch, &ticket.ordered);
        for (name, at) in [words.created, own.started, words.finished].into_iter().zip(ticket.times) {
            line(name, &at.map_or_else(|| own.not_started.to_owned(), |at| self.moment(at)));
        }
        let Sums { held, charged, refunded, open } = ticket.sums;
        let [held, charged, refunded, open] = [held, charged, refunded, open].map(|credits| self.credits(credits));
        let verdict = match ticket.verdict {
            Verdict::Agree => own.agree,
            Verdict::AgreeSoFar => own.agree_so_far,
            Verdict::Differ => own.differ,
        };
        let equation = format!(
            "{} {held} = {} {charged} + {} {refunded} + {} {open} ({verdict})",
            words.held, words.charged, words.refunded, words.open
        );
        line(words.credits, &equation);
        let [revenue, ok, bad, profit] = ticket.money.map(|money| self.money(money));
        line(words.revenue, &revenue);
        line(words.cost_succeeded, &ok);
        line(words.cost_failed, &bad);
        line(words.profit, &profit);
        if !ticket.failures.is_empty() {
            let _ = writeln!(
                text,
                "\n| {} | {} | {} | {} | {} |\n|---|---|--:|--:|--:|",
                words.party, words.failure, words.tasks, words.refunded_short, words.sunk
            );
            for (party, failure, tasks, refunded, sunk) in &ticket.failures {
                let (party, failure) = ((words.party_word)(*party), (words.failure_word)(*failure));
                let (tasks, refunded, sunk) = (self.number(*tasks), self.credits(*refunded), self.amount(*sunk));
                let _ = writeln!(text, "| {party} | {failure} | {tasks} | {refunded} | {sunk} |");
            }
        }
        let _ = writeln!(text, "\n{} {}", own.when, self.moment(ticket.now));
        text
    }
}

/// Text of people stays text: what Markdown would read as markup is escaped, and a line stays a line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '\r' | '\n' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch::Counts;

    fn ticket() -> TicketFacts {
        let counts = Counts { total: 10, succeeded: 9, failed: 1, ..Counts::default() };
        let sums = Sums::new([490, 441, 49, 0]);
        let at: Time = "2026-11-20T09:14:07Z".parse().unwrap();
        TicketFacts {
            link: "http://127.0.0.1:3000/admin/batches/bat_1".to_owned(),
            id: "bat_1".to_owned(),
            customer: "A|B <script>".to_owned(),
            ordered: "10 × sora-2".to_owned(),
            status: BatchStatus::Partial,
            facts: BatchFacts {
                counts,
                credits: sums,
                revenue: Money::from_micros(4_410_000),
                profit: Money::from_micros(3_351_600),
                failures: Vec::new(),
                refunded_for_failures: Credits::new(49),
                refunded_for_cancel: Credits::ZERO,
                reversed: Credits::ZERO,
                last_refund: Some((3, 20_000)),
            },
            sums,
            verdict: Verdict::Agree,
            money: [4_410_000, 1_058_400, 0, 3_351_600].map(Money::from_micros),
            failures: vec![(Party::Provider, FailureType::Timeout, 1, Credits::new(49), Money::ZERO)],
            times: [Some(at), Some(at), None],
            now: at,
        }
    }

    #[test]
    fn says_what_the_page_says_and_nothing_in_it_is_markup() {
        let text = Lang::EN.ticket(&ticket());
        assert!(
            text.starts_with("### [bat\\_1](http://127.0.0.1:3000/admin/batches/bat_1) · partial\n\nMade US$ 3.35 (76.0 %)."),
            "{text}"
        );
        assert!(text.contains("Held 490 = Charged 441 + Refunded 49 + Open 0 (everything agrees, task by task)"), "{text}");
        assert!(text.contains("- Customer: A\\|B \\<script\\>\n"), "{text}");
        assert!(text.contains("| provider | timeout | 1 | 49 | 0.00 |"), "{text}");
        assert!(Lang::ZH.ticket(&ticket()).contains("逐个任务核对一致"));
    }
}
