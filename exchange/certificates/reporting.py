"""Reports of changes: from the system of the department that owns the evidence type, and from nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from exchange import errors
from exchange.access import Access, Asker, AuthorisedSystem
from exchange.catalogue.model import kept_apart
from exchange.certificates.forms import CHANGE, ChangeReport
from exchange.certificates.register import Register
from exchange.certificates.transitions import CertificateTransitions, Said
from exchange.certificates.views import stands_view
from exchange.forms import read
from exchange.store import certificates
from exchange.store.certificates import Kept
from kernel.dates import local_day
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response


@dataclass(frozen=True)
class Reporting:
    """``POST /v1/certificates/changes``."""

    access: Access
    transitions: CertificateTransitions
    register: Register

    def report(self, http: HttpRequest) -> HttpResponse:
        """Record a change and tell those who rely on it; the same report twice is one. Raises Problem."""
        caller = self.access.system(http)
        told: ChangeReport = read(CHANGE, http)
        said = Said(told.change, told.subject, told.effective_at, told.valid_until, told.description)
        asker = Asker({"system": caller.system.name}, self.access.spending(caller.caller))
        done = self.transitions.report(said, self._kept(told, caller), asker)
        if done.repeated:
            self.access.spend(caller.caller)
        view = stands_view(done.stands, local_day(self.transitions.clock.now()))
        return json_response(view | {"receipt": done.receipt.text}, 200 if done.repeated else 201)

    def _kept(self, said: ChangeReport, caller: AuthorisedSystem) -> Kept:
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
        return kept
