//! 简体中文。

use super::Words;
use crate::domain::attempt::{AttemptState, Billed};
use crate::domain::batch::BatchStatus;
use crate::domain::failure::{FailureType, Party};
use crate::domain::grant::GrantKind;
use crate::domain::ledger::{AccountKind, LineKind, TransactionKind};
use crate::domain::task::TaskStatus;

pub static WORDS: Words = Words {
    skip_to_content: "跳到正文",
    main_navigation: "控制台",
    batches: "批次",
    language: "语言",
    simulated: "模拟服务商：不会真正生成视频",
    copy: "复制",
    copied: "已复制",

    try_again: "重试",
    error_title: "此部分未能加载",
    error_not_found: "不存在。",
    error_signed_out: "您已退出登录。点击重试即可登录并返回此页。",
    error_forbidden: "您的角色无权查看或执行此操作。可请所有者调整您的角色。",
    error_password: "此操作需要再次输入密码。",
    error_unavailable: "数据库没有响应。数据没有丢失，请稍后重试。",
    error_unreadable: "无法读取提交的内容：页面版本比服务器旧。请刷新页面后重试。",
    error_internal: "服务器出错。日志中可按请求编号查到详情。",
    request_id: "请求编号",
    page_not_found: "页面不存在",
    page_not_found_text: "此地址没有页面。",
    batch_not_found: "批次不存在",
    batch_not_found_text: "没有此编号的批次：",
    to_batches: "全部批次",

    state: "状态",
    batch: "批次",
    customer: "客户",
    model: "模型",
    progress: "进度",
    tasks: "任务",
    succeeded: "成功",
    ok: "成功",
    failed: "失败",
    canceled: "已取消",
    open: "未完成",
    held: "预扣",
    charged: "已扣",
    refunded: "已退",
    profit: "利润",
    profit_usd: "利润，US$",
    margin: "利润率",
    created: "创建时间",
    duration: "用时",
    credits: "积分",
    number: "序号",
    prompt: "提示词",
    attempts: "尝试",
    waited: "等待",
    ran: "运行",
    failure: "失败原因",
    cost: "成本",
    revenue: "收入",
    reason: "原因",
    actor: "操作者",

    newest_first: "最新在前。积分为整数，利润以美元计。",
    older: "更早",
    newest: "最新",
    no_batches: "还没有批次",
    no_batches_text: "批次由客户通过 API 提交。先用“batchbook key add --customer <id>”生成密钥，替换 bb_… 后粘贴：",
    no_more_batches: "没有更早的批次",
    no_more_batches_text: "已经超过最早的批次。",

    what_it_made: "这单赚了多少",
    captures: "个任务已扣",
    cost_succeeded: "服务商成本（成功）",
    cost_failed: "服务商成本（失败仍计费）",
    tasks_and_time: "任务与时间",
    finished: "结束时间",
    waited_and_ran: "等待 / 运行",
    so_far_note: "至今",
    key: "API 密钥",
    idempotency_key: "幂等键",
    whose_fault: "谁的责任，代价多少",
    party: "责任方",
    refunded_short: "已退",
    sunk: "沉没成本，US$",
    credits_strip: "积分",
    agree: "批次与授予一致",
    disagree: "批次与授予不一致",
    disagree_text: "此批次所用的授予记录为",

    sections: "此批次的内容",
    billing: "账本",
    webhooks: "Webhook",
    previous: "上一页",
    next: "下一页",
    page_of: "/",
    go_to_page: "页码",
    go: "前往",
    rows_per_page: "每页行数",
    rows_of: "/",
    open_task: "打开任务",
    close_task: "关闭任务",

    task: "任务",
    parameters: "参数",
    custom_id: "自定义编号",
    reference_url: "参考图",
    aspect_ratio: "宽高比",
    seconds_of_video: "时长（秒）",
    metadata: "元数据",
    output: "结果",
    expires: "失效时间",
    no_output: "无",
    no_parameters: "未指定。",
    attempts_title: "尝试与证据",
    no_attempts: "没有向服务商提交过。",
    attempt_number: "尝试",
    provider: "服务商",
    provider_job: "服务商编号",
    sent: "提交时间",
    http_status: "HTTP 状态",
    provider_code: "服务商代码",
    provider_message: "服务商原文",
    provider_request: "服务商请求编号",
    rule: "判定规则",
    late_result: "迟到的结果，未动账",
    ledger_lines: "此任务的账本明细",
    no_lines: "尚未结算：积分仍在预扣中。",
    transaction: "交易",
    no_such_task: "此批次没有这个序号的任务。",

    summary: "汇总",
    transactions: "交易",
    account: "账户",
    balance_after: "之后余额",
    reverses: "冲正",
    lines_count: "任务明细",
    more_transactions: "这里只列出最早的部分交易。",
    drawn_grants: "所用授予",
    drawn_grants_text: "扣费从上往下消耗，退款从下往上归还。",
    kind: "类型",
    drawn: "占用",
    still_held: "仍预扣",
    no_transactions: "此批次没有交易。",
    in_order: "最早在前",
    grant: "授予",
    revenue_usd: "收入，US$",
    created_utc: "记账时间",
    charged_word: "已扣",
    refunded_word: "已退",
    held_word: "预扣",

    events: "事件",
    no_events: "此批次还没有事件。",
    webhook_url: "此批次的 Webhook 地址",
    payload: "内容",
    event: "事件",
    written: "写入时间",

    new_rows: |count| format!("{count} 个新批次"),
    batch_status_word: batch_status,
    task_status_word: task_status,
    party_word: party,
    failure_word: failure,
    transaction_word: transaction,
    line_word: line,
    account_word: account,
    grant_word: grant,
    attempt_word: attempt,
    billed_word: billed,
};

fn batch_status(status: BatchStatus) -> &'static str {
    match status {
        BatchStatus::Queued => "排队中",
        BatchStatus::Processing => "进行中",
        BatchStatus::Canceling => "取消中",
        BatchStatus::Completed => "已完成",
        BatchStatus::Partial => "部分完成",
        BatchStatus::Failed => "失败",
        BatchStatus::Canceled => "已取消",
    }
}

fn task_status(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Pending => "等待中",
        TaskStatus::Submitting => "提交中",
        TaskStatus::Processing => "生成中",
        TaskStatus::Succeeded => "成功",
        TaskStatus::Failed => "失败",
        TaskStatus::Canceled => "已取消",
    }
}

fn party(party: Party) -> &'static str {
    match party {
        Party::Customer => "客户",
        Party::Provider => "服务商",
        Party::Network => "网络",
        Party::Platform => "平台",
        Party::Unknown => "未知",
    }
}

fn failure(failure: FailureType) -> &'static str {
    match failure {
        FailureType::ContentPolicyInput => "内容政策（输入）",
        FailureType::ContentPolicyOutput => "内容政策（输出）",
        FailureType::ParamError => "参数错误",
        FailureType::AssetError => "参考图不可用",
        FailureType::ModelError => "模型错误",
        FailureType::Capacity => "容量不足",
        FailureType::Timeout => "超时",
        FailureType::Network => "网络故障",
        FailureType::RateLimited => "被限流",
        FailureType::ProviderQuota => "服务商额度用尽",
        FailureType::ProviderAuth => "服务商拒绝密钥",
        FailureType::NotFound => "服务商丢失任务",
        FailureType::ModelRetired => "模型已下线",
        FailureType::ResultMissing => "结果缺失",
        FailureType::ResultDownload => "结果无法下载",
        FailureType::SubmitUnknown => "提交无应答",
        FailureType::Canceled => "已取消",
        FailureType::PlatformError => "平台错误",
        FailureType::Unknown => "未知",
    }
}

fn transaction(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Purchase => "购买",
        TransactionKind::Promo => "赠送",
        TransactionKind::Adjustment => "调整",
        TransactionKind::Hold => "预扣",
        TransactionKind::Capture => "扣费",
        TransactionKind::Release => "退还",
        TransactionKind::Expiry => "过期",
        TransactionKind::Reversal => "冲正",
    }
}

fn line(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Capture => "扣费",
        LineKind::Release => "退还",
        LineKind::Reverse => "冲正",
    }
}

fn account(account: AccountKind) -> &'static str {
    match account {
        AccountKind::Available => "可用",
        AccountKind::Held => "预扣",
        AccountKind::Issued => "发行",
        AccountKind::Revenue => "收入",
        AccountKind::PromoExpense => "赠送支出",
        AccountKind::Breakage => "过期收益",
        AccountKind::Adjustments => "调整",
    }
}

fn grant(kind: GrantKind) -> &'static str {
    match kind {
        GrantKind::Purchase => "购买",
        GrantKind::Promo => "赠送",
        GrantKind::Adjustment => "调整",
    }
}

fn attempt(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Open => "进行中",
        AttemptState::Succeeded => "成功",
        AttemptState::Failed => "失败",
    }
}

fn billed(billed: Billed) -> &'static str {
    match billed {
        Billed::Charged => "计费",
        Billed::Free => "免费",
        Billed::Uncertain => "待定",
    }
}
