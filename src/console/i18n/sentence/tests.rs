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
    assert_eq!(say(Lang::EN, &later), "Made US$ 0.25 (52.0 %). All 2 tasks succeeded. 49 credits were given back later by an operator.");
}
