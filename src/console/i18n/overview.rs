//! Words of the first page.

use super::Lang;
use crate::domain::overview::Window;

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What only the first page says.
        #[derive(Debug)]
        pub struct OverviewWords {
            $(pub $name: &'static str,)+
        }
        static EN: OverviewWords = OverviewWords { $($name: $en,)+ };
        static ZH: OverviewWords = OverviewWords { $($name: $zh,)+ };
    };
}

words! {
    overview: "Overview", "概览";
    window: "Days", "天数";
    today: "Today", "今天";
    week: "7 days", "7 天";
    month: "30 days", "30 天";
    note: "All figures are over the batches submitted on these UTC days, with what has happened to them until now. Each leads to its batches.",
        "所有数字均以这些 UTC 日期内提交的批次为范围，反映其至今的结果。点击可查看对应的批次。";
    money: "Money", "收支";
    revenue: "Revenue", "收入";
    cost: "Provider cost", "服务商成本";
    profit: "Profit", "利润";
    margin: "Margin", "利润率";
    batches_by_state: "Batches by state", "批次状态";
    tasks_by_state: "Tasks by state", "任务状态";
    total: "All", "合计";
    work: "Work now", "当前工作";
    workers: "Workers alive", "存活的工作进程";
    waiting: "Tasks waiting", "等待中的任务";
    being_made: "Tasks being made", "正在生成的任务";
    open_batches: "Open batches", "未完成的批次";
    oldest: "Oldest open batch", "最早的未完成批次";
    none_open: "none", "无";
    last_claim: "Last claimed", "最近领取";
    all_well: "Nothing is stuck.", "一切正常。";
    idle: "Nothing waits.", "没有等待的任务。";
    stuck: "Work does not go on", "工作停滞";
    credits_per_day: "Credits per day", "每日积分";
    credits_desc: "One bar per day of submission: credits charged, and credits refunded on top.", "每个提交日一根柱：已扣积分，其上为已退积分。";
    failures_per_day: "Failed tasks per day, by responsible party", "每日失败任务（按责任方）";
    failures_desc: "One bar per day of submission: failed tasks, stacked by the party that bears them.", "每个提交日一根柱：失败任务，按责任方堆叠。";
    as_table: "Figures as a table", "以表格显示";
    day: "Day, UTC", "日期（UTC）";
    charged: "Charged", "已扣";
    refunded: "Refunded", "已退";
    by_party: "Failures by responsible party", "按责任方统计失败";
    by_model: "Failures by model", "按模型统计失败";
    party_note: "Each figure leads to the batches that it is the sum of, each with its own part of it. Sunk includes repeated attempts.", "每个数字链接到构成它的批次，各批次显示其所占部分。沉没成本含重试过的尝试。";
    party: "Party", "责任方";
    failed_tasks: "Failed tasks", "失败任务";
    share: "Of all tasks", "占全部任务";
    sunk: "Sunk, US$", "沉没成本，US$";
    ordered: "Ordered", "下单";
    failure_rate: "Failure rate", "失败率";
    no_failures: "No task has failed.", "没有失败的任务。";
    no_batches: "No batch was submitted on these days.", "这些日期内没有提交批次。";
    no_batches_text: "Look at more days, or at all batches.", "请查看更多天，或全部批次。";
    paused: "Paused routes", "已暂停的路由";
    until: "until", "直到";
    no_reason: "no reason was given", "未说明原因";
    retiring: "Models that retire", "即将下线的模型";
    successor: "successor", "替代模型";
    no_successor: "no successor", "无替代模型";
    none: "none", "无";
}

impl Lang {
    pub const fn overview(self) -> &'static OverviewWords {
        self.pick(&EN, &ZH)
    }

    pub const fn window(self, window: Window) -> &'static str {
        let words = self.overview();
        match window {
            Window::Today => words.today,
            Window::Week => words.week,
            Window::Month => words.month,
        }
    }

    fn is_english(self) -> bool {
        self.tag() == "en"
    }

    /// Nobody is there to do the work.
    pub fn no_worker(self, batches: i64, tasks: i64, since: Option<&str>) -> String {
        let (batches, tasks) = (self.number(batches), self.number(tasks));
        match (self.is_english(), since) {
            (true, Some(since)) => {
                format!("No worker is alive and none has claimed for {since}; {batches} batches with {tasks} tasks wait. Start one with")
            }
            (true, None) => format!("No worker is alive; {batches} batches with {tasks} tasks wait. Start one with"),
            (false, Some(since)) => {
                format!("没有存活的工作进程，已 {since} 无人领取任务；{batches} 个批次的 {tasks} 个任务在等待。请启动：")
            }
            (false, None) => format!("没有存活的工作进程；{batches} 个批次的 {tasks} 个任务在等待。请启动："),
        }
    }

    /// Somebody is there, and does not.
    pub fn not_claiming(self, workers: usize, since: &str, tasks: i64) -> String {
        let tasks = self.number(tasks);
        if self.is_english() {
            let who =
                if workers == 1 { "1 worker is alive and has".to_owned() } else { format!("{workers} workers are alive and none has") };
            let not = if workers == 1 { " not" } else { "" };
            return format!(
                "{who}{not} claimed for {since}; {tasks} tasks wait. Their log says why: look for refused keys and full routes."
            );
        }
        format!("{workers} 个工作进程存活，但已 {since} 未领取任务；{tasks} 个任务在等待。请查看日志：密钥被拒或路由已满。")
    }

    pub fn all_paused(self, routes: usize, tasks: i64) -> String {
        let tasks = self.number(tasks);
        if self.is_english() {
            let routes = if routes == 1 { "1 route is".to_owned() } else { format!("{routes} routes are") };
            return format!(
                "{routes} paused; {tasks} tasks wait. They go on by themselves when the pause ends, or fail and are refunded at their deadline."
            );
        }
        format!("{routes} 条路由已暂停；{tasks} 个任务在等待。暂停结束后自动继续，到期未完成则失败并退款。")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_do() {
        assert_eq!(
            Lang::EN.no_worker(3, 1_200, Some("2 m 00 s")),
            "No worker is alive and none has claimed for 2 m 00 s; 3 batches with 1,200 tasks wait. Start one with"
        );
        assert!(Lang::EN.not_claiming(1, "5 m 00 s", 10).starts_with("1 worker is alive and has not claimed for 5 m 00 s; 10 tasks wait."));
        assert!(Lang::ZH.no_worker(3, 1_200, None).contains("1,200"));
    }
}
