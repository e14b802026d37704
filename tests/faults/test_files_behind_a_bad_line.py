"""Files that are fetched over a line on which everything goes wrong (K6), from an SFTP server and from storage.

Nobody who looks something up waits for the line: what was fetched before answers; where nothing was, callers are
released in time, and the files are there once the line works.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.errors import SourceProblem
from connectors.kit.bench import source
from connectors.source import Source
from tests.doubles import fault_proxy
from tests.doubles.connectors import retrieve, values
from tests.doubles.drops import look_again, settled
from tests.doubles.fault_proxy import FaultProxy
from tests.doubles.s3_server import SECRET, S3Server
from tests.doubles.sftp_server import PASSWORD, SftpServer

DEADLINE = 0.4
CSV = {"pattern": "people.csv", "format": "csv", "encoding": "utf-8", "subject_column": "id"}
DATA = "id,name\nA1,张三\n".encode()
NEVER_SHOWN = ("127.0.0.1", "people", "A1", PASSWORD, SECRET)


class Far:
    """A place behind the line."""

    def __init__(self, port: int, settings: Callable[[int], dict[str, Any]]) -> None:
        self.proxy = FaultProxy(port)
        self._settings = settings

    def source(self) -> Source:
        limits = {"deadline_ms": int(DEADLINE * 1000), "failures": 1000}
        secrets = {"drop": PASSWORD, "storage": SECRET}
        return source("files", {**CSV, **self._settings(self.proxy.port)}, ["name"], secrets=secrets, limits=limits)


@pytest.fixture(scope="module", params=["sftp", "s3"])
def far(request: pytest.FixtureRequest) -> Iterator[Far]:
    if request.param == "sftp":
        sftp: SftpServer = request.getfixturevalue("sftp_server")
        sftp.honest()
        folder = sftp.folder / "far"
        folder.mkdir(exist_ok=True)
        (folder / "people.csv").write_bytes(DATA)
        made = Far(sftp.port, lambda port: {"sftp": sftp.settings("/far", port=port)})
    else:
        s3: S3Server = request.getfixturevalue("s3_server")
        s3.honest()
        bucket = s3.bucket({"people.csv": DATA})
        made = Far(s3.port, lambda port: {"s3": s3.settings(bucket, endpoint=f"http://127.0.0.1:{port}")})
    with made.proxy:
        yield made


LINES = {
    "delay": fault_proxy.delay(2.0),
    "drip": fault_proxy.drip,
    "black hole": fault_proxy.black_hole,
    "cut": fault_proxy.cut(9),
    "cut later": fault_proxy.cut(400),
    "reset": fault_proxy.reset,
    "garbage": fault_proxy.garbage,
    "flood": fault_proxy.flood,
}


@pytest.mark.parametrize("name", LINES)
def test_K6_whatever_the_line_does_the_caller_is_released_and_the_files_come_when_it_works(far: Far, name: str) -> None:
    before, sent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, far.proxy.sent
    far.proxy.line = LINES[name]
    with far.source() as asked:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(SourceProblem) as caught:
                retrieve(asked, deadline=DEADLINE)
            assert time.monotonic() - began < 10 * DEADLINE
            shown = f"{caught.value} {caught.value!r} {caught.value.reason} {caught.value.text.en}"
            assert [word for word in (*NEVER_SHOWN, str(far.proxy.port)) if word in shown] == []
        far.proxy.line = fault_proxy.good
        far.proxy.hang_up()
        assert settled(lambda: values(asked) == {"name": "张三"}, 60.0)
    assert far.proxy.sent - sent < 64 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # kilobytes


def test_K6_what_was_fetched_goes_on_when_the_line_does_not(far: Far) -> None:
    far.proxy.line = fault_proxy.good
    with far.source() as asked:
        assert settled(lambda: values(asked) == {"name": "张三"}, 60.0)
        far.proxy.line = fault_proxy.reset
        far.proxy.hang_up()
        look_again(asked)
        assert values(asked) == {"name": "张三"}
        assert asked.health().state == "closed"
    far.proxy.line = fault_proxy.good
