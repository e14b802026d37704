"""Reports of changes: from the system of the department that owns the evidence type, and from nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.catalogue.model import kept_apart
from exchange.certificates.forms import CHANGE, Reported
from exchange.certificates.lifecycle import Standing, after, possible
from exchange.certificates.views import standing, stands_view
from exchange.events.outbox import put
from exchange.events.signal import Kind, Signal, to_reliers
from exchange.forms import read
from exchange.store import certificates
from exchange.store.certificates import Kept, Past
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.envelope import blind_index
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

CHANGED = "CertificateChanged"
AHEAD = timedelta(minutes=5)
"""By which a reporting system's clock may be fast."""

_FUTURE = Text("effective_at 不能晚于现在", "effective_at lies in the future")


@dataclass(frozen=True, slots=True)
class Register:
    """Finds certificates by a keyed index of their identifiers."""

    key: bytes = field(repr=False)

    def index(self, identifier: str) -> bytes:
        """Under which a certificate is kept."""
        return blind_index(self.key, f"certificate\n{identifier}")


@dataclass(frozen=True)
class Reporting:
    """``POST /v1/certificates/changes``."""

    access: Access
    ledger: Ledger
    register: Register
    clock: Clock

    def report(self, http: HttpRequest) -> HttpResponse:
        """Record a change and tell those who rely on it; the same report twice is one. Raises Problem."""
        caller = self.access.system(http)
        said: Reported = read(CHANGE, http)
        if said.effective_at > self.clock.now() + AHEAD:
            raise Problem(INVALID_BODY, detail=_FUTURE)
        kept = self._kept(said, caller)
        if (known := _repeated(said, kept)) is not None:
            return self._again(known, kept, said, caller)
        stands, now = _after(said, kept), self.clock.now()
        past = Past(
            revision=stands.revision,
            change=said.change.value,
            status=stands.status.value,
            effective_at=said.effective_at,
            valid_until=stands.valid_until,
            description=said.description,
            recorded_at=now,
        )

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            if not certificates.append(connection, kept, past):
                raise Problem(errors.CERTIFICATE_CHANGED)
            put(connection, _signal(kept, past))

        (receipt,) = self.ledger.append([_entry(said, kept, past, caller)], also=also)
        if receipt.repeated:  # another report made this very revision a moment ago
            raise Problem(errors.CERTIFICATE_CHANGED)
        return json_response(stands_view(stands, local_day(now)) | {"receipt": receipt.text}, 201)

    def _again(self, past: Past, kept: Kept, said: Reported, caller: AuthorisedSystem) -> HttpResponse:
        """The answer to a report that is on record: how the certificate stands now, and that report's own receipt."""
        self.access.spend(caller.caller)
        (receipt,) = self.ledger.append([_entry(said, kept, past, caller)])
        stands = standing(kept)
        if stands is None:
            raise Problem(errors.CERTIFICATE_CHANGED)
        return json_response(stands_view(stands, local_day(self.clock.now())) | {"receipt": receipt.text})

    def _kept(self, said: Reported, caller: AuthorisedSystem) -> Kept:
        """The certificate as it is on record, or a new one; whose it is and about whom never changes."""
        kind = caller.snapshot.registry.evidence_types.get(said.evidence_type)
        own = kind is not None and kind.provider == caller.system.organisation and not kept_apart(caller.system, kind)
        if kind is None or not own:
            raise Problem(errors.CERTIFICATE_NOT_YOURS)
        index, subject = self.register.index(said.certificate), self.access.indexes.of(said.subject)
        new = Kept(index, kind.provider, kind.code, subject, ())
        with self.access.database.read() as connection:
            kept = certificates.find(connection, index) or new
        if (kept.evidence_type, kept.subject) != (new.evidence_type, new.subject):
            raise Problem(errors.CERTIFICATE_DIFFERS)
        if kept.history and said.effective_at < kept.history[-1].effective_at and _repeated(said, kept) is None:
            raise Problem(errors.CERTIFICATE_OUT_OF_ORDER)
        return kept


def _after(said: Reported, kept: Kept) -> Standing:
    before = standing(kept)
    if not possible(said.change, before, local_day(said.effective_at)):
        raise Problem(
            errors.CERTIFICATE_CHANGE_IMPOSSIBLE, members={"stands": None if before is None else before.status.value}
        )
    return after(said.change, before, said.effective_at, said.valid_until, said.description)


def _repeated(said: Reported, kept: Kept) -> Past | None:
    """What says the same already: reports come at least once, too. Raises Problem where it says something else."""
    same = (said.change.value, said.effective_at)
    found = next((each for each in kept.history if (each.change, each.effective_at) == same), None)
    if found is not None and not _says_the_same(said, found):
        raise Problem(errors.CERTIFICATE_DIFFERS)  # a correction is a change of its own, with its own time
    return found


def _says_the_same(said: Reported, past: Past) -> bool:
    """Whether nothing that was reported differs from what is on record; what was left out says nothing."""
    ends = said.valid_until is None or said.valid_until == past.valid_until
    return ends and (said.description is None or said.description == past.description)


def _name(kept: Kept) -> str:
    return f"cert_{kept.certificate.hex()[:32]}"


def _signal(kept: Kept, past: Past) -> Signal:
    return to_reliers(
        Kind.CERTIFICATE_CHANGED,
        kept.evidence_type,
        kept.subject,
        cause=f"{_name(kept)}/{past.revision}",
        at=past.recorded_at,
        changed=("status",),
    )


def _entry(said: Reported, kept: Kept, past: Past, caller: AuthorisedSystem) -> Event:
    facts: dict[str, JSON] = {
        "provider": kept.organisation,
        "system": caller.system.name,
        "evidence_type": kept.evidence_type,
        "change": past.change,
        "status": past.status,
        "effective_at": past.effective_at.astimezone(UTC).isoformat(),
    }
    return Event(CHANGED, _name(kept), str(past.revision), facts, said.subject)
