"""The provider as a web application, and as a service with everything it opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint

from idp.authentication.passwords import Passwords
from idp.clients.reach import GuardedReach, Reach
from idp.composition import Composition, Tools
from idp.composition.ciba import backchannel_clerk, pings
from idp.composition.notices import courier
from idp.composition.proofing import recovery_clerk
from idp.composition.signing_out import delivery, expiry
from idp.herald import Herald
from idp.opening import derived, open_keys, open_ledger
from idp.pages.refusal import translate
from idp.proofing.business_register import BusinessRegister, EntityVerifier
from idp.proofing.civil_register import CivilRegister
from idp.proofing.verifier import Verifier
from idp.resource.metadata import Fetch
from idp.sweeper import Sweeper
from kernel import migrations
from kernel.background import Ticker
from kernel.canonical import JSON, decode
from kernel.clock import Clock, SystemClock
from kernel.database import Database, DatabaseUnavailable
from kernel.entropy import Entropy, SystemEntropy
from kernel.keys import ROTATE_EVERY, Custody, KeyRing
from kernel.ledger.log import Ledger
from kernel.metrics import Metrics
from kernel.outbound import AddressPolicy, OutboundClient, OutboundFailed
from kernel.settings import IdpSettings
from kernel.text import Text
from kernel.web.app import create_app as create_web_app
from kernel.web.fastpath import WsgiApp
from kernel.web.health import Health
from kernel.web.openapi import BEARER, DPOP, MUTUAL_TLS, Proofs

TITLE = Text("统一身份认证", "Identity provider")
NAME = "idp"
STORE = "idp.store"
_FETCH_BYTES = 256 * 1024
_FETCH_SECONDS = 3.0

_BASIC = {"type": "http", "scheme": "basic", "description": "client_secret_basic (RFC 6749 §2.3.1)"}
PROOFS = Proofs(
    {"basic": _BASIC, "mutual-tls": MUTUAL_TLS, "bearer": BEARER, "dpop": DPOP},
    {"client": ("basic", "mutual-tls"), "access token": ("bearer", "dpop")},
)
"""Clients may also send `private_key_jwt` in the form, for which OpenAPI has no word."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running provider."""

    app: WsgiApp
    close: Callable[[], None]
    """Stop what runs by itself, write what waits, give back every connection."""


def create_app(
    settings: IdpSettings,
    *,
    database: Database,
    keys: KeyRing,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    passwords: Passwords | None = None,
    fetch: Fetch | None = None,
    reach: Reach | None = None,
    verifier: Verifier | None = None,
    business: EntityVerifier | None = None,
) -> WsgiApp:
    """The provider's WSGI callable. ``fetch`` reads the exchange's public metadata, ``reach`` calls clients.

    ``verifier`` knows who people are; without one no level is raised online;
    ``business`` knows for whom they may act.
    """
    tools = Tools(
        settings,
        database,
        keys,
        ledger,
        clock,
        entropy,
        passwords or Passwords(),
        fetch or guarded_fetch(settings.exchange_resource),
        reach or guarded_reach(settings),
        Metrics(),
        verifier or (CivilRegister(settings.civil_register) if settings.civil_register else None),
        business or (BusinessRegister(settings.business_register) if settings.business_register else None),
    )
    checks = {"database": database.ready, "ledger": ledger.ready, "keys": lambda: _can_sign(keys)}
    return create_web_app(
        NAME,
        routes=Composition(tools).routes(),
        blueprints=(Blueprint("idp_pages", __name__, template_folder="pages/templates"),),
        health=Health(checks),
        metrics=tools.metrics,
        translate=translate,
        title=TITLE,
        secret_key=derived(keys, "form token"),
        public_origin=settings.issuer,
        trusted_proxies=settings.trusted_proxies,
        proofs=PROOFS,
        entropy=entropy,
    )


def open_service(settings: IdpSettings) -> Service:
    """Open what the settings name. Raises UnsafeDatabase, DatabaseUnavailable, KeyRingError, LedgerOwned."""
    clock, entropy = SystemClock(), SystemEntropy()
    keys = open_keys(settings, clock, entropy)
    if not migrations.current(settings.database_url, STORE):
        raise DatabaseUnavailable("the database is not at the newest revision: run `tongban db upgrade`")
    database = Database.open(settings.database_url, pool_size=settings.threads)
    ledger = open_ledger(settings, database, keys, clock, entropy, serving=True)
    custody = Custody(keys, ledger)
    custody.ensure(settings.signing_algorithms)
    passwords = Passwords()
    app = create_app(
        settings, database=database, keys=keys, ledger=ledger, clock=clock, entropy=entropy, passwords=passwords
    )
    reach = guarded_reach(settings)
    running = (
        Herald(delivery(settings, database, keys, ledger, clock, entropy, reach)),
        Herald(pings(database, keys, ledger, clock, reach)),
        Herald(recovery_clerk(settings, database, keys, ledger, clock, entropy)),
        Herald(backchannel_clerk(settings, database, keys, ledger, clock, entropy)),
        courier(settings, database, keys, clock),
        Sweeper(database, expiry(settings, database, keys, ledger, clock), clock),
    )
    for each in running:
        each.start()
    rotation = Ticker("key-rotation", ROTATE_EVERY, custody.rotate_due)
    rotation.start()

    def close() -> None:
        for each in running:
            each.close()
        rotation.stop()
        passwords.close()
        ledger.close()
        database.close()

    return Service(app, close)


def guarded_fetch(resource: str) -> Fetch:
    """Gets JSON from the exchange, which the operator has configured: from its own host alone, wherever that is."""
    parts = urlsplit(resource)
    policy = AddressPolicy(
        schemes=frozenset({parts.scheme}),
        hosts=frozenset({parts.hostname or ""}),
        allow_loopback=parts.scheme == "http",
        allow_private=True,
    )
    client = OutboundClient()

    def fetch(url: str) -> JSON:
        fetched = client.get(url, allow=policy, max_bytes=_FETCH_BYTES, timeout=_FETCH_SECONDS)
        if fetched.status == HTTPStatus.NOT_FOUND:
            return None
        if fetched.status != HTTPStatus.OK:
            raise OutboundFailed(f"answered with status {fetched.status}")
        return decode(fetched.body, max_bytes=_FETCH_BYTES)

    return fetch


def guarded_reach(settings: IdpSettings) -> GuardedReach:
    """Calls clients where the operator lets them be: everywhere public, and in private networks if so configured."""
    local = urlsplit(settings.issuer).scheme == "http"
    return GuardedReach(private=settings.client_networks == "private", loopback=local)


def _can_sign(keys: KeyRing) -> None:
    keys.signing().sign(b"ready")
