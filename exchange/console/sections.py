"""The sections of the officers' pages in their groups, whose they are, and where somebody stands among them.

A page shows every group, and the sections of its own group only: two short rows instead of two dozen links.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exchange.cases.trace import READERS as LOOK_UP_READERS
from exchange.challenges.desk import WHO as CHALLENGE_READERS
from exchange.console.attempt import HOME
from exchange.governance.sealing import READERS
from kernel.text import Text
from policies.roles import Role

MESSAGES = f"{HOME}/messages"
EVERYBODY = frozenset(Role)
"""Officers of every role."""


@dataclass(frozen=True, slots=True)
class Section:
    """Pages about one thing. ``roles`` may open them; what is behind asks again."""

    path: str
    label: Text
    roles: frozenset[Role] = EVERYBODY

    def holds(self, path: str) -> bool:
        """Whether a page belongs to this section."""
        return path == self.path or path.startswith(f"{self.path}/")


@dataclass(frozen=True, slots=True)
class Group:
    """Sections that the same people need for the same work."""

    label: Text
    sections: tuple[Section, ...]


_PROVIDERS = frozenset({Role.PROVIDER_OFFICER})

GROUPS = (
    Group(
        Text("待办", "To do"),
        (
            Section(MESSAGES, Text("消息", "Messages")),
            Section(f"{HOME}/tasks", Text("人工答复", "Answers by hand")),
            Section(f"{HOME}/corrections", Text("校核更正", "Corrections")),
            Section(f"{HOME}/ratings", Text("好差评", "Ratings")),
        ),
    ),
    Group(
        Text("授权", "Access"),
        (
            Section(f"{HOME}/grants", Text("授权", "Grants")),
            Section(f"{HOME}/requests", Text("共享申请", "Requests")),
            Section(f"{HOME}/emergency", Text("应急取用", "Emergency access")),
            Section(f"{HOME}/campaigns", Text("授权复核", "Recertification")),
            Section(f"{HOME}/unused", Text("未使用的权限", "Unused rights")),
            Section(f"{HOME}/try", Text("试算", "Try a request")),
            Section(f"{HOME}/clocks", Text("日历与时限", "Calendar and time limits")),
        ),
    ),
    Group(
        Text("本部门", "Our department"),
        (
            Section(f"{HOME}/sources", Text("数据源", "Data sources")),
            Section(f"{HOME}/certificates", Text("证照", "Certificates"), _PROVIDERS),
            Section(f"{HOME}/return-flows", Text("数据回流", "Return flows")),
            Section(f"{HOME}/subscriptions", Text("事件订阅", "Event subscriptions")),
            Section(f"{HOME}/consents", Text("本人同意", "Consents")),
            Section(f"{HOME}/joining", Text("接入进度", "Joining")),
        ),
    ),
    Group(
        Text("目录", "Catalogue"),
        (
            Section(f"{HOME}/catalogue", Text("目录", "Catalogue")),
            Section(f"{HOME}/entries", Text("目录审核", "Catalogue review")),
            Section(f"{HOME}/responsibility", Text("责任清单", "Responsibility list")),
        ),
    ),
    Group(
        Text("监督", "Oversight"),
        (
            Section(f"{HOME}/decisions", Text("裁决记录", "Decisions")),
            Section(f"{HOME}/usage", Text("本部门数据的使用", "Use of our data"), _PROVIDERS),
            Section(f"{HOME}/challenges", Text("使用异议", "Challenged uses"), frozenset(CHALLENGE_READERS)),
            Section(f"{HOME}/uploads", Text("免于提交的材料", "Papers avoided")),
            Section(f"{HOME}/sealings", Text("封存登记", "Sealings"), frozenset(READERS)),
            Section(f"{HOME}/look-ups", Text("经办人查询", "Look-ups"), frozenset(LOOK_UP_READERS)),
            Section(f"{HOME}/locks", Text("业务系统锁定", "Locked systems")),
            Section(f"{HOME}/ledger", Text("账本", "Ledger")),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the navigation. ``current``: what aria-current says, or nothing; ``unread`` messages behind it."""

    href: str
    label: Text
    current: str
    unread: int


@dataclass(frozen=True, slots=True)
class Navigation:
    """What a page shows of it."""

    groups: list[Link]
    sections: list[Link]


def navigation(roles: frozenset[Role], path: str, unread: int) -> Navigation:
    """The groups, and the sections of the one that a page belongs to, as far as officers of these roles may open them.

    A page of no section stands in the first group: it was reached from there.
    """
    groups = [(group, [*_open(group, roles)]) for group in GROUPS]
    opened = [(group, sections) for group, sections in groups if sections]
    here = next((each for each in opened if any(one.holds(path) for one in each[1])), opened[0])
    shown = [
        Link(one.path, one.label, "page" if one.holds(path) else "", unread if one.path == MESSAGES else 0)
        for one in here[1]
    ]
    return Navigation([_entrance(group, sections, group is here[0], unread) for group, sections in opened], shown)


def _open(group: Group, roles: frozenset[Role]) -> Iterator[Section]:
    return (section for section in group.sections if not roles.isdisjoint(section.roles))


def _entrance(group: Group, sections: list[Section], current: bool, unread: int) -> Link:
    told = unread if not current and any(one.path == MESSAGES for one in sections) else 0
    return Link(sections[0].path, group.label, "true" if current else "", told)
