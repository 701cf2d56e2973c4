//! Words of the price page in both languages.

use crate::console::i18n::Lang;

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        #[derive(Debug)]
        pub struct SiteWords {
            $(pub $name: &'static str,)+
        }
        static EN: SiteWords = SiteWords { $($name: $en,)+ };
        static ZH: SiteWords = SiteWords { $($name: $zh,)+ };

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$(($en, $zh),)+];
    };
}

words! {
    title: "Pricing: AI video by the batch", "价格：AI 视频批量生成";
    heading: "Pay for the videos you get", "只为成功的视频付费";
    lead: "Send a batch of prompts; credits are held when it is accepted, charged for each video that is delivered, and returned for each one that is not. No subscription.",
        "一次提交一批提示词：受理时预扣积分，视频交付后逐条结算，失败的逐条退回。无需订阅。";
    skip: "Skip to content", "跳到正文";
    api: "API reference", "API 文档";
    language: "Language", "语言";
    models: "Pay as you go", "按量付费";
    model: "Model", "模型";
    price: "Per video", "单价";
    credits: "Credits", "积分";
    smallest_batch: "Smallest batch", "最小批量";
    smallest_order: "Smallest order", "最低金额";
    target: "95 of 100 within", "95% 完成于";
    deadline: "Refunded after", "超时退款";
    videos_unit: "videos", "条";
    minutes_unit: "min", "分钟";
    models_note: "A video that is not there in time is failed and refunded. One credit costs", "超时未完成的视频判为失败并自动退款。1 积分的价格为";
    packages: "Prepaid packages", "企业预付包";
    package: "Package", "套餐";
    you_pay: "You pay", "价格";
    discount: "Discount", "折扣";
    packages_note: "Discounts are against pay as you go, rounded down. Credits of a package are spent on any model, and never expire.",
        "折扣相对按量付费计算，向下取整。套餐积分适用于所有模型，永不过期。";
    calculator: "What will it cost?", "费用计算";
    how_many: "Number of videos", "视频数量";
    calculate: "Calculate", "计算";
    needed: "Credits needed", "所需积分";
    list: "Pay as you go", "按量付费";
    best: "Best price", "最优价格";
    saving: "You save", "节省";
    wallet: "Left in your wallet", "钱包剩余";
    batches: "Batches", "批次数";
    loose: "credits at list price", "积分（按原价）";
    no_package: "Pay as you go is the best price for this number.", "此数量按量付费最划算。";
    too_many: "That is more than this page can work out. Please ask for a quote.", "数量超出本页的计算范围，请联系我们报价。";
    not_a_number: "Write a whole number of videos.", "请输入整数。";
    promises: "What you can rely on", "服务承诺";
    promise_refund: "Failures are refunded by themselves, in the same moment in which they are recorded.", "失败自动退款：记录失败的同一时刻，积分即退回。";
    promise_once: "The same request makes one batch, however often it is sent (Idempotency-Key).", "同一请求无论发送多少次，只会创建一个批次（Idempotency-Key）。";
    promise_ledger: "Every credit can be followed in a double-entry ledger that nobody can change.", "每一积分都记入复式账本，只增不改，可逐笔追溯。";
    promise_cancel: "Cancel at any time: what has not run is refunded.", "随时可取消，未执行的部分全额退回。";
    promise_webhooks: "Signed webhooks tell your server what happened; what does not arrive is tried again, for days.", "结果通过带签名的 Webhook 通知；未送达时会在数日内持续重试。";
    promise_expiry: "Paid credits never expire.", "付费积分永不过期。";
    quote: "The API quotes any batch for free before you order it: add ?dry_run=true.", "下单前可通过 API 免费询价：请求加上 ?dry_run=true。";
    contact: "Questions, packages, contracts:", "咨询、套餐与合同：";
    as_of: "Prices in US dollars, as of", "价格以美元计，截至";
    unavailable: "Prices cannot be read at the moment. Please try again in a minute.\n", "暂时无法读取价格，请稍后再试。\n";
}

pub const fn of(lang: Lang) -> &'static SiteWords {
    lang.pick(&EN, &ZH)
}

/// Fewer than a batch has at least.
pub fn under_minimum(lang: Lang, model: &str, min: &str) -> String {
    match lang.tag() {
        "en" => format!("A batch of {model} has at least {min} videos."),
        _ => format!("{model} 每批至少 {min} 条视频。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_in_both_languages() {
        for (english, chinese) in ALL {
            assert!(!english.trim().is_empty() && !chinese.trim().is_empty() && english != chinese, "{english:?} {chinese:?}");
        }
    }
}
