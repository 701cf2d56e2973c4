//! What the last form came to, said at the top of the page that it led to.

use leptos::prelude::*;

use crate::console::components::markup::{Markup, Written};
use crate::console::i18n::Lang;
use crate::console::query::{LoginQuery, Said};

pub fn said(lang: Lang, query: &LoginQuery) -> Markup {
    let Some(said) = query.said else { return ().written() };
    let (en, zh) = match said {
        Said::Wrong => ("That is not right. Check the address and the password.", "邮箱或密码不正确，请检查后重试。"),
        Said::Wait => return note(true, lang.wait_text(query.wait_s.unwrap_or(1))),
        Said::Busy => ("That could not be done at this moment. Nothing was changed; try again.", "暂时无法处理，未作任何更改。请重试。"),
        Said::SignedOut => ("You are signed out.", "您已退出登录。"),
        Said::PasswordSet => ("The password is set. Sign in with it.", "密码已设置，请登录。"),
        Said::WeakPassword => return note(true, lang.password_rule()),
        Said::LinkUsed => {
            ("This link was used already, or is too old. Ask an owner for another one.", "此链接已被使用或已过期。请所有者重新提供。")
        }
        Said::Ended => ("The session is ended.", "会话已结束。"),
        Said::Revoked => ("The token is revoked.", "令牌已吊销。"),
        Said::Added => ("The operator is added.", "操作员已添加。"),
        Said::Changed => ("It is changed.", "已更改。"),
        Said::Taken => ("There is an operator with this address already.", "该邮箱的操作员已存在。"),
        Said::LastOwner => {
            ("There would be no owner left. Make another operator an owner first.", "至少需要一位所有者。请先指定另一位所有者。")
        }
        Said::Invalid => ("That cannot be done as it was filled in. Check the fields.", "填写内容有误，请检查。"),
        Said::Asked => (
            "It waits for a second operator. Nothing is changed until one approves it.",
            "已提交，等待另一位操作员批准；批准前不作任何更改。",
        ),
        Said::Decided => ("It is decided.", "已处理。"),
        Said::OwnRequest => ("Another operator decides what you asked for.", "您提交的请求须由另一位操作员处理。"),
        Said::DecidedAlready => ("Somebody has decided this already.", "该请求已被处理。"),
        Said::NotEnough => {
            ("There are not as many credits to take back any more. Nothing was decided.", "可收回的额度不足，未作任何更改。")
        }
        Said::WrongCode => (
            "That code is not right, or was used already. Take the one that is shown now.",
            "验证码不正确或已使用过。请输入当前显示的验证码。",
        ),
        Said::Late => ("That took too long, or was done already. Sign in again.", "操作超时或已完成，请重新登录。"),
        Said::FactorOn => (
            "The second factor is on. From now on a code is asked for after your password.",
            "两步验证已开启。今后登录时，输入密码后还需验证码。",
        ),
        Said::FactorOff => ("The second factor is off. The password is enough.", "两步验证已关闭，登录只需密码。"),
        Said::FactorOnAlready => ("There is a second factor already. Turn it off first.", "两步验证已开启，请先关闭。"),
        Said::OfferGone => {
            ("The secret waited too long for its code. Turn the second factor on again.", "密钥等待确认超时，请重新开启两步验证。")
        }
        Said::FirstLinkGone => (
            "This link was used already, is too old, or is not the one of the latest start. The server prints a new one at each start, as long as there is no operator.",
            "此链接已被使用、已过期，或并非最近一次启动时生成。在没有任何操作员时，服务器每次启动都会输出新链接。",
        ),
        Said::Forbidden => ("Your role may not do this. Nothing was changed.", "您的角色无权执行此操作，未作任何更改。"),
    };
    let is_bad = !matches!(
        said,
        Said::SignedOut
            | Said::PasswordSet
            | Said::Ended
            | Said::Revoked
            | Said::Added
            | Said::Changed
            | Said::Asked
            | Said::Decided
            | Said::FactorOn
            | Said::FactorOff
    );
    note(is_bad, lang.pick(en, zh).to_owned())
}

fn note(is_bad: bool, sentence: String) -> Markup {
    let (class, role) = if is_bad { ("said bad", "alert") } else { ("said good", "status") };
    view! { <p class=class role=role>{sentence}</p> }.written()
}
