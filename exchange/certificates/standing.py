"""How the certificate stands that a piece of evidence is: what is told beside it, and what it says on a day. Pure.

Where records bear no identifier, their holder's certificate of that kind stands for them as long as it is the only one
on record: of several, nobody knows which of them the record is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from connectors.base import CertificateWord
from exchange.certificates.lifecycle import STATUSES, Change, Standing, Status
from exchange.certificates.views import standing
from exchange.store.certificates import Kept, Past
from kernel.dates import CHINA, local_day
from kernel.text import Text

UNKNOWN = "unknown"
_UNKNOWN = Text("不明", "unknown")


class FoundBy(StrEnum):
    """How a certificate was found."""

    IDENTIFIER = "identifier"
    HOLDER = "holder"


class Unknown(StrEnum):
    """Why it is not known how a certificate stands."""

    NONE = "none-on-record"
    SEVERAL = "several-on-record"


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """How a certificate stands, as it is told beside the evidence.

    ``status`` None: not known, and ``reason`` says why; ``since`` when it took effect; ``as_of`` when it was looked up,
    by the exchange ``told_by`` where it was not this one.
    """

    status: Status | None
    since: datetime | None
    as_of: datetime
    found_by: FoundBy | None = None
    reason: Unknown | None = None
    told_by: str | None = None

    @property
    def code(self) -> str:
        """The status, or ``unknown``."""
        return UNKNOWN if self.status is None else self.status.value

    @property
    def label(self) -> Text:
        """In words."""
        return _UNKNOWN if self.status is None else STATUSES[self.status]


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What is on record of a piece of evidence ``at`` a moment; ``word`` is what another exchange says of it."""

    found: tuple[Kept, ...]
    by: FoundBy
    at: datetime
    word: CertificateWord | None = None

    @property
    def status(self) -> CertificateStatus:
        """How it stands now. What is on record here is told, unless that is nothing, or merely that it is valid while
        the exchange that delivered it says otherwise.
        """
        own, word = self._own(), self.word
        if word is None or word.status in {UNKNOWN, own.code} or own.status not in {None, Status.VALID}:
            return own
        return CertificateStatus(_known(word.status), word.since, word.as_of, told_by=word.by)

    def stands_on(self, day: date) -> bool:
        """Whether nothing that is on record keeps the certificate from being valid on a day."""
        said = [one for kept in self.found if (one := _stood(kept.history, day)) is not None]
        return (not said or any(said)) and (self.word is None or _as_told(self.word, day))

    def _own(self) -> CertificateStatus:
        stands = [one for kept in self.found if (one := standing(kept)) is not None]
        if len(stands) != 1:
            return CertificateStatus(None, None, self.at, reason=Unknown.SEVERAL if stands else Unknown.NONE)
        (one,), today = stands, local_day(self.at)
        status = one.on(today)
        return CertificateStatus(status, _since(one, status), self.at, self.by)


def _since(stands: Standing, status: Status) -> datetime:
    """When it took effect; what expired unreported did so when its last day was over."""
    if status is stands.status or stands.valid_until is None:
        return stands.effective_at
    return datetime.combine(date.fromisoformat(stands.valid_until) + timedelta(days=1), time(), CHINA)


def _stood(history: Sequence[Past], day: date) -> bool | None:
    """Whether a certificate was valid on a day by its reports; None on days before any of them speaks of it.

    What was rescinded (撤销) never was: rescission undoes it from its beginning (Administrative Licensing Law art. 69).
    Before the first report it counts as valid, unless that was its issue.
    """
    if history and history[-1].status == Status.RESCINDED:
        return False
    before = [past for past in history if local_day(past.effective_at) <= day]
    if not before:
        return None if not history or history[0].change == Change.ISSUE else True
    past = before[-1]
    return Standing(Status(past.status), past.revision, past.effective_at, past.valid_until).on(day) is Status.VALID


def _as_told(word: CertificateWord, day: date) -> bool:
    """The same by the word of another exchange, which tells no more than the latest change."""
    if word.status in {UNKNOWN, Status.VALID}:
        return True
    return word.status != Status.RESCINDED and word.since is not None and day < local_day(word.since)


def _known(status: str) -> Status:
    """A status by its word; one that only another exchange knows is another."""
    return Status(status) if status in {*Status} else Status.OTHER
