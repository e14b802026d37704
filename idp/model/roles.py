"""The offices staff may hold (RFC 9068 §2.2.3.1 `roles`), and which of them one person may not hold together.

Three administrators, three persons (GB/T 22239 level 3): who runs the system, who guards its accounts, and who watches
both. The one who runs it can neither read nor delete what the watcher reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from kernel.text import Text


class Role(StrEnum):
    """An office."""

    SYSTEM = "system-administrator"
    SECURITY = "security-administrator"
    AUDIT = "audit-administrator"
    DEPARTMENT = "department-administrator"
    HELPDESK = "helpdesk"
    CLERK = "window-clerk"
    CONSUMER_OFFICER = "consumer-officer"
    PROVIDER_OFFICER = "provider-officer"
    GOVERNANCE_APPROVER = "governance-approver"
    GOVERNANCE_OFFICER = "governance-officer"
    DATA_PROTECTION_OFFICER = "data-protection-officer"
    SPONSOR = "sponsor"
    AUDITOR = "auditor"


LABELS: Mapping[Role, Text] = {
    Role.SYSTEM: Text("系统管理员", "System administrator"),
    Role.SECURITY: Text("安全管理员", "Security administrator"),
    Role.AUDIT: Text("审计管理员", "Audit administrator"),
    Role.DEPARTMENT: Text("部门管理员", "Department administrator"),
    Role.HELPDESK: Text("服务台人员", "Help desk"),
    Role.CLERK: Text("窗口人员", "Window clerk"),
    Role.CONSUMER_OFFICER: Text("数据需求部门经办人", "Consumer officer"),
    Role.PROVIDER_OFFICER: Text("数据提供部门经办人", "Provider officer"),
    Role.GOVERNANCE_APPROVER: Text("数据共享审批人", "Governance approver"),
    Role.GOVERNANCE_OFFICER: Text("数据治理人员", "Governance officer"),
    Role.DATA_PROTECTION_OFFICER: Text("数据保护负责人", "Data-protection officer"),
    Role.SPONSOR: Text("需求部门负责人", "Sponsor in the consuming department"),
    Role.AUDITOR: Text("审计人员", "Auditor"),
}

ADMINISTRATORS = frozenset({Role.SYSTEM, Role.SECURITY, Role.AUDIT, Role.DEPARTMENT})
"""Offices whose grant takes two persons, and whose taking does, too."""
GIVEN_BY_TWO = ADMINISTRATORS | {Role.CLERK}
"""Offices nobody gives alone. Two clerks let anybody into any account: they must not be one person's making (ADR 0097).
One person takes a clerk's office away: that must not wait."""

_WATCHERS = frozenset({Role.AUDIT, Role.AUDITOR})
_WATCHED = frozenset({Role.SYSTEM, Role.SECURITY, Role.DEPARTMENT, Role.HELPDESK})


def clash(names: Iterable[str]) -> bool:
    """Whether one person may not hold these offices together: to run, to guard, and to watch."""
    held = set(names)
    watching, watched = held & _WATCHERS, held & _WATCHED
    return bool(watching and watched) or {Role.SYSTEM, Role.SECURITY} <= held


def in_words(names: Iterable[str]) -> Text | None:
    """Offices as people call them; None for none."""
    labels = [LABELS[Role(name)] for name in names]
    return Text("、".join(each.zh for each in labels), ", ".join(each.en for each in labels)) if labels else None
