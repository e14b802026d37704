"""Regenerates the vendored browser assets from their published packages; run when a version changes.

    npm pack govuk-frontend@6.3.0 swagger-ui-dist@5.35.0
    python -m kernel.web.assets govuk-frontend-6.3.0.tgz swagger-ui-dist-5.35.0.tgz

What is licensed for gov.uk alone (typeface, crown, crest, logotype) is taken out, and so is every address outside our
own origin. The results are committed, so that nobody who runs Tongban needs npm (ADR 0005).
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from kernel.web.static_files import STATIC

FONT_STACK = "var(--tongban-font-family)"

# `dist.integrity` of the packages, as their registry publishes it: other bytes are refused.
INTEGRITY = {
    "govuk-frontend": "sha512-cXIQxm5PHCsbic47GXZrVBZhAeeshTLRL6ZBKilLsR6rMCjJuWb7Fruq0VUNMBJFlJk/srsRj/q8d5bM9cgKoA==",
    "swagger-ui-dist": "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAh"
    "w0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
}
_FILES = {
    "govuk-frontend": {
        "dist/govuk/govuk-frontend.min.css": "govuk-frontend/govuk-frontend.css",
        "dist/govuk/govuk-frontend.min.js": "govuk-frontend/govuk-frontend.js",
    },
    "swagger-ui-dist": {
        "swagger-ui-bundle.js": "swagger-ui/swagger-ui-bundle.js",
        "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui/swagger-ui-bundle.js.LICENSE.txt",
        "swagger-ui.css": "swagger-ui/swagger-ui.css",
        "LICENSE": "swagger-ui/LICENSE",
        "NOTICE": "swagger-ui/NOTICE",
    },
}

_FONT_FACE = re.compile(r"(/\*![^*]*Margaret Calvert.*?\*/)?@font-face\{[^}]*\}", re.DOTALL)
_GOV_UK_MARKS = re.compile(r"[^{}@/]*(?:copyright-logo|__crown|logotype|logo-dot)[^{}]*\{[^{}]*\}")
_EMPTY_BLOCK = re.compile(r"@(?:media|supports)[^{}]*\{\s*\}")
_SOURCE_MAP = re.compile(r"\n?/[/*][#@] ?sourceMappingURL=[^\s*]*( \*/)?\n?")


def without_marks(css: str) -> str:
    """govuk-frontend's stylesheet without the typeface and emblems that only gov.uk may use."""
    css = _FONT_FACE.sub("", css)
    css = _GOV_UK_MARKS.sub("", css)
    css = _EMPTY_BLOCK.sub("", css)
    return css.replace("GDS Transport,arial,sans-serif", FONT_STACK)


def without_source_map(text: str) -> str:
    """The file without the comment that would make developer tools ask for a map we do not ship."""
    return _SOURCE_MAP.sub("\n", text)


_CHANGES: dict[str, Callable[[str], str]] = {"govuk-frontend/govuk-frontend.css": without_marks}


def integrity(package: bytes) -> str:
    """Subresource integrity of a package file, as registries publish it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(package).digest()).decode("ascii")


def vendor(archive: Path, target: Path) -> list[Path]:
    """Write the files we serve from one npm package; returns what was written. Raises ValueError for other bytes."""
    name = archive.name.rpartition("-")[0]
    if integrity(archive.read_bytes()) != INTEGRITY.get(name):
        raise ValueError(f"{archive.name} is not the package this script was written for")
    with tarfile.open(archive) as package:
        return [_write(package, source, place, target) for source, place in _FILES[name].items()]


def _write(package: tarfile.TarFile, source: str, place: str, target: Path) -> Path:
    member = package.extractfile(f"package/{source}")
    if member is None:
        raise ValueError(f"{source} is not a file")
    text = without_source_map(member.read().decode("utf-8"))
    path = target / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_CHANGES.get(place, str)(text), encoding="utf-8")
    return path


def main(arguments: Sequence[str]) -> None:
    """Vendor every archive named on the command line."""
    for archive in arguments:
        for path in vendor(Path(archive), STATIC):
            print(path.relative_to(STATIC))


if __name__ == "__main__":
    main(sys.argv[1:])
