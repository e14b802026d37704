"""What a key is for, the dates of its life, and the state that follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from kernel.canonical import JSON


class KeyState(StrEnum):
    """NEXT is published and not yet used, ACTIVE is used, RETIRED only serves what was made with it before."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


class Purpose(StrEnum):
    """One key serves one purpose (NIST SP 800-57 part 1 §5.2)."""

    JWS = "jws"  # signs tokens and evidence: ES256, and others where a client needs them
    JWE = "jwe"  # decrypts what is meant for this service alone: ECDH-ES on P-256
    LOG = "log"  # signs ledger checkpoints: Ed25519
    KEK = "kek"  # wraps data keys: AES-256
    TAG = "tag"  # keyed subject tags of ledger leaves: HMAC-SHA-256
    PAIRWISE = "pairwise"  # pairwise subject identifiers: HMAC-SHA-256
    INDEX = "index"  # blind indexes of encrypted columns: HMAC-SHA-256


SIGNATURES = ("ES256", "EdDSA", "PS256", "RS256")
"""What a JWS key may sign with, one algorithm for each key (RFC 8725 §3.1)."""
ALGORITHMS: Mapping[Purpose, str] = {
    Purpose.JWS: "ES256",
    Purpose.JWE: "ECDH-ES",
    Purpose.LOG: "Ed25519",
    Purpose.KEK: "A256GCM",
    Purpose.TAG: "HS256",
    Purpose.PAIRWISE: "HS256",
    Purpose.INDEX: "HS256",
}
ASYMMETRIC = frozenset({Purpose.JWS, Purpose.JWE, Purpose.LOG})
SECRET = frozenset(Purpose) - ASYMMETRIC


@dataclass(frozen=True, slots=True)
class Line:
    """A succession: keys of one purpose and one algorithm follow each other."""

    purpose: Purpose
    alg: str

    @classmethod
    def of(cls, purpose: Purpose, alg: str | None = None) -> Self:
        """The line of `purpose`, by default of its first algorithm. Raises ValueError for one it cannot have."""
        chosen = alg or ALGORITHMS[purpose]
        if chosen not in (SIGNATURES if purpose is Purpose.JWS else (ALGORITHMS[purpose],)):
            raise ValueError(f"no {purpose} key can have the algorithm {chosen}")
        return cls(purpose, chosen)

    def __str__(self) -> str:
        """As operators name it."""
        return f"{self.purpose} {self.alg}" if self.purpose is Purpose.JWS else self.purpose.value


@dataclass(frozen=True, slots=True)
class RotationRule:
    """How a purpose rotates.

    `lead`: published so long before first use, at least twice the time others may cache our JWK set. `overlap`: kept
    so long after its successor took over, at least the life of what was made with it plus clock skew; None keeps it
    for ever. `use`: how long one key should be active.
    """

    lead: timedelta
    overlap: timedelta | None
    use: timedelta


RULES: Mapping[Purpose, RotationRule] = {
    Purpose.JWS: RotationRule(timedelta(hours=24), timedelta(hours=24), timedelta(days=30)),
    # Nobody encrypts to a key before it is active, so the lead only lets every node load it first.
    Purpose.JWE: RotationRule(timedelta(minutes=5), timedelta(hours=1), timedelta(days=30)),
    # What an old key-encryption key wrapped stays readable until it has been wrapped anew.
    Purpose.KEK: RotationRule(timedelta(0), None, timedelta(days=365)),
}
FIXED: Mapping[Purpose, str] = {
    Purpose.LOG: "a log is known by its key: open a new log under a new origin instead",
    Purpose.TAG: "the tags in the ledger would no longer be found",
    Purpose.PAIRWISE: "every person would become somebody else to every department",
    Purpose.INDEX: "the indexed columns would no longer be found",
}


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One line of the manifest: dates and, for asymmetric keys, the public half. Never anything secret."""

    kid: str
    line: Line
    created_at: datetime
    not_before: datetime
    superseded_at: datetime | None = None  # its successor takes over
    retire_at: datetime | None = None  # nothing made with it is accepted any more
    revoked_at: datetime | None = None
    public: Mapping[str, JSON] | None = field(default=None, repr=False)
    handle: str | None = None  # how the token calls it that holds the private half; None: a file does

    @property
    def purpose(self) -> Purpose:
        """What it is for."""
        return self.line.purpose

    @property
    def alg(self) -> str:
        """Its one algorithm."""
        return self.line.alg

    def state(self, now: datetime) -> KeyState:
        """NEXT, ACTIVE or RETIRED at `now`; a revoked key is RETIRED at once."""
        if self.revoked_at is not None or (self.superseded_at is not None and now >= self.superseded_at):
            return KeyState.RETIRED
        return KeyState.NEXT if now < self.not_before else KeyState.ACTIVE

    def accepted(self, now: datetime) -> bool:
        """Whether what was made with this key is still accepted at `now`."""
        return self.revoked_at is None and (self.retire_at is None or now < self.retire_at)

    def turning_points(self) -> tuple[datetime, ...]:
        """The instants at which its state changes by itself."""
        return tuple(at for at in (self.not_before, self.superseded_at, self.retire_at) if at is not None)


@dataclass(frozen=True, slots=True)
class KeyDescription:
    """A key as operators see it."""

    kid: str
    purpose: Purpose
    alg: str
    state: KeyState
    held_in: str
    created_at: datetime
    not_before: datetime
    superseded_at: datetime | None
    retire_at: datetime | None
    revoked_at: datetime | None


def describe(record: KeyRecord, now: datetime) -> KeyDescription:
    """The public description of a record at `now`."""
    return KeyDescription(
        kid=record.kid,
        purpose=record.purpose,
        alg=record.alg,
        state=record.state(now),
        held_in="file" if record.handle is None else "pkcs11",
        created_at=record.created_at,
        not_before=record.not_before,
        superseded_at=record.superseded_at,
        retire_at=record.retire_at,
        revoked_at=record.revoked_at,
    )
