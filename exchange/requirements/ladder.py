"""The ladder: ways to meet a requirement from the one that asks least of the person down to paper. Pure.

Whoever steps down says why, rung by rung. Some causes the exchange can see for itself, and then it looks; others only
the person or the clerk knows, and then who said so is recorded, and governance sees how often.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.text import Text


class Rung(StrEnum):
    """A way to meet a requirement."""

    NOT_NEEDED = "not-needed"
    SHARED_DATA = "shared-data"
    SHARED_CERTIFICATE = "shared-certificate"
    DEPARTMENTAL_CHECK = "departmental-check"
    COMMITMENT = "commitment"
    DEFERRAL = "deferral"
    UPLOAD = "upload"
    WINDOW = "window"

    @property
    def level(self) -> int:
        """1 is the highest; rungs of one level ask equally much."""
        return _LEVELS[self]


_LEVELS: Mapping[Rung, int] = {
    Rung.NOT_NEEDED: 1,
    Rung.SHARED_DATA: 2,
    Rung.SHARED_CERTIFICATE: 3,
    Rung.DEPARTMENTAL_CHECK: 4,
    Rung.COMMITMENT: 5,
    Rung.DEFERRAL: 5,
    Rung.UPLOAD: 6,
    Rung.WINDOW: 6,
}
RUNGS: Mapping[Rung, Text] = {
    Rung.NOT_NEEDED: Text("不需要", "not needed"),
    Rung.SHARED_DATA: Text("数据共享", "shared data"),
    Rung.SHARED_CERTIFICATE: Text("电子证照共享", "shared e-certificate"),
    Rung.DEPARTMENTAL_CHECK: Text("部门核验", "check by the department that knows"),
    Rung.COMMITMENT: Text("告知承诺", "written commitment"),
    Rung.DEFERRAL: Text("容缺办理", "go on without it for now"),
    Rung.UPLOAD: Text("上传材料", "upload"),
    Rung.WINDOW: Text("窗口核验原件", "original at the window"),
}
"""Every rung in words."""
BY_SHARING = frozenset({Rung.SHARED_DATA, Rung.SHARED_CERTIFICATE, Rung.DEPARTMENTAL_CHECK})
"""Rungs that evidence delivered in the case meets; nobody reports them."""
DECLARED = (Rung.COMMITMENT, Rung.DEFERRAL, Rung.UPLOAD, Rung.WINDOW)
"""Rungs that a department says it takes."""
ON_TRUST = frozenset({Rung.COMMITMENT, Rung.DEFERRAL, Rung.UPLOAD})
"""Of these, the ones by which nobody sees an original."""


class Cause(StrEnum):
    """Why somebody steps down from a rung."""

    SOURCE_DOWN = "source-down"
    NO_RECORD = "no-record"
    NO_GRANT = "no-grant"
    INVALID_RECORD = "invalid-record"
    PROVIDER_REFUSED = "provider-refused"
    NOT_ANSWERED = "not-answered"
    INSUFFICIENT = "record-insufficient"
    NOT_IN_FORCE = "certificate-not-in-force"
    DISPUTED = "disputed"
    PERSON_REFUSED = "person-refused"
    NOT_SUITABLE = "not-suitable"
    ON_RECORD_ELSEWHERE = "on-record-elsewhere"


CAUSES: Mapping[Cause, Text] = {
    Cause.SOURCE_DOWN: Text("数据来源不可用", "the source is down"),
    Cause.NO_RECORD: Text("提供部门没有记录", "the provider holds no record"),
    Cause.NO_GRANT: Text("没有生效的授权", "no grant is in force"),
    Cause.INVALID_RECORD: Text("记录不符合目录定义", "the record does not conform to the catalogue"),
    Cause.PROVIDER_REFUSED: Text("提供部门依据规定不予答复", "the provider refuses, and cites why"),
    Cause.NOT_ANSWERED: Text("提供部门逾期未答复", "the provider did not answer in time"),
    Cause.INSUFFICIENT: Text("记录已取得但不足以证明", "the record came and does not show what is required"),
    Cause.NOT_IN_FORCE: Text("证照已失效或暂扣", "the certificate is not in force"),
    Cause.DISPUTED: Text("本人对记录有异议", "the person disputes the record"),
    Cause.PERSON_REFUSED: Text("本人不同意这种方式", "the person does not want it this way"),
    Cause.NOT_SUITABLE: Text("本件不适用这种方式", "this way does not suit the matter"),
    Cause.ON_RECORD_ELSEWHERE: Text("本人说明材料在另一部门", "the person says that another department holds it"),
}
"""Every cause in words."""

SEEN = frozenset(
    {
        Cause.SOURCE_DOWN,
        Cause.NO_RECORD,
        Cause.NO_GRANT,
        Cause.INVALID_RECORD,
        Cause.PROVIDER_REFUSED,
        Cause.NOT_ANSWERED,
        Cause.INSUFFICIENT,
        Cause.NOT_IN_FORCE,
        Cause.DISPUTED,
    }
)
"""Causes that the exchange has seen itself, or they are none."""
_SHARING = frozenset(rung.level for rung in BY_SHARING)
_COMMITTING = frozenset({Rung.COMMITMENT.level})
LEVELS: Mapping[Cause, frozenset[int]] = {
    **dict.fromkeys(sorted(SEEN), _SHARING),
    Cause.PERSON_REFUSED: _SHARING | _COMMITTING,
    Cause.NOT_SUITABLE: _COMMITTING,
    Cause.ON_RECORD_ELSEWHERE: frozenset(),
}
"""From which levels a cause leads down."""
STEPPING = tuple(cause for cause, levels in LEVELS.items() if levels)
"""Causes to step down for."""
ON_WORD = tuple(cause for cause in STEPPING if cause not in SEEN)
"""Causes to step down for that somebody's word is enough for."""
CHOOSING = tuple(cause for cause in Cause if cause is not Cause.NOT_SUITABLE)
"""Causes to ask for one kind of evidence and not for another that would do as well."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step down from a rung, and why."""

    rung: Rung
    cause: Cause


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rung may be taken: the rungs above it that are still open, and steps whose cause is not so."""

    open_above: tuple[Rung, ...]
    unproven: tuple[Step, ...]

    @property
    def allowed(self) -> bool:
        """Nothing above is open, and every cause holds."""
        return not self.open_above and not self.unproven


def judge(
    wanted: Rung, offered: Collection[Rung], steps: Sequence[Step], seen: Mapping[Rung, Collection[Cause]]
) -> Verdict:
    """Whether ``wanted`` may be taken.

    ``offered`` are the rungs that there are for this requirement; ``seen`` the causes that the exchange saw on each of
    them. A step counts only where its cause leads down from that level, and holds.
    """
    above = sorted({rung for rung in offered if rung.level < wanted.level}, key=lambda rung: (rung.level, rung))
    unproven = tuple(step for step in steps if step.rung in above and not _holds(step, seen))
    passed = {step.rung.level for step in steps if step.rung in above and _holds(step, seen)}
    return Verdict(tuple(rung for rung in above if rung.level not in passed), unproven)


def _holds(step: Step, seen: Mapping[Rung, Collection[Cause]]) -> bool:
    if step.rung.level not in LEVELS[step.cause]:
        return False
    return step.cause not in SEEN or step.cause in seen.get(step.rung, ())
