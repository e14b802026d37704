"""Benches for the contract kit: sources over HTTP that need more than one plain request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from connectors.kit.bench import COLUMNS, FIELDS, FLOOD, Bench, Row, source
from connectors.source import Source
from tests.doubles import http_source
from tests.doubles.http_source import Behaviour, HttpSource
from tests.doubles.paper_exchange import PRIVATE, PaperExchange, by_path
from tests.doubles.signed_documents import AUDIENCE, Signer
from tests.doubles.token_endpoint import CLIENT, SECRET, TokenEndpoint

XML = {
    "url": "/search",
    "body": '<q xmlns="urn:people"><id>{subject}</id></q>',
    "records": "/p:people/p:person",
    "subject_path": "p:field[@name = 'id']",
    "xml": {
        "namespaces": {"p": "urn:people"},
        "columns": {name: f"p:field[@name = '{name}']" for name in COLUMNS},
    },
}
PAGED = {
    "url": "/search",
    "query": {"id": "{subject}"},
    "records": "data",
    "subject_path": "id",
    "paging": {"kind": "link"},
}


class HttpBench:
    """A service on loopback in one of its states."""

    def __init__(
        self,
        adapter: str,
        settings: Mapping[str, Any],
        server: HttpSource,
        healthy: Behaviour,
        folder: Path,
        *,
        overhead: float = 1,
    ) -> None:
        self._adapter, self._settings, self._server, self._folder = adapter, settings, server, folder
        self._healthy, self._overhead = healthy, overhead

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        self._server.records = {}
        for row in rows:
            self._server.records.setdefault(row["id"], []).append(dict.fromkeys(COLUMNS, "") | {**row})
        return self._source(self._healthy, limits)

    def hanging(self, **limits: int) -> Source:
        return self._source(http_source.hang, limits)

    def garbled(self, **limits: int) -> Source:
        return self._source(http_source.saying(b"<html>Welcome to db.internal"), limits)

    def down(self, **limits: int) -> Source:
        return self._source(http_source.saying(b"db.internal is down", 503), limits)

    def flooding(self, **limits: int) -> Source:
        return self._source(http_source.flooding(FLOOD), limits)

    def _source(self, behaviour: Behaviour, limits: Mapping[str, int]) -> Source:
        self._server.behaviour = behaviour
        if "max_bytes" in limits:  # of what goes over the wire
            limits = {**limits, "max_bytes": int(limits["max_bytes"] * self._overhead)}
        settings = {**self._settings}
        if "url" in settings:
            settings["url"] = self._server.url + self._settings["url"]
        secrets = {"client": SECRET, "shared": "a secret shared by two", "key": json.dumps(PRIVATE)}
        return source(self._adapter, settings, FIELDS, roots=[self._folder], limits=dict(limits), secrets=secrets)


@contextmanager
def xml_bench(folder: Path) -> Iterator[Bench]:
    """XML asked for by XML, each request signed."""
    auth = {"kind": "hmac", "key_id": "tongban", "secret": "shared"}
    with HttpSource() as server:
        yield HttpBench("rest", {**XML, "auth": auth}, server, http_source.by_subject_in_xml, folder)


@contextmanager
def paged_bench(folder: Path) -> Iterator[Bench]:
    """Pages of one record, asked for with a token."""
    with HttpSource() as server, TokenEndpoint() as tokens:
        auth = {
            "kind": "oauth",
            "token_url": tokens.address,
            "client_id": CLIENT,
            "method": "client_secret_basic",
            "secret": "client",
        }
        yield HttpBench("rest", {**PAGED, "auth": auth}, server, http_source.by_subject_in_pages, folder)


@contextmanager
def jws_bench(folder: Path) -> Iterator[Bench]:
    """Signed documents, as many as there are records."""
    signer = Signer()
    settings = {
        "url": "/search",
        "body": {"id": "{subject}"},
        "documents": "documents",
        "records": "record",
        "audience": AUDIENCE,
        "trust": [signer.trusted()],
    }
    with HttpSource() as server:
        yield HttpBench("jws", settings, server, signer.by_subject, folder, overhead=1.5)  # base64


@contextmanager
def exchange_bench(folder: Path) -> Iterator[Bench]:
    """Another exchange, on paper."""
    with PaperExchange() as server:
        # The record comes twice, once as base64, beside a receipt.
        yield HttpBench("exchange", server.settings(), server, by_path, folder, overhead=2.5)


HTTP_BENCHES: Mapping[str, Callable[[Path], AbstractContextManager[Bench]]] = {
    "rest-xml-signed": xml_bench,
    "rest-paged-oauth": paged_bench,
    "jws": jws_bench,
    "exchange": exchange_bench,
}
