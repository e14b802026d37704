"""What a witness keeps: its key, and for each log the newest checkpoint it has cosigned.

    cosigner.json           name and private key, mode 0600
    <sha256 of origin>.note the newest cosigned checkpoint
    .lock                   held while a checkpoint is judged and written

A checkpoint is durable, under its final name, before anybody is told of it.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kernel.text import Text
from tongban.witness.cosigner import Cosigner

_KEY = "cosigner.json"


class StateUnusable(Exception):
    """The folder holds no state that can be trusted; ``text`` says why and how to mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.text = Text(zh, en)


class State:
    """A witness's folder."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where it is missing, for its owner alone."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def cosigner(self, name: str | None) -> Cosigner:
        """The witness's name and key; made at the first call, which names it. Raises StateUnusable."""
        path = self._folder / _KEY
        if not path.exists():
            return self._first(path, name)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            cosigner = Cosigner(content["name"], Ed25519PrivateKey.from_private_bytes(b64decode(content["key"])))
        except (ValueError, KeyError, TypeError):
            raise StateUnusable(
                f"{path} 已损坏，请从备份恢复", f"{path} is damaged: restore it from a backup."
            ) from None
        if name is not None and name != cosigner.name:
            raise StateUnusable(
                f"此目录属于见证人 {cosigner.name}；另一个名字请用另一个目录",
                f"this folder is the witness {cosigner.name}: another name needs another folder.",
            )
        return cosigner

    def _first(self, path: Path, name: str | None) -> Cosigner:
        if name is None:
            raise StateUnusable("首次运行须用 --name 起名", "give the witness its name with --name the first time.")
        if "+" in name or not name.isprintable() or any(character.isspace() for character in name) or not name:
            raise StateUnusable("名字不能含空白或加号", "a witness's name has no blanks and no '+'.")
        key = Ed25519PrivateKey.generate()
        raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self._write(path, json.dumps({"name": name, "key": b64encode(raw).decode()}))
        return Cosigner(name, key)

    def newest(self, origin: str) -> str | None:
        """The newest checkpoint of a log that was cosigned here."""
        try:
            return self._note(origin).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def remember(self, origin: str, note: str) -> None:
        """Durable before it returns."""
        self._write(self._note(origin), note)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One judgement at a time, over all processes: two may not both extend the same checkpoint."""
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _note(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.note"

    def _write(self, path: Path, text: str) -> None:
        descriptor, draft = tempfile.mkstemp(dir=self._folder, prefix=".draft-")  # mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the name, too
        finally:
            os.close(folder)
