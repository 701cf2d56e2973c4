//! What only the pages of webhooks say.

use super::Lang;
use crate::domain::webhook::{AttemptClass, CanceledBecause, DeliveryState, DisabledBecause, EndpointState, Trigger};

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What the pages of webhooks say in one language.
        #[derive(Debug)]
        pub struct WebhooksWords {
            $(pub $name: &'static str,)+
        }

        static EN: WebhooksWords = WebhooksWords { $($name: $en,)+ };
        static ZH: WebhooksWords = WebhooksWords { $($name: $zh,)+ };
    };
}

words! {
    webhooks: "Webhooks", "Webhook";
    sections: "Sections of webhooks", "Webhook 的各部分";
    deliveries: "Deliveries", "投递";
    endpoints: "Endpoints", "接收端";
    note: "Newest first. A webhook never touches money: batches are charged and refunded whatever a receiver does.", "最新在前。Webhook 从不影响资金：无论接收端如何，批次都会照常扣费与退款。";
    all_states: "All", "全部";
    state: "State", "状态";
    event: "Event", "事件";
    to: "To", "接收端";
    attempts: "Attempts", "尝试";
    next: "Next attempt", "下次尝试";
    made: "Made", "创建";
    ended: "Ended", "结束";
    delivery: "Delivery", "投递";
    batch: "Batch", "批次";
    sending: "on its way", "发送中";
    none: "Nothing was to be sent yet", "还没有要发送的内容";
    none_text: "Deliveries appear here when a customer registers an endpoint (POST /api/v1/webhook-endpoints) or names a webhook_url in a batch.", "客户登记接收端（POST /api/v1/webhook-endpoints）或在批次中指定 webhook_url 后，投递会显示在这里。";
    no_match: "No delivery matches", "没有匹配的投递";
    no_match_text: "No delivery is like what was asked for.", "没有符合条件的投递。";
    to_all: "All deliveries", "全部投递";
    no_endpoints: "No endpoint yet", "还没有接收端";
    url: "Address", "地址";
    types: "Told of", "订阅";
    all_types: "everything but single tasks", "除单个任务外的全部";
    source: "Source", "来源";
    registered: "registered", "登记";
    of_batch: "named by batches", "批次指定";
    health: "Health", "健康状况";
    well: "answers", "正常";
    failing_since: "every attempt failed since", "自此全部失败：";
    not_found: "Delivery not found", "投递不存在";
    not_found_text: "There is no delivery with the id", "没有此编号的投递：";
    payload: "What happened", "事件内容";
    attempts_title: "Attempts, newest first", "尝试（最新在前）";
    no_attempts: "Not sent yet", "尚未发送";
    attempt: "Attempt", "尝试";
    trigger: "Because", "原因";
    answer: "Answer", "响应";
    took: "Took", "耗时";
    started: "Sent", "发送于";
    headers: "Headers", "响应头";
    body: "Body", "响应体";
    empty_body: "The answer had no body.", "响应没有内容。";
    no_answer: "There was no answer.", "没有响应。";
    send_again: "Send again", "重新发送";
    send_again_text: "Sends it now, under the same webhook-id, and begins the schedule anew.", "立即以相同的 webhook-id 发送，并重新开始重试计划。";
    in_flight: "It is on its way at this moment. Wait for what comes of it.", "此刻正在发送，请等待结果。";
}

impl Lang {
    pub const fn webhooks(self) -> &'static WebhooksWords {
        self.pick(&EN, &ZH)
    }

    pub const fn delivery_state(self, state: DeliveryState) -> &'static str {
        let (en, zh) = match state {
            DeliveryState::Pending => ("pending", "待投递"),
            DeliveryState::Succeeded => ("succeeded", "成功"),
            DeliveryState::Exhausted => ("exhausted", "已放弃"),
            DeliveryState::Canceled => ("canceled", "已取消"),
        };
        self.pick(en, zh)
    }

    pub const fn endpoint_state(self, state: EndpointState) -> &'static str {
        let (en, zh) = match state {
            EndpointState::Enabled => ("enabled", "启用"),
            EndpointState::Disabled => ("disabled", "停用"),
        };
        self.pick(en, zh)
    }

    pub const fn disabled_because(self, because: DisabledBecause) -> &'static str {
        let (en, zh) = match because {
            DisabledBecause::Operator => ("by an operator", "由运营人员停用"),
            DisabledBecause::Customer => ("by the customer", "由客户停用"),
            DisabledBecause::Gone => ("it answered 410: it wants no more", "返回 410：不再接收"),
            DisabledBecause::Failing => {
                ("everything failed for five days; tried again every six hours", "连续五天全部失败；每六小时再试一次")
            }
        };
        self.pick(en, zh)
    }

    pub const fn canceled_because(self, because: CanceledBecause) -> &'static str {
        let (en, zh) = match because {
            CanceledBecause::EndpointDisabled => ("endpoint disabled", "接收端已停用"),
            CanceledBecause::EndpointDeleted => ("endpoint deleted", "接收端已删除"),
            CanceledBecause::ReplayAborted => ("replay stopped", "重放已中止"),
        };
        self.pick(en, zh)
    }

    pub const fn trigger_word(self, trigger: Trigger) -> &'static str {
        let (en, zh) = match trigger {
            Trigger::Scheduled => ("the schedule", "按计划"),
            Trigger::Manual => ("somebody asked for it", "人工重发"),
            Trigger::Replay => ("a replay", "批量重放"),
            Trigger::Test => ("a test", "测试"),
            Trigger::Probe => ("a look whether it is well again", "探测是否恢复"),
        };
        self.pick(en, zh)
    }

    /// What came of an attempt, in a few words.
    pub const fn class_word(self, class: AttemptClass) -> &'static str {
        let (en, zh) = match class {
            AttemptClass::Delivered => ("delivered", "已送达"),
            AttemptClass::Http3xx => ("a redirect, which is not followed", "重定向（不跟随）"),
            AttemptClass::Http4xx => ("the receiver refused it", "接收端拒绝"),
            AttemptClass::Http5xx => ("the receiver failed", "接收端出错"),
            AttemptClass::Gone => ("gone: it wants no more", "已不再接收"),
            AttemptClass::BodyTooLarge => ("an answer over 64 kB", "响应超过 64 kB"),
            AttemptClass::TimeoutConnect => ("no connection in time", "连接超时"),
            AttemptClass::TimeoutResponse => ("no whole answer in time", "响应超时"),
            AttemptClass::Refused => ("no connection", "连接被拒绝"),
            AttemptClass::Reset => ("the connection broke off", "连接中断"),
            AttemptClass::Dns => ("the name has no address", "域名无法解析"),
            AttemptClass::Tls => ("the certificate is not trusted", "证书不受信任"),
            AttemptClass::BlockedAddress => ("the address is not on the public internet", "地址不在公网"),
            AttemptClass::Internal => ("a fault of ours", "我方故障"),
            AttemptClass::Interrupted => ("interrupted on our side; sent again", "我方中断；已重发"),
        };
        self.pick(en, zh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_said_in_both_languages() {
        for lang in Lang::ALL {
            assert!(!lang.webhooks().webhooks.is_empty());
            for class in AttemptClass::ALL {
                assert!(!lang.class_word(*class).is_empty(), "{class}");
            }
        }
    }
}
