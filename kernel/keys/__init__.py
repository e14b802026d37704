"""Keys of a service: where they live, which one is in use, and how one follows another.

Owns the key ring of a service: a folder with one file per key and a manifest of their dates. States follow NIST SP
800-57 in the small (next, active, retired); keys are published before use and kept for an overlap afterwards, and are
named by their RFC 7638 thumbprint. Hands out typed keys of `kernel.jose`; the ledger takes its checkpoint signer, the
stores their secrets from here. Talks to the file system, and to the ledger of the service for its changes alone.
"""

from .custody import ROTATE_EVERY, Custody
from .errors import (
    HardwareUnavailable,
    KeyRingDamaged,
    KeyRingError,
    KeyRingExists,
    KeyRingMissing,
    RotationRefused,
    UnknownKey,
    UnsafeKeyFile,
)
from .halves import Hardware
from .material import LogSigner
from .model import RULES, SIGNATURES, KeyDescription, KeyState, Line, Purpose, RotationRule
from .ring import KeyRing

__all__ = [
    "ROTATE_EVERY",
    "RULES",
    "SIGNATURES",
    "Custody",
    "Hardware",
    "HardwareUnavailable",
    "KeyDescription",
    "KeyRing",
    "KeyRingDamaged",
    "KeyRingError",
    "KeyRingExists",
    "KeyRingMissing",
    "KeyState",
    "Line",
    "LogSigner",
    "Purpose",
    "RotationRefused",
    "RotationRule",
    "UnknownKey",
    "UnsafeKeyFile",
]
