"""The files of a ring: one manifest and one private file per key, written whole or not at all.

    manifest.json          the records: purposes, dates, public halves
    <purpose>.<kid>.json   one private key, mode 0600
    .lock                  held by whoever changes the ring

A private file is durable before the manifest names it, and the manifest forgets a key before its file goes: a crash
in between leaves a file nobody reads, never a record without its key.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from kernel.canonical import JSON, MalformedJson
from kernel.canonical import decode as decode_json

from .errors import KeyRingDamaged, KeyRingMissing, UnsafeKeyFile
from .model import KeyRecord, Line, Purpose

Stamp = tuple[int, int, int]  # inode, modification time, size

MANIFEST = "manifest.json"
_LOCK = ".lock"
_FORMAT = 1
_DATES = ("created_at", "not_before", "superseded_at", "retire_at", "revoked_at")


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """Reads and writes the files of one ring."""

    path: Path

    def exists(self) -> bool:
        """Whether a ring lives here."""
        return (self.path / MANIFEST).exists()

    def prepare(self) -> None:
        """Makes the folder, for its owner alone."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def stamp(self) -> Stamp:
        """Changes whenever the manifest has been replaced; raises KeyRingMissing."""
        try:
            status = (self.path / MANIFEST).stat()
        except FileNotFoundError:
            raise KeyRingMissing(f"no key ring in {self.path}") from None
        return status.st_ino, status.st_mtime_ns, status.st_size

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other process from changing the ring meanwhile."""
        descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read_manifest(self) -> tuple[KeyRecord, ...]:
        """The records; raises KeyRingMissing or KeyRingDamaged."""
        if not self.exists():
            raise KeyRingMissing(f"no key ring in {self.path}")
        content = self._read_json(MANIFEST)
        entries = content.get("keys")
        if content.get("version") != _FORMAT or not isinstance(entries, list):
            raise KeyRingDamaged(f"{self.path / MANIFEST} is not a manifest of this version")
        return tuple(self._record(entry) for entry in entries)

    def write_manifest(self, records: Sequence[KeyRecord]) -> None:
        """Replaces the manifest durably."""
        entries = [_entry(record) for record in records]
        self._write(MANIFEST, orjson.dumps({"version": _FORMAT, "keys": entries}, option=orjson.OPT_INDENT_2))

    def read_private(self, purpose: Purpose, kid: str) -> Mapping[str, JSON]:
        """The private JWK of a key; raises UnsafeKeyFile when others may read it, KeyRingDamaged otherwise."""
        name = _file_name(purpose, kid)
        try:
            mode = (self.path / name).stat().st_mode
        except FileNotFoundError:
            raise KeyRingDamaged(f"{self.path / name} is missing") from None
        if mode & 0o077:
            raise UnsafeKeyFile(f"{self.path / name} may be read by others: chmod 600 it, and revoke the key if it was")
        return self._read_json(name)

    def write_private(self, purpose: Purpose, kid: str, private: Mapping[str, JSON]) -> None:
        """Writes a private key durably, for its owner alone."""
        self._write(_file_name(purpose, kid), orjson.dumps(dict(private)))

    def remove_private(self, purpose: Purpose, kid: str) -> None:
        """Removes a private key that is of no use any more."""
        (self.path / _file_name(purpose, kid)).unlink(missing_ok=True)
        self._sync()

    def _record(self, entry: JSON) -> KeyRecord:
        try:
            return _parse_entry(entry)
        except (TypeError, ValueError, KeyError):
            raise KeyRingDamaged(f"{self.path / MANIFEST} holds a record that is not one") from None

    def _read_json(self, name: str) -> dict[str, JSON]:
        try:
            content = decode_json((self.path / name).read_bytes())
        except (MalformedJson, OSError):
            raise KeyRingDamaged(f"{self.path / name} cannot be read") from None
        if not isinstance(content, dict):
            raise KeyRingDamaged(f"{self.path / name} cannot be read")
        return content

    def _write(self, name: str, content: bytes) -> None:
        descriptor, draft = tempfile.mkstemp(dir=self.path, prefix=".draft-")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.path / name)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        self._sync()

    def _sync(self) -> None:
        """Makes the names in the folder durable, not only the contents."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _file_name(purpose: Purpose, kid: str) -> str:
    return f"{purpose}.{kid}.json"


def _entry(record: KeyRecord) -> dict[str, JSON]:
    dates: dict[str, JSON] = {name: _text(getattr(record, name)) for name in _DATES}
    public = None if record.public is None else dict(record.public)
    named: dict[str, JSON] = {"kid": record.kid, "purpose": record.purpose.value, "alg": record.alg}
    return {**named, **dates, "public": public, "handle": record.handle}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _parse_entry(entry: JSON) -> KeyRecord:
    if not isinstance(entry, dict):
        raise TypeError("a record is an object")
    dates = {name: _instant(entry[name]) for name in _DATES}
    created_at, not_before = dates.pop("created_at"), dates.pop("not_before")
    public = entry["public"]
    if created_at is None or not_before is None or not isinstance(public, dict | None):
        raise TypeError("a record has its dates and a public half or null")
    line = Line.of(Purpose(str(entry["purpose"])), _if_named(entry.get("alg")))
    handle = _if_named(entry.get("handle"))
    return KeyRecord(_safe_name(entry["kid"]), line, created_at, not_before, **dates, public=public, handle=handle)


def _if_named(value: JSON) -> str | None:
    """A member that manifests from before it existed do not have."""
    return None if value is None else str(value)


def _safe_name(value: JSON) -> str:
    if not isinstance(value, str) or not value or "/" in value or value.startswith("."):
        raise ValueError("a key identifier is a file name")
    return value


def _instant(value: JSON) -> datetime | None:
    if value is None:
        return None
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("an instant names its time zone")
    return at
