"""Service levels as data: how many working days each step of a request has, by the law or local rule that is cited."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kernel.text import Text
from policies.clocks.calendar import InvalidClockRule, says_something

MOST_DAYS = 250
"""Working days of one step: a year."""

MOST_RULES, MOST_ORGANISATIONS = 40, 500
_PROFILE_ID = re.compile(r"[a-z][a-z0-9-]{1,63}")


class Stage(StrEnum):
    """A step with a clock of its own."""

    FORM_CHECK = "form-check"
    PROVIDER_ANSWER = "provider-answer"
    PROVISIONING = "provisioning"
    DISPUTE_ANSWER = "dispute-answer"
    MEDIATION = "mediation"
    RULING = "ruling"
    CORRECTION = "correction"
    EVIDENCE_ANSWER = "evidence-answer"
    """Of evidence that a person supplies, where the source does not say its own."""
    RECTIFICATION = "rectification"
    CHALLENGE = "challenge"
    RECERTIFICATION = "recertification"
    """Of a campaign, which says its own days: no service level rules it."""


STAGES: dict[Stage, Text] = {
    Stage.FORM_CHECK: Text("形式审查", "form check"),
    Stage.PROVIDER_ANSWER: Text("提供部门答复", "the provider's answer"),
    Stage.PROVISIONING: Text("提供数据", "making the data available"),
    Stage.DISPUTE_ANSWER: Text("异议受理", "taking up the objection"),
    Stage.MEDIATION: Text("协商调解", "mediation"),
    Stage.RULING: Text("裁定", "the ruling"),
    Stage.CORRECTION: Text("校核更正", "checking and correcting a record"),
    Stage.EVIDENCE_ANSWER: Text("人工答复材料", "an office's answer about one person's record"),
    Stage.RECTIFICATION: Text("差评整改", "putting a bad rating right"),
    Stage.CHALLENGE: Text("使用异议答复", "the answer to a challenged use"),
    Stage.RECERTIFICATION: Text("授权复核答复", "the answer about a grant"),
}
"""Steps in words."""


RULED = tuple(stage for stage in Stage if stage is not Stage.RECERTIFICATION)
"""Steps that service levels rule."""


class ShareType(StrEnum):
    """How a resource is shared, as the catalogue writes it."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    NOT_SHARED = "not_shared"


@dataclass(frozen=True, slots=True)
class SlaRule:
    """A step has this many working days; None for ``share_type`` or ``published`` means whatever it is.

    ``published``: whether the resource is on the platform already, or the provider must publish it first.
    """

    stage: Stage
    days: int
    share_type: ShareType | None = None
    published: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaProfile:
    """The clocks of one law or place, from ``effective_from`` on. The first rule that fits a step decides.

    ``organisations`` are the providers it is made for; without any it is for everybody no other profile is made for.
    A step no rule fits has no clock. Raises InvalidClockRule.
    """

    id: str
    effective_from: date
    title: Text
    citation: Text
    rules: tuple[SlaRule, ...]
    organisations: frozenset[str] = frozenset()
    general: bool = True

    def __post_init__(self) -> None:
        if (reason := _fault(self)) is not None:
            raise InvalidClockRule(reason)

    def days(self, stage: Stage, share_type: ShareType, *, published: bool) -> int | None:
        """Working days of a step; None when it has no clock."""
        for rule in self.rules:
            fits_type = rule.share_type in {None, share_type}
            if rule.stage is stage and fits_type and rule.published in {None, published}:
                return rule.days
        return None


def _fault(profile: SlaProfile) -> Text | None:
    if not _PROFILE_ID.fullmatch(profile.id):
        return Text("时限编号应为小写字母、数字与连字符", "A profile's id is lower-case letters, digits and hyphens")
    if not (says_something(profile.title) and says_something(profile.citation)):
        return Text("须有名称与依据（中英文）", "Title and citation are given in both languages")
    if not 0 < len(profile.rules) <= MOST_RULES or len(profile.organisations) > MOST_ORGANISATIONS:
        return Text("时限的条数或机构数不在允许范围内", "It has too few or too many rules, or too many organisations")
    if not all(type(rule.days) is int and 1 <= rule.days <= MOST_DAYS for rule in profile.rules):
        return Text(f"时限应为 1 至 {MOST_DAYS} 个工作日", f"A step has between 1 and {MOST_DAYS} working days")
    if len({(rule.stage, rule.share_type, rule.published) for rule in profile.rules}) != len(profile.rules):
        return Text("同一种情形规定了两次", "One situation is ruled twice")
    if profile.general and profile.organisations:
        return Text("通用时限不能再指定机构", "A general profile names no organisations")
    return None


def profiles_in_force(profiles: Iterable[SlaProfile], on: date) -> tuple[SlaProfile, ...]:
    """Of each profile the newest version that counts on this day, in the order of their ids."""
    newest: dict[str, SlaProfile] = {}
    for profile in profiles:
        held = newest.get(profile.id)
        if profile.effective_from <= on and (held is None or held.effective_from <= profile.effective_from):
            newest[profile.id] = profile
    return tuple(newest[name] for name in sorted(newest))


def profile_for(profiles: Iterable[SlaProfile], provider: str, on: date) -> SlaProfile | None:
    """The profile that binds a provider on a day: one made for it, else the general one; the newest of several."""
    counting = profiles_in_force(profiles, on)
    own = [profile for profile in counting if provider in profile.organisations]
    general = [profile for profile in counting if profile.general]
    return max(own or general, key=lambda profile: (profile.effective_from, profile.id), default=None)
