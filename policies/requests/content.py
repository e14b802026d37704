"""What is asked for and why: the grant that would follow, its purpose, and the impact assessment where one is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from kernel.text import Text
from policies.clocks.profile import ShareType, Stage
from policies.grants.grant import Grant

ASSESSED_FROM = 3
"""Sensitivity from which an impact assessment is due: sensitive personal information (PIPL art. 55, item 1)."""

LONGEST_TEXT, LONGEST_REFERENCE = 2000, 200
"""Characters."""


class InvalidContent(ValueError):
    """What is asked for means nothing or contradicts itself; ``reason`` says what to change."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An impact assessment as PIPL art. 56 lists it, by whoever asks; kept with the request (art. 56: three years).

    ``necessity``: that purpose and means are lawful and needed; ``risks``: the effect on people and on security;
    ``measures``: why the protection fits; ``reference`` is the number of the record. Raises InvalidContent.
    """

    necessity: str
    risks: str
    measures: str
    assessed_on: date
    reference: str

    def __post_init__(self) -> None:
        said = (self.necessity, self.risks, self.measures)
        if not all(0 < len(each.strip()) <= LONGEST_TEXT for each in said):
            raise InvalidContent(
                Text(
                    "影响评估须写明必要性、风险与措施", "An assessment states the necessity, the risks and the measures"
                )
            )
        if not 0 < len(self.reference.strip()) <= LONGEST_REFERENCE:
            raise InvalidContent(Text("影响评估须有编号", "An assessment has a number"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a department asks for: ``grant`` is the grant that would follow, ``onward`` whether data are passed on.

    Raises InvalidContent.
    """

    grant: Grant
    purpose: str
    onward: bool = False
    assessment: Assessment | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.purpose.strip()) <= LONGEST_TEXT:
            raise InvalidContent(
                Text(f"须写明用途（不超过 {LONGEST_TEXT} 字）", f"State the purpose, at most {LONGEST_TEXT} characters")
            )
        if self.grant.consumer == self.grant.provider:
            raise InvalidContent(Text("不能向本机构申请数据", "A department does not ask itself for data"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the catalogue and the service levels said when the request was submitted, or checked (``going_on``).

    Share type and sensitivity are the strictest and the highest of all that is asked for. ``clocks`` are working days
    by step as ``profile`` had them; a later change of the profile does not touch them.
    """

    share_type: ShareType
    sensitivity: int
    profile: str = ""
    clocks: Mapping[Stage, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "clocks", MappingProxyType(dict(self.clocks)))


def going_on(held: Circumstances | None, found: Circumstances) -> Circumstances:
    """The circumstances under which a checked request goes on: those ``held`` since it was submitted, with its clocks.

    Where it is now shared in another way it is another matter, with the clocks of that.
    """
    if held is None or held.share_type is not found.share_type:
        return found
    return replace(held, sensitivity=found.sensitivity)


class RefusalCode(StrEnum):
    """Why a provider may refuse; each is stated with the rule it stands on."""

    NOT_SHARED_BY_LAW = "not-shared-by-law"
    NO_GROUND = "no-ground"
    BEYOND_NEED = "beyond-need"
    NOT_HELD = "not-held"
    SECURITY = "security"


REFUSALS: Mapping[RefusalCode, Text] = MappingProxyType(
    {
        RefusalCode.NOT_SHARED_BY_LAW: Text("法律、行政法规规定不予共享", "The law says it is not shared"),
        RefusalCode.NO_GROUND: Text("所列依据不支持该用途", "The stated ground does not carry the purpose"),
        RefusalCode.BEYOND_NEED: Text("超出履行职责所必需的范围", "It goes beyond what the duty needs"),
        RefusalCode.NOT_HELD: Text(
            "本机构不是数源部门或没有该数据", "This department is not its source, or holds none"
        ),
        RefusalCode.SECURITY: Text("可能危害国家安全或公共利益", "It could harm national security or the public"),
    }
)
"""Reasons of refusal in words."""


def needs_assessment(content: Content, sensitivity: int) -> bool:
    """PIPL art. 55: sensitive information (item 1), or information given on to others (item 3)."""
    return sensitivity >= ASSESSED_FROM or content.onward
