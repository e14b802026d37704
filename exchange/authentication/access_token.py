"""What an access token says (RFC 9068, RFC 9396), read from verified claims into one frozen value.

Everything about the caller that later steps use stands here. The person the token speaks for travels encrypted to the
exchange alone; it is opened here and held only as long as the value lives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.canonical import JSON, MalformedJson, decode
from kernel.identifiers import subject
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef
from kernel.jose import DecryptionKey, InvalidToken, Refused, Verified, decrypt
from kernel.jose.claims import instant_claim

EVIDENCE_DETAILS = "urn:tongban:params:evidence"
SUBJECT_CLAIM = "urn:tongban:params:subject"
REGISTRATION_CLAIM = "urn:tongban:params:registration"
EVERY_MATTER = "all"
"""`service_items` of a mandate without limits."""
LONGEST_PURPOSE_SECONDS = 300
"""Life of a purpose-bound token, from ``iat`` to ``exp``."""
MOST_REGISTRATIONS = 2**53 - 1
"""RFC 7493 §2.2: a greater number is not the same everywhere, and could not be kept with what waits."""
SUBJECT_BYTES = 256
"""Length of the padded subject claim: every number is as long as every other."""

_ASSURANCE = re.compile(r"urn:tongban:loa:([1-4])")


class InvalidClaims(Exception):
    """A verified token whose claims are not those of an access token of ours; ``reason`` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class DetailItem:
    """One kind of evidence a token was issued for."""

    type: str
    fields: frozenset[str]
    predicates: frozenset[str]


@dataclass(frozen=True, slots=True)
class Detail:
    """One authorization detail (RFC 9396 §2): a purpose, and the evidence it covers."""

    service_item: str
    case: str
    legal_basis: str
    items: tuple[DetailItem, ...]

    def covers(self, kind: str, fields: frozenset[str], predicates: frozenset[str]) -> bool:
        """Whether one item of the detail covers all of this; predicates never imply fields nor the reverse."""
        return any(item.type == kind and fields <= item.fields and predicates <= item.predicates for item in self.items)


@dataclass(frozen=True, slots=True)
class Mandate:
    """For which company the token's person acts (`mandate`), in which matters (None: every one), and until when.

    ``reference`` is what the identity provider tells the end of it by; empty where it told the exchange none.
    """

    company: SubjectRef = field(repr=False)
    capacity: str
    service_items: frozenset[str] | None
    expires_at: float
    reference: str = ""
    name: str = field(default="", repr=False)

    def covers(self, service_item: str, at: float) -> bool:
        """Whether the person may act in this matter at this time."""
        return at < self.expires_at and (self.service_items is None or service_item in self.service_items)

    def members(self) -> dict[str, Any]:
        """As it is kept, encrypted, with what goes on by it."""
        return {
            "company": {"scheme": self.company.scheme, "value": self.company.value},
            "capacity": self.capacity,
            "service_items": None if self.service_items is None else sorted(self.service_items),
            "expires_at": int(self.expires_at),
            "reference": self.reference,
            "name": self.name,
        }

    @classmethod
    def kept(cls, said: Mapping[str, Any]) -> Mandate:
        """From what was kept."""
        matters = None if said["service_items"] is None else frozenset(said["service_items"])
        company = SubjectRef(said["company"]["scheme"], said["company"]["value"])
        more = {name: said.get(name, "") for name in ("reference", "name")}
        return cls(company, said["capacity"], matters, said["expires_at"], **more)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified access token. ``assurance`` is 0 when nobody is present; times are seconds since 1970."""

    issuer: str
    key_id: str | None
    client_id: str
    jti: str
    sub: str = field(repr=False)
    issued_at: float
    expires_at: float
    sid: str | None
    scope: frozenset[str]
    roles: frozenset[str]
    organisation: str | None
    assurance: int
    person: SubjectRef | None
    officer: str | None = field(repr=False)
    details: tuple[Detail, ...]
    key_thumbprint: str | None
    certificate_thumbprint: str | None
    mandate: Mandate | None = None
    unnamed: bool = False
    """That somebody was present whose number is not kept: of a request that waited."""
    registration: int = 0
    """Of its client, under which it was allowed: what was taken after that is not back for it."""

    @property
    def rights(self) -> frozenset[str]:
        """What the client's registration must still name: its scopes and service items."""
        return self.scope.union(detail.service_item for detail in self.details)

    @property
    def present(self) -> bool:
        """Whether the person the token speaks for is present."""
        return self.person is not None or self.unnamed

    @property
    def names_somebody(self) -> bool:
        """Whether a person is present or an officer is named: what a mere system asked for has nobody to answer for."""
        return self.present or self.officer is not None


def read(verified: Verified, *, audience: str, keys: Sequence[DecryptionKey]) -> AccessToken:
    """The token. ``audience`` is the exchange's own identifier. Raises InvalidClaims."""
    claims = verified.claims
    details = _details(claims, audience)
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    if details and expires - issued > LONGEST_PURPOSE_SECONDS:
        raise InvalidClaims("purpose-bound-for-too-long")
    confirmation = _object(claims.get("cnf", {}))
    actor = _actor(claims)
    about = _about(claims, audience, keys)
    person = _person(about)
    return AccessToken(
        issuer=_text(claims, "iss"),
        key_id=_optional_text(verified.header, "kid"),
        client_id=_text(claims, "client_id"),  # RFC 9068 §2.2
        jti=_text(claims, "jti"),
        sub=_text(claims, "sub"),
        issued_at=issued,
        expires_at=expires,
        sid=_optional_text(claims, "sid"),
        scope=frozenset((_optional_text(claims, "scope") or "").split()),
        roles=_names(claims.get("roles", [])),  # RFC 9068 §2.2.3.1
        organisation=_optional_text(claims, "organisation"),
        assurance=_assurance(claims) if person else 0,
        person=person,
        officer=None if person else actor,
        details=details,
        key_thumbprint=_optional_text(confirmation, "jkt"),  # RFC 9449 §6.1
        certificate_thumbprint=_optional_text(confirmation, "x5t#S256"),  # RFC 8705 §3.1
        mandate=_mandate(claims, about) if person else None,  # nobody who is absent acts for anybody
        registration=_registration(claims),
    )


def _registration(claims: Mapping[str, JSON]) -> int:
    """Left out by an issuer that never took anything from the client: then it is the first."""
    said = claims.get(REGISTRATION_CLAIM, 0)
    if type(said) is not int or not 0 <= said <= MOST_REGISTRATIONS:
        raise InvalidClaims("registration-malformed")
    return said


def _about(claims: Mapping[str, JSON], audience: str, keys: Sequence[DecryptionKey]) -> Mapping[str, Any]:
    """What is for the exchange's eyes alone; empty where nobody is present."""
    sealed = claims.get(SUBJECT_CLAIM)
    if sealed is None:
        return {}
    if not isinstance(sealed, str):
        raise InvalidClaims("subject-malformed")
    opened = _opened(sealed, keys)
    # Bound to the very token it travels in: it cannot be cut out of one and pasted into another.
    if opened.get("aud") != audience or opened.get("jti") != claims.get("jti"):
        raise InvalidClaims("subject-of-another-token")
    return opened


def _person(about: Mapping[str, Any]) -> SubjectRef | None:
    if not about:
        return None
    try:
        return subject.parse(about.get("scheme"), about.get("value"))
    except InvalidIdentifier:
        raise InvalidClaims("subject-malformed") from None


def _mandate(claims: Mapping[str, JSON], about: Mapping[str, Any]) -> Mandate | None:
    """The company a person acts for. What does not say which matters it covers covers none."""
    if claims.get("mandate") is None:
        return None
    said = _object(claims["mandate"])
    principal = _object(said.get("principal"))
    try:
        company = subject.parse(principal.get("scheme"), principal.get("value"))
    except InvalidIdentifier:
        raise InvalidClaims("mandate-malformed") from None
    if company.scheme != "social-credit-code":
        raise InvalidClaims("mandate-malformed")
    items = said.get("service_items", [])
    matters = None if items == EVERY_MATTER else _names(items)
    until = _instant(said, "exp")
    reference, name = _optional_text(about, "mandate") or "", _optional_text(principal, "name") or ""
    return Mandate(company, _text(said, "capacity"), matters, until, reference, name)


def _opened(sealed: str, keys: Sequence[DecryptionKey]) -> Mapping[str, Any]:
    try:
        plaintext = decrypt(sealed, keys)
        if len(plaintext) != SUBJECT_BYTES:
            raise InvalidClaims("subject-not-padded")
        return _object(decode(plaintext.rstrip(b" ")))
    except (InvalidToken, MalformedJson):
        raise InvalidClaims("subject-unreadable") from None


def _actor(claims: Mapping[str, JSON]) -> str | None:
    """Who acts: the department's officer when the person is absent, otherwise a system (RFC 8693 §4.1)."""
    actor = claims.get("act")
    return None if actor is None else _text(_object(actor), "sub")


def _assurance(claims: Mapping[str, JSON]) -> int:
    match = _ASSURANCE.fullmatch(_optional_text(claims, "acr") or "")
    return int(match[1]) if match else 0


def _details(claims: Mapping[str, JSON], audience: str) -> tuple[Detail, ...]:
    listed = claims.get("authorization_details", [])
    if not isinstance(listed, list):
        raise InvalidClaims("details-malformed")
    ours = (entry for entry in map(_object, listed) if entry.get("type") == EVIDENCE_DETAILS)
    return tuple(_detail(entry) for entry in ours if audience in _locations(entry, audience))


def _locations(entry: Mapping[str, Any], audience: str) -> frozenset[str]:
    """For whom a detail is meant (RFC 9396 §2.2): a list, so that no longer address is taken for one that is in it."""
    try:
        return _names(entry.get("locations", [audience]))
    except InvalidClaims:
        raise InvalidClaims("details-malformed") from None


def _detail(entry: Mapping[str, Any]) -> Detail:
    items = entry.get("evidence")
    if not isinstance(items, list):
        raise InvalidClaims("details-malformed")
    return Detail(
        _text(entry, "service_item"),
        _text(entry, "case"),
        _text(entry, "legal_basis"),
        tuple(_detail_item(_object(item)) for item in items),
    )


def _detail_item(item: Mapping[str, Any]) -> DetailItem:
    return DetailItem(_text(item, "type"), _names(item.get("fields", [])), _names(item.get("predicates", [])))


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidClaims("claim-malformed")
    return value


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidClaims("claim-malformed")
    return frozenset(value)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidClaims(f"{name}-malformed")
    return value


def _optional_text(claims: Mapping[str, Any], name: str) -> str | None:
    return None if claims.get(name) is None else _text(claims, name)


def _instant(claims: Mapping[str, Any], name: str) -> float:
    """A NumericDate (RFC 7519 §2), in seconds since 1970: what no clock can show is none."""
    try:
        return float(instant_claim(claims, name))
    except Refused:
        raise InvalidClaims(f"{name}-malformed") from None
