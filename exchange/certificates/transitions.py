"""What becomes of a certificate on record, whoever reports it: the owning department's system or an officer of its."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Asker
from exchange.certificates.lifecycle import Change, Standing, after, possible
from exchange.certificates.views import standing
from exchange.events.outbox import put
from exchange.events.signal import Kind, Signal, to_reliers
from exchange.store import certificates
from exchange.store.certificates import Kept, Past
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text

CHANGED = "CertificateChanged"
AHEAD = timedelta(minutes=5)
"""By which a reporting clock may be fast."""
_FUTURE = Text("effective_at 不能晚于现在", "effective_at lies in the future")


@dataclass(frozen=True, slots=True)
class Said:
    """What is reported of a certificate. ``reason`` and ``officer`` are empty where a system reports."""

    change: Change
    subject: SubjectRef
    effective_at: datetime
    valid_until: str | None
    description: str | None = field(repr=False)
    reason: str = field(default="", repr=False)
    officer: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """How a certificate stands after a report, its receipt, and whether the very same was on record before."""

    kept: Kept
    stands: Standing
    receipt: Receipt
    repeated: bool


@dataclass(frozen=True)
class CertificateTransitions:
    """Records reports: state, entry and signal to those who rely on the certificate in one transaction."""

    ledger: Ledger
    clock: Clock

    def in_time(self, said: Said) -> None:
        """That it has taken effect, by a clock that may be a little fast. Raises Problem (request.invalid)."""
        if said.effective_at > self.clock.now() + AHEAD:
            raise Problem(INVALID_BODY, detail=_FUTURE)

    def report(self, said: Said, kept: Kept, asker: Asker) -> Reported:
        """Record a change and tell those who rely on it; the same report twice is one. Raises Problem."""
        now = self.clock.now()
        self.in_time(said)
        if (known := on_record(said, kept)) is not None:
            return self._again(known, kept, said, asker)
        stands = _after(said, kept)
        past = Past(
            revision=stands.revision,
            change=said.change.value,
            status=stands.status.value,
            effective_at=said.effective_at,
            valid_until=stands.valid_until,
            description=said.description,
            recorded_at=now,
            reason=said.reason,
            officer=said.officer,
        )

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if not certificates.append(connection, kept, past, receipts[0].index):
                raise Problem(errors.CERTIFICATE_CHANGED)
            put(connection, _signal(kept, past))

        (receipt,) = self.ledger.append([_entry(said, kept, past, asker)], also=also)
        if receipt.repeated:  # another report made this very revision a moment ago
            raise Problem(errors.CERTIFICATE_CHANGED)
        return Reported(kept, stands, receipt, repeated=False)

    def _again(self, past: Past, kept: Kept, said: Said, asker: Asker) -> Reported:
        """The answer to a report that is on record: how the certificate stands now, and that report's own receipt."""
        (receipt,) = self.ledger.append([_entry(said, kept, past, asker)])
        stands = standing(kept)
        if stands is None:
            raise Problem(errors.CERTIFICATE_CHANGED)
        return Reported(kept, stands, receipt, repeated=True)


def on_record(said: Said, kept: Kept) -> Past | None:
    """What says the same already, or None where the change may follow on how the certificate stands.

    Looks at the certificate's past alone, never at whose number was said. Raises Problem where neither holds.
    """
    if (known := _repeated(said, kept)) is not None:
        return known
    if kept.history and said.effective_at < kept.history[-1].effective_at:
        raise Problem(errors.CERTIFICATE_OUT_OF_ORDER)
    _after(said, kept)
    return None


def _after(said: Said, kept: Kept) -> Standing:
    before = standing(kept)
    if not possible(said.change, before, local_day(said.effective_at)):
        raise Problem(
            errors.CERTIFICATE_CHANGE_IMPOSSIBLE, members={"stands": None if before is None else before.status.value}
        )
    return after(said.change, before, said.effective_at, said.valid_until, said.description)


def _repeated(said: Said, kept: Kept) -> Past | None:
    """What says the same already: reports come at least once, too. Raises Problem where it says something else."""
    same = (said.change.value, said.effective_at)
    found = next((each for each in kept.history if (each.change, each.effective_at) == same), None)
    if found is not None and not _says_the_same(said, found):
        raise Problem(errors.CERTIFICATE_DIFFERS)  # a correction is a change of its own, with its own time
    return found


def _says_the_same(said: Said, past: Past) -> bool:
    """Whether nothing that was reported differs from what is on record; what was left out says nothing."""
    ends = said.valid_until is None or said.valid_until == past.valid_until
    return ends and (said.description is None or said.description == past.description)


def _signal(kept: Kept, past: Past) -> Signal:
    return to_reliers(
        Kind.CERTIFICATE_CHANGED,
        kept.evidence_type,
        kept.subject,
        cause=f"{kept.name}/{past.revision}",
        at=past.recorded_at,
        changed=("status",),
    )


def _entry(said: Said, kept: Kept, past: Past, asker: Asker) -> Event:
    facts: dict[str, JSON] = {
        "provider": kept.organisation,
        **asker.facts,
        "evidence_type": kept.evidence_type,
        "change": past.change,
        "status": past.status,
        "effective_at": past.effective_at.astimezone(UTC).isoformat(),
        **({"reason": said.reason} if said.reason else {}),
    }
    return Event(CHANGED, kept.name, str(past.revision), facts, said.subject)
