//! What the page of a delivery says, and the tab of webhooks of a batch.

use super::Lang;
use crate::domain::webhook::AttemptClass;

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What is said of deliveries in one language.
        #[derive(Debug)]
        pub struct DeliveryWords {
            $(pub $name: &'static str,)+
        }

        static EN: DeliveryWords = DeliveryWords { $($name: $en,)+ };
        static ZH: DeliveryWords = DeliveryWords { $($name: $zh,)+ };
    };
}

words! {
    lifecycle: "From the event to the receiver", "从事件到接收端";
    occurred: "Occurred", "发生";
    occurred_text: "The event was written in the same transaction as what it reports.", "事件与其所报告的事在同一事务中写入。";
    queued: "Queued", "排队";
    queued_text: "A delivery was made for this endpoint.", "已为此接收端创建投递。";
    attempt_delivered: "Delivered", "已送达";
    attempt_failed: "Attempt failed", "尝试失败";
    attempt_on_way: "On its way now", "正在发送";
    on_way_text: "If nothing is heard of it, it is sent again from", "若无结果，将于此时重新发送：";
    waits: "Retries at", "重试于";
    waits_first: "Is sent at", "发送于";
    gave_up: "Given up", "已放弃";
    gave_up_text: "Every attempt of the schedule was made, and none arrived.", "已按计划完成全部尝试，均未送达。";
    canceled: "Canceled", "已取消";
    not_yet: "Delivered", "送达";
    not_yet_text: "Not yet.", "尚未。";
    earlier_attempts: "earlier attempts, below", "次更早的尝试（见下）";
    waiting_mark: "waiting here", "等待中";
    schedule: "What is left of the schedule", "剩余重试计划";
    schedule_text: "At the earliest; up to a tenth is added to each pause, so that what failed together is not tried together.", "均为最早时间；每次间隔最多再加十分之一，避免同时失败的投递同时重试。";
    then_given_up: "If the last one fails too, the delivery is given up.", "若最后一次仍失败，则放弃投递。";
    attempt: "Attempt", "尝试";
    due: "In", "距今";
    result: "Result", "结果";
    last_result: "Last result", "最近结果";
    side: "Whose side", "责任方";
    side_ours: "ours", "我方";
    side_network: "the network", "网络";
    side_receiver: "the receiver", "接收端";
    side_nobody: "nobody's: it arrived", "无：已送达";
    recorded: "Recorded", "记录于";
    requested: "Requested", "请求发出";
    responded: "Responded", "响应开始";
    ended: "Ended", "结束";
    took: "Took", "耗时";
    asked_pause: "Asked to wait", "要求等待";
    detail: "In detail", "详情";
    of_replay: "Replay", "重放";
    by: "by", "由";
    request: "Request", "请求";
    response: "Response", "响应";
    copy_request: "Copy request body", "复制请求内容";
    copy_response: "Copy response body", "复制响应内容";
    copy_headers: "Copy headers", "复制标头";
    not_sent: "Not sent yet.", "尚未发送。";
    was_not_sent: "It was not sent: the request was refused on our side before a connection was made.", "未发送：建立连接之前已被我方拦截。";
    no_response: "It was sent, and no response came.", "已发送，但没有收到响应。";
    empty_body: "The response has no body.", "响应没有内容。";
    secrets_hidden: "Values that may be secret are hidden (…).", "可能涉及机密的值已隐藏（…）。";
    cut_body: "Only the first 8 kB are kept.", "仅保留前 8 kB。";
    verify_text: "The signature is over webhook-id, webhook-timestamp and the body to the letter, with dots between them.", "签名覆盖 webhook-id、webhook-timestamp 与逐字请求内容，以点号连接。";
    body_sent: "Body, the same at every attempt", "请求内容（每次尝试相同）";
    endpoint: "Endpoint", "接收端";
    endpoints: "Endpoints", "接收端";
    delivered: "Delivered", "已送达";
    waiting: "Waiting", "待投递";
    never_arrived: "Never arrived", "未送达";
    attempts: "Attempts", "尝试";
    next_attempt: "Next attempt", "下次尝试";
    strip: "Last attempts, oldest first", "最近的尝试（最旧在前）";
    no_attempt: "none yet", "暂无";
    sums_cut: "Sums are over the latest deliveries only:", "合计仅含最近的投递：";
    batch_deliveries: "Deliveries of this batch", "此批次的投递";
    batch_named: "The batch names", "批次指定了";
    batch_named_none: "The batch names no address of its own.", "批次未指定自己的地址。";
    unsent: "Events nobody was told of", "无人接收的事件";
    unsent_text: "Written when they happened, and sent nowhere: no endpoint of this customer was there that wanted them. They are not sent later by themselves.", "事件发生时已写入，但未发送：当时该客户没有订阅它们的接收端。之后不会自动补发。";
    unsent_queued: "deliveries are being made", "正在创建投递";
    unsent_nobody: "no endpoint wanted it", "没有接收端订阅";
    nothing_told: "Nobody was told of this batch", "此批次没有任何通知";
    nothing_told_text: "The customer has no endpoint, and the batch named none. Register one to be told of what happens from then on.", "该客户没有接收端，批次也未指定。请登记接收端，以接收此后的事件。";
    register: "Register an endpoint", "登记接收端";
    deleted: "deleted", "已删除";
    on_its_way: "on its way", "发送中";
}

impl Lang {
    pub const fn deliveries(self) -> &'static DeliveryWords {
        self.pick(&EN, &ZH)
    }

    /// What a result means and what follows from it, in a plain sentence.
    pub const fn class_sentence(self, class: AttemptClass) -> &'static str {
        let (en, zh) = match class {
            AttemptClass::Delivered => ("The receiver answered 2xx: it has it.", "接收端返回 2xx：已收到。"),
            AttemptClass::Http3xx => (
                "The receiver answered with a redirect. Redirects are not followed: register the address that it leads to.",
                "接收端返回重定向。系统不跟随重定向：请登记最终地址。",
            ),
            AttemptClass::Http4xx => (
                "The receiver refused the request. Its code should accept the webhook, or its access rules should let it through.",
                "接收端拒绝了请求。应由其代码接受该 Webhook，或由其访问规则放行。",
            ),
            AttemptClass::Http5xx => (
                "The receiver failed while it handled the request. Its own log says why.",
                "接收端在处理请求时出错。其自身日志会说明原因。",
            ),
            AttemptClass::Gone => {
                ("The receiver answered 410: it wants no more. The endpoint was disabled.", "接收端返回 410：不再接收。该接收端已停用。")
            }
            AttemptClass::BodyTooLarge => (
                "The receiver answered with more than 64 kB. That is a web page, not a receiver: check the address.",
                "接收端的响应超过 64 kB。这更像网页而非接收端：请检查地址。",
            ),
            AttemptClass::TimeoutConnect => (
                "No connection came about within 5 seconds. A firewall may drop our packets, or the machine is down.",
                "5 秒内未能建立连接。可能是防火墙丢弃了数据包，或服务器已停机。",
            ),
            AttemptClass::TimeoutResponse => (
                "The connection was made, and no whole answer came in time. The receiver should answer first and work later.",
                "连接已建立，但未在时限内收到完整响应。接收端应先响应、后处理。",
            ),
            AttemptClass::Dns => (
                "The name of the host has no address. It may be mistyped, or its DNS may be down for a while.",
                "主机名无法解析。可能拼写有误，或其 DNS 暂时不可用。",
            ),
            AttemptClass::Tls => (
                "The certificate is not trusted: expired, self-signed, or for another name. It has to be renewed.",
                "证书不受信任：已过期、自签名或域名不符。需要更新证书。",
            ),
            AttemptClass::Refused => (
                "Nobody listens at this address and port. The receiver is not running, or the port is wrong.",
                "该地址与端口无人监听。接收端未运行，或端口有误。",
            ),
            AttemptClass::Reset => (
                "The connection broke off before the answer was whole. The receiver may have got the request.",
                "连接在响应完整之前中断。接收端可能已收到请求。",
            ),
            AttemptClass::BlockedAddress => (
                "The host leads to an address that is not on the public internet, so nothing was sent. It has to be a public one.",
                "主机指向非公网地址，因此未发送任何内容。必须使用公网地址。",
            ),
            AttemptClass::Internal => (
                "A fault on our side. It costs the endpoint no attempt, and it is sent again.",
                "我方故障。不计入接收端的尝试次数，并会重新发送。",
            ),
            AttemptClass::Interrupted => (
                "The program ended between sending and recording. The receiver may have got it; it is sent again under the same id.",
                "程序在发送与记录之间终止。接收端可能已收到；将以相同编号重新发送。",
            ),
        };
        self.pick(en, zh)
    }

    pub const fn class_side(self, class: AttemptClass) -> &'static str {
        let words = self.deliveries();
        match class {
            AttemptClass::Delivered => words.side_nobody,
            AttemptClass::Internal | AttemptClass::Interrupted => words.side_ours,
            AttemptClass::Dns | AttemptClass::TimeoutConnect | AttemptClass::Reset => words.side_network,
            AttemptClass::Http3xx
            | AttemptClass::Http4xx
            | AttemptClass::Http5xx
            | AttemptClass::Gone
            | AttemptClass::BodyTooLarge
            | AttemptClass::TimeoutResponse
            | AttemptClass::Tls
            | AttemptClass::Refused
            | AttemptClass::BlockedAddress => words.side_receiver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_explained_in_both_languages() {
        for class in AttemptClass::ALL {
            let [en, zh] = Lang::ALL.map(|lang| lang.class_sentence(*class));
            assert!(en.ends_with('.') && zh.ends_with('。'), "{class}");
            assert_ne!(Lang::EN.class_side(*class), Lang::ZH.class_side(*class), "{class}");
        }
    }
}
