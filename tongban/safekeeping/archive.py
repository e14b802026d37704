"""The archive: a gzipped tar whose first member is a manifest with the size and SHA-256 of every other."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kernel.private_files import created
from tongban.safekeeping.errors import NotKept

FORMAT = 1
MANIFEST = "manifest.json"
_NAME = re.compile(r"(?:configuration|keys|secrets|databases)(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,200}){1,3}")
_LARGEST_MANIFEST = 1 << 24


def write(file: Path, staged: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write everything below ``staged`` into a new archive, durable before it has its name; yields the manifest.

    Raises NotKept when the file exists.
    """
    if file.exists():
        raise NotKept(f"{file} 已存在，不会覆盖", f"{file} exists and is not overwritten: name another file.")
    names = sorted(str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file())
    parts = {name: {"size": (staged / name).stat().st_size, "sha256": digest(staged / name)} for name in names}
    manifest = {"format": FORMAT, **facts, "parts": parts}
    (staged / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    draft = file.with_name(f".{file.name}.draft")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=3) as archive:
                for name in (MANIFEST, *names):
                    add(archive, staged / name, name)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, file)  # unlike a rename, this refuses a file that appeared meanwhile
    except FileExistsError:
        raise NotKept(f"{file} 已存在，不会覆盖", f"{file} exists and is not overwritten.") from None
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """A part without its owner or date: those are the restoring machine's."""
    part = tarfile.TarInfo(name)
    part.size, part.mode = path.stat().st_size, 0o600
    with path.open("rb") as content:
        archive.addfile(part, content)


@contextmanager
def unpacked(file: Path, place: Path) -> Iterator[dict[str, Any]]:
    """The manifest of an archive whose parts now lie in ``place``, each compared with its hash. Raises NotKept."""
    try:
        with tarfile.open(file, mode="r:gz") as archive:
            manifest = _manifest(archive)
            for name, part in manifest["parts"].items():
                _extract(archive, name, part, place)
    except (tarfile.TarError, EOFError, OSError, KeyError, TypeError, ValueError):
        raise NotKept(
            f"{file} 不是完整的备份文件", f"{file} is not a whole backup: it is damaged or something else."
        ) from None
    yield manifest


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    first = archive.next()
    stream = archive.extractfile(first) if first is not None and first.name == MANIFEST else None
    if stream is None:
        raise ValueError("no manifest")
    manifest = json.loads(stream.read(_LARGEST_MANIFEST))
    if manifest["format"] != FORMAT or not all(_NAME.fullmatch(name) for name in manifest["parts"]):
        raise ValueError("another format")
    return dict(manifest)


def _extract(archive: tarfile.TarFile, name: str, part: Mapping[str, Any], place: Path) -> None:
    """By our own hands: no member chooses where it goes, what it is, or who may read it."""
    member = archive.getmember(name)
    stream = archive.extractfile(member)
    if stream is None or member.size != part["size"]:
        raise ValueError("a part is missing")
    target = place / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with created(target) as file:
        while chunk := stream.read(1 << 20):
            file.write(chunk)
    if digest(target) != part["sha256"]:
        raise ValueError("a part was changed")
