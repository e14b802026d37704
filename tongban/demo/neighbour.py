"""The neighbour: another province, whose identity provider and exchange are met on the wire alone.

Its officers gave ours a system and a grant before the stories begin; its register is a database of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template
from typing import Any

from exchange.administration import Administration as ExchangeAdministration
from exchange.administration import open_administration
from exchange.governance.transitions import Transitions
from exchange.proceedings import nothing_to_spend
from idp.administration import Administration
from kernel.entropy import Entropy
from kernel.settings import Settings
from kernel.text import Text
from policies.grants.commands import ApproveGrant, SubmitGrant
from policies.roles import Officer, Role
from tongban import installation
from tongban.demo.keys import key_pair
from tongban.demo.people import DATA_BUREAU
from tongban.demo.processes import Program, python

OFFSET = 30
"""How far its ports are from the first one of the demonstration."""
REGISTRY = "11500199DEM000209R"
"""The neighbour's property registry, in the division that does not exist."""
CLIENT = "tongban-across-provinces"
MANIFESTS = Path(__file__).parent / "manifests" / "neighbour"
TABLE = "CREATE TABLE dengji (zjh TEXT PRIMARY KEY, zh TEXT NOT NULL, zl TEXT NOT NULL)"
AUTHOR = Officer("author", "", frozenset({Role.GOVERNANCE_OFFICER}))
SIGNERS = (
    Officer("owner", REGISTRY, frozenset({Role.PROVIDER_OFFICER})),
    Officer("approver", "", frozenset({Role.GOVERNANCE_APPROVER})),
)


@dataclass(frozen=True)
class Neighbour:
    """The other province as ours knows it.

    Attributes:
        issuer, exchange: the addresses of its two services.
        log_key: the verifier key of its log.
        private: the key of the system that it knows us as.
        services: its identity provider and its exchange, where they run beside ours.
    """

    issuer: str
    exchange: str
    log_key: str
    private: Mapping[str, Any] = field(repr=False)
    services: tuple[Program, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """What our manifests say about it."""
        return {
            "neighbour": self.exchange,
            "neighbour_issuer": self.issuer,
            "neighbour_log_key": self.log_key,
        }


def set_up(folder: Path, port_base: int, homes: Mapping[str, str], entropy: Entropy) -> Neighbour:
    """Make the neighbour's whole installation; ``homes`` are the addresses in its register by citizen number."""
    settings = installation.create(folder, installation.loopback(port_base + OFFSET))
    return replace(furnish(folder, settings, homes, entropy), services=programs(folder, settings))


def furnish(folder: Path, settings: Settings, homes: Mapping[str, str], entropy: Entropy) -> Neighbour:
    """Fill an installation that was just made; its register and its manifests go into ``folder``."""
    private, public = key_pair(entropy)
    register = folder / "register.sqlite3"
    with closing(sqlite3.connect(register)) as database, database:
        database.execute(TABLE)
        rows = [(number, f"LJ-{index:06d}", address) for index, (number, address) in enumerate(homes.items(), start=1)]
        database.executemany("INSERT INTO dengji VALUES (?,?,?)", rows)
    with Administration.open(settings.idp) as idp:
        idp.clients.add_organisation(DATA_BUREAU, Text("市大数据局（演示）", "Data Governance Bureau (demo)"))
        idp.clients.add(metadata(public))
    with open_administration(settings.exchange) as exchange:
        exchange.apply([manifests(folder, register, settings)])
        approve(exchange)
        log_key = exchange.outside.ledger.vkey
    return Neighbour(settings.idp.issuer, settings.exchange.origin, log_key, private)


def programs(folder: Path, settings: Settings) -> tuple[Program, ...]:
    """Its two services, each a process; the identity provider first, whose keys the other reads."""
    config = {"TONGBAN_CONFIG": str(folder / "tongban.toml")}
    listening = {"idp": settings.idp.listen, "exchange": settings.exchange.listen}
    return tuple(
        Program(f"neighbour-{name}", python("tongban.running", name), int(at.rpartition(":")[2]), "/readyz", config)
        for name, at in listening.items()
    )


def metadata(public_jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Our exchange as the neighbour's identity provider knows it."""
    return {
        "client_id": CLIENT,
        "client_name": "The exchange of the other province",
        "client_name#zh-CN": "外省交换平台",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [dict(public_jwk)]},
        "scope": "cases",
        "tongban_organisation": DATA_BUREAU,
        "tongban_service_items": [f"{DATA_BUREAU}3500139001000"],
    }


def manifests(folder: Path, register: Path, settings: Settings) -> Path:
    """The neighbour's catalogue and its grant to us."""
    target = folder / "manifests"
    target.mkdir()
    values = {"issuer": settings.idp.issuer, "register": str(register.resolve())}
    for source in sorted(MANIFESTS.glob("*.yaml")):
        text = Template(source.read_text(encoding="utf-8")).substitute(values)
        (target / source.name).write_text(text, encoding="utf-8")
    return target


def approve(exchange: ExchangeAdministration) -> None:
    """Its officers' commands: submitted, signed by provider and governance, in force."""
    outside = exchange.outside
    transitions = Transitions(outside.database, outside.ledger, outside.clock)
    for drafted in exchange.grants():
        grant: Any = drafted["grant"]
        submitted = transitions.carry_out(SubmitGrant(), grant["id"], None, AUTHOR, nothing_to_spend)
        for officer in SIGNERS:
            transitions.carry_out(ApproveGrant(submitted.digest), grant["id"], None, officer, nothing_to_spend)
