//! What the pages of replays say.

use super::Lang;
use crate::domain::webhook::{AbortedBecause, FailedAs, ReplayState};

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What is said of replays in one language.
        #[derive(Debug)]
        pub struct ReplayWords {
            $(pub $name: &'static str,)+
        }

        static EN: ReplayWords = ReplayWords { $($name: $en,)+ };
        static ZH: ReplayWords = ReplayWords { $($name: $zh,)+ };
    };
}

words! {
    replays: "Replays", "重放";
    replay: "Replay", "重放";
    new: "New replay", "新建重放";
    note: "Sends again what did not arrive at one endpoint within a window of time. What arrived since is skipped; nothing else is touched.", "将某一接收端在一段时间内未送达的投递重新发送。此后已送达的会跳过，其他均不受影响。";
    none: "Nothing was replayed yet", "还没有重放";
    none_text: "When a receiver was down for longer than its schedule, what it missed can be sent again here.", "当接收端停机超过其重试计划时，可在此重新发送其错过的内容。";
    endpoint: "Endpoint, by its id", "接收端编号";
    from: "Failed deliveries made from", "失败投递创建自";
    to: "until the end of", "至（含）";
    kind: "Event type", "事件类型";
    failed_as: "Ended as", "结束状态";
    any: "any", "不限";
    preview: "Show what would be sent", "显示将发送的内容";
    limits: "At most 30 days and 50,000 deliveries.", "最多 30 天、50,000 条投递。";
    cannot: "There is no preview", "无法预览";
    bad_endpoint: "There is no endpoint with this id.", "没有此编号的接收端。";
    bad_window: "A window begins before it ends, and has at most 30 days. Give both days.", "起始须早于结束，且不超过 30 天。请填写两个日期。";
    too_many: "More than 50,000 deliveries failed within it. Choose a shorter window.", "其中失败的投递超过 50,000 条。请缩短时间范围。";
    would: "What would be sent", "将发送的内容";
    total: "Failed in this window", "此时间范围内失败";
    delivered_since: "Delivered since: skipped", "此后已送达：跳过";
    on_way: "On their way again already: skipped", "已在重新发送：跳过";
    to_send: "Would be sent again", "将重新发送";
    frozen: "The set is frozen as of", "集合固定于";
    nothing: "Nothing is left to be sent again within this window.", "此时间范围内没有需要重新发送的内容。";
    reason: "Reason", "原因";
    reason_kept: "Kept with the replay, and shown to whoever looks at it.", "与重放一同保存，并显示给查看者。";
    start: "Start: send", "开始：发送";
    deliveries: "deliveries", "条投递";
    no_reason: "Say why.", "请填写原因。";
    disabled: "The endpoint is disabled, so nothing would be sent. Enable it first.", "接收端已停用，不会发送任何内容。请先启用。";
    running: "A replay to this endpoint is running already. Wait for it, or stop it.", "此接收端已有重放在进行。请等待或中止。";
    stale: "The preview is older than an hour, or nothing of it is left. Look at the new one.", "预览已超过一小时，或已无可发送的内容。请查看新的预览。";
    progress: "Progress", "进度";
    of: "of", "/";
    in_line: "Put in line so far", "已排队";
    delivered: "Delivered", "已送达";
    failed: "Failed again; they follow their schedule", "再次失败，按计划重试";
    skipped: "Skipped", "已跳过";
    window: "Window", "时间范围";
    by: "Started by", "发起人";
    started: "Started", "开始";
    ended: "Ended", "结束";
    abort: "Stop this replay", "中止此重放";
    abort_text: "What was not sent yet is canceled; what was sent stays sent.", "尚未发送的将取消；已发送的不变。";
    aborted: "Stopped", "已中止";
    not_found: "Replay not found", "重放不存在";
    not_found_text: "There is no replay with the id", "没有此编号的重放：";
    its_deliveries: "Deliveries of this window", "此时间范围的投递";
}

impl Lang {
    pub const fn replays(self) -> &'static ReplayWords {
        self.pick(&EN, &ZH)
    }

    pub const fn replay_state(self, state: ReplayState) -> &'static str {
        let (en, zh) = match state {
            ReplayState::Running => ("running", "进行中"),
            ReplayState::Completed => ("completed", "已完成"),
            ReplayState::Aborted => ("stopped", "已中止"),
        };
        self.pick(en, zh)
    }

    pub const fn failed_as(self, failed_as: FailedAs) -> &'static str {
        let (en, zh) = match failed_as {
            FailedAs::Exhausted => ("exhausted", "已放弃"),
            FailedAs::Canceled => ("canceled", "已取消"),
        };
        self.pick(en, zh)
    }

    pub const fn aborted_because(self, because: AbortedBecause) -> &'static str {
        let (en, zh) = match because {
            AbortedBecause::Asked => ("somebody stopped it", "人工中止"),
            AbortedBecause::EndpointDisabled => ("the endpoint was disabled", "接收端已停用"),
            AbortedBecause::EndpointDeleted => ("the endpoint was deleted", "接收端已删除"),
        };
        self.pick(en, zh)
    }
}
