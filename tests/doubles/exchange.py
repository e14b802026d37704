"""A small world for the exchange's tests: an issuer with its own key, two departments, officers, people, memory
sources.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from werkzeug.test import Client, TestResponse

from connectors import registry as connectors
from connectors.adapters import Adapter, Opening
from connectors.base import Query, Record
from connectors.memory import ADAPTER as MEMORY
from connectors.source import Source
from exchange.app import PACKAGE, create_app, open_ledger
from exchange.authentication.fetching import IssuerUnreachable
from exchange.catalogue.applying import Applying
from exchange.events.webhooks import guarded_send
from exchange.outside import Outside
from exchange.rooms import furnish
from kernel import jose, migrations
from kernel.clock import ManualClock
from kernel.database import Database
from kernel.entropy import SeededEntropy
from kernel.identifiers import citizen_number
from kernel.jose import base64url
from kernel.keys import KeyRing
from kernel.manifests import Finding
from kernel.metrics import Metrics
from kernel.outbound import OutboundClient
from kernel.settings import ExchangeSettings
from policies.roles import Officer, Role
from tests.conftest import AS_FILES, ENGINE, drop_postgresql_database
from tests.doubles.sign_ins import PaperSignIns, console_key

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ORIGIN, ISSUER = "http://exchange.test", "http://issuer.test"

POLICE, MARKET, URBAN = "11500000DEM0000303", "11500000DEM000057T", "11500000DEM0001534"
ITEM, OTHER_ITEM = "11500000DEM000057T3500131001000", "11500000DEM00015343500132001000"
BASIS = "demo-rules"


def number(serial: int, born: str = "1990-03-12") -> str:
    """A citizen number of the unassigned division 500199."""
    return citizen_number.compose("500199", date.fromisoformat(born), serial).value


OWNER, WORKER, STRANGER = number(2), number(4), number(6)

RECORDS = {
    "identity-card": [
        {"id": OWNER, "name": "陈示例", "born": "1990-03-12", "address": "演示区一号", "until": "2030-01-01"},
        {"id": WORKER, "name": "李样本", "born": "2010-03-12", "address": "演示区二号", "until": "长期"},
    ],
    "staff-list": [{"id": OWNER, "employer": "演示餐饮", "staff": [WORKER]}],
}


def text(word: str) -> dict[str, str]:
    """A bilingual text for a manifest."""
    return {"zh": word, "en": word}


def organisation(code: str, name: str) -> dict[str, Any]:
    """An Organisation manifest."""
    return {"kind": "Organisation", "metadata": {"name": code}, "spec": {"name": text(name), "division": "500000"}}


def system(name: str, owner: str, **more: Any) -> dict[str, Any]:
    """A System manifest whose client is called like it."""
    spec = {"title": text(name), "organisation": owner, "issuer": ISSUER, "client_id": name, **more}
    return {"kind": "System", "metadata": {"name": name}, "spec": spec}


def service_item(code: str, owner: str, kind: str = "statutory") -> dict[str, Any]:
    """A ServiceItem manifest: identity and staff for the applicant, identity of each employee."""
    return {
        "kind": "ServiceItem",
        "metadata": {"name": code},
        "spec": {
            "name": text("开办餐馆"),
            "organisation": owner,
            "legal_bases": [{"code": BASIS, "kind": kind, "citation": text("演示规定第三条")}],
            "requirements": [
                {
                    "code": "identity",
                    "name": text("身份"),
                    "uploads": 2,
                    "met_by": [{"evidence_type": "identity-card"}],
                },
                {"code": "staff", "name": text("用工"), "met_by": [{"evidence_type": "staff-list"}]},
                {
                    "code": "employees",
                    "name": text("员工身份"),
                    "role": "employee",
                    "met_by": [{"evidence_type": "identity-card", "relation": "employee"}],
                },
            ],
        },
    }


IDENTITY_CARD: dict[str, Any] = {
    "kind": "EvidenceType",
    "metadata": {"name": "identity-card"},
    "spec": {
        "name": text("身份证"),
        "provider": POLICE,
        "schema": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 50},
                "citizen_number": {"type": "string", "minLength": 18, "maxLength": 18},
                "born": {"type": "string", "format": "date"},
                "address": {"type": "string"},
                "until": {"type": "string", "format": "date", "longTerm": True},
            },
            "required": ["name"],
        },
        "fields": {
            "name": {"label": text("姓名"), "sensitivity": 2},
            "citizen_number": {"label": text("号码"), "sensitivity": 3, "minimal_mask": "number"},
            "born": {"label": text("出生日期")},
            "address": {"label": text("住址"), "sensitivity": 3},
            "until": {"label": text("有效期至")},
        },
        "predicates": [
            {"name": "exists"},
            {"name": "valid-on", "until": "until"},
            {"name": "at-least-age", "birth": "born"},
        ],
    },
}
STAFF_LIST: dict[str, Any] = {
    "kind": "EvidenceType",
    "metadata": {"name": "staff-list"},
    "spec": {
        "name": text("用工登记"),
        "provider": POLICE,
        "schema": {
            "type": "object",
            "properties": {
                "employer": {"type": "string"},
                "staff": {"type": "array", "items": {"type": "string"}},
            },
        },
        "fields": {"employer": {"label": text("用人单位")}, "staff": {"label": text("员工")}},
        "predicates": [{"name": "count", "of": "staff"}, {"name": "count-at-least", "of": "staff"}],
        "relations": [{"relation": "employee", "field": "staff"}],
    },
}


def connector(name: str, kind: str, fields: Mapping[str, str], adapter: str = "memory") -> dict[str, Any]:
    """A Connector manifest over RECORDS."""
    mapping: dict[str, Any] = {"fields": {ours: {"column": theirs} for ours, theirs in fields.items()}}
    for name in fields.keys() & {"staff"}:
        mapping["fields"][name]["several"] = True
    spec = {"evidence_type": kind, "adapter": adapter, "trust_grade": "A", "mapping": mapping}
    spec[adapter] = {"subject_column": "id", "records": RECORDS[kind]}
    return {"kind": "Connector", "metadata": {"name": name}, "spec": spec}


def grant(name: str, **more: Any) -> dict[str, Any]:
    """A Grant manifest: market regulation may obtain the identity card's name and address."""
    spec: dict[str, Any] = {
        "consumer": MARKET,
        "provider": POLICE,
        "evidence_type": "identity-card",
        "fields": ["name", "address"],
        "service_items": [ITEM],
        "legal_basis": BASIS,
        "basis_kind": "statutory",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
        "statute": text("演示规定第三条"),
    }
    return {"kind": "Grant", "metadata": {"name": name}, "spec": spec | more}


CATALOGUE: list[dict[str, Any]] = [
    organisation(POLICE, "公安局"),
    organisation(MARKET, "市场监管局"),
    organisation(URBAN, "城管局"),
    system("market-website", MARKET),
    system("urban-website", URBAN),
    IDENTITY_CARD,
    STAFF_LIST,
    service_item(ITEM, MARKET),
    service_item(OTHER_ITEM, URBAN),
    connector(
        "identity",
        "identity-card",
        {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"},
    ),
    connector("staff", "staff-list", {"employer": "employer", "staff": "staff"}),
]
GRANTS: list[dict[str, Any]] = [
    grant("G-IDENTITY", predicates=["exists", "valid-on", "at-least-age"], relations=["self", "employee"]),
    grant("G-STAFF", evidence_type="staff-list", fields=["employer"], predicates=["count", "count-at-least"]),
]


class Holder:
    """A key that tokens are bound to, and the proofs made with it (RFC 9449)."""

    _numbers = itertools.count(1)

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self._entropy = SeededEntropy(next(self._numbers) + 9000)
        private = jose.generate_p256(self._entropy)
        self.key = jose.SigningKey.from_private_jwk(private, "ES256")
        self.public = {name: private[name] for name in ("kty", "crv", "x", "y")}
        self.thumbprint = jose.thumbprint(self.public)

    def proof(self, method: str, url: str, token: str, **claims: Any) -> str:
        """A fresh proof for one request."""
        made = jose.proof_claims(method, url, now=self.clock.now(), entropy=self._entropy, access_token=token)
        return jose.prove(made | claims, self.key)


def signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: jose.SigningKey) -> str:
    """A compact JWS with any header at all."""
    parts = [base64url.encode(json.dumps(part).encode()) for part in (header, claims)]
    signature = key.sign(".".join(parts).encode())
    return ".".join([*parts, base64url.encode(signature)])


class Issuer:
    """An identity provider that exists only as the documents it serves."""

    def __init__(self, clock: ManualClock, entropy: SeededEntropy) -> None:
        self.clock = clock
        self.key = self.new_key(entropy)
        self.published = [self.key]
        self.revoked: dict[str, Any] = {"jti": [], "sid": [], "clients": [], "keys": [], "mandates": []}
        self.version = 1
        self.fetched: list[str] = []
        self.down = False
        self._numbers = itertools.count(1)
        self.encryption: jose.EncryptionKey | None = None
        self.sign_ins = PaperSignIns(self)

    def new_key(self, entropy: SeededEntropy) -> jose.SigningKey:
        return jose.SigningKey.from_private_jwk(jose.generate_p256(entropy), "ES256")

    def fetch(self, url: str) -> bytes:
        """What the exchange reads of it."""
        self.fetched.append(url)
        if self.down:
            raise IssuerUnreachable("down")
        path = url.removeprefix(ISSUER)
        if path == "/.well-known/oauth-authorization-server":
            metadata = {
                "issuer": ISSUER,
                "jwks_uri": f"{ISSUER}/jwks",
                "tongban_revocations_endpoint": f"{ISSUER}/revocations",
            } | self.sign_ins.metadata()
            return json.dumps(metadata).encode()
        if path == "/jwks":
            return json.dumps({"keys": [dict(key.verifying().jwk) for key in self.published]}).encode()
        if path == "/revocations":
            return self.feed().encode()
        raise IssuerUnreachable("status-404")

    def feed(self, **claims: Any) -> str:
        now = int(self.clock.now().timestamp())
        said = {"iss": ISSUER, "aud": ORIGIN, "iat": now, "exp": now + 5, "jti": f"feed-{now}", "version": self.version}
        return jose.sign(said | {"revoked": self.revoked} | claims, self.key, typ="revocations+jwt")

    def revoke(self, kind: str, name: str) -> None:
        self.revoked[kind].append(name)
        self.version += 1

    def token(
        self, holder: Holder | None, client: str = "market-website", person: str | None = None, **claims: Any
    ) -> str:
        """An access token; ``person`` adds the encrypted subject and an assurance of level 3."""
        now = int(self.clock.now().timestamp())
        jti = f"at-{next(self._numbers)}"
        said: dict[str, Any] = {
            "iss": ISSUER,
            "aud": ORIGIN,
            "sub": "pairwise-1",
            "client_id": client,
            "iat": now,
            "exp": now + 300,
            "jti": jti,
        }
        if holder is not None:
            said["cnf"] = {"jkt": holder.thumbprint}
        if person is not None:
            said["acr"] = "urn:tongban:loa:3"
            said["urn:tongban:params:subject"] = self.sealed(person, jti, mandate=claims.pop("mandate_reference", None))
        said |= claims
        return jose.sign({name: value for name, value in said.items() if value is not None}, self.key, typ="at+jwt")

    def sealed(
        self,
        person: str,
        jti: str,
        scheme: str = "citizen-number",
        audience: str = ORIGIN,
        mandate: str | None = None,
    ) -> str:
        assert self.encryption is not None
        said = {"scheme": scheme, "value": person, "aud": audience, "jti": jti}
        plain = json.dumps(said if mandate is None else said | {"mandate": mandate}).encode()
        return jose.encrypt(plain.ljust(256), self.encryption)


def detail(case: str, *items: Mapping[str, Any], item: str = ITEM, basis: str = BASIS) -> list[dict[str, Any]]:
    """``authorization_details`` covering these evidence items."""
    evidence = []
    for asked in items:
        names = [question["name"] for question in asked.get("predicates", [])]
        evidence.append({"type": asked["type"], "fields": [*asked.get("fields", [])], "predicates": names})
    return [
        {
            "type": "urn:tongban:params:evidence",
            "locations": [ORIGIN],
            "service_item": item,
            "case": case,
            "legal_basis": basis,
            "evidence": evidence,
        }
    ]


NAME = {"type": "identity-card", "fields": ["name"]}
STAFF = {"type": "staff-list", "fields": ["employer"]}


SIGNERS = {
    "provider-officer": "p",
    "governance-officer": "o",
    "governance-approver": "g",
    "data-protection-officer": "d",
}
"""Who signs in which seat: each another person."""


@dataclass
class World:
    """The exchange with everything around it. Time stands still unless it is advanced."""

    outside: Outside
    issuer: Issuer
    clock: ManualClock
    tmp_path: Path
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rooms = furnish(self.outside)
        self.client = Client(create_app(self.outside, self.rooms))
        self.holder = Holder(self.clock)

    def check_connector(self, manifest: Mapping[str, Any]) -> Sequence[Finding]:
        return connectors.findings(manifest, {**connectors.STANDARD, "memory": MEMORY, "clerk": CLERK})

    def another_node(self, **changes: Any) -> World:
        """A second node over the same database."""
        return World(
            replace(self.outside, metrics=Metrics(), **changes), self.issuer, self.clock, self.tmp_path, self.calls
        )

    # Catalogue and grants ---------------------------------------------------------------------------------------------

    def apply(self, *documents: Mapping[str, Any]) -> None:
        """Apply manifests as the operator would."""
        path = self.tmp_path / "manifests.yaml"
        path.write_text(
            yaml.safe_dump_all([dict(document) for document in documents], allow_unicode=True), encoding="utf-8"
        )
        outside = self.outside
        applying = Applying(outside.database, outside.ledger, outside.clock, outside.entropy, self.check_connector)
        author = Officer("operator", "", frozenset({Role.GOVERNANCE_OFFICER}))
        applying.apply(applying.plan([path], author), author)

    def approve(self, name: str) -> None:
        """The whole panel approves a drafted grant, through the API."""
        self.officer("POST", f"/v1/grants/{name}/submit", {}, sub="author", roles=["governance-officer"])
        seen = self.officer("GET", f"/v1/grants/{name}", sub="author", roles=["governance-officer"]).json
        owner = seen["grant"]["provider"]
        for seat in seen["must_sign"]:
            role = seat["role"]
            own = owner if role == "provider-officer" else MARKET
            answer = self.officer(
                "POST",
                f"/v1/grants/{name}/approve",
                {"digest": seen["digest"]},
                sub=SIGNERS[role],
                roles=[role],
                organisation=own,
            )
            assert answer.status_code == 200, answer.text
        self.rooms.policy.renew()

    def revoke(self, name: str) -> None:
        """The provider ends a grant, through the API: nothing rests on its catalogue entries any more."""
        seen = self.officer("GET", f"/v1/grants/{name}", sub="author", roles=["governance-officer"]).json
        body = {"reason": "ended by the provider"}
        officer = {"sub": "p", "roles": ["provider-officer"], "organisation": seen["grant"]["provider"]}
        answer = self.officer("POST", f"/v1/grants/{name}/revoke", body, **officer)
        assert answer.status_code == 200, answer.text
        self.rooms.policy.renew()

    def officer(
        self, method: str, path: str, body: Any = None, *, sub: str, roles: Sequence[str], organisation: str = MARKET
    ) -> TestResponse:
        """An officer's call."""
        claims = {"sub": sub, "roles": [*roles], "organisation": organisation, "scope": "governance"}
        return self.call(method, path, self.issuer.token(self.holder, "console", **claims), body)

    # Calls ------------------------------------------------------------------------------------------------------------

    def call(
        self, method: str, path: str, token: str, body: Any = None, *, holder: Holder | None = None, **headers: str
    ) -> TestResponse:
        """One call with a fresh proof; ``headers`` by name with underscores."""
        url = ORIGIN + path.partition("?")[0]
        sent = {"Authorization": f"DPoP {token}", "DPoP": (holder or self.holder).proof(method, url, token)}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/json" if data is not None else None
        return self.client.open(path, method=method, headers=sent, data=data, content_type=kind)

    def open_case(self, *subjects: tuple[str, str], client: str = "market-website", item: str = ITEM) -> str:
        """A case with these people (number, role)."""
        listed = [{"scheme": "citizen-number", "value": value, "role": role} for value, role in subjects]
        body = {"service_item": item, "reference": "2026-1", "subjects": listed}
        answer = self.call("POST", "/v1/cases", self.issuer.token(self.holder, client, scope="cases"), body)
        assert answer.status_code == 201, answer.text
        return str(answer.json["case"])

    def ask(
        self, case: str, *items: Mapping[str, Any], token: str | None = None, person: str | None = OWNER, **more: Any
    ) -> TestResponse:
        """Ask for evidence as the market website would, by default for the owner who is present."""
        token = token or self.issuer.token(self.holder, person=person, authorization_details=detail(case, *items))
        return self.call("POST", "/v1/evidence-requests", token, request(case, *items), **more)

    # What was written -------------------------------------------------------------------------------------------------

    def entries(self) -> list[dict[str, Any]]:
        """Every entry of the log."""
        ledger = self.outside.ledger
        return [json.loads(leaf) for leaf in ledger.entries(0, ledger.size())]

    def events(self, *names: str) -> list[dict[str, Any]]:
        """The entries of these kinds."""
        return [entry for entry in self.entries() if entry["event"] in names]


def request(case: str, *items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The body of an evidence request."""
    return {"service_item": ITEM, "case": case, "legal_basis": BASIS, "evidence": [dict(item) for item in items]} | more


CLERK = replace(MEMORY, answers_later=True)
"""Records that somebody at the provider looks up: nobody is asked while the caller waits."""


class Watched:
    """A memory connector that notes who was asked for, and does what a test tells it to before it answers."""

    kind = "memory"
    keeps_deadline = True
    lists = True

    def __init__(self, inner: Any, calls: list[str], before: list[Callable[[Query], None]]) -> None:
        self._inner, self._calls, self._before = inner, calls, before

    def fetch(self, query: Query) -> tuple[Record, ...]:
        self._calls.append(query.subject.value)
        for step in self._before:
            step(query)
        records: tuple[Record, ...] = self._inner.fetch(query)
        return records

    def subjects(self, after: str, limit: int, deadline: float) -> tuple[str, ...]:
        listed: tuple[str, ...] = self._inner.subjects(after, limit, deadline)
        return listed

    def close(self) -> None:
        self._inner.close()


def watched(calls: list[str], before: list[Callable[[Query], None]]) -> Adapter:
    """The memory adapter, watched."""

    def open_(settings: Any, opening: Opening) -> Watched:
        return Watched(MEMORY.open(settings, opening), calls, before)

    return replace(MEMORY, open=open_)


BEFORE_FETCH: list[Callable[[Query], None]] = []
"""What the sources of the world under test do before they answer; emptied for every test."""


def make_world(database_url: str, folder: Path, *, seed: int, clock: ManualClock | None = None) -> World:
    """An exchange over a migrated database, with its keys in ``folder/keys``; catalogue and grants are whatever is
    there.
    """
    clock, entropy = clock or ManualClock(NOW), SeededEntropy(seed)
    keys = KeyRing.load(folder / "keys", clock=clock, entropy=entropy)
    settings = ExchangeSettings(
        origin=ORIGIN,
        issuer=ISSUER,
        database_url=database_url,
        key_dir=folder / "keys",
        trusted_proxies=("127.0.0.1/32",),
        console_key=console_key(folder),
    )
    database = Database.open(database_url)
    ledger = open_ledger(settings, database, keys, clock=clock, entropy=entropy, serving=False)
    issuer = Issuer(clock, SeededEntropy(11))
    issuer.encryption = keys.decryption()[0].encryption()
    calls: list[str] = []
    adapters = {**connectors.STANDARD, "memory": watched(calls, BEFORE_FETCH), "clerk": CLERK}

    def build(document: Mapping[str, Any]) -> Source:
        return connectors.build(document, secrets={}.__getitem__, roots=(), clock=clock, adapters=adapters)

    outside = Outside(
        settings=settings,
        database=database,
        keys=keys,
        ledger=ledger,
        clock=clock,
        entropy=entropy,
        fetch=issuer.fetch,
        build_source=build,
        metrics=Metrics(),
        post=issuer.sign_ins.post,
        send=guarded_send(OutboundClient(), private=False, loopback=True),
        send_mail=None,
    )
    return World(outside, issuer, clock, folder, calls)


def prepared(database_url: str, folder: Path) -> None:
    """Keys, tables, catalogue, and grants approved by a panel: what every test starts from."""
    migrations.upgrade(database_url, PACKAGE)
    KeyRing.create(folder / "keys", clock=ManualClock(NOW), entropy=SeededEntropy(3))
    with lived(make_world(database_url, folder, seed=5)) as world:
        world.apply(*CATALOGUE, *GRANTS)
        world.rooms.policy.renew()
        for document in GRANTS:
            world.approve(document["metadata"]["name"])


@contextmanager
def lived(world: World) -> Iterator[World]:
    """The world, closed at the end."""
    BEFORE_FETCH.clear()
    try:
        yield world
    finally:
        BEFORE_FETCH.clear()
        world.rooms.close()
        world.outside.ledger.close()
        world.outside.database.close()


_SEEDS = itertools.count(1000)
"""Every world has randomness of its own: what the prepared one used up is not met again."""


Prepared = tuple[str, Path]
"""The URL of a database to be copied, to which nobody is connected, and the folder of its keys and of its file, if any.
"""


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A prepared SQLite database."""
    folder = tmp_path_factory.mktemp("exchange-sqlite")
    url = f"sqlite:///{folder / 'exchange.sqlite3'}"
    prepared(url, folder)
    return url, folder


@pytest.fixture(scope="session")
def prepared_postgresql(
    make_postgresql_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Prepared:
    """A prepared PostgreSQL database."""
    url, folder = make_postgresql_database(), tmp_path_factory.mktemp("exchange-postgresql")
    prepared(url, folder)
    return url, folder


def copy_of(template: Prepared, request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of a copy that lives as long as whoever requests it; keys, and a file, are put into ``folder``."""
    url, prepared_folder = template
    shutil.copytree(prepared_folder, folder, dirs_exist_ok=True)
    if url.startswith("sqlite:"):
        return f"sqlite:///{folder / 'exchange.sqlite3'}"
    origin, server = urlsplit(url).path.removeprefix("/"), request.getfixturevalue("postgresql_server")
    name = f"{origin}_{next(_SEEDS)}"
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {origin} {AS_FILES}")
    copy = urlsplit(url)._replace(path=f"/{name}").geturl()
    request.addfinalizer(lambda: drop_postgresql_database(copy, server))
    return copy


def copied(request: pytest.FixtureRequest, folder: Path, engine: str = ENGINE) -> str:
    """A copy of the prepared database, on the engine of this run where none is named; its URL."""
    return copy_of(request.getfixturevalue(f"prepared_{engine}"), request, folder)


@pytest.fixture
def small_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The world on the engine of this run, for what does not depend on the database."""
    with lived(make_world(copied(request, tmp_path), tmp_path, seed=next(_SEEDS))) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The world on both databases."""
    with lived(make_world(copied(request, tmp_path, request.param), tmp_path, seed=next(_SEEDS))) as made:
        yield made
