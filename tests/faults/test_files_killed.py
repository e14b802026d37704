"""SIGKILL while a file is fetched, read into its index, or noted: the last good one answers at once, then the new one,
and nothing is left behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.files import reading
from connectors.registry import build
from connectors.source import Outcome, Source
from kernel.clock import SystemClock
from tests.doubles.connectors import manifest, retrieve, values
from tests.doubles.drop_folder import csv_bytes, drop
from tests.doubles.drops import settled
from tests.doubles.s3_server import SECRET, S3Server
from tests.doubles.sftp_server import PASSWORD, SftpServer

ROOT = Path(__file__).resolve().parents[2]
CSV = {"pattern": "p-*.csv", "format": "csv", "encoding": "utf-8", "subject_column": "id", "newest_by": "name"}
CHANGES = {"key": ["id"], "removed": {"column": "op", "values": ["D"]}}
SECRETS = {"drop": PASSWORD, "storage": SECRET}
FIELDS = {"fields": {"name": {"column": "name"}}}
HEADER = ("id", "name", "op")
OLD = csv_bytes([HEADER, ("A1", "旧", ""), ("B1", "乙", "")])
NEW = csv_bytes([HEADER, *((f"P{number}", "x", "") for number in range(900)), ("A1", "新", ""), ("B1", "", "D")])

Put = Callable[[str, bytes], object]


def at(place: str, request: pytest.FixtureRequest, folder: Path) -> tuple[dict[str, Any], Put]:
    """A place of a kind, and how a file comes there."""
    if place == "sftp":
        sftp: SftpServer = request.getfixturevalue("sftp_server")
        sftp.honest()
        there = sftp.folder / folder.name
        there.mkdir()
        return {"sftp": sftp.settings(f"/{folder.name}", every_seconds=5)}, lambda name, data: drop(there, name, data)
    if place == "s3":
        s3: S3Server = request.getfixturevalue("s3_server")
        s3.honest()
        bucket = s3.bucket()
        return {"s3": s3.settings(bucket, every_seconds=5)}, lambda name, data: s3.put(bucket, name, data)
    (folder / "drop").mkdir()
    return {"folder": "drop"}, lambda name, data: drop(folder / "drop", name, data)


@pytest.mark.parametrize(
    ("place", "point", "changes"),
    [
        ("folder", "building", False),
        ("folder", "before it is noted", False),
        ("folder", "building", True),
        ("folder", "after it is noted", True),
        ("sftp", "fetching", False),
        ("s3", "fetching", False),
        ("s3", "after it is noted", False),
    ],
)
def test_a_killed_reader_leaves_the_last_good_file_and_nothing_else(
    place: str,
    point: str,
    changes: bool,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where, put = at(place, request, tmp_path)
    settings = {**CSV, **where, **({"changes": CHANGES} if changes else {})}
    described = manifest("files", settings, FIELDS)
    put("p-1.csv", OLD)
    with opened(described, tmp_path) as asked:
        assert settled(lambda: values(asked) == {"name": "旧"})
    put("p-2.csv", NEW)
    killed_at(point, described, tmp_path)
    read, go_on = reading._told, threading.Event()

    def told_to(*arguments: Any) -> Iterator[Any]:
        assert go_on.wait(60)
        yield from read(*arguments)

    monkeypatch.setattr(reading, "_told", told_to)
    with opened(described, tmp_path) as asked:
        try:  # however long reading takes, and where it was killed before it was noted, the last good one answers
            noted = point == "after it is noted"
            assert values(asked)["name"] == ("新" if noted else "旧")
        finally:
            go_on.set()
        assert settled(lambda: values(asked) == {"name": "新"}, 20.0)
        assert values(asked, "P899") == {"name": "x"}
        assert (retrieve(asked, "B1").outcome is Outcome.NOT_FOUND) == changes
        room = tmp_path / "cache" / "people"
        assert settled(lambda: sorted(path.suffix for path in room.iterdir()) == ["", "", ".json", ".sqlite3"])


def opened(described: dict[str, Any], folder: Path) -> Source:
    return build(described, secrets=SECRETS.__getitem__, roots=[folder], clock=SystemClock(), cache=folder / "cache")


def killed_at(point: str, described: dict[str, Any], folder: Path) -> None:
    """Another process reads the new file, and is killed at this point of it."""
    words = [sys.executable, "-m", "tests.faults.files_being_read", point, json.dumps(described)]
    with subprocess.Popen(
        [*words, str(folder), str(folder / "cache")], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(SECRETS) + "\n")
            process.stdin.flush()
            assert process.stdout.readline().strip() == point
        finally:
            process.kill()
