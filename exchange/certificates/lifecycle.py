"""Which change leads a certificate from which status to which. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kernel.dates import NO_END
from kernel.text import Text


class Status(StrEnum):
    """How a certificate stands."""

    VALID = "valid"
    SUSPENDED = "suspended"
    RESCINDED = "rescinded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TRANSFERRING = "transferring"
    REVOKED = "revoked"
    OTHER = "other"


STATUSES: Mapping[Status, Text] = {
    Status.VALID: Text("有效", "valid"),
    Status.SUSPENDED: Text("暂扣", "suspended"),
    Status.RESCINDED: Text("撤销", "rescinded"),
    Status.CANCELLED: Text("注销", "cancelled"),
    Status.EXPIRED: Text("过期失效", "expired"),
    Status.TRANSFERRING: Text("办理转出", "moving to another authority"),
    Status.REVOKED: Text("吊销", "revoked"),
    Status.OTHER: Text("其他", "other"),
}
"""In words."""


class Change(StrEnum):
    """What is done to a certificate."""

    ISSUE = "issue"
    RENEW = "renew"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESCIND = "rescind"
    CANCEL = "cancel"
    EXPIRE = "expire"
    TRANSFER = "transfer"
    REVOKE = "revoke"
    REINSTATE = "reinstate"
    OTHER = "other"


CHANGES: Mapping[Change, Text] = {
    Change.ISSUE: Text("颁发", "issued"),
    Change.RENEW: Text("延续", "renewed"),
    Change.SUSPEND: Text("暂扣", "suspended"),
    Change.RESUME: Text("恢复", "resumed"),
    Change.RESCIND: Text("撤销", "rescinded"),
    Change.CANCEL: Text("注销", "cancelled"),
    Change.EXPIRE: Text("过期", "expired"),
    Change.TRANSFER: Text("办理转出", "moved to another authority"),
    Change.REVOKE: Text("吊销", "revoked"),
    Change.REINSTATE: Text("恢复效力", "reinstated"),
    Change.OTHER: Text("其他", "other"),
}
"""In words, as something that happened."""

_LIVING = frozenset({Status.VALID, Status.SUSPENDED, Status.TRANSFERRING, Status.OTHER})
_ENDED = frozenset({Status.RESCINDED, Status.CANCELLED, Status.REVOKED})

TABLE: Mapping[Change, tuple[frozenset[Status], Status]] = {
    Change.ISSUE: (frozenset(), Status.VALID),
    Change.RENEW: (frozenset({Status.VALID, Status.EXPIRED}), Status.VALID),
    Change.SUSPEND: (frozenset({Status.VALID}), Status.SUSPENDED),
    Change.RESUME: (frozenset({Status.SUSPENDED, Status.TRANSFERRING, Status.OTHER}), Status.VALID),
    Change.RESCIND: (_LIVING | {Status.EXPIRED}, Status.RESCINDED),
    Change.CANCEL: (_LIVING | {Status.EXPIRED}, Status.CANCELLED),
    Change.EXPIRE: (_LIVING, Status.EXPIRED),
    Change.TRANSFER: (frozenset({Status.VALID}), Status.TRANSFERRING),
    Change.REVOKE: (_LIVING | {Status.EXPIRED}, Status.REVOKED),
    Change.REINSTATE: (_ENDED | {Status.OTHER}, Status.VALID),
    Change.OTHER: (_LIVING, Status.OTHER),
}
"""From which statuses a change is possible, and to which it leads. Of a certificate not on record the first report may
be any change: it was issued before its department reported here, and counts as valid until then.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a certificate stands after its latest change; ``valid_until`` None where no end is on record."""

    status: Status
    revision: int
    effective_at: datetime
    valid_until: str | None = None
    description: str | None = None

    def on(self, day: date) -> Status:
        """The status on a day: what was valid is expired once its last day is over, whether reported or not."""
        ends = self.valid_until
        over = ends is not None and ends != NO_END and date.fromisoformat(ends) < day
        return Status.EXPIRED if over and self.status is Status.VALID else self.status


def possible(change: Change, before: Standing | None, day: date) -> bool:
    """Whether a change may follow on how the certificate stands."""
    if before is None:
        return True
    sources, _ = TABLE[change]
    return before.status in sources or before.on(day) in sources


def offered(before: Standing, day: date) -> tuple[Change, ...]:
    """What may be done now with a certificate on record: the one list that the API and the pages read."""
    return tuple(change for change in Change if possible(change, before, day))


def after(
    change: Change, before: Standing | None, effective_at: datetime, valid_until: str | None, description: str | None
) -> Standing:
    """How a certificate stands after a change that is possible; an end that is not named anew stays."""
    ends = valid_until if valid_until is not None or before is None else before.valid_until
    return Standing(TABLE[change][1], before.revision + 1 if before else 1, effective_at, ends, description)
