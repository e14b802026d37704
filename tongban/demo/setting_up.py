"""Putting the demonstration together in a folder: an installation, registered clients and people, the sample world."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template
from typing import Any

import yaml

from exchange.administration import open_administration
from idp.administration import Administration
from idp.model.contact import Contact, ContactKind
from idp.model.person import NewPerson, PersonKind
from kernel.entropy import Entropy, SystemEntropy, token
from kernel.identifiers.subject import SubjectRef
from kernel.private_files import write_secret
from kernel.settings import Settings
from kernel.text import Text
from tongban import installation
from tongban.demo import neighbour, world
from tongban.demo.keys import key_pair
from tongban.demo.neighbour import Neighbour
from tongban.demo.people import ESTATE, EVERY, FUND, HEALTH, HUMAN_RESOURCES, MARKET, POLICE, Account, accounts
from tongban.demo.processes import Program, python

OFFICERS_BY_CODE = {"staff_passkey": '"offered"'}
"""The stories' officers are programs: they sign in with a one-time code. A real installation asks for a passkey."""
MANIFESTS = Path(__file__).parent / "manifests"
GRANTS = "grants-"
"""Before the name of a story whose grants no other story uses."""
ACROSS = MANIFESTS / "cross-province"
"""What our catalogue says where there is another province to ask."""
URBAN = "11500199DEM000153N"
EDUCATION = "11500000DEM000137E"


@dataclass(frozen=True)
class Department:
    """A sample department: its module, and how far its port is from the base."""

    name: str
    offset: int


@dataclass(frozen=True)
class Website:
    """A department's website: its organisation, what it offers, and on which ground it asks."""

    name: str
    offset: int
    organisation: str
    service_item: str
    legal_basis: str
    title: Mapping[str, str]

    @property
    def client_id(self) -> str:
        """As its ``System`` manifest names it."""
        return f"{self.name}-website"


REGISTERS = (
    Department("population", 10),
    Department("civil", 11),
    Department("property", 12),
    Department("health", 13),
    Department("employment", 14),
    Department("tax", 15),
)
WEBSITES = (
    Website(
        "market", 20, MARKET, f"{MARKET}3500131001000", "demo-catering-rules",
        {"zh": "市场监管办事网站", "en": "Market regulation website"},
    ),
    Website(
        "urban", 21, URBAN, f"{URBAN}3500132001000", "demo-signboard-rules",
        {"zh": "城市管理办事网站", "en": "Urban management website"},
    ),
    Website(
        "newborn", 22, HEALTH, f"{HEALTH}3500133001000", "demo-newborn-rules",
        {"zh": "新生儿办事网站", "en": "Newborn website"},
    ),
    Website(
        "school", 23, EDUCATION, f"{EDUCATION}3500134001000", "demo-school-rules",
        {"zh": "入学报名网站", "en": "School entry website"},
    ),
    Website(
        "estate", 24, ESTATE, f"{ESTATE}3500135001000", "demo-estate-rules",
        {"zh": "不动产登记网站", "en": "Property registration website"},
    ),
    Website(
        "retirement", 25, HUMAN_RESOURCES, f"{HUMAN_RESOURCES}3500136001000", "demo-retirement-rules",
        {"zh": "退休办事网站", "en": "Retirement website"},
    ),
    Website(
        "afterdeath", 26, POLICE, f"{POLICE}3500137001000", "demo-after-death-rules",
        {"zh": "身后事办事网站", "en": "After a death website"},
    ),
    Website(
        "fund", 27, FUND, f"{FUND}3500138001000", "demo-fund-rules",
        {"zh": "公积金办事网站", "en": "Provident fund website"},
    ),
)  # fmt: skip


TWO_PROVINCES = "cross-province"
"""The story that needs another province; without it none is set up."""
STOPPED = ("property",)
"""Registers that a story puts out of service."""


@dataclass(frozen=True)
class Scene:
    """Everything the demonstration runs on, before anything is started.

    ``origins`` says under which address each department is reached.
    """

    folder: Path
    port_base: int
    settings: Settings
    people: tuple[Account, ...]
    manifests: Path
    origins: Mapping[str, str]
    neighbour: Neighbour | None = None
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Each website's public key, once its private one was handed over."""

    def site(self, name: str) -> str:
        """The address of a website."""
        return self.origins[name]

    def departments(self) -> list[Program]:
        """The sample departments' processes; the one that a story stops is started alone, the others together."""
        alone = [one for one in REGISTERS if one.name in STOPPED]
        together = [one for one in (*REGISTERS, *WEBSITES) if one not in alone]
        ports = [self.port_base + one.offset for one in together]
        words = [f"{one.name}={port}" for one, port in zip(together, ports, strict=True)]
        where = ("--folder", str(self.folder / "departments"), "--world", str(self.folder / "world.json"))
        command = python("tongban.demo.departments.together", *where, *words)
        joint = Program("departments", command, ports[0], also=ports[1:])
        return [*(self._department(one.name, one.offset) for one in alone), joint]

    def services(self) -> list[Program]:
        """The identity provider and the exchange."""
        config = str(self.folder / "tongban.toml")
        return [
            Program(name, python("tongban", "serve", name, "--config", config), self.port_base + index, "/readyz")
            for index, name in enumerate(installation.SERVICES)
        ]

    def _department(self, name: str, offset: int) -> Program:
        port = self.port_base + offset
        words = ("--port", str(port), "--folder", str(self.folder / "departments" / name))
        command = python(f"tongban.demo.departments.{name}", *words, "--world", str(self.folder / "world.json"))
        return Program(name, command, port)


def set_up(folder: Path, port_base: int, database: str | None, story: str) -> Scene:
    """Make everything that a story, or ``all``, needs in an empty folder.

    Nobody is registered yet: departments can start meanwhile (``register``).
    """
    entropy, across = SystemEntropy(), story in (EVERY, TWO_PROVINCES)
    departments = folder.resolve() / "departments"
    roots = {"connector_roots": json.dumps([str(departments / "health")])}
    addresses = installation.loopback(port_base)
    settings = installation.create(folder, addresses, database=database, extra=roots, idp=OFFICERS_BY_CODE)
    (departments / "health").mkdir(parents=True)
    made = world.build()
    (folder / "world.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    people = tuple(accounts(made["people"], entropy, story))
    origins = loopback_origins(port_base)
    share_keys(folder, origins, settings, entropy)
    beside = neighbour.set_up(folder / "neighbour", port_base, made["homes_elsewhere"], entropy) if across else None
    if beside:
        write_secret(folder / "secrets" / "neighbour-key", json.dumps(beside.private).encode())
    manifests = write_manifests(folder, origins, settings, beside, story)
    scene = Scene(folder, port_base, settings, people, manifests, origins, beside)
    return replace(scene, keys=hand_over(scene, entropy))


def ports(port_base: int, story: str) -> list[int]:
    """Every port that somebody is going to listen on."""
    services = range(port_base, port_base + len(installation.SERVICES))
    across = [port + neighbour.OFFSET for port in services] if story in (EVERY, TWO_PROVINCES) else []
    return [*services, *(port_base + one.offset for one in (*REGISTERS, *WEBSITES)), *across]


def loopback_origins(port_base: int) -> dict[str, str]:
    """Where each department is reached when everything runs on this machine."""
    return {one.name: f"http://127.0.0.1:{port_base + one.offset}" for one in (*REGISTERS, *WEBSITES)}


def share_keys(folder: Path, origins: Mapping[str, str], settings: Settings, entropy: Entropy) -> None:
    """What departments and the exchange's operator handed each other so that one believes the other."""
    departments, operator = folder / "departments", folder / "secrets"
    reading, writing = token(entropy), token(entropy)
    register = {"origin": origins["property"], "key": writing}
    private, public = key_pair(entropy)
    partners = {name: {"origin": origins[name], "key": token(entropy)} for name in ("population", "employment")}
    tax = {"issuer": origins["tax"], "audience": settings.exchange.origin, "key": private}
    for path, text in (
        (operator / "property-register-key", reading),
        (departments / "property" / "api-key", reading),
        (departments / "property" / "registrar-key", writing),
        (departments / "estate" / "register.json", json.dumps(register)),
        *((departments / name / "partner-key", given["key"]) for name, given in partners.items()),
        (departments / "newborn" / "partners.json", json.dumps(partners)),
        (departments / "tax" / "signing.json", json.dumps(tax)),
        (operator / "tax-jwks", json.dumps({"keys": [public]})),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_secret(path, text.encode())


def write_manifests(
    folder: Path, origins: Mapping[str, str], settings: Settings, beside: Neighbour | None = None, story: str = EVERY
) -> Path:
    """The manifests with this installation's addresses and folders, without the grants of stories that are not told."""
    target = folder / "manifests"
    target.mkdir(exist_ok=True)
    values = {
        "issuer": settings.idp.issuer,
        "departments": str((folder / "departments").resolve()),
        "property": origins["property"],
        "employment": origins["employment"],
        "tax": origins["tax"],
        "exchange": settings.exchange.origin,
        **(beside.values if beside else {}),
    }
    for source in sorted([*MANIFESTS.glob("*.yaml"), *(ACROSS.glob("*.yaml") if beside else ())]):
        if story != EVERY and source.stem.startswith(GRANTS) and source.stem != GRANTS + story:
            continue
        (target / source.name).write_text(
            Template(source.read_text(encoding="utf-8")).substitute(values), encoding="utf-8"
        )
    return target


def website_metadata(site: Website, origin: str, public_jwk: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7591 client metadata of a website."""
    return {
        "client_id": site.client_id,
        "client_name": site.title["en"],
        "client_name#zh-CN": site.title["zh"],
        "redirect_uris": [f"{origin}/callback", f"{origin}/evidence/callback"],
        "post_logout_redirect_uris": [f"{origin}/"],
        "backchannel_logout_uri": f"{origin}/backchannel-logout",
        "backchannel_logout_session_required": True,
        "grant_types": ["authorization_code", "client_credentials"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [dict(public_jwk)]},
        "scope": "openid profile cases",
        "tongban_organisation": site.organisation,
        "tongban_service_items": [site.service_item],
    }


def site_file(site: Website, origin: str, settings: Settings, private_jwk: Mapping[str, Any]) -> dict[str, Any]:
    """What a department is given after registration: it goes into the website's own folder."""
    return {
        "origin": origin,
        "issuer": settings.idp.issuer,
        "exchange": settings.exchange.origin,
        "client_id": site.client_id,
        "private_key": dict(private_jwk),
        "service_item": site.service_item,
        "legal_basis": site.legal_basis,
    }


def register(scene: Scene) -> None:
    """Departments, clients and people at the identity provider; the catalogue at the exchange."""
    with Administration.open(scene.settings.idp) as idp:
        for code, name in organisations(scene.manifests).items():
            idp.clients.add_organisation(code, name)
        for site in WEBSITES:
            idp.clients.add(website_metadata(site, scene.site(site.name), scene.keys[site.name]))
        for account in scene.people:
            idp.people.add(new_person(account))
    with open_administration(scene.settings.exchange) as exchange:
        exchange.apply([scene.manifests])


def organisations(manifests: Path) -> dict[str, Text]:
    """The departments of the catalogue, by code."""
    text = (manifests / "organisations.yaml").read_text(encoding="utf-8")
    return {entry["metadata"]["name"]: Text(**entry["spec"]["name"]) for entry in yaml.safe_load_all(text)}


def hand_over(scene: Scene, entropy: Entropy) -> dict[str, Mapping[str, Any]]:
    """Put what a department is given at registration into its website's own folder; the public keys to register."""
    keys: dict[str, Mapping[str, Any]] = {}
    for site in WEBSITES:
        private, keys[site.name] = key_pair(entropy)
        folder = scene.folder / "departments" / site.name
        folder.mkdir(parents=True, exist_ok=True)
        given = site_file(site, scene.site(site.name), scene.settings, private)
        write_secret(folder / "site.json", json.dumps(given).encode())
    return keys


def new_person(account: Account) -> NewPerson:
    """An account as the identity provider takes it. Everyone was proofed at the window (level 3)."""
    return NewPerson(
        username=account.credentials.username,
        name=account.name,
        password=account.credentials.password,
        kind=PersonKind.STAFF if account.organisation else PersonKind.NATURAL,
        assurance=3,
        subject=SubjectRef("citizen-number", account.number),
        totp_secret=account.credentials.totp_secret,
        organisation=account.organisation,
        roles=account.roles,
        contacts=(Contact(ContactKind.PHONE, f"1380000{account.number[-5:-1]}"),),
    )
