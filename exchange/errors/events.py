"""Subscriptions, and the events that they bring."""

from __future__ import annotations

from kernel.problems import Fault, ProblemKind
from kernel.text import Text

SUBSCRIPTION_UNKNOWN = ProblemKind(
    "event.unknown-subscription",
    404,
    Fault.CONSUMER,
    Text("本系统没有这一订阅", "This system has no such subscription"),
    Text("请先列出本系统的订阅。", "List your subscriptions first."),
)
SUBSCRIPTION_CHANGED = ProblemKind(
    "event.subscription-changed",
    409,
    Fault.CONSUMER,
    Text("该订阅刚被更改", "The subscription was changed just now"),
    Text("请重新查看后再操作。", "Look at it again, then decide."),
)
SUBSCRIPTION_NOT_ALLOWED = ProblemKind(
    "event.not-allowed",
    403,
    Fault.POLICY,
    Text("此人现在不能对该订阅作此操作", "This officer may not do this to the subscription now"),
    Text(
        "commands 列出您现在可作的操作；其余由该系统所属部门的人员在相应状态下办理。",
        "The member commands lists what you may do now; the rest is for the system's own department, in another state.",
    ),
)
SUBSCRIPTION_NOT_PULLED = ProblemKind(
    "event.not-pulled",
    409,
    Fault.CONSUMER,
    Text("该订阅已暂停，或以推送方式提供", "The subscription is paused, or its events are pushed"),
    Text("请恢复该订阅，或另建一个拉取方式的订阅。", "Take it up again, or subscribe once more with pull."),
)
SUBSCRIPTIONS_TOO_MANY = ProblemKind(
    "event.too-many-subscriptions",
    409,
    Fault.CONSUMER,
    Text("本系统的订阅已达上限", "This system has as many subscriptions as it may"),
    Text("请先终止不用的订阅。", "End those that are not used."),
)
EVENT_NOT_GRANTED = ProblemKind(
    "event.no-grant",
    403,
    Fault.POLICY,
    Text("本部门没有这些材料的现行授权", "The department holds no grant in force for this evidence"),
    Text("请先申请并取得授权，再订阅。", "Ask for a grant; once it is in force, subscribe."),
)
WEBHOOK_MISSING = ProblemKind(
    "event.no-webhook",
    409,
    Fault.CONSUMER,
    Text("目录中未登记本系统的推送地址", "The catalogue holds no webhook address of this system"),
    Text(
        "请在业务系统的目录条目中登记 https 地址，或改用拉取。",
        "Have an https address entered in the system's catalogue entry, or pull.",
    ),
)
EVENT_KIND_UNKNOWN = ProblemKind(
    "event.unknown-kind",
    404,
    Fault.CONSUMER,
    Text("没有这种事件", "There is no such kind of event"),
    Text("请查阅接口文档中的事件种类。", "See the kinds of events in the interface description."),
)
