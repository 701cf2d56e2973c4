//! What the page of webhooks says besides its deliveries: filters, charts, endpoints and their forms.

use super::Lang;
use crate::console::i18n::format::NONE;
use crate::domain::webhook::EndpointProblem;
use crate::domain::webhook::outcome::{Outcome, Span};

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What is said of endpoints in one language.
        #[derive(Debug)]
        pub struct EndpointWords {
            $(pub $name: &'static str,)+
        }

        static EN: EndpointWords = EndpointWords { $($name: $en,)+ };
        static ZH: EndpointWords = EndpointWords { $($name: $zh,)+ };
    };
}

words! {
    filters: "Filters", "筛选";
    any: "any", "不限";
    class: "Last result", "最近结果";
    kind: "Event type", "事件类型";
    endpoint_id: "Endpoint, by its id", "接收端编号";
    customer_id: "Customer, by its id", "客户编号";
    batch_id: "Batch, by its id", "批次编号";
    from: "Made from", "创建自";
    to: "Made until", "创建至";
    attempts_min: "Attempts, at least", "尝试次数至少";
    apply: "Apply", "应用";
    clear: "Clear filters", "清除筛选";
    remove: "Remove filter", "移除筛选";
    unreadable: "cannot be read, so nothing matches", "无法识别，因此没有匹配项";
    stopped: "Looked through 20,000 deliveries.", "已查找 20,000 条投递。";
    go_on: "Go on with older ones", "继续查找更早的";
    span: "Time span of the charts", "图表的时间范围";
    attempts_over_time: "Attempts over time", "尝试的时间分布";
    attempts_desc: "One bar per step of time: attempts that were delivered, and those that failed on top. Faults of ours are left out.", "每段时间一根柱：成功的尝试，其上为失败的尝试。不含我方故障。";
    failures_over_time: "Failed attempts by class", "失败尝试的类别";
    failures_desc: "One bar per step of time: failed attempts, stacked by timeout, 3xx, 4xx, 5xx and network. A bar leads to the deliveries made in that time.", "每段时间一根柱：失败的尝试，按超时、3xx、4xx、5xx 与网络堆叠。点击查看该时段创建的投递。";
    step_begins: "Begins", "起始";
    failed: "Failed", "失败";
    none: "none", "无";
    all: "All", "全部";
    failing: "failing", "持续失败";
    shown_endpoints: "Which endpoints", "显示哪些接收端";
    add: "Register an endpoint", "登记接收端";
    failure_rate: "Failure rate, 24 h", "24 小时失败率";
    formula: "failed ÷ (failed + delivered) attempts of the last 24 hours; each retry counts, faults of ours do not", "最近 24 小时内：失败 ÷（失败 + 成功）次尝试；重试计入，我方故障不计";
    no_attempts: "no attempts", "无尝试";
    p50: "p50", "p50";
    p95: "p95", "p95";
    latency: "Time to answer: half of the answers, and 95 % of them, came within this. Answers of the last 24 hours, in steps.", "响应时间：半数及 95% 的响应在此时间内返回。取最近 24 小时，按档位统计。";
    no_match_endpoints: "No endpoint matches", "没有匹配的接收端";
    no_match_endpoints_text: "No endpoint is like this.", "没有符合条件的接收端。";
    all_endpoints: "All endpoints", "全部接收端";
    none_text: "An endpoint is an address at which a customer is told what happens to its batches.", "接收端是客户接收其批次事件通知的地址。";
    endpoint: "Endpoint", "接收端";
    not_found: "Endpoint not found", "接收端不存在";
    not_found_text: "It may have been deleted; its deliveries are still in the list. There is no endpoint with the id", "可能已被删除；其投递仍在列表中。没有此编号的接收端：";
    health: "Health", "健康状况";
    delivered: "Delivered attempts, 24 h", "24 小时成功尝试";
    failed_attempts: "Failed attempts, 24 h", "24 小时失败尝试";
    warned: "Operators were warned", "已警示运营人员";
    announced: "Disabling was announced", "已预告停用";
    settings: "Settings", "设置";
    edit: "Edit", "编辑";
    rotate: "Rotate secret", "轮换密钥";
    rotate_text: "Makes a new secret, which is shown once. The old one signs beside it for 24 hours, so that the receiver can be changed without a gap.", "生成新密钥并仅显示一次。旧密钥在 24 小时内同时签名，便于接收端平滑切换。";
    rotate_do: "Make a new secret", "生成新密钥";
    test: "Send test event", "发送测试事件";
    test_text: "Sends webhook.test by the way that all others take.", "以与其他事件相同的途径发送 webhook.test。";
    enable: "Enable", "启用";
    disable: "Disable", "停用";
    disable_text: "Nothing more is sent, and what waits is canceled. It can be sent again later.", "不再发送，待投递的将取消，之后可重新发送。";
    delete: "Delete", "删除";
    delete_text: "The endpoint is gone for good, and what waits for it is canceled. Its deliveries stay readable.", "接收端将永久删除，待投递的将取消。其投递记录仍可查看。";
    delete_do: "Delete this endpoint", "删除此接收端";
    keep: "Keep it", "保留";
    deliveries_of: "Its deliveries", "其投递";
    replay_of: "Replay what failed…", "重放失败的投递…";
    secrets: "Secrets", "密钥";
    secret_newest: "newest", "最新";
    secret_made: "Made", "生成";
    secret_until: "Signs until", "签名至";
    secret_no_end: "no end", "长期";
    both_sign: "Two secrets sign every webhook now. The older one stops in", "目前两个密钥同时签名。旧密钥将停用于";
    new_secret: "The new secret, shown this once", "新密钥（仅显示一次）";
    new_secret_text: "Give it to the customer over a safe way. It cannot be shown again: when it is lost, rotate.", "请通过安全途径交给客户。无法再次显示；如遗失请轮换。";
    copy_secret: "Copy secret", "复制密钥";
    secret_shown: "This secret was shown already, or its ten minutes are over. Rotate to make another.", "该密钥已显示过，或已超过十分钟。请轮换以生成新的密钥。";
    told: "What operators were told", "已通知运营人员";
    told_none: "Nothing yet: no warning, nothing disabled.", "暂无：没有警示，也未停用。";
    seven_days: "Seven days", "七天";
    new_title: "New endpoint", "新接收端";
    edit_title: "Edit the endpoint", "编辑接收端";
    customer_field: "Customer", "客户";
    customer_hint: "cus_…", "cus_…";
    url_field: "Address", "地址";
    url_hint: "https://example.com/webhooks", "https://example.com/webhooks";
    description_field: "Description", "说明";
    timeout_field: "Timeout of an attempt, in milliseconds (1,000–30,000)", "单次尝试时限（毫秒，1,000–30,000）";
    types_field: "Event types", "事件类型";
    types_text: "None chosen: everything but task.succeeded and task.failed.", "未选择时：除 task.succeeded 与 task.failed 外的全部事件。";
    save: "Save", "保存";
    register: "Register", "登记";
    cancel: "Cancel", "取消";
    timeout: "Timeout", "时限";
    description: "Description", "说明";
    cannot: "This cannot be saved", "无法保存";
}

impl Lang {
    pub const fn endpoints(self) -> &'static EndpointWords {
        self.pick(&EN, &ZH)
    }

    pub const fn outcome_word(self, outcome: Outcome) -> &'static str {
        let (en, zh) = match outcome {
            Outcome::Delivered => ("delivered", "成功"),
            Outcome::Timeout => ("timeout", "超时"),
            Outcome::Http3xx => ("3xx", "3xx"),
            Outcome::Http4xx => ("4xx", "4xx"),
            Outcome::Http5xx => ("5xx", "5xx"),
            Outcome::Network => ("network", "网络"),
            Outcome::Ours => ("ours", "我方"),
        };
        self.pick(en, zh)
    }

    pub const fn span_word(self, span: Span) -> &'static str {
        let (en, zh) = match span {
            Span::Day => ("24 hours", "24 小时"),
            Span::Week => ("7 days", "7 天"),
            Span::Month => ("30 days", "30 天"),
        };
        self.pick(en, zh)
    }

    pub const fn endpoint_problem(self, problem: EndpointProblem) -> &'static str {
        let (en, zh) = match problem {
            EndpointProblem::UrlNotHttp => ("The address is not an http or https address.", "地址不是 http 或 https 地址。"),
            EndpointProblem::UrlTooLong => ("The address has more than 2,048 characters.", "地址超过 2,048 个字符。"),
            EndpointProblem::UrlCredentials => (
                "The address holds a user name or a password. Leave them out: the signature proves who sent it.",
                "地址包含用户名或密码。请去除：签名已能证明来源。",
            ),
            EndpointProblem::UrlPort => (
                "The address names a port that is not allowed. Allowed are 80, 443, 3000, 4443, 5000, 8000, 8080, 8443, 8888 and 9443.",
                "地址的端口不被允许。允许：80、443、3000、4443、5000、8000、8080、8443、8888、9443。",
            ),
            EndpointProblem::UrlNotPublic => {
                ("The address leads to a machine that is not on the public internet.", "地址指向的主机不在公网。")
            }
            EndpointProblem::Description => ("A description has at most 200 characters.", "说明最多 200 个字符。"),
            EndpointProblem::Timeout => ("The timeout is 1,000 to 30,000 milliseconds.", "时限须为 1,000 至 30,000 毫秒。"),
            EndpointProblem::TooMany => {
                ("This customer has 100 endpoints already. Delete one that is not needed.", "该客户已有 100 个接收端。请删除不需要的。")
            }
            EndpointProblem::Customer => ("Choose the customer whose endpoint it is, by its id.", "请按编号选择所属客户。"),
        };
        self.pick(en, zh)
    }

    /// `≤ 300 ms`, `≤ 1.5 s`: times are counted in steps.
    pub fn at_most(self, ms: Option<i32>) -> String {
        match ms {
            None => NONE.to_owned(),
            Some(ms) if ms < 1_000 => format!("≤ {ms} ms"),
            Some(ms) if ms % 1_000 == 0 => format!("≤ {} s", ms / 1_000),
            Some(ms) => format!("≤ {}.{} s", ms / 1_000, ms % 1_000 / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_time_are_read_as_bounds() {
        assert_eq!([Some(300), Some(1_500), Some(15_000), None].map(|ms| Lang::EN.at_most(ms)), ["≤ 300 ms", "≤ 1.5 s", "≤ 15 s", "–"]);
    }

    #[test]
    fn every_problem_is_said_in_both_languages() {
        for problem in EndpointProblem::ALL {
            let [en, zh] = Lang::ALL.map(|lang| lang.endpoint_problem(*problem));
            assert!(en.ends_with('.') && zh.ends_with('。'), "{problem}");
        }
    }
}
