//! What the pages of the door, of one's account and of operators say.

use super::{Lang, Language};
use crate::domain::access::Role;
use crate::domain::session::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS};

macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        /// What these pages say in one language.
        #[derive(Debug)]
        pub struct AccountWords {
            $(pub $name: &'static str,)+
        }

        static EN: AccountWords = AccountWords { $($name: $en,)+ };
        static ZH: AccountWords = AccountWords { $($name: $zh,)+ };
    };
}

words! {
    sign_in: "Sign in", "登录";
    sign_out: "Sign out", "退出登录";
    signed_in_as: "Signed in as", "当前登录：";
    email: "E-mail address", "邮箱";
    password: "Password", "密码";
    new_password: "New password", "新密码";
    old_password: "Password now", "当前密码";
    set_password: "Set your password", "设置密码";
    set_password_text: "Then sign in with it. The link you came by works once.", "设置后即可登录。您使用的链接仅可使用一次。";
    no_link: "This address is not complete. Open the whole link that you were given, or ask an owner for another one.", "地址不完整。请打开完整链接，或请所有者重新提供。";
    confirm: "Give your password again", "再次输入密码";
    confirm_text: "What moves credits, opens doors or shows secrets asks for it every 15 minutes. Then send the form again.", "涉及额度、权限或密钥的操作每 15 分钟需确认一次密码。确认后请重新提交表单。";
    code: "Code", "验证码";
    code_title: "Enter the code", "输入验证码";
    code_text: "The password is right. Give the code that your authenticator shows now, or one of your recovery codes.", "密码正确。请输入身份验证器当前显示的验证码，或任一恢复码。";
    sign_in_again: "Sign in again", "重新登录";
    first_owner: "Make the first owner", "创建首位所有者";
    first_owner_text: "There is no operator yet. You become the owner, and then sign in. The link works once.", "目前还没有操作员。您将成为所有者，随后即可登录。此链接仅可使用一次。";
    go_on: "Go on", "继续";
    vouched: "Sign in with your organisation", "使用组织账户登录";
    account: "Account", "账户";
    sessions: "Where you are signed in", "登录会话";
    sessions_text: "A session ends after 12 hours without use, and after 7 days in any case. End those that you do not know, and change your password.", "会话在 12 小时未使用后结束，最长 7 天。请结束不认识的会话，并修改密码。";
    browser: "Browser", "浏览器";
    address: "Address", "地址";
    since: "Signed in", "登录于";
    seen: "Last used", "最近使用";
    this_one: "this one", "当前";
    end: "End", "结束";
    change_password: "Change password", "修改密码";
    change_password_text: "You stay signed in here, and are signed out everywhere else.", "此处保持登录，其他会话全部退出。";
    second_factor: "Second factor", "两步验证";
    second_factor_off: "Only the password is asked for. With a second factor, a code of an authenticator on your phone is asked for too.", "登录只需密码。开启两步验证后，还需输入手机身份验证器中的验证码。";
    turn_on: "Turn on", "开启";
    offer_text: "Scan this with an authenticator, or type the secret into it. Then give the code that it shows. Nothing is asked for until then.", "用身份验证器扫描此二维码或手动输入密钥，然后输入其显示的验证码。确认前不会生效。";
    qr: "QR code of the secret", "密钥二维码";
    secret: "Secret", "密钥";
    open_authenticator: "Open in an authenticator on this device", "在本设备的身份验证器中打开";
    confirm_code: "Confirm", "确认";
    second_factor_on: "A code is asked for after your password.", "登录时，输入密码后还需验证码。";
    turn_off: "Turn off", "关闭";
    recovery_codes: "Recovery codes", "恢复码";
    recovery_codes_text: "Each signs you in once when the authenticator is not at hand. Keep them where you keep passwords: they are shown for a minute, and never again.", "无法使用身份验证器时，每个恢复码可登录一次。请妥善保存：仅显示一分钟，之后不再显示。";
    reset_factor: "Remove second factor", "移除两步验证";
    with_second_factor: "with second factor", "已开启两步验证";
    tokens: "Tokens for scripts", "脚本令牌";
    tokens_text: "A token acts with your role in the operators' API. Make one on the server: batchbook operator token --email", "令牌以您的角色调用运营 API。在服务器上创建：batchbook operator token --email";
    no_tokens: "No token yet", "还没有令牌";
    name: "Name", "名称";
    made: "Made", "创建于";
    state: "State", "状态";
    good: "in use", "有效";
    revoked: "revoked", "已吊销";
    revoke: "Revoke", "吊销";
    operators: "Operators", "操作员";
    operators_text: "Who works in this console. A change takes effect on their next request.", "可使用本控制台的人员。更改在其下一次请求时生效。";
    add: "Add operator", "添加操作员";
    role: "Role", "角色";
    added: "Added", "添加于";
    no_password: "no password yet", "尚未设置密码";
    disabled: "kept out", "已停用";
    disable: "Keep out", "停用";
    enable: "Let in", "启用";
    save: "Save", "保存";
    link: "New link", "新链接";
    link_text: "Hand this link over safely: whoever opens it sets the password. It works once, within 3 days, and is shown for a minute.", "请安全地转交此链接：打开者即可设置密码。仅可使用一次，3 天内有效，仅显示一分钟。";
    only_owners: "Only owners see and change who gets in.", "仅所有者可以查看和更改操作员。";
    change: "Change", "更改";
    approvals: "Approvals", "审批";
    approvals_text: "Changes of credits above the limit of this deployment reach the ledger when a second operator approves them.", "超过限额的额度变更须经另一位操作员批准后才会入账。";
    no_approvals: "Nothing waits for approval", "没有待审批的请求";
    what: "What", "内容";
    credits: "Credits", "额度";
    reason: "Reason", "原因";
    asked_by: "Asked by", "申请人";
    asked: "Asked", "申请于";
    take_back: "taken back", "收回";
    approve: "Approve", "批准";
    refuse: "Refuse", "拒绝";
    approved: "approved", "已批准";
    refused: "refused", "已拒绝";
    waits: "waits", "待审批";
    waits_for_other: "waits for another operator", "待另一位操作员审批";
}

impl Lang {
    pub const fn account(self) -> &'static AccountWords {
        self.pick(&EN, &ZH)
    }

    pub const fn role_word(self, role: Role) -> &'static str {
        let (en, zh) = match role {
            Role::Owner => ("Owner", "所有者"),
            Role::Finance => ("Finance", "财务"),
            Role::Support => ("Support", "客服"),
            Role::Viewer => ("Viewer", "只读"),
        };
        self.pick(en, zh)
    }

    /// What a role may do, in a few words.
    pub const fn role_text(self, role: Role) -> &'static str {
        let (en, zh) = match role {
            Role::Owner => ("everything, and who else gets in", "全部权限，并管理操作员"),
            Role::Finance => ("grants, adjusts and refunds credits; cancels and resends", "发放、调整与退还额度；取消与重发"),
            Role::Support => ("cancels, resends, manages API keys; no credits", "取消、重发、管理 API 密钥；不涉及额度"),
            Role::Viewer => ("looks; prompts are hidden", "仅查看；提示词隐藏"),
        };
        self.pick(en, zh)
    }

    pub fn password_rule(self) -> String {
        match self.language() {
            Language::En => {
                format!("{PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters. A few words that do not belong together are good.")
            }
            Language::Zh => format!("{PASSWORD_MIN_CHARS} 至 {PASSWORD_MAX_CHARS} 个字符，建议使用几个互不相关的词。"),
        }
    }

    pub fn recovery_codes_left(self, codes: i64) -> String {
        match self.language() {
            Language::En if codes == 1 => {
                "One recovery code is left. Turn the second factor off and on again to get ten new ones.".to_owned()
            }
            Language::En => format!("{codes} recovery codes are left. Turn the second factor off and on again to get ten new ones."),
            Language::Zh => format!("剩余 {codes} 个恢复码。关闭后重新开启两步验证即可获得十个新恢复码。"),
        }
    }

    pub fn wait_text(self, seconds: i64) -> String {
        match self.language() {
            Language::En => format!("Too many sign-ins were refused. Nothing was looked at; try again in {seconds} seconds."),
            Language::Zh => format!("失败次数过多，本次未作验证。请在 {seconds} 秒后重试。"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_said_in_both_languages() {
        for lang in Lang::ALL {
            assert!(!lang.account().sign_in.is_empty());
            for role in Role::ALL {
                assert!(!lang.role_word(*role).is_empty() && !lang.role_text(*role).is_empty(), "{role}");
            }
        }
    }
}
