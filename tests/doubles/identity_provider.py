"""An identity provider for tests: real databases, keys and ledger; a clock that stands still; an exchange on paper."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from idp.administration import Administration
from idp.app import create_app
from idp.authentication.accounts import Accounts
from idp.authentication.own_account import OwnChanges
from idp.authentication.own_authenticators import OwnAuthenticators
from idp.authentication.passkeys import Passkeys
from idp.authentication.passwords import Passwords
from idp.authentication.recovery_codes import RecoveryCodes
from idp.authentication.webauthn_ceremonies import Ceremonies
from idp.ciba.pings import Pings
from idp.composition.ciba import backchannel_clerk, pings
from idp.composition.proofing import recovery_clerk
from idp.composition.signing_out import delivery, expiry
from idp.logout.delivery import LogoutDelivery
from idp.model.contact import Contact, ContactKind
from idp.model.person import NewPerson, Person, PersonKind
from idp.notices import Channels, Courier, Notices
from idp.opening import derived, open_ledger, tls_offer, vault
from idp.store import people
from idp.sweeper import Sweeper
from kernel import jose, migrations
from kernel.canonical import JSON
from kernel.clock import ManualClock
from kernel.database import Database
from kernel.entropy import SystemEntropy
from kernel.identifiers import checksums
from kernel.identifiers.subject import SubjectRef
from kernel.keys import KeyRing
from kernel.ledger.log import Ledger
from kernel.settings import IdpSettings
from kernel.text import Text
from kernel.web.fastpath import WsgiApp
from tests.doubles.business_register import PaperBusinesses
from tests.doubles.civil_register import PaperRegister
from tests.doubles.departments import PaperDepartments
from tests.doubles.mailbox import Mailbox

ISSUER = "http://127.0.0.1:8400"
NAMED = "http://localhost:8400"
"""The same at a name: browsers know passkeys for names alone."""
EXCHANGE = "http://127.0.0.1:8401"
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def credit_code(number: int) -> str:
    """A synthetic department's code with right check characters."""
    body = f"DEM{number:05}"
    head = f"11500000{body}{checksums.organisation_code(body)}"
    return head + checksums.credit_code(head)


def citizen(sequence: int) -> SubjectRef:
    """A synthetic citizen of division 500199."""
    body = f"50019919900307{sequence:03}"
    return SubjectRef("citizen-number", body + checksums.citizen_number(body))


MARKET, URBAN = credit_code(57), credit_code(153)
SERVICE_ITEM, OTHER_ITEM = f"{MARKET}3500131001000", f"{URBAN}3500132001000"
CASE = "case_01JD5Z3V9Q4M6W7X8Y9Z0A1B2C"
WANG, LI, OFFICER = citizen(1), citizen(2), citizen(3)
PASSWORD = "correct horse battery"
PHONE = Contact(ContactKind.PHONE, "13800000000")
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class PaperExchange:
    """What the exchange publishes, without an exchange. ``private`` decrypts the subject claim."""

    private: dict[str, JSON] = field(default_factory=lambda: jose.generate_p256(SystemEntropy()))
    reachable: bool = True
    asked: list[str] = field(default_factory=list)

    @property
    def decryption(self) -> jose.DecryptionKey:
        return jose.DecryptionKey.from_private_jwk({**self.private, "alg": "ECDH-ES", "use": "enc"})

    def fetch(self, url: str) -> JSON:
        self.asked.append(url)
        if not self.reachable:
            raise OSError("nobody answers")
        return self.documents().get(url.removeprefix(EXCHANGE))

    def documents(self) -> dict[str, Any]:
        catalogue = f"{EXCHANGE}/v1/catalogue"
        return {
            "/.well-known/oauth-protected-resource": {
                "resource": EXCHANGE,
                "authorization_servers": [ISSUER],
                "jwks_uri": f"{EXCHANGE}/jwks",
                "tongban_catalogue": catalogue,
            },
            "/jwks": {"keys": [dict(self.decryption.encryption().jwk)]},
            f"/v1/catalogue/service-items/{SERVICE_ITEM}": {
                "code": SERVICE_ITEM,
                "name": words("开办餐馆", "Open a restaurant"),
                "legal_bases": [
                    {"code": "rules-3", "kind": "statutory", "citation": words("办法第三条", "Rules, article 3")},
                    {"code": "agreed", "kind": "consent", "citation": words("本人同意", "The person's consent")},
                ],
            },
            "/v1/catalogue/evidence-types/household-register": {
                "code": "household-register",
                "name": words("户口簿", "Household register"),
                "provider": {"code": URBAN, "name": words("公安局", "Public security")},
                "fields": [
                    {"name": "name", "label": words("姓名", "Name"), "sensitivity": "normal"},
                    {"name": "address", "label": words("住址", "Address"), "sensitivity": "normal"},
                ],
            },
        }


def words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


@dataclass
class Provider:
    """A running provider and everything a test may want to look at or turn."""

    app: WsgiApp
    settings: IdpSettings
    database: Database
    keys: KeyRing
    ledger: Ledger
    clock: ManualClock
    exchange: PaperExchange
    administration: Administration
    passwords: Passwords
    notices: Notices
    departments: PaperDepartments
    mailbox: Mailbox = field(default_factory=Mailbox)
    population: PaperRegister = field(default_factory=PaperRegister)
    businesses: PaperBusinesses = field(default_factory=PaperBusinesses)

    @property
    def outgoing(self) -> list[str]:
        """Every address that was asked for something or sent something, whichever way there is."""
        departments = self.departments
        sent = [url for url, *_ in (*departments.told, *departments.pinged)]
        return [*self.exchange.asked, *departments.fetched, *sent]

    @property
    def recovery_codes(self) -> RecoveryCodes:
        """As the provider keeps them."""
        key = derived(self.keys, "recovery code")
        return RecoveryCodes(self.database, self.notices, self.clock, SystemEntropy(), key)

    def own_authenticators(self, *, staff_need_passkeys: bool = False) -> OwnAuthenticators:
        """The desk behind the account pages, without its pages."""
        sealing, entropy = vault(self.keys), SystemEntropy()
        changes = OwnChanges(self.database, self.ledger, self.notices, self.clock, entropy, staff_need_passkeys)
        ceremonies = Ceremonies(self.settings.issuer)
        accounts = Accounts(self.database, sealing)
        passkeys = Passkeys(self.database, self.ledger, accounts, self.notices, ceremonies, self.clock, entropy)
        return OwnAuthenticators(self.database, changes, passkeys, self.recovery_codes, sealing, self.clock, entropy)

    def person(self, username: str) -> Person:
        """An account."""
        with self.database.read() as connection:
            found = people.by_username(connection, username)
        assert found is not None
        return found[0]

    def deliver(self) -> None:
        """Let the clerks look at what was asked, and the courier hand over what is due."""
        recovery_clerk(self.settings, self.database, self.keys, self.ledger, self.clock, SystemEntropy()).round()
        self.take_up()
        Courier(self.database, vault(self.keys), self.mailbox, self.clock).round()

    def take_up(self) -> int:
        """Let a clerk look whom requests by the back channel mean."""
        tools = (self.settings, self.database, self.keys, self.ledger, self.clock, SystemEntropy())
        return backchannel_clerk(*tools).round()

    def delivery(self) -> LogoutDelivery:
        """Another node's delivery of logout notices."""
        return delivery(
            self.settings, self.database, self.keys, self.ledger, self.clock, SystemEntropy(), self.departments
        )

    def sweeper(self) -> Sweeper:
        """Another node's sweeper."""
        return Sweeper(
            self.database, expiry(self.settings, self.database, self.keys, self.ledger, self.clock), self.clock
        )

    def pings(self) -> Pings:
        """Another node's herald of answers."""
        return pings(self.database, self.keys, self.ledger, self.clock, self.departments)

    def register(self, **metadata: Any) -> dict[str, Any]:
        """Register a client of the market regulation department and let the nodes notice."""
        registered = self.administration.clients.add(
            {
                "client_name": "Market website",
                "client_name#zh-CN": "市场监管网站",
                "tongban_organisation": MARKET,
                **metadata,
            }
        )
        self.settle()
        return registered

    def settle(self) -> None:
        """Let what nodes keep in memory catch up."""
        self.clock.advance(0.3)

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The ledger's entries, oldest first."""
        entries = [dict(_leaf(leaf)) for leaf in self.ledger.entries(0, self.ledger.size())]
        return [entry for entry in entries if name in (None, entry["event"])]

    def another_node(self) -> WsgiApp:
        """A second process on the same database, as far as memory is concerned."""
        return create_app(
            self.settings,
            database=self.database,
            keys=self.keys,
            ledger=self.ledger,
            clock=self.clock,
            entropy=SystemEntropy(),
            passwords=self.passwords,
            fetch=self.exchange.fetch,
            reach=self.departments,
            verifier=self.population,
            business=self.businesses,
        )


def _leaf(leaf: bytes) -> dict[str, Any]:
    from kernel.canonical import decode

    value = decode(leaf)
    assert isinstance(value, dict)
    return value


PEOPLE = (
    NewPerson("wang", "王小明", PASSWORD, assurance=3, subject=WANG, totp_secret=TOTP_SECRET, contacts=(PHONE,)),
    NewPerson("li", "李丽", PASSWORD, assurance=2, subject=LI),
    NewPerson("nobody", "无号", PASSWORD, assurance=1),
    NewPerson(
        "officer", "赵主任", PASSWORD, kind=PersonKind.STAFF, assurance=3, subject=OFFICER, totp_secret=TOTP_SECRET,
        organisation=MARKET, roles=("provider-officer",),
    ),
)  # fmt: skip


@cache
def _keys() -> Path:
    """A folder with a key ring made once for a worker, to be copied: each of its files is flushed to the disk twice."""
    folder = Path(tempfile.mkdtemp(prefix="tongban-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    KeyRing.create(folder / "keys", clock=ManualClock(START), entropy=SystemEntropy())
    return folder


@contextmanager
def provider_at(
    url: str, folder: Path, *, migrated: bool = False, populated: bool = False, **changes: Any
) -> Iterator[Provider]:
    """A provider with two departments and a few people, on a fresh database.

    ``migrated`` says it has its tables, ``populated`` that it has the departments and people, too.
    """
    if not migrated:
        migrations.upgrade(url, "idp.store")
    clock, entropy = ManualClock(START), SystemEntropy()
    shutil.copytree(_keys() / "keys", folder / "keys")
    keys = KeyRing.load(folder / "keys", clock=clock, entropy=entropy)
    settings = IdpSettings(
        **{"issuer": ISSUER, "database_url": url, "exchange_resource": EXCHANGE, "staff_passkey": "offered", **changes}
    )
    database = Database.open(url)
    ledger = open_ledger(settings, database, keys, clock, entropy, serving=False)
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    desk = Administration(
        database=database, keys=keys, ledger=ledger, clock=clock, entropy=entropy, tls=tls_offer(settings),
        passwords=passwords,
    )  # fmt: skip
    outbox = Notices(vault(keys), Channels(vault(keys), clock, entropy), clock, entropy)
    exchange, departments, population = PaperExchange(), PaperDepartments(), PaperRegister()
    businesses = PaperBusinesses()
    app = create_app(
        settings, database=database, keys=keys, ledger=ledger, clock=clock, entropy=entropy, passwords=passwords,
        fetch=exchange.fetch, reach=departments, verifier=population, business=businesses,
    )  # fmt: skip
    try:
        if not populated:
            populate(desk)
        clock.advance(1)
        yield Provider(
            app, settings, database, keys, ledger, clock, exchange, desk, passwords, outbox, departments,
            population=population, businesses=businesses,
        )  # fmt: skip
    finally:
        desk.close()


def populate(desk: Administration) -> None:
    """Two departments and a few people."""
    desk.clients.add_organisation(MARKET, Text("市场监督管理局", "Market regulation"))
    desk.clients.add_organisation(URBAN, Text("城市管理局", "Urban management"))
    for person in PEOPLE:
        desk.people.add(person)


Make = Callable[..., Provider]
