"""ES256 signing keys in a PKCS #11 token (OASIS PKCS #11 v3.1): made there, used there, and never taken out.

The token signs; nobody can copy what it signs with. Everything else of a ring stays in its folder. Nodes that share a
folder share the token, too: a network HSM, or one machine. Which library, and why: docs/adr.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Protocol, cast

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, Session
from pkcs11.exceptions import NoSuchKey, PKCS11Error, UserAlreadyLoggedIn
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from kernel import jose
from kernel.entropy import Entropy

from .errors import HardwareUnavailable, KeyRingDamaged
from .halves import Made
from .model import KeyRecord, Line, Purpose

_TAKEN = Line.of(Purpose.JWS, "ES256")
_HANDLE_BYTES = 16
_ONE_AT_A_TIME = threading.Lock()
"""The library initialises modules for a single thread (C_Initialize without arguments, §5.4.1), so nobody is alone."""
_BOTH = (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY)


class _Signs(Protocol):
    """A private key of the library, as far as it is used here: its own type does not say that it signs."""

    sign: Callable[..., bytes]


class Pkcs11Token:
    """One token, reached through one session. Safe for threads: one at a time speaks with the module."""

    def __init__(self, module: Path, label: str, pin: str, *, making: bool = True) -> None:
        """Logs in at once. ``making``: new keys are made here, too. Raises HardwareUnavailable."""
        self._pin, self._label, self._making = pin, label, making
        self._found: dict[str, _Signs] = {}
        try:
            with _ONE_AT_A_TIME:
                self._token = pkcs11.lib(str(module)).get_token(token_label=label)
                self._session = self._open()
        except (PKCS11Error, RuntimeError, OSError) as error:
            raise HardwareUnavailable(f"the token {label} cannot be opened: {_said(error)}") from None

    def takes(self, line: Line) -> bool:
        """ES256 signatures alone: every token can make them, and nothing else of ours asks for one."""
        return self._making and line == _TAKEN

    def make(self, _line: Line, entropy: Entropy) -> Made:
        """A key pair made inside the token from the token's own entropy. Raises HardwareUnavailable."""
        handle = entropy.bytes(_HANDLE_BYTES)
        try:
            with _ONE_AT_A_TIME:
                point = load_der_public_key(self._generate(handle))
        except PKCS11Error as error:
            raise HardwareUnavailable(f"the token {self._label} made no key: {_said(error)}") from None
        if not isinstance(point, ec.EllipticCurvePublicKey):
            raise HardwareUnavailable(f"the token {self._label} made a key of another kind")
        jwk = jose.p256_jwk(point)
        return Made(jose.thumbprint(jwk), jwk, handle.hex())

    def open(self, record: KeyRecord) -> jose.SigningKey:
        """A signing key whose signatures the token makes. Raises HardwareUnavailable, KeyRingDamaged."""
        handle = record.handle or ""
        try:
            with _ONE_AT_A_TIME:
                self._private(handle)
        except NoSuchKey:
            raise KeyRingDamaged(f"the token {self._label} does not hold the key {record.kid}") from None
        except PKCS11Error as error:
            raise HardwareUnavailable(f"the token {self._label} does not answer: {_said(error)}") from None

        def sign(data: bytes) -> bytes:
            digest = sha256(data).digest()  # hashed here: CKM_ECDSA takes a digest, and every token has it (§6.3.12)
            return self._signature(handle, digest)

        public = {**(record.public or {}), "kid": record.kid, "alg": record.alg, "use": "sig"}
        verifying = jose.VerifyingKey.from_jwk(public)
        if not verifying.check(b"", sign(b"")):
            raise KeyRingDamaged(f"the token {self._label} signs with another key than {record.kid}")
        return jose.SigningKey(record.kid, record.alg, verifying.jwk, sign)

    def remove(self, record: KeyRecord) -> None:
        """Destroys the pair. Raises HardwareUnavailable."""
        try:
            with _ONE_AT_A_TIME:
                self._destroy(record.handle or "")
        except PKCS11Error as error:
            raise HardwareUnavailable(f"the token {self._label} did not destroy a key: {_said(error)}") from None

    def _signature(self, handle: str, digest: bytes) -> bytes:
        """R ‖ S as JOSE wants it (§6.3.1). A lost session is replaced once; then the token counts as gone."""
        with _ONE_AT_A_TIME:
            with contextlib.suppress(PKCS11Error):
                return self._private(handle).sign(digest, mechanism=Mechanism.ECDSA)
            try:
                self._reopen()
                return self._private(handle).sign(digest, mechanism=Mechanism.ECDSA)
            except PKCS11Error as error:
                raise jose.SignerUnavailable(f"the token {self._label} does not sign: {_said(error)}") from None

    def _private(self, handle: str) -> _Signs:
        """The private key of this handle. Raises NoSuchKey."""
        if handle not in self._found:
            key = self._session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=bytes.fromhex(handle))
            self._found[handle] = cast("_Signs", key)
        return self._found[handle]

    def _generate(self, handle: bytes) -> bytes:
        """A new pair; its public half as SubjectPublicKeyInfo (RFC 5280 §4.1)."""
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        domain = self._session.create_domain_parameters(KeyType.EC, curve, local=True)
        public, private = domain.generate_keypair(id=handle, label=f"tongban {handle.hex()}", store=True)
        if private[Attribute.EXTRACTABLE] or not private[Attribute.SENSITIVE]:
            self._destroy(handle.hex())
            raise HardwareUnavailable(f"the token {self._label} makes keys that could be taken out of it")
        return encode_ec_public_key(public)

    def _open(self) -> Session:
        try:
            return self._token.open(rw=True, user_pin=self._pin)
        except UserAlreadyLoggedIn:  # a login counts for every session of the process (§2.6.3)
            return self._token.open(rw=True)

    def _reopen(self) -> None:
        self._found.clear()
        with contextlib.suppress(PKCS11Error):
            self._session.close()
        self._session = self._open()

    def _destroy(self, handle: str) -> None:
        self._found.pop(handle, None)
        for kind in _BOTH:
            with contextlib.suppress(NoSuchKey):
                self._session.get_key(object_class=kind, id=bytes.fromhex(handle)).destroy()


def _said(error: Exception) -> str:
    """The library's errors are mostly nameless: their class says what happened."""
    return type(error).__name__
