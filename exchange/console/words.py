"""The words of the pages: states and commands as officers call them, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kernel.dates import time_text
from kernel.text import Text
from kernel.web.pages import t
from policies.grants.commands import (
    ApproveGrant,
    CommandKind,
    EndorseGrant,
    ReactivateGrant,
    ReturnGrant,
    ReviseGrant,
    RevokeGrant,
    SubmitGrant,
    SuspendGrant,
)
from policies.grants.events import Status
from policies.roles import WORDS, Role

STATUSES: Mapping[Status, Text] = {
    Status.DRAFTED: Text("草稿", "Draft"),
    Status.SUBMITTED: Text("待审批", "Waiting for signatures"),
    Status.APPROVED: Text("已批准", "Approved"),
    Status.SCHEDULED: Text("待起效", "Scheduled"),
    Status.ACTIVE: Text("生效中", "In force"),
    Status.SUSPENDED: Text("已暂停", "Suspended"),
    Status.REVOKED: Text("已撤销", "Revoked"),
    Status.EXPIRED: Text("已到期", "Ended"),
    Status.SUPERSEDED: Text("已被新版本取代", "Replaced by a newer version"),
}

TONES: Mapping[Status, str] = {
    Status.SUBMITTED: "near",
    Status.ACTIVE: "good",
    Status.SUSPENDED: "bad",
    Status.REVOKED: "bad",
}
"""The colour of a state's tag; all others are calm. The words say the same."""

COMMANDS: Mapping[CommandKind, Text] = {
    ReviseGrant: Text("修改草稿", "Change the draft"),
    SubmitGrant: Text("提交审批", "Put it before the panel"),
    ReturnGrant: Text("退回起草人", "Send it back to its author"),
    ApproveGrant: Text("签署批准", "Sign it"),
    EndorseGrant: Text("代表需求部门背书", "Endorse it for the consumer"),
    SuspendGrant: Text("立即暂停", "Suspend it now"),
    ReactivateGrant: Text("签署恢复", "Sign that it may be in force again"),
    RevokeGrant: Text("永久撤销", "End it for good"),
}


KINDS_OF_NUMBER: Mapping[str, Text] = {
    "citizen-number": Text("公民身份号码", "Citizen number"),
    "social-credit-code": Text("统一社会信用代码", "Unified social credit code"),
}
"""What a number is called, by the scheme of whoever has it."""


BINDINGS: Mapping[str, Text] = {
    "dpop": Text("绑定密钥（DPoP）", "bound to its key (DPoP)"),
    "mutual-tls": Text("绑定证书（mTLS）", "bound to its certificate (mutual TLS)"),
}
"""What a system's token is bound to."""


def text_of(said: Mapping[str, str]) -> Text:
    """A text as the API answers it."""
    return Text(said["zh"], said["en"])


def said(name: Mapping[str, str] | None, code: str) -> str:
    """A name as the API answers it, for the reader; the code of what has none."""
    return t(name["zh"], name["en"]) if name else code


def with_code(one: Mapping[str, Any]) -> Text:
    """The name of something as the API answers it, with its code."""
    name = text_of(one["name"])
    return Text(f"{name.zh}（{one['code']}）", f"{name.en} ({one['code']})")


def same(text: str) -> Text:
    """What reads alike in both languages."""
    return Text(text, text)


def moment_text(instant: str) -> Text:
    """An instant of an answer, to the minute, as people write it."""
    at = datetime.fromisoformat(instant)
    return Text(time_text(at, "zh"), time_text(at, "en"))


def listed(texts: Iterable[Text]) -> Text:
    """Several texts as one."""
    kept = tuple(texts)
    return Text("、".join(each.zh for each in kept), ", ".join(each.en for each in kept))


def happened(history: Iterable[Mapping[str, str]], events: Mapping[str, Text]) -> list[tuple[Text, datetime]]:
    """What happened to something, as its desk tells it, in these words; an event without words stands for itself."""
    return [
        (events.get(one["event"], Text(one["event"], one["event"])), datetime.fromisoformat(one["at"]))
        for one in history
    ]


def role_names(roles: Iterable[Role]) -> Text:
    """Roles in words, in the order in which they are declared."""
    held = set(roles)
    return listed(WORDS[role] for role in Role if role in held)


SHARES: Mapping[str, Text] = {
    "unconditional": Text("无条件共享", "unconditional"),
    "conditional": Text("有条件共享", "conditional"),
    "not_shared": Text("不予共享", "not shared"),
}
"""Share types as the catalogue writes them."""
