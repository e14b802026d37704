"""The naive governed call as a contender, on the same server program with the same settings as ours."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.benchmarks.contender import JSON_BODY, Contender, Work, require, send_json
from tests.benchmarks.load import Request
from tests.benchmarks.processes import LOAD_CORE, Processes, Program, free_ports
from tests.benchmarks.source import RECORD
from tests.benchmarks.world import GRANTED

THREADS = 8


class NaiveExchange(Contender):
    """See app.py. granian serves it, which is lighter than gunicorn: that favours the peer."""

    name = "naive governed call"

    def __init__(self) -> None:
        self._port, self._database = 0, Path()
        self._issuer_key, self._signing_key = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")

    def start(self, processes: Processes, folder: Path) -> None:
        """Its own source, a fresh database, and the application."""
        self._port, source_port = free_ports(2)
        home = folder / "naive"
        home.mkdir()
        self._database = home / "naive.sqlite3"
        configuration = home / "configuration.json"
        configuration.write_text(json.dumps(self._configuration(source_port)), encoding="utf-8")
        source = [sys.executable, "-m", "tests.benchmarks.source", str(source_port)]
        processes.start(Program("naive-source", source, f"http://127.0.0.1:{source_port}/", LOAD_CORE))
        ready = f"http://127.0.0.1:{self._port}/healthz"
        environment = {"NAIVE_CONFIGURATION": str(configuration)}
        processes.start(Program("naive", self._command(), ready, environment=environment))

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "granian", "tests.benchmarks.peers.naive.app:app", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(self._port), "--workers", "1", "--no-ws", "--http", "1"),
            *("--blocking-threads", str(THREADS), "--no-access-log"),
        ]

    def _configuration(self, source_port: int) -> dict[str, Any]:
        return {
            "database": f"sqlite:///{self._database}",
            "issuer_key": self._issuer_key.as_dict(private=False),
            "signing_key": self._signing_key.as_dict(private=True),
            "source": f"http://127.0.0.1:{source_port}/records",
            "granted": [*GRANTED],
        }

    def programs(self) -> Sequence[str]:
        """The application alone."""
        return ["naive"]

    def works(self) -> Mapping[str, Work]:
        """The same work for both bindings: it knows bearer tokens only."""
        work = Work(self._check, self._request, recorded=self._records)
        return {"governed-call-mtls": work, "governed-call-dpop": work}

    def _request(self) -> Request:
        claims = {"aud": "naive", "sub": "500199", "loa": 3, "exp": int(time.time()) + 300}
        token = jwt.encode({"alg": "ES256"}, claims, self._issuer_key)
        asked = {"type": "sample-record", "service_item": "item-050", "fields": [*GRANTED]}
        headers = (("Authorization", f"Bearer {token}"), JSON_BODY)
        return Request(self._port, "POST", "/evidence", headers, json.dumps(asked).encode(), '"status":"delivered"')

    def _check(self) -> None:
        """Delivered, the granted fields, a right signature, and a record."""
        before, answer = self._records(), send_json(self._request())
        require(answer["data"] == {name: RECORD[name] for name in GRANTED}, "other fields than the granted ones")
        signed = jwt.decode(answer["jws"], self._signing_key, algorithms=["ES256"])
        require(signed.claims["data"] == answer["data"], "the signature covers something else")
        require(self._records() > before, "nothing was recorded")

    def _records(self) -> int:
        with closing(sqlite3.connect(self._database)) as connection:
            return int(connection.execute("SELECT count(*) FROM record").fetchone()[0])
