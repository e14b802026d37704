"""A folder on an SFTP server as a place that files come to."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

import paramiko
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from connectors.adapters import Opening
from connectors.errors import SourceMisconfigured, SourceUnavailable
from connectors.files.fetched import Target, fetching, plain_name
from connectors.files.place import Stamp
from connectors.files.sftp.session import Session
from connectors.files.sftp.settings import SftpSettings
from connectors.files.sftp.wire import Attributes
from connectors.files.workroom import Workroom
from connectors.resilience import Deadline

T = TypeVar("T")
_LISTING_SECONDS = 30.0
_MOST_NAMES = 20_000
_KEYS = (
    (Ed25519PrivateKey, paramiko.Ed25519Key),
    (EllipticCurvePrivateKey, paramiko.ECDSAKey),
    (RSAPrivateKey, paramiko.RSAKey),
)
_REGULAR = 0o100000


class SftpPlace:
    """The wanted files of one folder. Keeps its connection from look to look, and makes a new one where it is lost."""

    remote = True

    def __init__(self, settings: SftpSettings, wanted: Callable[[str], bool], room: Workroom, opening: Opening) -> None:
        """Raises: SourceMisconfigured where the secret is unknown or holds no key."""
        self._settings, self._wanted, self._room, self._clock = settings, wanted, room, opening.clock
        self._folder = settings.folder.encode()
        self._proof = _proof(settings, opening)
        self._session: Session | None = None
        self._closed = False

    def listing(self) -> Sequence[Stamp]:
        """The regular files that are wanted. Raises: SourceProblem."""
        return self._on_session(_LISTING_SECONDS, self._listed)

    @contextmanager
    def open(self, stamp: Stamp) -> Iterator[BinaryIO]:
        """The file of a stamp, fetched whole. Raises: SourceProblem."""
        expected = Attributes(stamp.size, _REGULAR, stamp.modified // 10**9)
        path = self._folder.rstrip(b"/") + b"/" + stamp.name.encode()
        with fetching(self._room) as file:
            target = Target(file)
            self._on_session(
                self._settings.patience,
                lambda session, deadline: session.fetch(path, expected, target.write, deadline),
            )
            file.seek(0)
            yield file

    def close(self) -> None:
        """End the connection, whatever is under way on it."""
        self._closed = True
        self._drop()

    def _listed(self, session: Session, deadline: Deadline) -> Sequence[Stamp]:
        found = session.listing(self._folder, deadline, _MOST_NAMES)
        return [stamp for name, told in found if (stamp := self._stamp(name, told)) is not None]

    def _stamp(self, name: bytes, told: Attributes) -> Stamp | None:
        text = plain_name(name)
        if not text or not self._wanted(text) or not told.is_file or told.size is None or told.modified is None:
            return None
        return Stamp(text, "", told.size, told.modified * 10**9)

    def _on_session(self, seconds: float, work: Callable[[Session, Deadline], T]) -> T:
        """What the work gives, on the connection that is kept or, where that turns out to be dead, on a new one."""
        deadline = Deadline(self._clock, seconds)
        kept = self._session is not None
        try:
            return self._once(work, deadline)
        except SourceUnavailable as problem:
            if not kept or problem.reason not in {"cut-off", "ssh"}:
                raise
        return self._once(work, deadline)

    def _once(self, work: Callable[[Session, Deadline], T], deadline: Deadline) -> T:
        try:
            return work(self._ready(deadline), deadline)
        except BaseException:
            self._drop()  # what it still has to say would be taken for the next answer
            raise

    def _ready(self, deadline: Deadline) -> Session:
        if self._closed:
            raise SourceUnavailable("closed")
        if self._session is None:
            self._session = Session(self._settings)
            self._session.open(self._proof, deadline)
        return self._session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _proof(settings: SftpSettings, opening: Opening) -> paramiko.PKey | str:
    """Our key, or our password. Raises: SourceMisconfigured."""
    if settings.password_secret:
        password = opening.secret(settings.password_secret).strip("\r\n")
        if not password:
            raise SourceMisconfigured("secret-unusable")
        return password
    passphrase = opening.secret(settings.passphrase_secret).strip("\r\n") if settings.passphrase_secret else None
    return _key(opening.secret(settings.key_secret).strip() + "\n", passphrase)


def _key(text: str, passphrase: str | None) -> paramiko.PKey:
    """A private key in any usual form. Raises: SourceMisconfigured, also where a passphrase is missing or too much."""
    load = load_ssh_private_key if "BEGIN OPENSSH" in text else load_pem_private_key
    try:
        key = load(text.encode(), password=None if passphrase is None else passphrase.encode())
        kind = next(kind for told, kind in _KEYS if isinstance(key, told))
        return kind.from_private_key(io.StringIO(_openssh(key)))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, its bytes are in nobody's words
        raise SourceMisconfigured("secret-unusable") from None


def _openssh(key: PrivateKeyTypes) -> str:
    """A key in the one form that paramiko reads for every kind."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
