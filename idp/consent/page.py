"""The content of the consent page, in words, put together from registrations and the exchange's catalogue."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from idp.clients.directory import ClientDirectory
from idp.errors import InvalidTargetError
from idp.model import scopes
from idp.model.authorization import AuthorizationRequest
from idp.model.client import MAY_ACT, Client
from idp.resource.labels import BasisKind, DetailLabel, describe
from idp.resource.metadata import ResourceMetadata
from kernel.canonical import encode
from kernel.clock import Clock
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Who asks (application and department), for which scopes and until when, for which evidence.

    ``scopes`` holds what has to be agreed to; what was agreed to before and still holds is not asked again.
    """

    application: Text
    department: Text
    scopes: tuple[Text, ...]
    details: tuple[DetailLabel, ...]
    asked_at: datetime
    until: datetime | None
    policy: str | None = None
    terms: str | None = None

    @property
    def is_notice(self) -> bool:
        """Whether everything rests on statutory power, so that there is nothing to consent to."""
        return not self.scopes and self._statutory == len(self.details)

    @property
    def is_mixed(self) -> bool:
        """Whether some of it is asked and some of it only announced: the page then keeps the two apart."""
        return self._statutory > 0 and not self.is_notice

    def seen(self, interaction: str, person: str, acting: str | None) -> str:
        """What the form sends back: who saw which words. Times are no part of it, since they pass while one reads."""
        words = {name: value for name, value in asdict(self).items() if name not in ("asked_at", "until")}
        return sha256(encode({"of": [interaction, person, acting], "words": words})).hexdigest()

    @property
    def _statutory(self) -> int:
        return sum(detail.basis_kind is BasisKind.STATUTORY for detail in self.details)


@dataclass(frozen=True, slots=True)
class ConsentPages:
    """Makes consent pages. ``term``: how long consent to plain scopes is remembered; None until it is withdrawn."""

    directory: ClientDirectory
    resource: ResourceMetadata
    term: timedelta | None
    clock: Clock

    def of(self, request: AuthorizationRequest, client: Client, remembered: Set[str]) -> ConsentPage:
        """The page for a request. Raises ResourceUnavailable, UnknownInCatalogue: no words, no consent."""
        now = self.clock.now()
        return ConsentPage(
            application=client.name,
            department=self.directory.organisation(client.organisation).name,
            scopes=tuple(self._words(request, each) for each in asked_scopes(request, remembered)),
            details=tuple(describe(detail, self.resource) for detail in request.details),
            asked_at=now,
            until=None if self.term is None else now + self.term,
            policy=client.policy_uri,
            terms=client.tos_uri,
        )

    def _words(self, request: AuthorizationRequest, asked: str) -> Text:
        """A scope in words: ours, or its resource server's. Raises InvalidTargetError when that is gone."""
        if asked in scopes.LABELS:
            return scopes.LABELS[asked]
        if asked.startswith(MAY_ACT):
            return self._acting(request.client_id, asked.removeprefix(MAY_ACT))
        server = self.directory.resource(request.resource or "")
        words = None if server is None else server.scopes.get(asked.rpartition("#")[2])
        if words is None:
            raise InvalidTargetError("The resource server meant does not know what is asked for.")
        return words

    def _acting(self, client_id: str, actor_id: str) -> Text:
        """Another system of the department that may take over (RFC 8693 §4.4). Raises InvalidTargetError for others."""
        client, actor = self.directory.enabled(client_id), self.directory.enabled(actor_id)
        if client is None or actor is None or actor.organisation != client.organisation:
            raise InvalidTargetError("A client that may act is not one of the department's.")
        name = actor.name
        return Text(f"由同一部门的系统“{name.zh}”代为办理", f"Let the department's system “{name.en}” act in its place")


def asked_scopes(request: AuthorizationRequest, remembered: Set[str]) -> tuple[str, ...]:
    """All scopes of a request as long as one of them is not agreed to yet, or consent is to be asked in any case."""
    wanted = "consent" in request.prompt or not set(request.to_agree_to) <= remembered
    return request.to_agree_to if wanted else ()
