"""Resolve the dependencies in ``pyproject.toml`` and pin them by hash, for every platform, without download addresses.

The images of one service alone install a part of them: each part is named in a file ``*.in`` beside this one.

The resolver (uv) is fetched into a throw-away environment, so that the project itself does not need it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"]
AGREEING = ["-c", "requirements/runtime.txt"]
PROJECT = "pyproject.toml"
PLAIN = ["--no-header", "--no-annotate", "--no-strip-extras", "--quiet"]
"""Extras stay written: without them, pip refuses a pinned package as soon as a newer release of it appears."""


def resolve(uv: Path, source: str, output: str, *extra: str) -> None:
    """Write one lock file below ``requirements/``."""
    command = [uv, "pip", "compile", source, *COMMON, *PLAIN, *extra, "-o", f"requirements/{output}"]
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)  # noqa: S603 - fixed words of our own


def main() -> int:
    """Resolve the runtime first; everything else is constrained by it, so all agree."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        binaries = Path(folder) / "bin"
        subprocess.run([str(binaries / "pip"), "install", "--quiet", "uv"], check=True)  # noqa: S603 - as above
        resolve(binaries / "uv", PROJECT, "runtime.txt")
        resolve(binaries / "uv", PROJECT, "development.txt", "--group", "dev", *AGREEING)
        for part in sorted((ROOT / "requirements").glob("*.in")):
            resolve(binaries / "uv", f"requirements/{part.name}", f"{part.stem}.txt", *AGREEING)
    return 0


if __name__ == "__main__":
    sys.exit(main())
