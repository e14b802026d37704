"""What an exchange delivered, believed as far as it can be checked: signature, purpose, freshness, receipt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.base import CertificateWord, Raw, Record
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.exchange.settings import ExchangeSettings
from connectors.rest.strict_json import decode
from kernel import jose
from kernel.clock import Clock
from kernel.dates import read_instant
from kernel.jose import base64url
from kernel.ledger.verify import VerificationFailed, verify_receipt

_TYPE = "evidence+jwt"
_BEHIND, _AHEAD = 300, 10
"""Seconds that their clock may go behind or ahead of ours: evidence is made after it was asked for, and not later."""
_REFRESH = 60
"""Seconds between two readings of the key set for the sake of an unknown key."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, to be found in the answer: the request's identifier there, its case, and when (since 1970)."""

    request: str
    case: str
    asked: float


class Keys:
    """The published signature keys of an exchange: read when first needed, and again for a key nobody knows yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jwks: Mapping[str, Any] | None = None
        self._read_at = 0.0

    def now(self, read: Callable[[], Any]) -> Mapping[str, Any]:
        """The key set. Raises: SourceProblem."""
        return self._jwks if self._jwks is not None else self._fresh(read)

    def again(self, read: Callable[[], Any]) -> Mapping[str, Any] | None:
        """The key set read once more, or None where that was done a moment ago. Raises: SourceProblem."""
        with self._lock:
            if self._clock.monotonic() - self._read_at < _REFRESH:
                return None
            self._read_at = self._clock.monotonic()
        return self._fresh(read)

    def _fresh(self, read: Callable[[], Any]) -> Mapping[str, Any]:
        found = read()
        if not isinstance(found, Mapping) or not isinstance(found.get("keys"), list):
            raise SourceGarbled("keys")
        self._jwks, self._read_at = found, self._clock.monotonic()
        return found


class Judge:
    """Checks evidence of one exchange."""

    def __init__(self, settings: ExchangeSettings, clock: Clock, max_bytes: int) -> None:
        self._settings, self._clock, self._max_bytes = settings, clock, max_bytes
        self._keys = Keys(clock)

    def record(self, item: Mapping[str, Any], question: Question, read_keys: Callable[[], Any]) -> Record:
        """The record in a delivered item. Raises: SourceGarbled with the reason why it is not believed."""
        text, receipt = item.get("jws"), item.get("receipt")
        if not isinstance(text, str) or not isinstance(receipt, str):
            raise SourceGarbled("evidence-unsigned")
        jwks = self._signed(text, read_keys)
        self._recorded(text, receipt, jwks)
        claims = self._claims(text)
        self._check(claims, question)
        return self._read(claims)

    def _signed(self, text: str, read_keys: Callable[[], Any]) -> Mapping[str, Any]:
        jwks: Mapping[str, Any] | None = self._keys.now(read_keys)
        reason = self._refusal(text, jwks)
        if reason is jose.Reason.UNKNOWN_KEY:
            jwks = self._keys.again(read_keys)
            reason = reason if jwks is None else self._refusal(text, jwks)
        if reason is jose.Reason.TOO_LARGE:
            raise SourceTooLarge("evidence")
        if reason is not None or jwks is None:
            raise SourceGarbled(f"evidence-{reason}")
        return jwks

    def _refusal(self, text: str, jwks: Mapping[str, Any] | None) -> jose.Reason | None:
        try:
            keys = jose.verifying_keys(jwks or {})
            jose.verify_signature_only(text, keys, typ=_TYPE, max_bytes=self._max_bytes)
        except jose.InvalidToken as refused:
            return refused.reason
        except jose.InvalidKey:
            return jose.Reason.UNKNOWN_KEY
        return None

    def _recorded(self, text: str, receipt: str, jwks: Mapping[str, Any]) -> None:
        """The receipt is of the pinned log, and of exactly this evidence."""
        try:
            verify_receipt(receipt, vkey=self._settings.log_key, evidence=text, jwks=jwks)
        except VerificationFailed:
            raise SourceGarbled("receipt") from None

    def _claims(self, text: str) -> Mapping[str, Any]:
        claims = decode(base64url.decode(text.split(".")[1]))
        if not isinstance(claims, Mapping):
            raise SourceGarbled("evidence-malformed")
        return claims

    def _check(self, claims: Mapping[str, Any], question: Question) -> None:
        """Made by the exchange that was asked, for us, for this request, and now."""
        settings, evidence = self._settings, claims.get("evidence")
        said = (claims.get("iss"), claims.get("aud"), claims.get("case"), claims.get("service_item"))
        if said != (settings.origin, settings.organisation, question.case, settings.service_item):
            raise SourceGarbled("evidence-of-another-question")
        if str(claims.get("jti")).rpartition("/")[0] != question.request or claims.get("relation") != "self":
            raise SourceGarbled("evidence-of-another-question")
        if not isinstance(evidence, Mapping) or evidence.get("type") != settings.evidence_type:
            raise SourceGarbled("evidence-of-another-question")
        made, now = claims.get("iat"), self._clock.now().timestamp()
        if not isinstance(made, int) or not question.asked - _BEHIND <= made <= now + _AHEAD:
            raise SourceGarbled("evidence-stale")

    def _read(self, claims: Mapping[str, Any]) -> Record:
        evidence = claims["evidence"]
        data = evidence.get("data", {})
        if not isinstance(data, Mapping) or not data.keys() <= set(self._settings.columns):
            raise SourceGarbled("evidence-data")
        values: dict[str, Raw] = {name: data.get(name) for name in self._settings.columns}
        values |= _answers(evidence.get("answers", []), self._settings.questions)
        provenance = claims.get("provenance")
        return Record(values, _source_time(provenance), _certificate(provenance, self._settings.origin))


def _answers(told: Any, questions: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Raw]:
    """The answers by our names for them, each found by the question it repeats; None for one that was not granted."""
    if not isinstance(told, list) or not all(isinstance(each, Mapping) for each in told):
        raise SourceGarbled("evidence-answers")
    found: dict[str, Raw] = dict.fromkeys(questions)
    for answer in told:
        asked = (answer.get("name"), answer.get("args", {}))
        column = next((name for name, each in questions.items() if asked == (each["name"], each.get("args", {}))), None)
        if column is None:
            raise SourceGarbled("evidence-answers")
        found[column] = answer.get("answer")
    return found


def _source_time(provenance: Any) -> datetime | None:
    """When the source behind the other exchange says its data was true."""
    told = provenance.get("source_time") if isinstance(provenance, Mapping) else None
    return None if told is None else _instant(told)


def _certificate(provenance: Any, origin: str) -> CertificateWord | None:
    """How the certificate stands there; None for what is none, and where they do not say."""
    told = provenance.get("certificate_status") if isinstance(provenance, Mapping) else None
    if told is None:
        return None
    if not isinstance(told, Mapping) or not isinstance(told.get("status"), str):
        raise SourceGarbled("provenance")
    since = told.get("since")
    return CertificateWord(
        told["status"], None if since is None else _instant(since), _instant(told.get("as_of")), origin
    )


def _instant(told: Any) -> datetime:
    try:
        moment = read_instant(told)
    except (ValueError, TypeError):
        raise SourceGarbled("provenance") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
