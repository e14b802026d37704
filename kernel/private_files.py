"""Files that hold secrets: their owner's alone from the first moment, and never in the place of another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def created(path: Path) -> BinaryIO:
    """A new file, open for writing, that nobody but its owner may read. Raises FileExistsError.

    Whoever writes first and forbids afterwards leaves a moment to read in.
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_secret(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a file there whole or not at all; at no moment is it readable by more than ``mode`` allows."""
    beside = path.with_name(f"{path.name}.part")
    beside.unlink(missing_ok=True)
    with created(beside) as file:
        file.write(content)
    beside.chmod(mode)  # last: a mode without the owner's right to write must not stop its own owner
    beside.replace(path)
