"""A package as a third party would install it: an adapter for files of cards, its entry point, its test of the laws."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

MODULE = '''
"""Records in one file of cards: a line is a card, a JSON object whose ``id`` says whom it is about."""

import json
from pathlib import Path

from connectors.adapters import Adapter
from connectors.base import Record
from connectors.errors import SourceGarbled, SourceTooLarge, SourceUnavailable


class CardIndex:
    kind = "card-index"
    keeps_deadline = False

    def __init__(self, path, limits):
        self._path, self._limits, self._closed = path, limits, False

    def fetch(self, query):
        if self._closed:
            raise SourceUnavailable("closed")
        try:
            return tuple(Record(card) for card in self._cards(query.subject.value))
        except OSError:
            raise SourceUnavailable("file") from None
        except ValueError:
            raise SourceGarbled("json") from None

    def _cards(self, subject):
        """Law 6: one line at a time, never more of it than a whole answer may have, and one card too many at most."""
        left, most = self._limits.max_bytes, self._limits.max_records + 1
        with self._path.open("rb") as file:
            while most and (line := file.readline(self._limits.max_bytes + 1)):
                if len(line) > self._limits.max_bytes:
                    raise SourceTooLarge("bytes")
                card = json.loads(line)
                if card["id"] != subject:
                    continue
                left, most = left - len(line), most - 1
                if left < 0:
                    raise SourceTooLarge("bytes")
                yield card

    def close(self):
        self._closed = True


ADAPTER = Adapter(
    parse=lambda settings, mapped: Path(settings["path"]),
    open=lambda path, opening: CardIndex(path, opening.limits),
    settings_schema={
        "type": "object",
        "required": ["path"],
        "additionalProperties": False,
        "properties": {"path": {"type": "string"}},
    },
)
'''

CONTRACT = """
import itertools
import json
import os

import pytest
from hypothesis import settings

settings.register_profile("few", deadline=None, max_examples=10)
settings.load_profile("few")  # before the laws are imported, which take what holds then

from connectors.installed import discover
from connectors.kit.bench import COLUMNS, flood, source
from connectors.kit.laws import *

found = discover()
assert found.left_out == ()


class Bench:
    def __init__(self, folder):
        self.folder, self.numbers = folder, itertools.count()

    def healthy(self, rows, **limits):
        def write(path):
            with path.open("w", encoding="utf-8", newline="") as file:
                for row in rows:
                    print(json.dumps(dict.fromkeys(COLUMNS, "") | row, ensure_ascii=False), file=file)

        return self.over(write, limits)

    def hanging(self, **limits):
        return self.over(os.mkfifo, limits)  # reading waits for a writer who never comes

    def garbled(self, **limits):
        return self.over(lambda path: path.write_text("<html>"), limits)

    def down(self, **limits):
        return self.over(lambda path: None, limits)

    def flooding(self, **limits):
        return self.healthy(flood(48 << 20), **limits)  # one card that fills the memory

    def over(self, make, limits):
        path = self.folder / str(next(self.numbers))
        make(path)
        return source("card-index", {"path": str(path)}, limits=limits, adapters=found.adapters)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("cards"))
"""


def install(folder: Path, points: Mapping[str, str] | None = None, name: str = "card-index-adapter") -> Path:
    """Lay the package out as ``pip install --target`` does: modules, and metadata with these entry points."""
    (folder / "card_index.py").write_text(MODULE, "utf-8")
    (folder / "test_card_index.py").write_text(CONTRACT, "utf-8")
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    listed = points or {"card-index": "card_index:ADAPTER"}
    lines = "".join(f"{point} = {value}\n" for point, value in listed.items())
    (metadata / "entry_points.txt").write_text(f"[tongban.connectors]\n{lines}", "utf-8")
    return folder


def command(folder: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    """A Python command that sees the package as installed, and its environment."""
    import os

    root = Path(__file__).parents[2]
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("TONGBAN_", "PYTEST_"))}
    variables["HYPOTHESIS_STORAGE_DIRECTORY"] = str(root / ".hypothesis")  # its table of all characters costs seconds
    return [sys.executable, *words], variables | {"PYTHONPATH": f"{root}{os.pathsep}{folder}"}
