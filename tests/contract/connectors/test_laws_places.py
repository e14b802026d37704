"""The laws of the connector port for files that are fetched: from an SFTP server, and from storage that speaks S3."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.adapters import Adapter
from connectors.kit.bench import Bench
from connectors.kit.laws import *  # noqa: F403 - the laws are the tests
from connectors.registry import STANDARD
from connectors.source import Source
from tests.contract.connectors.conftest import FileBench, closed, open_source
from tests.doubles import directory
from tests.doubles.directory import Listener
from tests.doubles.drops import looked
from tests.doubles.s3_server import SECRET, S3Server
from tests.doubles.sftp_server import PASSWORD, SftpServer


class PlaceBench(FileBench, ABC):
    """Files somewhere else. A source is handed out when its place has been looked at: how long that takes is no law."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        super().__init__(settings, folder)
        self._hangs = Listener(directory.hang)

    def hanging(self, **limits: int) -> Source:
        return self._opened(self._elsewhere(self._hangs.port), limits)

    def down(self, **limits: int) -> Source:
        return looked(self._opened(self._elsewhere(9), limits))

    def close(self) -> None:
        super().close()
        self._hangs.__exit__()

    def _source(self, folder: Path, limits: Mapping[str, int], adapters: Mapping[str, Adapter] = STANDARD) -> Source:
        return looked(self._opened(self._there(folder), limits))

    def _opened(self, where: Mapping[str, Any], limits: Mapping[str, int]) -> Source:
        settings = {"pattern": "people.*", "subject_column": "id", **self._settings, **where}
        secrets = {"drop": PASSWORD, "storage": SECRET}
        return open_source("files", settings, limits, self._folder, secrets=secrets)

    @abstractmethod
    def _there(self, folder: Path) -> Mapping[str, Any]:
        """The settings of a place that holds the files of a folder."""

    @abstractmethod
    def _elsewhere(self, port: int) -> Mapping[str, Any]:
        """The settings of a place at another port."""


class SftpBench(PlaceBench):
    """A folder of the server for each source."""

    def __init__(self, server: SftpServer) -> None:
        super().__init__({"format": "csv", "encoding": "gb18030"}, server.folder)
        self._server = server

    def _there(self, folder: Path) -> Mapping[str, Any]:
        return {"sftp": self._server.settings(f"/{folder.name}")}

    def _elsewhere(self, port: int) -> Mapping[str, Any]:
        return {"sftp": self._server.settings(port=port)}


class S3Bench(PlaceBench):
    """A bucket for each source."""

    def __init__(self, server: S3Server, folder: Path) -> None:
        super().__init__({"format": "csv", "encoding": "utf-8"}, folder)
        self._server = server

    def _there(self, folder: Path) -> Mapping[str, Any]:
        files = {f"outgoing/{path.name}": path.read_bytes() for path in folder.iterdir()}
        return {"s3": self._server.settings(self._server.bucket(files), prefix="outgoing/")}

    def _elsewhere(self, port: int) -> Mapping[str, Any]:
        return {"s3": self._server.settings("people", endpoint=f"http://127.0.0.1:{port}")}


@pytest.fixture(scope="module", params=["sftp", "s3"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Overrides the suite's own."""
    if request.param == "sftp":
        yield from closed(SftpBench(request.getfixturevalue("sftp_server")))
    else:
        yield from closed(S3Bench(request.getfixturevalue("s3_server"), tmp_path_factory.mktemp("s3")))
