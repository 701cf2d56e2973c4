//! What only the pages of customers say.

use super::Lang;

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What the pages of customers say in one language.
        #[derive(Debug)]
        pub struct CustomersWords {
            $(pub $name: &'static str,)+
        }

        static EN: CustomersWords = CustomersWords { $($name: $en,)+ };
        static ZH: CustomersWords = CustomersWords { $($name: $zh,)+ };
    };
}

words! {
    customers: "Customers", "客户";
    list_note: "Newest first. Credits in whole credits.", "最新在前。积分为整数。";
    search: "Search", "搜索";
    search_label: "Part of a name, an e-mail address or an id", "姓名、邮箱或编号的一部分";
    clear: "Clear the search", "清除搜索";
    name: "Customer", "客户";
    email: "E-mail", "邮箱";
    available: "Available", "可用";
    held: "Held", "预扣";
    spent: "Spent", "已用";
    expired: "Expired", "已过期";
    granted: "Granted", "共授予";
    batches: "Batches", "批次";
    last_batch: "Last batch", "最近批次";
    since: "Customer since", "创建时间";
    newer: "Newer", "较新";
    no_customers: "No customers yet", "还没有客户";
    no_customers_text: "Add the first one on the command line, then give it credits and a key:", "先在命令行添加客户，再授予积分并生成密钥：";
    no_match: "No customer matches", "没有匹配的客户";
    no_match_text: "No name, e-mail address or id holds what was searched for.", "没有姓名、邮箱或编号包含所搜索的内容。";
    not_found: "Customer not found", "客户不存在";
    not_found_text: "There is no customer with the id", "没有此编号的客户：";
    to_customers: "All customers", "全部客户";
    agree: "ledger and grants agree", "账本与授予一致";
    disagree: "ledger and grants disagree", "账本与授予不一致";
    grants_say: "The grants say", "授予记录为";
    difference: "difference", "相差";
    sections: "Sections of this customer", "此客户的内容";
    grants: "Grants", "授予";
    ledger: "Ledger", "账本";
    keys: "API keys", "API 密钥";
    grants_note: "In the order in which they are spent: sooner expiry first, then gifts before paid credits, then older.",
        "按消费顺序排列：先到期的在前，赠送先于购买，较早的在前。";
    no_grants: "No credits were ever added", "尚未添加过积分";
    paid: "Paid, US$", "实付，US$";
    left: "Left", "剩余";
    captured: "Spent", "已用";
    expires: "Expires", "到期时间";
    never: "never", "永不";
    added: "Added", "添加时间";
    total: "Total", "合计";
    ledger_note: "Newest first. Each row is one transaction: what it changed, and the balance after it.",
        "最新在前。每行是一笔交易：它的变动，以及之后的余额。";
    all_kinds: "All kinds", "全部类型";
    filter: "Kind of transaction", "交易类型";
    concerns: "Concerns", "关联";
    available_change: "Available ±", "可用 ±";
    available_after: "Available after", "可用余额";
    held_change: "Held ±", "预扣 ±";
    held_after: "Held after", "预扣余额";
    no_transactions: "No transaction", "没有交易";
    no_transactions_text: "Nothing of this kind was ever booked for this customer.", "此客户没有此类交易。";
    show_all: "Show all", "显示全部";
    taken_back: "Taken back", "已收回";
    credits: "Add or take back", "添加或收回";
    what: "What to do", "操作";
    purchase: "Add: purchase", "添加：购买";
    promo: "Add: promotion", "添加：赠送";
    adjustment: "Add: adjustment", "添加：调整";
    take_back: "Take back", "收回";
    amount: "Credits", "积分";
    paid_field: "Paid, US$ (purchase only)", "实付，US$（仅购买）";
    expires_field: "Last day, UTC (gifts only; empty: never)", "最后有效日，UTC（仅赠送；留空为永久）";
    reason_field: "Reason, kept in the books", "原因，会记入账本";
    show: "Preview", "预览";
    form_note: "Nothing is changed yet: first it is shown what would be written.", "此时不会有任何变动：先显示将要写入的内容。";
    would_write: "What will be written", "将要写入";
    now: "Available now", "当前可用";
    then: "Available after", "之后可用";
    untouched: "stays held by open batches", "仍由未完成批次预扣";
    new_grant: "new", "新";
    confirm_add: "Add these credits", "确认添加";
    confirm_take_back: "Take these credits back", "确认收回";
    clear_form: "Clear", "清空";
    cannot: "This cannot be done as it is", "无法执行";
    no_credits: "Say how many credits: a whole number, more than zero.", "请填写积分数量：大于零的整数。";
    no_reason: "Say why, in at most 500 characters.", "请填写原因，不超过 500 个字符。";
    unpaid_purchase: "Say what was paid: that is what makes it a purchase.", "购买须填写实付金额。";
    paid_gift: "Only a purchase is paid for. Leave what was paid empty, or choose a purchase.", "只有购买才有实付金额。请留空，或改选购买。";
    bad_paid: "Write what was paid like 2000 or 49.90.", "实付金额的写法如 2000 或 49.90。";
    expiring_purchase: "Paid credits never expire. Leave the last day empty.", "购买的积分永不过期。请将最后有效日留空。";
    expiring_take_back: "What is taken back has no last day. Leave it empty.", "收回的积分没有有效日。请留空。";
    expiry_in_past: "The last day is over already.", "最后有效日已经过去。";
    bad_expiry: "Write the last day like 2026-12-31.", "最后有效日的写法如 2026-12-31。";
    not_enough: "There is not so much to take back. What is held by open batches is never touched.", "可收回的积分不足。未完成批次的预扣不会被动用。";
}

impl Lang {
    pub const fn customers(self) -> &'static CustomersWords {
        self.pick(&EN, &ZH)
    }
}
