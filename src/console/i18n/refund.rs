//! Words of the dialog that gives the credits of charged tasks back.

use super::Lang;

#[derive(Debug)]
pub struct RefundWords {
    pub button: &'static str,
    pub this_task: &'static str,
    pub title: &'static str,
    pub text: &'static str,
    pub charged_now: &'static str,
    pub which: &'static str,
    pub show: &'static str,
    pub gives_back: &'static str,
    pub before: &'static str,
    pub after: &'static str,
    pub ledger_note: &'static str,
    /// Tasks, and credits written out.
    pub press: fn(i64, &str) -> String,
    pub unreadable: &'static str,
    pub too_many: &'static str,
    pub not_charged: fn(&str) -> String,
    pub already: fn(&str) -> String,
}

impl Lang {
    pub const fn refund(self) -> &'static RefundWords {
        self.pick(&EN, &ZH)
    }
}

static EN: RefundWords = RefundWords {
    button: "Refund tasks",
    this_task: "Refund this task",
    title: "Give credits of charged tasks back",
    text: "Failed and canceled tasks were refunded already, by themselves. Here an operator gives back what was charged, once per task: all of the tasks that are named, or none.",
    charged_now: "Succeeded, and charged now",
    which: "Numbers of tasks",
    show: "Show what it would do",
    gives_back: "Gives back",
    before: "Customer can spend now",
    after: "Customer can spend then",
    ledger_note: "Nothing is changed or deleted: a new transaction names the charge that it reverses, who did it and why.",
    press: |tasks, credits| {
        let noun = if tasks == 1 { "task" } else { "tasks" };
        format!("Refund {tasks} {noun}, give back {credits} credits")
    },
    unreadable: "Name tasks by their numbers, like 3,7-9.",
    too_many: "Name at most 10,000 tasks at once.",
    not_charged: |tasks| format!("Only charged tasks can be refunded. These are not charged: {tasks}."),
    already: |tasks| format!("A task is refunded once. These were refunded already: {tasks}."),
};

static ZH: RefundWords = RefundWords {
    button: "退还任务",
    this_task: "退还此任务",
    title: "退还已扣任务的积分",
    text: "失败和取消的任务已自动退还。此处由操作员退还已扣的积分，每个任务只能退还一次：所列任务全部退还，否则一个也不退。",
    charged_now: "成功，当前已扣",
    which: "任务编号",
    show: "显示结果",
    gives_back: "退还",
    before: "客户当前可用",
    after: "客户退还后可用",
    ledger_note: "不修改也不删除任何记录：新的交易会注明所撤销的扣费、操作人和原因。",
    press: |tasks, credits| format!("退还 {tasks} 个任务，共 {credits} 积分"),
    unreadable: "请用编号指明任务，例如 3,7-9。",
    too_many: "一次最多指明 10,000 个任务。",
    not_charged: |tasks| format!("只能退还已扣费的任务。以下任务未扣费：{tasks}。"),
    already: |tasks| format!("每个任务只能退还一次。以下任务已退还：{tasks}。"),
};
