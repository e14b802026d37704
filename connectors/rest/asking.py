"""One service, asked under a deadline and a limit of bytes, as somebody it knows."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.adapters import Opening
from connectors.errors import SourceBusy, SourceGarbled, SourceMisconfigured, SourceProblem, SourceUnavailable
from connectors.resilience import Deadline
from connectors.rest import addresses
from connectors.rest.client_certificate import ClientCertificate
from connectors.rest.credentials import credentials
from connectors.rest.request import Request
from connectors.rest.service import ServiceSettings
from connectors.rest.transport import Answer, Transport

_UNAUTHORISED = 401


class Asker:
    """Sends requests to one service. Safe for threads."""

    def __init__(self, settings: ServiceSettings, location: str, opening: Opening) -> None:
        certificate = _certificate(settings, location, opening)
        self._transport = Transport(
            max_bytes=opening.limits.max_bytes,
            ca_file=settings.ca_file,
            private_only=addresses.is_plain(location),
            certificate=certificate,
        )
        self._credentials = credentials(settings.auth, opening, ca_file=settings.ca_file, certificate=certificate)

    def ask(
        self, request: Request, deadline: Deadline, *, max_bytes: int | None = None, fields: Sequence[str] = ()
    ) -> Answer:
        """The answer, whatever its status; after a 401 to a token, that to a fresh one. Raises: SourceProblem."""
        for again in (True, False):
            lines = self._credentials.lines(request, deadline)
            sent = Request(request.url, [*request.headers, *lines], request.body)
            answer = self._transport.exchange(sent, deadline.left(), max_bytes=max_bytes, fields=fields)
            if answer.status != _UNAUTHORISED or not (again and self._credentials.refused(lines)):
                break
        return answer

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()
        self._credentials.close()


def refusal(status: int) -> SourceProblem:
    """What a status other than 200 says (RFC 9110 §15)."""
    reason = f"http-{status}"
    if status == 429:  # RFC 6585 §4
        return SourceBusy(reason)
    if status >= 500:
        return SourceUnavailable(reason)
    if status >= 300:  # a redirect is not followed, and a refusal is about how we ask
        return SourceMisconfigured(reason)
    return SourceGarbled(reason)


def _certificate(settings: ServiceSettings, location: str, opening: Opening) -> ClientCertificate | None:
    if not settings.client_certificate:
        return None
    if addresses.is_plain(location):
        raise SourceMisconfigured("url")
    return ClientCertificate.parse(opening.secret(settings.client_certificate))
