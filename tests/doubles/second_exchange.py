"""Another exchange with its identity provider, both whole and on sockets: a CSV file behind it, grants for us."""

from __future__ import annotations

import csv
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from werkzeug.serving import WSGIRequestHandler, make_server

from exchange.administration import open_administration
from exchange.app import open_service as exchange_service
from exchange.governance.transitions import Transitions
from exchange.proceedings import nothing_to_spend
from idp.administration import Administration
from idp.app import open_service as idp_service
from kernel import jose
from kernel.entropy import SystemEntropy
from kernel.identifiers import citizen_number
from kernel.settings import Settings
from kernel.text import Text
from policies.grants.commands import ApproveGrant, SubmitGrant
from policies.roles import Officer, Role
from tongban import installation

US, OWNER = "11500000DEM000057T", "11500000DEM0000303"
ITEM, BASIS, CLIENT = "11500000DEM000057T3500131001000", "demo-rules", "first-exchange"
RELAYS = {"relays_questions": True}
PORT = {
    "name": "port",
    "label": {"zh": "停泊的港口", "en": "Port where it lies"},
    "type": "text",
    "pattern": "[东西南北]港",
    "example": "南港",
}
KNOWN, UNKNOWN, TWICE = (citizen_number.compose("500199", date(1990, 3, 12), serial).value for serial in (2, 4, 6))
"""The last one has two buoys and nothing else, as the first has; what is answered wrongly is counted by person."""


@dataclass(frozen=True)
class SecondExchange:
    """A running exchange, and what our operator was given for it."""

    origin: str
    issuer: str
    log_key: str
    private: Mapping[str, Any]

    def settings(self, **changed: Any) -> dict[str, Any]:
        """`spec.exchange` of a manifest of ours; its secret is called ``key``."""
        return {
            "origin": self.origin,
            "token_url": f"{self.issuer}/token",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "secret": "key",
            "officer": "relay-1",
            "organisation": US,
            "service_item": ITEM,
            "legal_basis": BASIS,
            "evidence_type": "boat-licence",
            "log_key": self.log_key,
            **changed,
        }

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"key": json.dumps(self.private)}

    def jwks(self) -> Any:
        return json.loads(fetch(f"{self.origin}/jwks"))


@contextmanager
def running(folder: Path, database: str | None) -> Iterator[SecondExchange]:
    """The whole installation, from nothing; ended at the end."""
    first, second = free_ports()
    issuer, origin = f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"
    addresses = installation.Addresses(issuer, origin, f"127.0.0.1:{first}", f"127.0.0.1:{second}")
    drop = folder / "drop"
    drop.mkdir()
    home = folder / "second"
    roots = {"connector_roots": json.dumps([str(drop)])}
    settings = installation.create(home, addresses, database=database, extra=roots)
    private = register(settings)
    furnish(settings, folder, drop)
    with ExitStack() as stack:
        openings = ((first, lambda: idp_service(settings.idp)), (second, lambda: exchange_service(settings.exchange)))
        for port, open_service in openings:  # the provider first: the exchange asks it for its keys
            service = open_service()
            stack.callback(service.close)
            server = make_server("127.0.0.1", port, service.app, threaded=True, request_handler=Quiet)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            stack.callback(server.shutdown)
        yield SecondExchange(origin, issuer, fetch(f"{origin}/v1/ledger/key").strip(), private)


class Quiet(WSGIRequestHandler):
    """Tests keep quiet."""

    def log(self, *_: object) -> None: ...


def free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return str(answer.read().decode())


def register(settings: Settings) -> Mapping[str, Any]:
    """Our system as a client there; its private key."""
    private = jose.generate_p256(SystemEntropy()) | {"kid": "ours", "alg": "ES256"}
    public = {name: private[name] for name in ("kty", "crv", "x", "y", "kid", "alg")} | {"use": "sig"}
    metadata = {
        "client_id": CLIENT,
        "client_name": "The first exchange",
        "client_name#zh-CN": "第一交换平台",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public]},
        "scope": "cases",
        "tongban_organisation": US,
        "tongban_service_items": [ITEM],
    }
    with Administration.open(settings.idp) as idp:
        idp.clients.add_organisation(US, Text(US, US))
        idp.clients.add(metadata)
    return private


def furnish(settings: Settings, folder: Path, drop: Path) -> None:
    """The catalogue, a register as a file, and a grant that two officers approved."""
    with (drop / "boats.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "hull", "until"), (KNOWN, "苏船 001", "20300101")])
    with (drop / "buoys.csv").open("w", encoding="utf-8", newline="") as file:
        lies = (("浮标甲", "20300101", "东港"), ("浮标乙", "20310101", "西港"))
        rows = [(person, *one) for person in (KNOWN, TWICE) for one in lies]
        csv.writer(file).writerows([("id", "hull", "until", "port"), *rows])
    path = folder / "manifests.yaml"
    path.write_text(yaml.safe_dump_all(manifests(settings.idp.issuer, drop), allow_unicode=True), encoding="utf-8")
    author = Officer("author", "", frozenset({Role.GOVERNANCE_OFFICER}))
    owner = Officer("owner", OWNER, frozenset({Role.PROVIDER_OFFICER}))
    approver = Officer("approver", "", frozenset({Role.GOVERNANCE_APPROVER}))
    with open_administration(settings.exchange) as exchange:
        exchange.apply([path])
        outside = exchange.outside
        transitions = Transitions(outside.database, outside.ledger, outside.clock)
        for drafted in exchange.grants():
            name = str(drafted["grant"]["id"])  # type: ignore[index,call-overload]
            seen = transitions.carry_out(SubmitGrant(), name, None, author, nothing_to_spend)
            for officer in (owner, approver):
                transitions.carry_out(ApproveGrant(seen.digest), name, None, officer, nothing_to_spend)


def text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def described(kind: str, called: str, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": called}, "spec": spec}


def evidence_type(name: str) -> dict[str, Any]:
    schema = {"hull": {"type": "string"}, "until": {"type": "string", "format": "date"}}
    return described(
        "EvidenceType",
        name,
        name=text(name),
        provider=OWNER,
        schema={"type": "object", "properties": schema},
        fields={"hull": {"label": text("船号")}, "until": {"label": text("有效期至")}},
        predicates=[{"name": "exists"}, {"name": "valid-on", "until": "until"}],
    )


def grant(name: str, kind: str) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return described(
        "Grant",
        name,
        consumer=US,
        provider=OWNER,
        evidence_type=kind,
        fields=["hull", "until"],
        predicates=["exists", "valid-on"],
        service_items=[ITEM],
        legal_basis=BASIS,
        basis_kind="statutory",
        absent_allowed=True,
        valid_from=str(today - timedelta(days=1)),
        valid_to=str(today + timedelta(days=300)),
        statute=text("演示规定第三条"),
    )


def manifests(issuer: str, drop: Path) -> list[dict[str, Any]]:
    fields = {"hull": {"column": "hull"}, "until": {"column": "until", "date": "yyyyMMdd"}}
    files = {"folder": str(drop), "pattern": "boats*.csv", "format": "csv", "encoding": "utf-8", "subject_column": "id"}
    down = {"url": "http://127.0.0.1:9/", "body": {"id": "{subject}"}}
    kinds = ("boat-licence", "mooring", "dock-pass", "crew-list", "buoy")
    needs = [{"code": kind, "name": text(kind), "met_by": [{"evidence_type": kind}]} for kind in kinds]
    basis = {"code": BASIS, "kind": "statutory", "citation": text("演示规定第三条")}
    return [
        *(described("Organisation", code, name=text(code), division="500000") for code in (US, OWNER)),
        described("System", CLIENT, title=text(CLIENT), organisation=US, issuer=issuer, client_id=CLIENT, **RELAYS),
        *(evidence_type(kind) for kind in kinds),
        described("ServiceItem", ITEM, name=text("跨省事项"), organisation=US, legal_bases=[basis], requirements=needs),
        described(
            "Connector",
            "boats",
            evidence_type="boat-licence",
            adapter="files",
            trust_grade="A",
            files=files,
            mapping={"fields": fields},
        ),
        described(
            "Connector",
            "buoys",
            evidence_type="buoy",
            adapter="files",
            trust_grade="A",
            files={**files, "pattern": "buoys*.csv", "where": {"port": "{port}"}},
            further={"when": ["ambiguous"], "questions": [PORT]},
            mapping={"fields": dict(fields)},
        ),
        described(
            "Connector",
            "moorings",
            evidence_type="mooring",
            adapter="rest",
            trust_grade="A",
            rest=down,
            mapping={"fields": {"hull": {"path": "hull"}, "until": {"path": "until"}}},
        ),
        described(
            "Connector",
            "crews",
            evidence_type="crew-list",
            adapter="manual",
            trust_grade="A",
            manual={"office": {"organisation": OWNER}},
            mapping={"fields": {"hull": {"column": "hull"}, "until": {"column": "until", "date": "yyyyMMdd"}}},
        ),
        grant("G-BOATS", "boat-licence"),
        grant("G-BUOYS", "buoy"),
        grant("G-CREWS", "crew-list"),
        grant("G-MOORINGS", "mooring"),
    ]
