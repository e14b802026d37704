"""The key ring: what a service signs, decrypts and protects with, and how those keys follow each other."""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

from kernel import jose
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.envelope import KeyEncryptionKey

from . import lifecycle, material, view
from .errors import HardwareUnavailable, KeyRingExists, RotationRefused, UnknownKey
from .folder import KeyFolder
from .halves import FileHalves, Hardware, Made, PrivateHalves
from .model import RULES, KeyDescription, KeyRecord, Line, Purpose, RotationRule, describe
from .watch import Watch

T = TypeVar("T")
Announce = Callable[[KeyDescription], None]
"""Told of a new key before the ring names it."""

DEFAULT = "ES256"  # what tokens are signed with, unless somebody needs another algorithm


def unannounced(_key: KeyDescription) -> None:
    """Nobody is told."""


class KeyRing:
    """A file-backed ring. Safe to share between threads; several processes may share its folder.

    Every reader takes the current view, an immutable value, from the ``Watch`` that keeps it.
    """

    def __init__(
        self,
        folder: KeyFolder,
        *,
        clock: Clock,
        entropy: Entropy,
        rules: Mapping[Purpose, RotationRule] = RULES,
        hardware: Hardware | None = None,
    ) -> None:
        """Use `load` or `create`; raises KeyRingError when the ring cannot be read."""
        self._folder, self._clock, self._entropy, self._rules = folder, clock, entropy, rules
        self._files, self._hardware = FileHalves(folder), hardware
        self._watch = Watch(folder, clock, lambda record: self._halves(record).open(record))

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        clock: Clock,
        entropy: Entropy,
        rules: Mapping[Purpose, RotationRule] = RULES,
        hardware: Hardware | None = None,
    ) -> Self:
        """Opens an existing ring; raises KeyRingMissing, KeyRingDamaged, UnsafeKeyFile or HardwareUnavailable.

        With ``hardware`` new keys are made there, where it takes them.
        """
        return cls(KeyFolder(folder), clock=clock, entropy=entropy, rules=rules, hardware=hardware)

    @classmethod
    def create(
        cls, folder: Path, *, clock: Clock, entropy: Entropy, purposes: tuple[str, ...] = tuple(Purpose)
    ) -> Self:
        """Makes a ring with one active key per purpose; raises KeyRingExists rather than overwrite one."""
        files = KeyFolder(folder)
        files.prepare()
        with files.locked():
            if files.exists():
                raise KeyRingExists(f"{folder} holds a key ring already")
            now = clock.now()
            halves = FileHalves(files)
            files.write_manifest(
                [_record(_line(name), halves.make(_line(name), entropy), now, now) for name in purposes]
            )
        return cls.load(folder, clock=clock, entropy=entropy)

    def signing(self, alg: str = DEFAULT) -> jose.SigningKey:
        """The active signing key of an algorithm; raises UnknownKey when the ring has none."""
        return _found(self._watch.current().signing.get(alg), f"{alg} signing")

    def algorithms(self) -> tuple[str, ...]:
        """What the ring signs with now, the default first."""
        return tuple(self._watch.current().signing)

    def verifying(self) -> tuple[jose.VerifyingKey, ...]:
        """The public keys whose signatures are accepted: next, active, and retired within the overlap."""
        return self._watch.current().verifying

    def decryption(self) -> tuple[jose.DecryptionKey, ...]:
        """Every key that something still under way may be encrypted to."""
        return self._watch.current().decryption

    def log_signer(self) -> material.LogSigner:
        """The signer of the log's checkpoints; raises UnknownKey when the ring has none."""
        return _found(self._watch.current().log_signer, Purpose.LOG)

    def secret(self, purpose: str) -> bytes:
        """The current 32-byte secret of `purpose`; raises UnknownKey."""
        return next(iter(self.secrets(purpose).values()))

    def secrets(self, purpose: str) -> Mapping[str, bytes]:
        """Every version of a secret by its identifier, the current one first; raises UnknownKey."""
        return _found(self._watch.current().secrets.get(_purpose(purpose)) or None, purpose)

    def key_encryption_key(self) -> KeyEncryptionKey:
        """What wraps data keys, with every version that may still be met; raises UnknownKey."""
        versions = self.secrets(Purpose.KEK)
        return KeyEncryptionKey(versions, next(iter(versions)))

    def jwks(self) -> dict[str, JSON]:
        """The JWK set to publish (RFC 7517 §5)."""
        return dict(self._watch.current().jwks)

    def jwks_bytes(self) -> bytes:
        """`jwks` as JSON, serialised once."""
        return self._watch.current().jwks_bytes

    def archive(self) -> dict[str, JSON]:
        """Every signature key this ring ever used and did not revoke: old evidence stays verifiable."""
        return dict(self._watch.current().archive)

    def archived(self) -> tuple[jose.VerifyingKey, ...]:
        """The keys of `archive`, to verify by: for what may be old and permits nothing."""
        return self._watch.current().archived

    def revoked(self, within: timedelta) -> tuple[str, ...]:
        """The keys that were revoked this short a time ago: whoever keeps our public keys must hear of it."""
        now = self._clock.now()
        ended = ((record.kid, record.revoked_at) for record in self._watch.current().records)
        return tuple(kid for kid, at in ended if at is not None and now - at < within)

    def ready(self) -> None:
        """Looks at the folder now; raises KeyRingError when the ring cannot be read."""
        self._watch.look()

    def listing(self) -> tuple[KeyDescription, ...]:
        """Every key the ring remembers, with state and dates, oldest first."""
        now = self._clock.now()
        return tuple(describe(record, now) for record in self._watch.current().records)

    def due(self) -> tuple[Line, ...]:
        """The lines to rotate now, so that no key signs longer than it should."""
        return lifecycle.due(self._watch.current().records, self._rules, self._clock.now())

    def add(self, alg: str, announce: Announce = unannounced) -> KeyDescription:
        """Makes the first signing key of an algorithm, in use at once. Raises RotationRefused, UnknownKey.

        Here and below, ``announce`` is called with each new key before the ring names it; what it raises stops the
        change. The ring's folder is locked meanwhile.
        """
        line, now = _line(Purpose.JWS, alg), self._clock.now()

        def change(records: lifecycle.Records) -> lifecycle.Records:
            if lifecycle.active(records, line, now) is not None:
                raise RotationRefused(f"the ring signs with {alg} already")
            return self._succeeded(records, line, now)

        return self._change(change, announce, now)[0]

    def ensure(self, algorithms: Sequence[str], announce: Announce = unannounced) -> None:
        """Makes the first key of every algorithm that has none; safe on several nodes at once. Raises UnknownKey."""
        for alg in algorithms:
            if alg not in self.algorithms():
                with contextlib.suppress(RotationRefused):  # another node was faster
                    self.add(alg, announce)

    def rotate(self, purpose: str, alg: str | None = None, announce: Announce = unannounced) -> KeyDescription:
        """Publishes a successor, which takes over after the lead of its purpose; raises RotationRefused, UnknownKey."""
        line, now = _line(purpose, alg), self._clock.now()
        return self._change(lambda records: self._succeeded(records, line, now), announce, now)[0]

    def rotate_due(
        self, purposes: Collection[Purpose] = tuple(Purpose), announce: Announce = unannounced
    ) -> tuple[KeyDescription, ...]:
        """Publishes a successor for every line of these purposes that is due. Whoever comes second finds none due."""
        now = self._clock.now()
        if not any(line.purpose in purposes for line in self.due()):
            return ()

        def change(records: lifecycle.Records) -> lifecycle.Records:
            for line in lifecycle.due(records, self._rules, now):
                if line.purpose in purposes:
                    records = self._succeeded(records, line, now)
            return records

        return self._change(change, announce, now)

    def revoke(self, kid: str, announce: Announce = unannounced) -> KeyDescription:
        """Ends a key at once and for ever; another takes over now. Raises UnknownKey or RotationRefused.

        What ``announce`` raises does not keep the key alive: it is raised after the key has ended.
        """
        now = self._clock.now()

        def change(records: lifecycle.Records) -> lifecycle.Records:
            revoked = lifecycle.revocable(records, kid)
            remaining = lifecycle.revoke(records, revoked, now)
            if lifecycle.active(remaining, revoked.line, now) is not None:
                return remaining
            try:
                return self._succeeded(remaining, revoked.line, now)
            except HardwareUnavailable:
                return remaining  # better no key than a leaked one; `add` makes one when the token is back

        made = self._change(change, unannounced, now)
        for successor in made:
            announce(successor)
        return next(key for key in self.listing() if key.kid == kid)

    def _succeeded(self, records: lifecycle.Records, line: Line, now: datetime) -> lifecycle.Records:
        """The records with a new key of `line`, which takes over when its rule says."""
        since = lifecycle.takeover(records, line, self._rules, now)
        place = self._hardware if self._hardware is not None and self._hardware.takes(line) else self._files
        made = _record(line, place.make(line, self._entropy), now, since)
        return lifecycle.succeed(records, made, self._rules[line.purpose])

    def _change(
        self, change: Callable[[lifecycle.Records], lifecycle.Records], announce: Announce, now: datetime
    ) -> tuple[KeyDescription, ...]:
        """One change of the ring, against what the folder holds now, not what this process remembers; the new keys.

        Requests go on with the view they have: only the last step takes the lock they may wait for.
        """
        with self._folder.locked():
            before = self._folder.read_manifest()
            records = change(before)
            known = {record.kid for record in before}
            made = tuple(describe(record, now) for record in records if record.kid not in known)
            for key in made:
                announce(key)
            self._folder.write_manifest(records)
            self._remove_useless(records)
            self._watch.take(records)
        return made

    def _remove_useless(self, records: lifecycle.Records) -> None:
        now = self._clock.now()
        for record in records:
            if not view.needs_material(record, now):
                with contextlib.suppress(HardwareUnavailable):  # tried again at the next change
                    self._halves(record).remove(record)

    def _halves(self, record: KeyRecord) -> PrivateHalves:
        if record.handle is None:
            return self._files
        if self._hardware is None:
            raise HardwareUnavailable(f"the key {record.kid} lies in a PKCS #11 token, and none is configured")
        return self._hardware


def _record(line: Line, made: Made, now: datetime, since: datetime) -> KeyRecord:
    return KeyRecord(made.kid, line, now, since, public=made.public, handle=made.handle)


def _found(value: T | None, name: str) -> T:
    if value is None:
        raise UnknownKey(f"the ring has no {name} key")
    return value


def _line(purpose: str, alg: str | None = None) -> Line:
    try:
        return Line.of(_purpose(purpose), alg)
    except ValueError as error:
        raise UnknownKey(str(error)) from None


def _purpose(name: str) -> Purpose:
    try:
        return Purpose(name)
    except ValueError:
        raise UnknownKey(f"keys serve one of {', '.join(Purpose)}") from None
