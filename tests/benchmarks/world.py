"""What the exchange's benchmark runs on: a catalogue, a hundred approved grants, one client, one case, its tokens.

The grants pass through the same commands as everywhere: submitted by one officer, signed by two others. The tokens are
made here with the provider's own signing key, as the provider would make them after a sign-in: signing in is not what
is measured, and the provider's first form binds tokens with DPoP only, while the exchange takes certificate-bound ones
too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from exchange.administration import open_administration
from exchange.governance.transitions import Transitions
from exchange.proceedings import nothing_to_spend
from kernel import jose
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy, token
from kernel.identifiers import citizen_number
from kernel.keys import KeyRing
from kernel.settings import ExchangeSettings, Settings
from policies.grants.commands import ApproveGrant, SubmitGrant
from policies.roles import Officer, Role
from tests.benchmarks.source import FIELDS

CONSUMER, PROVIDER = "11500000DEM000057T", "11500000DEM0000303"
EVIDENCE, BASIS, CLIENT = "sample-record", "sample-rules", "benchmark-system"
ROWS, TABLE = "sample-row", "records"
"""The same record as evidence of a second type, whose source is a database, and its table there."""
GRANTED = FIELDS[:12]
GRANTS = 100
PERSON = citizen_number.compose("500199", date(1990, 3, 12), 2).value


def item(number: int) -> str:
    """The code of one of the service items."""
    return f"{CONSUMER}35001{31000 + number:05d}000"


def text(words: str) -> dict[str, str]:
    """A text for a manifest."""
    return {"zh": words, "en": words}


def manifests(issuer: str, source_port: int, grants: int = GRANTS, rows: Path | None = None) -> list[dict[str, Any]]:
    """The catalogue, and a draft of every grant: one a service item, so that one of a hundred applies.

    ``rows``: the file of an SQLite database that is a source, too.
    """
    of_rows = [] if rows is None else [_evidence_type(ROWS), _database(rows), _grant(0, "G-ROWS", ROWS)]
    return [
        *(_object("Organisation", code, name=text(code), division="500000") for code in (CONSUMER, PROVIDER)),
        _object("System", CLIENT, title=text(CLIENT), organisation=CONSUMER, issuer=issuer, client_id=CLIENT),
        _evidence_type(EVIDENCE),
        *(_service_item(number) for number in range(grants)),
        _connector(source_port),
        *(_grant(number, f"G-{number:03d}", EVIDENCE) for number in range(grants)),
        *of_rows,
    ]


def _object(kind: str, called: str, /, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": called}, "spec": spec}


def _evidence_type(code: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {"type": "string", "maxLength": 200} for name in FIELDS}}
    fields = {name: {"label": text(name), "sensitivity": 2} for name in FIELDS}
    return _object("EvidenceType", code, name=text("样例记录"), provider=PROVIDER, schema=schema, fields=fields)


def _service_item(number: int) -> dict[str, Any]:
    basis = {"code": BASIS, "kind": "statutory", "citation": text("样例规定第一条")}
    needed = {"code": "record", "name": text("记录"), "met_by": [{"evidence_type": EVIDENCE}]}
    spec = {"name": text(f"样例事项 {number}"), "organisation": CONSUMER}
    return _object("ServiceItem", item(number), **spec, legal_bases=[basis], requirements=[needed])


def _connector(source_port: int) -> dict[str, Any]:
    return _object(
        "Connector",
        "sample-source",
        evidence_type=EVIDENCE,
        adapter="rest",
        trust_grade="A",
        rest={"url": f"http://127.0.0.1:{source_port}/records", "body": {"subject": "{subject}"}},
        limits={"deadline_ms": 3000, "max_bytes": 65536, "concurrency": 16},
        mapping={"fields": {name: {"path": name} for name in FIELDS}},
    )


def _database(rows: Path) -> dict[str, Any]:
    return _object(
        "Connector",
        "sample-database",
        evidence_type=ROWS,
        adapter="sql",
        trust_grade="A",
        sql={"url": f"sqlite:///{rows}", "table": TABLE, "subject_column": "subject"},
        limits={"deadline_ms": 3000, "max_bytes": 65536, "concurrency": 16},
        mapping={"fields": {name: {"column": name} for name in FIELDS}},
    )


def _grant(number: int, name: str, evidence: str) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return _object(
        "Grant",
        name,
        consumer=CONSUMER,
        provider=PROVIDER,
        evidence_type=evidence,
        fields=[*GRANTED],
        service_items=[item(number)],
        legal_basis=BASIS,
        basis_kind="statutory",
        valid_from=str(today - timedelta(days=1)),
        valid_to=str(today + timedelta(days=365)),
        statute=text("样例规定第一条"),
    )


def furnish(
    settings: ExchangeSettings, source_port: int, folder: Path, grants: int = GRANTS, rows: Path | None = None
) -> None:
    """Apply the manifests, and have every grant approved by two officers who did not write it.

    Each is examined beside all those approved before it: the cost grows with the square of their number.
    """
    path = folder / "manifests.yaml"
    path.write_text(
        yaml.safe_dump_all(manifests(settings.issuer, source_port, grants, rows), allow_unicode=True), encoding="utf-8"
    )
    author = Officer("author", "", frozenset({Role.GOVERNANCE_OFFICER}))
    owner = Officer("owner", PROVIDER, frozenset({Role.PROVIDER_OFFICER}))
    approver = Officer("approver", "", frozenset({Role.GOVERNANCE_APPROVER}))
    with open_administration(settings) as exchange:
        exchange.apply([path])
        outside = exchange.outside
        transitions = Transitions(outside.database, outside.ledger, outside.clock)
        for drafted in exchange.grants():
            name = str(drafted["grant"]["id"])  # type: ignore[index,call-overload]
            seen = transitions.carry_out(SubmitGrant(), name, None, author, nothing_to_spend)
            for officer in (owner, approver):
                transitions.carry_out(ApproveGrant(seen.digest), name, None, officer, nothing_to_spend)


@dataclass(frozen=True)
class Mint:
    """Makes access tokens as the provider would. ``confirmation`` binds them to a certificate or a key."""

    settings: Settings

    def token(self, confirmation: Mapping[str, str], **claims: Any) -> str:
        """A token of five minutes with these claims."""
        clock, entropy = SystemClock(), SystemEntropy()
        now, jti = int(datetime.now(UTC).timestamp()), token(entropy, 16)
        said: dict[str, Any] = {
            "iss": self.settings.idp.issuer,
            "aud": self.settings.exchange.origin,
            "sub": "pairwise-benchmark",
            "client_id": CLIENT,
            "iat": now,
            "exp": now + 300,
            "jti": jti,
            "cnf": dict(confirmation),
        }
        ring = KeyRing.load(self.settings.idp.key_dir, clock=clock, entropy=entropy)
        if "authorization_details" in claims:
            said |= {"acr": "urn:tongban:loa:3", "urn:tongban:params:subject": self._sealed(jti)}
        return jose.sign(said | claims, ring.signing(), typ="at+jwt")

    def purpose(self, confirmation: Mapping[str, str], case: str, evidence: str = EVIDENCE) -> str:
        """A token for the evidence of one case (RFC 9396)."""
        detail = {
            "type": "urn:tongban:params:evidence",
            "locations": [self.settings.exchange.origin],
            "service_item": item(0),
            "case": case,
            "legal_basis": BASIS,
            "evidence": [{"type": evidence, "fields": [*GRANTED], "predicates": []}],
        }
        return self.token(confirmation, authorization_details=[detail])

    def _sealed(self, jti: str) -> str:
        ring = KeyRing.load(self.settings.exchange.key_dir, clock=SystemClock(), entropy=SystemEntropy())
        named = {"scheme": "citizen-number", "value": PERSON, "aud": self.settings.exchange.origin, "jti": jti}
        return jose.encrypt(json.dumps(named).encode().ljust(256), ring.decryption()[0].encryption())
