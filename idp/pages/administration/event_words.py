"""What happened, in words: every name of an entry that the provider writes."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.text import Text

WORDS: Mapping[str, Text] = {
    "AuthenticatorAdded": Text("添加了登录方式", "A way of signing in was added"),
    "AuthenticatorRemoved": Text("移除了登录方式", "A way of signing in was removed"),
    "AuthenticatorRenamed": Text("重命名了登录方式", "A way of signing in was renamed"),
    "AccountRecovered": Text("找回了账户", "An account was recovered"),
    "RecoveryAllowed": Text("窗口准许找回账户", "The recovery of an account was allowed at a window"),
    "RecoveryAsked": Text("申请找回账户", "The recovery of an account was asked for"),
    "RecoveryTakenUp": Text("处理了找回账户的申请", "What was asked for to recover an account was taken up"),
    "RecoveryStopped": Text("停止了找回账户", "The recovery of an account was stopped"),
    "ChangeDeclined": Text("否决了提议", "A proposal was declined"),
    "ChangeProposed": Text("提出了需要复核的变更", "A change was proposed to a second person"),
    "ClientDisabled": Text("停用了客户端", "A client was disabled"),
    "BackchannelAuthenticationRequested": Text("窗口请本人在手机上确认", "A clerk asked a person to confirm"),
    "BackchannelRequestTakenUp": Text(
        "处理了请本人在手机上确认的请求", "What a clerk asked a person to confirm was taken up"
    ),
    "UserCodeChosen": Text("设置了窗口口令", "A code to tell clerks was chosen"),
    "UserCodeRefused": Text("窗口口令不正确", "A wrong code was told to a clerk"),
    "UserCodeRemoved": Text("移除了窗口口令", "The code to tell clerks was removed"),
    "BackchannelPingDelivered": Text("应用已知悉本人的答复", "An application was told that a person answered"),
    "BackchannelPingFailed": Text("未能通知应用本人已答复", "An application could not be told that a person answered"),
    "ClientInvitationWithdrawn": Text("撤回了登记邀请", "An invitation to register was withdrawn"),
    "ClientInvited": Text("邀请登记客户端", "A client was invited to register"),
    "ClientRegistered": Text("登记了客户端", "A client was registered"),
    "ClientSecretRotated": Text("更换了客户端密钥口令", "A client's secret was replaced"),
    "ClientUpdated": Text("变更了客户端", "A client was changed"),
    "ClientWithdrawn": Text("客户端自行注销", "A client withdrew itself"),
    "ConsentGiven": Text("本人同意", "A person agreed"),
    "ConsentWithdrawn": Text("本人撤回同意", "A person withdrew their consent"),
    "ConsentWithheld": Text("本人不同意", "A person did not agree"),
    "ContactAdded": Text("添加了联系方式", "A channel for notices was added"),
    "ContactConfirmed": Text("确认了联系方式", "A channel for notices was confirmed"),
    "ContactRemoved": Text("移除了联系方式", "A channel for notices was removed"),
    "RepresentationProven": Text("核验了代表单位的资格", "A right to act for an organisation was proven"),
    "AgentAppointed": Text("指定了经办人", "An agent was appointed"),
    "AgencyConfirmed": Text("经办人确认了授权", "An agent confirmed a mandate"),
    "AgencyDeclined": Text("拒绝担任经办人", "An agent declined a mandate"),
    "AgencyEnded": Text("终止了经办授权", "An agent's mandate was ended"),
    "RepresentationLapsed": Text("登记变更，代表资格失效", "A right to act lapsed: the register names somebody else"),
    "RepresentationEnded": Text("不再代表单位", "A right to act for an organisation ended"),
    "IdentityProven": Text("核验了身份", "An identity was proven"),
    "KeyPublished": Text("公布了密钥", "A key was published"),
    "KeyRevocationOrdered": Text("决定作废密钥", "The end of a key was decided"),
    "KeyRevoked": Text("作废了密钥", "A key was ended"),
    "KeyRotationOrdered": Text("要求轮换密钥", "The rotation of a key was asked for"),
    "LogoutDelivered": Text("应用已知悉退出", "An application took note of a sign-out"),
    "LogoutRefused": Text("应用拒绝了退出通知", "An application refused to be told of a sign-out"),
    "LogoutUnreachable": Text("未能通知应用退出", "An application could not be told of a sign-out"),
    "NoticeShown": Text("向本人告知", "A person was told"),
    "OrganisationAdded": Text("登记了机构", "A department was added or renamed"),
    "PersonRegistered": Text("本人注册了账户", "A person made an account of their own"),
    "PasskeyRefused": Text("拒绝了通行密钥", "A passkey was refused"),
    "PasswordChanged": Text("修改了密码", "A password was changed"),
    "PersonAdded": Text("建立了账户", "An account was made"),
    "PersonDisabled": Text("停用了账户", "An account was disabled"),
    "PersonEnabled": Text("恢复了账户", "An account was enabled"),
    "ResourceDisabled": Text("停用了资源服务", "A resource server was disabled"),
    "ResourceRegistered": Text("登记了资源服务", "A resource server was registered"),
    "RolesChanged": Text("变更了职责", "Offices were changed"),
    "SecondReadingDiffered": Text("第二名窗口人员填写的与证件核验不一致", "A second clerk read something else"),
    "SessionExpired": Text("会话到期", "A session expired"),
    "SessionsEnded": Text("结束了全部会话", "A person was signed out everywhere"),
    "SignInFailed": Text("登录失败", "A sign-in failed"),
    "SignedIn": Text("登录", "Somebody signed in"),
    "SignedOut": Text("退出", "Somebody signed out"),
    "StaffInvited": Text("发出一次性开户链接", "A one-time enrolment link was made"),
    "TokenIssued": Text("签发了令牌", "A token was issued"),
    "TokenReused": Text("令牌被重复使用", "A token was used again"),
    "TokenRevoked": Text("撤销了令牌", "A token was revoked"),
    "WindowCheckRefused": Text("窗口人员填写的号码与账户不符", "A clerk entered a number that cannot be the account's"),
}


def of(event: str) -> Text:
    """The words for a name; one that another version wrote is shown as it is."""
    return WORDS.get(event) or Text(event, event)
