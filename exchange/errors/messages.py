"""Messages to offices, and the addresses outside that they are forwarded to."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

MESSAGE_UNKNOWN = ProblemKind(
    "message.unknown",
    404,
    Fault.CONSUMER,
    Text("没有这一消息，或不是发给您的职务", "There is no such message, or it is not for an office of yours"),
    Text("请重新查看消息。", "Look at your messages again."),
)
FORWARDING_UNKNOWN = ProblemKind(
    "forwarding.unknown",
    404,
    Fault.CONSUMER,
    Text("本人的职务没有这一接收地址", "No office of yours has such an address"),
    Text("请先列出本人职务的接收地址。", "List the addresses of your offices first."),
)
FORWARDING_CHANGED = ProblemKind(
    "forwarding.changed",
    409,
    Fault.CONSUMER,
    Text("该接收地址刚被更改", "The address was changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
FORWARDING_NOT_ALLOWED = ProblemKind(
    "forwarding.not-allowed",
    403,
    Fault.POLICY,
    Text("现在不能对该接收地址作此操作", "This cannot be done to the address now"),
    Text("commands 列出现在可作的操作。", "The member commands lists what can be done now."),
)
FORWARDINGS_TOO_MANY = ProblemKind(
    "forwarding.too-many",
    409,
    Fault.CONSUMER,
    Text("该职务的接收地址已达上限", "The office has as many addresses as it may"),
    Text("请先停用不用的地址。", "End those that are not used."),
)
FORWARDING_NO_MAIL = ProblemKind(
    "forwarding.no-mail",
    409,
    Fault.EXCHANGE,
    Text("本平台没有配置邮件发送", "This installation sends no mail"),
    Text("请改用推送地址，或请运维人员配置 mail_sender。", "Enter a webhook, or ask the operator to set mail_sender."),
)
FORWARDING_ASKED_JUST_NOW = ProblemKind(
    "forwarding.asked-just-now",
    409,
    Fault.CONSUMER,
    Text("确认链接刚刚发过", "The link was sent just now"),
    Text(
        "请先查看该地址收到的内容，五分钟后可再次发送。", "Look there first; it can be sent again after five minutes."
    ),
)
FORWARDING_ASKED_TOO_OFTEN = ProblemKind(
    "forwarding.asked-too-often",
    429,
    Fault.CONSUMER,
    Text("该职务一小时内发出的确认链接已达上限", "The office has had as many links sent within an hour as it may"),
    Text("请核对地址，一小时内稍后再试。", "Check the address, and try again later, within the hour."),
)
