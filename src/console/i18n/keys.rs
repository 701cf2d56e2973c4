//! What only the API keys of a customer say.

use super::Lang;

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What the keys say in one language.
        #[derive(Debug)]
        pub struct KeysWords {
            $(pub $name: &'static str,)+
        }

        static EN: KeysWords = KeysWords { $($name: $en,)+ };
        static ZH: KeysWords = KeysWords { $($name: $zh,)+ };
    };
}

words! {
    no_keys: "No API key yet", "还没有 API 密钥";
    no_keys_text: "The customer needs one to submit batches. Make it below; its secret is shown once.", "客户需要密钥才能提交批次。请在下方创建，密钥只显示一次。";
    note: "Of a key only the beginning of its secret is known here. Uses are those of the last 30 days, written every few seconds.",
        "这里只保留密钥的开头部分。用量为最近 30 天，每隔几秒写入一次。";
    name: "Name, begins with", "名称与开头";
    state: "State", "状态";
    in_use: "in use", "使用中";
    revoked: "revoked", "已停用";
    expired: "expired", "已到期";
    until: "until", "至";
    scopes: "May", "权限";
    read: "read", "读取";
    submit: "submit", "提交";
    webhooks: "webhooks", "回调";
    from: "From", "来源";
    anywhere: "anywhere", "不限";
    rate: "A minute", "每分钟";
    last_used: "Last used", "最近使用";
    never: "never", "从未";
    requests: "Requests", "请求数";
    refused: "Refused", "被拒";
    made: "Made", "创建时间";
    revoke: "Revoke", "停用";
    revoke_now: "Revoke now", "确认停用";
    revoke_note: "From the next request on it is refused. Batches go on.", "从下一个请求起即被拒绝，已提交的批次继续。";
    usage: "Requests a day", "每日请求";
    day: "Day, UTC", "日期（UTC）";
    let_through: "Let through", "已放行";
    share: "Share", "占比";
    unused: "Not used in the last 30 days", "最近 30 天未使用";
    unused_text: "A key that nobody needs is better revoked.", "无人使用的密钥最好停用。";
    make: "Make an API key", "创建 API 密钥";
    name_field: "Name: what it is for", "名称（用途）";
    expires_field: "Last day, UTC (empty: for ever)", "最后有效日，UTC（留空为永久）";
    from_field: "Addresses or subnets (empty: anywhere)", "地址或子网（留空为不限）";
    rate_field: "Requests a minute at most", "每分钟请求上限";
    make_now: "Make the key", "创建";
    secret_title: "The key is made. This is its secret, shown this once:", "密钥已创建。密钥内容只显示这一次：";
    secret_text: "It is stored nowhere: hand it to the customer by a safe way. It goes into the header Authorization: Bearer <key>.",
        "系统不保存密钥，请以安全方式交给客户。使用时放入请求头 Authorization: Bearer <密钥>。";
    made_before: "This form made its key before, and the secret was shown then. If it is lost, revoke that key and make another one.",
        "此表单已创建过密钥，密钥当时已显示。如已遗失，请停用该密钥并重新创建。";
    bad_name: "Give the key a name of at most 80 characters.", "请填写名称，不超过 80 个字符。";
    bad_scopes: "Choose at least one thing that the key may do.", "请至少选择一项权限。";
    bad_expiry: "The last day is a day to come, like 2027-12-31.", "最后有效日须为将来的日期，如 2027-12-31。";
    bad_allowed: "Write addresses and subnets like 203.0.113.7, 10.0.0.0/8, at most 20.", "地址和子网的写法如 203.0.113.7, 10.0.0.0/8，最多 20 个。";
    bad_rate: "A key allows 1 to 1,000,000 requests a minute.", "每分钟请求数须为 1 到 1,000,000。";
    not_made: "The key could not be made.", "无法创建密钥。";
    not_allowed: "Your role may not make keys, or your password is needed again.", "您的角色不能创建密钥，或需要再次验证密码。";
}

impl Lang {
    pub const fn keys(self) -> &'static KeysWords {
        self.pick(&EN, &ZH)
    }
}
