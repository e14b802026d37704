"""Officers and the capacities in which they act on grants. One person, one signature, whatever the number of roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kernel.text import Text


class Role(StrEnum):
    """A capacity; the values are those of the ``roles`` claim of an officer's access token (RFC 9068 §2.2.3.1)."""

    CONSUMER_OFFICER = "consumer-officer"
    PROVIDER_OFFICER = "provider-officer"
    GOVERNANCE_OFFICER = "governance-officer"
    GOVERNANCE_APPROVER = "governance-approver"
    DATA_PROTECTION_OFFICER = "data-protection-officer"
    SPONSOR = "sponsor"
    """Of the consuming department: endorses what it asks for, and is no seat of any panel."""
    AUDITOR = "auditor"
    SYSTEM_ADMINISTRATOR = "system-administrator"
    SECURITY_ADMINISTRATOR = "security-administrator"
    EXCHANGE = "exchange"
    """The exchange itself, for what the clock alone decides (expiry, replacement by a newer version)."""


WORDS: Mapping[Role, Text] = MappingProxyType(
    {
        Role.CONSUMER_OFFICER: Text("需求部门经办人", "consumer officer"),
        Role.PROVIDER_OFFICER: Text("提供部门经办人", "provider officer"),
        Role.GOVERNANCE_OFFICER: Text("数据主管部门经办人", "governance officer"),
        Role.GOVERNANCE_APPROVER: Text("数据主管部门审批人", "governance approver"),
        Role.DATA_PROTECTION_OFFICER: Text("数据保护负责人", "data-protection officer"),
        Role.SPONSOR: Text("需求部门负责人", "sponsor"),
        Role.AUDITOR: Text("审计人员", "auditor"),
        Role.SYSTEM_ADMINISTRATOR: Text("系统管理员", "system administrator"),
        Role.SECURITY_ADMINISTRATOR: Text("安全管理员", "security administrator"),
        Role.EXCHANGE: Text("交换服务自动办理", "the exchange itself"),
    }
)
"""Every role as people call it."""


WATCHERS = frozenset(
    {
        Role.SECURITY_ADMINISTRATOR,
        Role.SYSTEM_ADMINISTRATOR,
        Role.GOVERNANCE_OFFICER,
        Role.DATA_PROTECTION_OFFICER,
        Role.AUDITOR,
    }
)
"""Who sees of every department whether its machinery works, never what travels through it."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who acts: an identifier that is the same at every sign-in, the organisation, and the roles held there."""

    id: str
    organisation: str
    roles: frozenset[Role]
