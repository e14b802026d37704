"""The JWS adapter: one request, and the records of the documents that hold good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.adapters import Opening
from connectors.base import Query, Record
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.jws.settings import JwsSettings
from connectors.jws.trust import TrustList, trusted
from connectors.resilience import Deadline
from connectors.rest.asking import Asker, refusal
from connectors.rest.reading import checked, listed_records
from connectors.rest.request import RequestBuilder
from connectors.rest.strict_json import decode
from kernel.jose import base64url

_ACCEPT = "application/jose, application/jwt, application/json"


class JwsConnector:
    """A service whose answers are believed by their signatures. libcurl keeps the deadline."""

    kind = "jws"
    keeps_deadline = True

    def __init__(self, settings: JwsSettings, opening: Opening) -> None:
        location = settings.service.location(opening)
        self._settings = settings
        self._trust = TrustList(
            issuers=trusted(settings.trust, opening),
            audience=settings.audience,
            types=settings.types,
            max_age=settings.max_age,
            max_bytes=opening.limits.max_bytes,
        )
        self._requests = RequestBuilder(settings.service, location, accept=_ACCEPT)
        self._asker = Asker(settings.service, location, opening)
        self._max_records, self._clock = opening.limits.max_records, opening.clock

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's records. Raises: SourceProblem."""
        answer = self._asker.ask(self._requests.build(query), Deadline(self._clock, query.deadline))
        if answer.status in self._settings.service.not_found:
            return ()
        if answer.status != 200:
            raise refusal(answer.status)
        documents = self._documents(answer.body)
        if len(documents) > self._max_records:  # before a signature is verified for each
            raise SourceTooLarge("records")
        return tuple(record for document in documents for record in self._read(document, query))

    def close(self) -> None:
        """Close every connection."""
        self._asker.close()

    def _documents(self, body: bytes) -> Sequence[str]:
        if self._settings.documents is None:
            return [_text(body)]
        found = self._settings.documents(decode(body))
        listed = [found] if isinstance(found, str) else found
        if listed is None:
            return []
        if not isinstance(listed, Sequence):
            raise SourceGarbled("documents")
        texts = [each for each in listed if isinstance(each, str)]
        if len(texts) != len(listed):
            raise SourceGarbled("documents")
        return texts

    def _read(self, document: str, query: Query) -> Sequence[Record]:
        verified = self._trust.verified(document, self._clock.now())
        # The bytes whose signature is good, read once more: here a fraction keeps its digits.
        claims = decode(base64url.decode(document.split(".")[1]))
        checked(claims, self._settings.about, query)
        made = _instant(verified.claims["iat"])
        found = claims if self._settings.records is None else self._settings.records(claims)
        return [Record(each, made) for each in listed_records(found)]


def open_source(settings: JwsSettings, opening: Opening) -> JwsConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return JwsConnector(settings, opening)


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise SourceGarbled("documents") from None


def _instant(seconds: object) -> datetime:
    assert isinstance(seconds, int | float)  # checked with the signature
    return datetime.fromtimestamp(seconds, UTC)
