//! Words of the tab of attempts.

use super::Lang;

#[derive(Debug)]
pub struct AttemptsWords {
    pub attempts: &'static str,
    pub text: &'static str,
    pub by_result: &'static str,
    pub all: &'static str,
    pub succeeded: &'static str,
    pub failed: &'static str,
    pub billed: &'static str,
    pub cost_usd: &'static str,
    pub first: &'static str,
    pub none: &'static str,
    pub none_text: &'static str,
    /// A page without rows of a batch that was not read to its end.
    pub none_here: &'static str,
    pub total: &'static str,
    pub of_all: &'static str,
}

impl Lang {
    pub const fn attempts(self) -> &'static AttemptsWords {
        self.pick(&EN, &ZH)
    }
}

static EN: AttemptsWords = AttemptsWords {
    attempts: "Attempts",
    text: "what was sent to providers, and what it cost us",
    by_result: "Attempts by result",
    all: "All",
    succeeded: "Succeeded",
    failed: "Failed",
    billed: "Billed",
    cost_usd: "Cost, US$",
    first: "First",
    none: "No attempt matches",
    none_text: "No attempt of this batch is what these filters ask for.",
    none_here: "None in this part of the batch. Later parts may have some.",
    total: "Total",
    of_all: "over all attempts asked for",
};

static ZH: AttemptsWords = AttemptsWords {
    attempts: "尝试",
    text: "发送给服务商的请求及其成本",
    by_result: "按结果查看尝试",
    all: "全部",
    succeeded: "成功",
    failed: "失败",
    billed: "计费",
    cost_usd: "成本 (US$)",
    first: "最前",
    none: "没有符合条件的尝试",
    none_text: "此批次中没有符合这些筛选条件的尝试。",
    none_here: "批次的这一部分中没有。后面的部分可能有。",
    total: "合计",
    of_all: "全部所选尝试",
};
