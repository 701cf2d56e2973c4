//! Words of the tab of tasks and of one open task.

use super::Lang;
use crate::domain::failure::FailureType;

#[derive(Debug)]
pub struct TasksWords {
    pub all: &'static str,
    pub by_state: &'static str,
    pub filters: &'static str,
    pub any_failure: &'static str,
    pub any_party: &'static str,
    pub any_model: &'static str,
    pub search_in: &'static str,
    pub filter: &'static str,
    pub clear: &'static str,
    pub no_match: &'static str,
    pub no_match_text: &'static str,
    pub no_match_in_part: &'static str,
    pub video: &'static str,
    pub export: &'static str,
    pub start_over: &'static str,
    pub previous_task: &'static str,
    pub next_task: &'static str,
    pub customer_reads: &'static str,
    pub accepted: &'static str,
    pub finished: &'static str,
    pub proof: &'static str,
    pub step_held: &'static str,
    pub step_charged: &'static str,
    pub step_refunded: &'static str,
    pub step_reversed: &'static str,
    pub step_failed: &'static str,
    pub step_succeeded: &'static str,
    pub step_canceled: &'static str,
    pub step_open: &'static str,
    pub still_held: &'static str,
    pub step_balance: &'static str,
    pub drawn_from: &'static str,
    pub revenue: &'static str,
    /// `3 rows have changed: show them`
    pub changed: fn(i64) -> String,
    /// First, last and number of all, written out.
    pub searched: fn(&str, &str, &str) -> String,
    /// The first task of the next part, written out.
    pub search_on: fn(&str) -> String,
    /// Credits of a whole transaction.
    pub of_hold: fn(&str) -> String,
    /// Credits and tasks of a whole transaction.
    pub together: fn(&str, &str) -> String,
    /// A task that was refunded in the transaction that recorded its failure.
    pub with_failure: &'static str,
    /// How long after its failure a task was refunded.
    pub after_failure: fn(&str) -> String,
    /// What the customer can read of a failure.
    pub sentence: fn(FailureType) -> &'static str,
}

impl Lang {
    pub const fn tasks_words(self) -> &'static TasksWords {
        self.pick(&EN, &ZH)
    }
}

static EN: TasksWords = TasksWords {
    all: "all",
    by_state: "Tasks by state",
    filters: "Filters",
    any_failure: "Any failure",
    any_party: "Any party",
    any_model: "Any model",
    search_in: "Text in prompt or custom id",
    filter: "Filter",
    clear: "Clear filters",
    no_match: "No task matches",
    no_match_text: "No task of this batch is what these filters ask for.",
    no_match_in_part: "No task of this part of the batch is what these filters ask for.",
    video: "video",
    export: "All of these as",
    start_over: "Search from task 1",
    previous_task: "Previous task",
    next_task: "Next task",
    customer_reads: "Customer reads",
    accepted: "Accepted",
    finished: "Finished",
    proof: "What became of its credits",
    step_held: "Held",
    step_charged: "Charged",
    step_refunded: "Refunded",
    step_reversed: "Charge reversed",
    step_failed: "Failed",
    step_succeeded: "Succeeded",
    step_canceled: "Canceled before it ran",
    step_open: "Not settled yet",
    still_held: "Its credits are still held.",
    step_balance: "Balance after",
    drawn_from: "drawn from",
    revenue: "revenue",
    with_failure: "recorded together with the failure",
    changed: |rows| if rows == 1 { "1 row has changed: show it".to_owned() } else { format!("{rows} rows have changed: show them") },
    searched: |first, last, all| format!("Searched tasks {first} to {last} of {all}."),
    search_on: |next| format!("Search on from task {next}"),
    of_hold: |credits| format!("of {credits} held for the whole batch"),
    together: |credits, tasks| format!("together {credits} for {tasks} tasks"),
    after_failure: |time| format!("{time} after the failure"),
    sentence: FailureType::customer_sentence,
};

static ZH: TasksWords = TasksWords {
    all: "全部",
    by_state: "按状态查看任务",
    filters: "筛选",
    any_failure: "全部失败类型",
    any_party: "全部责任方",
    any_model: "全部模型",
    search_in: "提示词或自定义编号中的文字",
    filter: "筛选",
    clear: "清除筛选",
    no_match: "没有符合条件的任务",
    no_match_text: "此批次中没有符合这些筛选条件的任务。",
    no_match_in_part: "此批次的这一部分中没有符合这些筛选条件的任务。",
    video: "视频",
    export: "全部导出为",
    start_over: "从任务 1 重新搜索",
    previous_task: "上一个任务",
    next_task: "下一个任务",
    customer_reads: "客户看到的说明",
    accepted: "已受理",
    finished: "结束",
    proof: "积分去向",
    step_held: "预扣",
    step_charged: "已扣",
    step_refunded: "已退",
    step_reversed: "扣费已撤销",
    step_failed: "失败",
    step_succeeded: "成功",
    step_canceled: "运行前已取消",
    step_open: "尚未结算",
    still_held: "其积分仍处于预扣状态。",
    step_balance: "之后余额",
    drawn_from: "来自",
    revenue: "收入",
    with_failure: "与失败同时入账",
    changed: |rows| format!("{rows} 行已变化，点击显示"),
    searched: |first, last, all| format!("已搜索任务 {first} 至 {last}，共 {all} 个。"),
    search_on: |next| format!("从任务 {next} 继续搜索"),
    of_hold: |credits| format!("整批共预扣 {credits}"),
    together: |credits, tasks| format!("该笔共 {credits}，{tasks} 个任务"),
    after_failure: |time| format!("失败后 {time}"),
    sentence: chinese,
};

const fn chinese(failure: FailureType) -> &'static str {
    match failure {
        FailureType::ContentPolicyInput => "提示词或参考图在生成前被内容政策拒绝。请修改后重新提交。",
        FailureType::ContentPolicyOutput => "生成的视频被内容政策拒绝。换一种表述可能会通过。",
        FailureType::ParamError => "此任务的某个参数未被接受。积分已退还。",
        FailureType::AssetError => "参考文件无法使用。请确认其地址可公开访问，且为支持的图片格式。",
        FailureType::ModelError => "模型未能生成此视频。积分已退还。",
        FailureType::Capacity => "在截止时间前模型没有可用容量。积分已退还。",
        FailureType::Timeout => "视频未能在截止时间前完成。积分已退还。",
        FailureType::Network => "网络故障导致此任务无法运行。积分已退还。",
        FailureType::RateLimited | FailureType::ProviderQuota | FailureType::ProviderAuth | FailureType::PlatformError => {
            "我方故障导致此任务无法运行。积分已退还。"
        }
        FailureType::NotFound => "任务在生成过程中丢失。积分已退还。",
        FailureType::ModelRetired => "模型在此任务运行前已下线。积分已退还。",
        FailureType::ResultMissing | FailureType::ResultDownload => "任务结束时没有可用的视频。积分已退还。",
        FailureType::SubmitUnknown => "无法确认此任务是否已生成。积分已退还。",
        FailureType::Canceled => "批次在此任务运行前被取消。积分已退还。",
        FailureType::Unknown => "任务失败，原因正在查明。积分已退还。",
    }
}
