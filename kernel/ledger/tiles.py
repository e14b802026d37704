"""C2SP tlog-tiles: the log as immutable files that any reader can cache.

``tile/<L>/<N>[.p/<W>]`` holds hashes of level 8·L, ``tile/entries/<N>[.p/<W>]`` the entries themselves, each behind its
length as a big-endian uint16. A full tile is 256 wide; a partial one names its width. Empty tiles do not exist. Hash
tiles are public; entry bundles are for auditors, since tags and field names can profile people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kernel.database import Database
from kernel.ledger import reader, rows
from kernel.text import Text

WIDTH = 256
FORM = Text(
    "分块地址应为 tile/<层级>/<序号>，不满的再加 .p/<宽度>：层级 0 至 5，序号三位一组、末组以外加 x，宽度 1 至 255。",
    "A tile's address is tile/<level>/<number>, a partial one's with .p/<width>: levels 0 to 5, numbers in groups of "
    "three digits, all but the last behind an x, widths 1 to 255.",
)
"""What to write where something is no tile's address."""
_BITS = 8
_TOP_LEVEL = 5
_GROUP = 1000
_PATH = re.compile(r"(entries|[0-5])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class TileAddress:
    """A tile's place: its level (None for an entry bundle), its number at that level, its width."""

    level: int | None
    number: int
    width: int

    @classmethod
    def parse(cls, path: str) -> TileAddress | None:
        """What follows ``tile/`` in an address: ``0/x001/234.p/56``; None when it is no tile's address."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        level, groups, width = match.groups()
        number = int(groups.replace("x", "").replace("/", ""))
        found = cls(None if level == "entries" else int(level), number, int(width or WIDTH))
        return found if found.path() == path else None  # one tile, one address

    def path(self) -> str:
        """The address, with the number in groups of three digits, all but the last behind an ``x``."""
        groups, rest = [f"{self.number % _GROUP:03d}"], self.number // _GROUP
        while rest:
            groups.insert(0, f"x{rest % _GROUP:03d}")
            rest //= _GROUP
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"{'entries' if self.level is None else self.level}/{'/'.join(groups)}{partial}"


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles of one log, made from its rows when they are asked for."""

    database: Database

    def tile(self, level: int, number: int, width: int = WIDTH) -> bytes | None:
        """``width`` hashes of 32 bytes; None when the log has not grown that far."""
        height, start = level * _BITS, number * WIDTH
        with self.database.read() as connection:
            if not self._exists(reader.size_of(connection), height, start, width):
                return None
            coordinates = [(height, start + at) for at in range(width)]
            found = rows.nodes(connection, coordinates)
        return b"".join(found[one] for one in coordinates)

    def entries(self, number: int, width: int = WIDTH) -> bytes | None:
        """An entry bundle; None when the log has not grown that far."""
        start = number * WIDTH
        with self.database.read() as connection:
            if not self._exists(reader.size_of(connection), 0, start, width):
                return None
            leaves = rows.leaves(connection, start, start + width)
        return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)

    def at(self, address: TileAddress) -> bytes | None:
        """The tile at an address."""
        if address.level is None:
            return self.entries(address.number, address.width)
        return self.tile(address.level, address.number, address.width)

    def _exists(self, size: int, height: int, start: int, width: int) -> bool:
        """Its last hash stands for a complete subtree; how wide it is now does not matter, for hashes never change."""
        return 0 < width <= WIDTH and start >= 0 and start + width <= size >> height
