"""Who asks what of whom: everything that a decision depends on besides policies and catalogue. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.authentication.access_token import AccessToken, Detail
from exchange.blind_index import BlindIndex
from exchange.catalogue.model import System
from exchange.gateway.request import EvidenceRequest
from exchange.store.consents import Artefact
from kernel.identifiers.subject import SubjectRef


@dataclass(frozen=True, slots=True)
class Asking:
    """Everything a decision depends on besides policies and catalogue; the same for every item of a request.

    ``detail`` is the authorization detail the whole request fits in; ``person`` the blind index of the token's own
    person, None when nobody is present; ``moment`` the time of the decision; ``consent_withdrawn`` that the person took
    back meanwhile what the token stands for.
    """

    id: str
    request: EvidenceRequest
    token: AccessToken
    system: System
    detail: Detail
    indexes: BlindIndex
    person: bytes | None
    leeway: int
    moment: datetime
    consent_withdrawn: bool = False
    agreed: datetime | None = None
    """When whoever previews an item agreed that exactly what they saw be provided."""
    consents: tuple[Artefact, ...] = ()
    """What those it is about gave before to whoever asks, for this service item; read where consent is the ground."""

    @property
    def company(self) -> SubjectRef | None:
        """The company the token's person acts for: by a mandate in force, in this matter."""
        return self.company_at(self.moment)

    def company_at(self, moment: datetime) -> SubjectRef | None:
        """The same at another moment."""
        mandate = self.token.mandate
        if mandate is None or not mandate.covers(self.request.service_item, moment.timestamp() - self.leeway):
            return None
        return mandate.company

    @property
    def company_index(self) -> bytes | None:
        """The blind index of that company."""
        company = self.company
        return None if company is None else self.indexes.of(company)


@dataclass(frozen=True, slots=True)
class About:
    """Whom an item is about (blind index), and what policies see of them: proven relation, whether sealed, a minor.

    ``own_division``: whether the record could lie in the division of whoever asks; it is looked at once it is there.
    """

    subject: bytes
    relation: str
    sealed: bool
    minor: bool
    own_division: bool
