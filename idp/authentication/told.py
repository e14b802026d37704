"""What people are told about their account: the words of every notice of this room."""

from __future__ import annotations

from idp.notices import kinds
from idp.notices.kinds import NoticeKind
from kernel.text import Text

_NOT_YOU_ZH = "如果不是您本人操作，请立即登录账户中心退出所有设备并更改密码，或到窗口求助。"
_NOT_YOU_EN = "If this was not you, sign out everywhere in your account and change your password, or ask at a window."


def _security(name: str, zh: str, en: str) -> NoticeKind:
    return NoticeKind(name, Text(f"{zh}{_NOT_YOU_ZH}", f"{en} {_NOT_YOU_EN}"))


NEW_DEVICE = _security("new-device", "您的账户刚在一台新设备上登录（{device}）。", "A new device signed in: {device}.")
PASSWORD_CHANGED = _security(
    "password-changed",
    "您的登录密码已更改，其他设备均已退出。",
    "Your password was changed, and every other device signed out.",
)
AUTHENTICATOR_ADDED = _security(
    "authenticator-added", "您的账户添加了登录方式：{what}。", "A way of signing in was added to your account: {what}."
)
AUTHENTICATOR_REMOVED = _security(
    "authenticator-removed",
    "您的账户移除了登录方式：{what}。",
    "A way of signing in was removed from your account: {what}.",
)
AUTHENTICATOR_RENAMED = _security(
    "authenticator-renamed", "您账户中的一个通行密钥已改名。", "A passkey of your account was renamed."
)
RECOVERY_CODE_USED = _security(
    "recovery-code-used",
    "您的一个备用码刚被用于登录，还剩 {left} 个。",
    "One of your recovery codes was used to sign in; {left} are left.",
)
PASSKEY_COPIED = _security(
    "passkey-copied",
    "一次通行密钥登录被拒绝：它可能被复制了，请移除它。",
    "A sign-in by passkey was refused, because the passkey may have been copied. Remove it.",
)
USER_CODE_CHOSEN = _security(
    "user-code-chosen", "您的账户设置了窗口口令。", "A code to tell clerks was chosen for your account."
)
USER_CODE_REMOVED = _security(
    "user-code-removed", "您的账户移除了窗口口令。", "The code to tell clerks was removed from your account."
)
CHANNEL_ADDED = _security("channel-added", "您的账户添加了联系方式。", "A way to reach you was added to your account.")
CHANNEL_REMOVED = _security(
    "channel-removed", "您的账户移除了联系方式。", "A way to reach you was removed from your account."
)
IDENTITY_PROVEN = _security(
    "identity-proven",
    "您账户的身份核验已通过，实名等级为 {level} 级。",
    "The identity of your account was proven; its level of assurance is now {level}.",
)
REPRESENTATION_PROVEN = _security(
    "representation-proven",
    "您的账户现在可以代表一个单位办理事项。",
    "Your account can now act for an organisation.",
)
REPRESENTATION_ENDED = _security(
    "representation-ended",
    "您的账户不再代表一个单位办理事项。",
    "Your account no longer acts for an organisation.",
)
REPRESENTATION_LAPSED = _security(
    "representation-lapsed",
    "登记机关不再把您登记为一个单位的法定代表人，您的账户不再代表它办理事项。",
    "The business register no longer names you as an organisation's legal representative; your account no longer acts "
    "for it.",
)
AGENCY_ASKED = NoticeKind(
    "agency-asked",
    Text(
        "有单位请您担任其经办人。请登录账户中心查看，确认或拒绝。如不知情，请拒绝。",
        "An organisation asks you to act as its agent. Sign in to your account, look, and confirm or decline. If you "
        "know nothing of it, decline.",
    ),
)
AGENT_APPOINTED = _security(
    "agent-appointed", "您以单位的名义指定了一名经办人。", "You appointed an agent in an organisation's name."
)
AGENT_APPOINTED_BY_ADMINISTRATOR = NoticeKind(
    "agent-appointed-by-administrator",
    Text(
        "您指定的一名管理员以单位的名义指定了一名经办人。您可以在账户中心查看并终止。",
        "An administrator you appointed has appointed an agent in the organisation's name. You can see and end this in "
        "your account.",
    ),
)
AGENCY_CONFIRMED = _security(
    "agency-confirmed", "您已确认担任一个单位的经办人。", "You confirmed to act as an organisation's agent."
)
AGENT_CONFIRMED = NoticeKind(
    "agent-confirmed",
    Text("您指定的一名经办人已确认。", "An agent you appointed has confirmed."),
)
AGENCY_ENDED = NoticeKind(
    "agency-ended",
    Text("一项经办授权已由对方终止或拒绝。", "An agent's mandate was ended, or declined, by the other side."),
)
AGENCY_ENDED_BY_YOU = _security(
    "agency-ended-by-you", "您终止或拒绝了一项经办授权。", "You ended, or declined, an agent's mandate."
)
AGENCY_LAPSED = NoticeKind(
    "agency-lapsed",
    Text(
        "指定您为经办人的人不再代表该单位，您的经办授权已失效。",
        "Whoever appointed you as an agent no longer represents the organisation; your mandate has lapsed.",
    ),
)
_WHY_ZH = "如有疑问，请到窗口咨询。"
_WHY_EN = "If you do not know why, ask at a window."


def _by_administrator(name: str, zh: str, en: str) -> NoticeKind:
    """What an administrator did: the account's owner can undo none of it, but can ask."""
    return NoticeKind(name, Text(f"{zh}{_WHY_ZH}", f"{en} {_WHY_EN}"))


ACCOUNT_DISABLED = _by_administrator(
    "account-disabled",
    "管理员停用了您的账户，所有设备已退出登录。",
    "An administrator disabled your account and signed every device out.",
)
ACCOUNT_ENABLED = _by_administrator(
    "account-enabled", "管理员恢复了您的账户。", "An administrator enabled your account again."
)
SESSIONS_ENDED = _by_administrator(
    "sessions-ended", "管理员使您的账户在所有设备上退出登录。", "An administrator signed your account out everywhere."
)
ROLES_CHANGED = _by_administrator(
    "roles-changed",
    "管理员变更了您的职责，现为：{roles}。",
    "An administrator changed your offices; they are now: {roles}.",
)
RECOVERY_BEGUN = NoticeKind(
    "recovery-begun",
    Text(
        "有人申请找回您的账户。{hours} 小时后将发出设置新密码的链接。如果不是您，请打开此链接停止，或正常登录：{stop}",
        "Somebody asked to recover your account. In {hours} hours a link for a new password will follow. If it was not "
        "you, stop it here, or sign in as usual: {stop}",
    ),
)
RECOVERY_LINK = NoticeKind(
    kinds.RECOVERY_LINK,
    Text(
        "设置新密码（24 小时内有效，仅一次）：{link} 如果不是您申请的，请停止：{stop}",
        "Set a new password (within 24 hours, once): {link} If you did not ask for it, stop it: {stop}",
    ),
)
RECOVERY_AT_WINDOW = NoticeKind(
    "recovery-at-window",
    Text(
        "窗口工作人员刚为您的账户办理找回，完成后会移除原有的全部登录方式。如果不是您本人，请立即停止：{stop}",
        "The recovery of your account was just allowed at a window; it removes every way of signing in there was. "
        "If it was not you, stop it at once: {stop}",
    ),
)
RECOVERY_STOPPED = NoticeKind(
    "recovery-stopped",
    Text("找回账户已停止，没有因此作任何更改。", "The recovery of your account was stopped; it has changed nothing."),
)
RECOVERED = _security(
    "recovered",
    "您的账户已通过找回设置了新密码，并在所有设备上退出。",
    "A new password was set by recovery, and every device signed out.",
)
ASKED_ELSEWHERE = NoticeKind(
    "asked-elsewhere",
    Text(
        "{department}“{application}”请您确认一项请求。如果您正在该部门办事，请登录后查看：{page} 如果不是，请拒绝。",
        "{department} asks, through “{application}”, for your confirmation. If you are dealing with it now, sign in "
        "and look: {page} If not, refuse.",
    ),
)
WELCOME = _security("welcome", "您的统一身份认证账户已开通。", "Your sign-in account was made.")
CODE = NoticeKind(
    "code",
    Text(
        "验证码：{code}，5 分钟内有效。切勿告诉任何人，工作人员也不会索要。",
        "Your code is {code}, valid for 5 minutes. Tell it to nobody: no official will ask for it.",
    ),
)

NO_OFFICE = Text("无", "none")
PASSKEY = Text("通行密钥", "a passkey")
AUTHENTICATOR_APP = Text("身份验证器", "an authenticator app")
RECOVERY_CODES = Text("备用码", "recovery codes")
PHONE_CODES = Text("短信验证码", "codes sent to a phone")
