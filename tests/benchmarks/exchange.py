"""Our exchange as a contender: the governed call, whole, on its embedded default (SQLite FULL)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel.ledger.verify import verify_receipt
from kernel.settings import Settings
from tests.benchmarks.binding import CertificateHolder, ProofHolder
from tests.benchmarks.contender import JSON_BODY, Contender, Work, require, send, send_json
from tests.benchmarks.identity import serve
from tests.benchmarks.load import Request
from tests.benchmarks.processes import LOAD_CORE, SERVER_CORE, Processes, Program, free_ports
from tests.benchmarks.source import RECORD
from tests.benchmarks.world import BASIS, EVIDENCE, GRANTED, GRANTS, ROWS, Mint, furnish, item
from tongban import installation

PATH = "/v1/evidence-requests"
Holder = CertificateHolder | ProofHolder


class TongbanExchange(Contender):
    """The exchange on the measured core; its issuer and the source share the load generator's."""

    name = "Tongban"

    def __init__(self, profile: Path | None = None, *, grants: int = GRANTS, rows: Path | None = None) -> None:
        """``rows``: the file of an SQLite database that is a source as well."""
        self._profile, self._grants, self._rows = profile, grants, rows
        self._settings: Settings
        self.source_port = 0
        self._mint: Mint
        self._case = ""
        self._certificate, self._key = CertificateHolder(), ProofHolder()

    def start(self, processes: Processes, folder: Path) -> None:
        """Issuer, source and exchange, with approved grants and one open case."""
        first, second, source_port = free_ports(3)
        issuer, origin = f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"
        addresses = installation.Addresses(issuer, origin, f"127.0.0.1:{first}", f"127.0.0.1:{second}")
        home = folder / "tongban-exchange"
        self._settings = installation.create(home, addresses, extra={"trusted_proxies": '["127.0.0.1/32"]'})
        self._mint = Mint(self._settings)
        self.source_port = source_port
        start_source(processes, "source", source_port)
        furnish(self._settings.exchange, source_port, home, self._grants, self._rows)
        command, _ = serve("idp", home / "tongban.toml")
        processes.start(Program("issuer", command, f"{issuer}/readyz", LOAD_CORE))
        command, environment = serve("exchange", home / "tongban.toml", self._profile)
        processes.start(Program("tongban-exchange", command, f"{origin}/readyz", SERVER_CORE, environment))
        self._case = self._open_case()

    def programs(self) -> Sequence[str]:
        """The exchange alone."""
        return ["tongban-exchange"]

    def works(self) -> Mapping[str, Work]:
        """One governed call, by either binding."""
        return {
            "governed-call-mtls": Work(
                lambda: self._check(self._certificate), lambda: self._call(self._certificate), recorded=self._entries
            ),
            "governed-call-dpop": Work(
                lambda: self._check(self._key), lambda: self._call(self._key), self._proofs, self._entries
            ),
        }

    def _request(self, method: str, path: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> Request:
        port = int(self._settings.exchange.listen.rpartition(":")[2])
        expect = '"status":"delivered"' if path == PATH else "-"
        return Request(port, method, path, (*headers, JSON_BODY) if body else headers, body, expect)

    def _open_case(self) -> str:
        headers = self._certificate.headers(self._mint.token(self._certificate.confirmation, scope="cases"))
        body = json.dumps({"service_item": item(0), "reference": "benchmark", "subjects": []}).encode()
        return str(send_json(self._request("POST", "/v1/cases", headers, body))["case"])

    def governed(self, kind: str) -> Request:
        """One governed call for evidence of this type, bound to a certificate; its token lives for five minutes."""
        return self._call(self._certificate, kind)

    def _call(self, holder: Holder, kind: str = EVIDENCE) -> Request:
        evidence = [{"type": kind, "fields": [*GRANTED]}]
        asked = {"service_item": item(0), "case": self._case, "legal_basis": BASIS, "evidence": evidence}
        headers = holder.headers(self._mint.purpose(holder.confirmation, self._case, kind))
        return self._request("POST", PATH, headers, json.dumps(asked).encode())

    def _proofs(self, request: Request, count: int) -> Sequence[str]:
        access_token = dict(request.headers)["Authorization"].removeprefix("DPoP ")
        url = self._settings.exchange.origin + PATH
        return self._key.proofs(count, method="POST", url=url, access_token=access_token)

    def _check(self, holder: Holder) -> None:
        """Delivered, exactly the granted fields, and the receipt verifies offline with evidence and signature."""
        if self._rows is not None:
            self.check_governed(send_json(self.governed(ROWS)))
        request = self._call(holder)
        once = self._proofs(request, 1)[0] if isinstance(holder, ProofHolder) else None
        self._verify(self.check_governed(send_json(request, once)))
        self._check_refusal(request)

    @staticmethod
    def check_governed(answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """The one item of an answer: delivered, with exactly the granted fields. Raises CheckFailed."""
        (delivered,) = answer["evidence"]
        expected = {name: RECORD[name] for name in GRANTED}
        require(delivered["status"] == "delivered" and delivered["data"] == expected, f"delivered {delivered}")
        return dict(delivered)

    def _verify(self, delivered: Mapping[str, Any]) -> None:
        vkey = send(self._request("GET", "/v1/ledger/key"))[1].decode().strip()
        jwks = send_json(self._request("GET", "/jwks"))
        found = verify_receipt(delivered["receipt"], vkey=vkey, evidence=delivered["jws"], jwks=jwks)
        require(bool(found.evidence_matches and found.signature_valid), "the receipt is not one of this evidence")

    def _check_refusal(self, request: Request) -> None:
        """Without the proof of possession the same request is refused: the work is really done."""
        kept = tuple(header for header in request.headers if header[0] not in {"DPoP", "Client-Cert"})
        bare = Request(request.port, request.method, request.path, kept, request.body)
        require(send(bare)[0] == 401, "a token without proof of possession was accepted")

    def _entries(self) -> int:
        checkpoint = send(self._request("GET", "/v1/ledger/checkpoint"))[1].decode()
        return int(checkpoint.splitlines()[1])


def start_source(processes: Processes, name: str, port: int) -> None:
    """The source system, on the load generator's core."""
    command = [sys.executable, "-m", "tests.benchmarks.source", str(port)]
    processes.start(Program(name, command, f"http://127.0.0.1:{port}/", LOAD_CORE))
