//! What only the record of who did what says.

use super::Lang;
use crate::domain::audit::{ActorKind, Deed, ObjectKind};

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What the record says in one language.
        #[derive(Debug)]
        pub struct AuditWords {
            $(pub $name: &'static str,)+
        }

        static EN: AuditWords = AuditWords { $($name: $en,)+ };
        static ZH: AuditWords = AuditWords { $($name: $zh,)+ };
    };
}

words! {
    audit: "Audit log", "审计日志";
    note: "Everything that operators, commands and refused keys did, newest first. Rows are never changed; a hash chain proves it (batchbook verify).",
        "运营人员、命令行以及被拒绝的密钥所做的一切，最新在前。记录不可更改，由哈希链证明（batchbook verify）。";
    at: "Time", "时间";
    who: "Who", "操作者";
    who_hint: "E-mail address, key or id, whole", "完整的邮箱、密钥名或编号";
    action: "Action", "操作";
    all_actions: "All actions", "全部操作";
    object: "On", "对象";
    object_hint: "Id of a thing or of a customer", "对象或客户的编号";
    changed: "What changed", "变更";
    reason: "Reason", "原因";
    from: "From, UTC", "起始日（UTC）";
    to: "To, UTC", "截止日（UTC）";
    address: "Address", "来源地址";
    request: "Request", "请求";
    apply: "Apply", "应用";
    clear: "Clear filters", "清除筛选";
    export: "Export CSV", "导出 CSV";
    newer: "Newer", "较新";
    none: "Nothing has been done yet", "还没有任何操作";
    none_text: "What operators and commands do is recorded here from now on.", "从现在起，运营人员和命令行的操作都会记录在此。";
    no_match: "Nothing matches", "没有匹配的记录";
    no_match_text: "Nothing that was done meets all of the filters.", "没有记录满足全部筛选条件。";
    history: "History", "历史";
    history_of: "What operators did", "运营人员的操作";
    history_note: "What operators did to this customer and to what belongs to it, newest first, the latest 100.", "运营人员对此客户及其所属内容的操作，最新在前，最近 100 条。";
    whole_history: "All of it, in the audit log", "在审计日志中查看全部";
    empty: "–", "–";
}

impl Lang {
    pub const fn audit(self) -> &'static AuditWords {
        self.pick(&EN, &ZH)
    }

    pub const fn deed(self, deed: Deed) -> &'static str {
        let (en, zh) = deed_words(deed);
        self.pick(en, zh)
    }

    pub const fn object_kind(self, kind: ObjectKind) -> &'static str {
        match kind {
            ObjectKind::Customer => self.pick("customer", "客户"),
            ObjectKind::Batch => self.pick("batch", "批次"),
            ObjectKind::Grant => self.pick("grant", "授予"),
            ObjectKind::Key => self.pick("API key", "API 密钥"),
            ObjectKind::Endpoint => self.pick("endpoint", "回调地址"),
            ObjectKind::Delivery => self.pick("delivery", "投递"),
            ObjectKind::Replay => self.pick("webhook replay", "回调重放"),
            ObjectKind::View => self.pick("view", "视图"),
            ObjectKind::Operator => self.pick("operator", "运营人员"),
            ObjectKind::Session => self.pick("sign-in", "登录"),
            ObjectKind::Token => self.pick("token", "令牌"),
            ObjectKind::CreditRequest => self.pick("request for credits", "积分申请"),
            ObjectKind::Setting => self.pick("setting", "设置"),
        }
    }

    pub const fn actor_kind(self, kind: ActorKind) -> &'static str {
        match kind {
            ActorKind::Operator => self.pick("operator", "运营人员"),
            // Its name says it.
            ActorKind::Command => self.pick("", ""),
            ActorKind::Key => self.pick("API key", "API 密钥"),
            ActorKind::Nobody => self.pick("not let in", "未获准入"),
        }
    }
}

const fn deed_words(deed: Deed) -> (&'static str, &'static str) {
    match deed {
        Deed::CustomerAdded => ("Customer added", "添加客户"),
        Deed::CreditsGranted => ("Credits added", "添加积分"),
        Deed::CreditsTakenBack => ("Credits taken back", "收回积分"),
        Deed::CreditsAsked => ("Credits asked for", "申请积分"),
        Deed::CreditsApproved => ("Credits approved", "批准积分"),
        Deed::CreditsDeclined => ("Credits declined", "拒绝积分"),
        Deed::TasksRefunded => ("Tasks refunded", "任务退款"),
        Deed::BatchCanceled => ("Batch canceled", "取消批次"),
        Deed::BooksCompared => ("Books compared", "核对账目"),
        Deed::ViewSaved => ("View saved", "保存视图"),
        Deed::ViewDeleted => ("View deleted", "删除视图"),
        Deed::EndpointAdded => ("Endpoint added", "添加回调地址"),
        Deed::EndpointChanged => ("Endpoint changed", "修改回调地址"),
        Deed::EndpointEnabled => ("Endpoint enabled", "启用回调地址"),
        Deed::EndpointDisabled => ("Endpoint disabled", "停用回调地址"),
        Deed::EndpointDeleted => ("Endpoint deleted", "删除回调地址"),
        Deed::EndpointTested => ("Endpoint tested", "测试回调地址"),
        Deed::SecretRotated => ("Signing secret replaced", "更换签名密钥"),
        Deed::DeliveriesResent => ("Webhooks sent again", "重发回调"),
        Deed::ReplayStarted => ("Replay started", "开始重放回调"),
        Deed::ReplayAborted => ("Replay stopped", "中止重放回调"),
        Deed::KeyAdded => ("API key made", "创建 API 密钥"),
        Deed::KeyRevoked => ("API key revoked", "停用 API 密钥"),
        Deed::KeyRefused => ("API key refused", "拒绝 API 密钥"),
        Deed::OperatorAdded => ("Operator added", "添加运营人员"),
        Deed::OperatorChanged => ("Operator changed", "修改运营人员"),
        Deed::OperatorDisabled => ("Operator let out", "停用运营人员"),
        Deed::OperatorEnabled => ("Operator let in again", "重新启用运营人员"),
        Deed::PasswordSet => ("Password set", "设置密码"),
        Deed::SecondFactorSet => ("Second factor set", "设置两步验证"),
        Deed::SecondFactorRemoved => ("Second factor removed", "移除两步验证"),
        Deed::LinkMade => ("One-time link made", "生成一次性链接"),
        Deed::TokenAdded => ("Token made", "创建令牌"),
        Deed::TokenRevoked => ("Token revoked", "停用令牌"),
        Deed::SignedIn => ("Signed in", "登录"),
        Deed::SignInRefused => ("Sign-in refused", "登录被拒"),
        Deed::CodeAsked => ("Code asked for", "要求两步验证码"),
        Deed::PasswordAsked => ("Password given again", "再次验证密码"),
        Deed::SessionEnded => ("Sign-in ended", "结束登录"),
        Deed::SettingChanged => ("Setting changed", "修改设置"),
    }
}
