"""The content of the consent page, in words, put together from registrations and the exchange's catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from idp.clients.directory import ClientDirectory
from idp.model import scopes
from idp.model.authorization import AuthorizationRequest
from idp.model.client import Client
from idp.resource.labels import BasisKind, DetailLabel, describe
from idp.resource.metadata import ResourceMetadata
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Who asks (application and department), for which scopes, for which evidence."""

    application: Text
    department: Text
    scopes: tuple[Text, ...]
    details: tuple[DetailLabel, ...]

    @property
    def is_notice(self) -> bool:
        """Whether everything rests on statutory power, so that there is nothing to consent to."""
        return bool(self.details) and all(detail.basis_kind is BasisKind.STATUTORY for detail in self.details)


@dataclass(frozen=True, slots=True)
class ConsentPages:
    """Makes consent pages."""

    directory: ClientDirectory
    resource: ResourceMetadata

    def of(self, request: AuthorizationRequest, client: Client) -> ConsentPage:
        """The page for a request. Raises ResourceUnavailable, UnknownInCatalogue: no words, no consent."""
        return ConsentPage(
            application=client.name,
            department=self.directory.organisation(client.organisation).name,
            scopes=tuple(scopes.LABELS[scope] for scope in request.scope),
            details=tuple(describe(detail, self.resource) for detail in request.details),
        )
