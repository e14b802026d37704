"""A ring as it stands at one moment: everything requests need, parsed and serialised in advance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

import orjson

from kernel import jose
from kernel.canonical import JSON

from . import lifecycle
from .material import LogSigner, Material
from .model import SECRET, SIGNATURES, KeyRecord, KeyState, Line, Purpose

END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_USE = {Purpose.JWS: "sig", Purpose.JWE: "enc"}


@dataclass(frozen=True, slots=True)
class View:
    """Immutable, so that a request sees one state of the ring from its beginning to its end."""

    records: tuple[KeyRecord, ...]
    until: datetime  # the next instant at which a state changes by itself
    signing: Mapping[str, jose.SigningKey]  # by algorithm
    verifying: tuple[jose.VerifyingKey, ...]
    decryption: tuple[jose.DecryptionKey, ...]
    log_signer: LogSigner | None
    secrets: Mapping[Purpose, Mapping[str, bytes]] = field(repr=False)  # the current one of each purpose first
    jwks: Mapping[str, JSON]
    jwks_bytes: bytes
    archive: Mapping[str, JSON]
    archived: tuple[jose.VerifyingKey, ...]  # the same keys


def needs_material(record: KeyRecord, now: datetime) -> bool:
    """Whether the private half still has work: signing ends with the successor, reading with the overlap."""
    if record.purpose is Purpose.JWS:
        return record.state(now) is not KeyState.RETIRED
    return record.accepted(now)


def build(records: tuple[KeyRecord, ...], material: Mapping[str, Material], now: datetime) -> View:
    """The view at `now`; `material` holds the parsed key of every record that needs one."""
    jwks = _jwks(record for record in records if _published(record, now))
    kept = [record for record in records if record.purpose is Purpose.JWS and record.revoked_at is None]
    log_signer = _current(records, material, Line.of(Purpose.LOG), now)
    return View(
        records=records,
        until=min((at for record in records for at in record.turning_points() if at > now), default=END_OF_TIME),
        signing=_signing(records, material, now),
        verifying=tuple(_verifying(record) for record in _accepted(records, Purpose.JWS, now)),
        decryption=_decryption(records, material, now),
        log_signer=log_signer if isinstance(log_signer, LogSigner) else None,
        secrets={purpose: _secrets(records, material, purpose, now) for purpose in SECRET},
        jwks=jwks,
        jwks_bytes=orjson.dumps(dict(jwks)),
        archive=_jwks(kept),
        archived=tuple(map(_verifying, kept)),
    )


def _current(
    records: Sequence[KeyRecord], material: Mapping[str, Material], line: Line, now: datetime
) -> Material | None:
    record = lifecycle.active(records, line, now)
    return None if record is None else material[record.kid]


def _signing(
    records: Sequence[KeyRecord], material: Mapping[str, Material], now: datetime
) -> Mapping[str, jose.SigningKey]:
    found = ((alg, _current(records, material, Line.of(Purpose.JWS, alg), now)) for alg in SIGNATURES)
    return MappingProxyType({alg: key for alg, key in found if isinstance(key, jose.SigningKey)})


def _accepted(records: Sequence[KeyRecord], purpose: Purpose, now: datetime) -> list[KeyRecord]:
    """The active one first, then newest first: what arrives was most likely made with it."""
    kept = [record for record in records if record.purpose is purpose and record.accepted(now)]
    return sorted(kept, key=lambda record: (record.state(now) is KeyState.ACTIVE, record.not_before), reverse=True)


def _decryption(
    records: Sequence[KeyRecord], material: Mapping[str, Material], now: datetime
) -> tuple[jose.DecryptionKey, ...]:
    keys = (material[record.kid] for record in _accepted(records, Purpose.JWE, now))
    return tuple(key for key in keys if isinstance(key, jose.DecryptionKey))


def _secrets(
    records: Sequence[KeyRecord], material: Mapping[str, Material], purpose: Purpose, now: datetime
) -> Mapping[str, bytes]:
    found = ((record.kid, material[record.kid]) for record in _accepted(records, purpose, now))
    return MappingProxyType({kid: secret for kid, secret in found if isinstance(secret, bytes)})


def _published(record: KeyRecord, now: datetime) -> bool:
    """Signature keys from NEXT to the end of the overlap; of the encryption keys only the one to use now."""
    if record.purpose is Purpose.JWE:
        return record.state(now) is KeyState.ACTIVE
    return record.purpose is Purpose.JWS and record.accepted(now)


def _verifying(record: KeyRecord) -> jose.VerifyingKey:
    return jose.VerifyingKey.from_jwk(_public_jwk(record))


def _jwks(records: Iterable[KeyRecord]) -> Mapping[str, JSON]:
    return MappingProxyType({"keys": [_public_jwk(record) for record in records]})


def _public_jwk(record: KeyRecord) -> dict[str, JSON]:
    return {**(record.public or {}), "kid": record.kid, "alg": record.alg, "use": _USE[record.purpose]}
