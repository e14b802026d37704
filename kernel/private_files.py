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
