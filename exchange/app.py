"""The exchange as a WSGI application, and as a service that opens and closes what it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint

from connectors import installed
from connectors import registry as connectors
from connectors.adapters import Adapter
from connectors.source import Source
from exchange import errors
from exchange.authentication.fetching import Fetch, IssuerUnreachable, Post
from exchange.catalogue.search.shelves import NotBegun
from exchange.catalogue.sources import BuildSource
from exchange.events.webhooks import Send, guarded_send
from exchange.forwarding.courier import SendMail
from exchange.outside import Outside
from exchange.recorded_codes import taking
from exchange.rooms import Rooms, furnish
from exchange.routes import routes
from exchange.store import epoch
from kernel import migrations
from kernel.background import Ticker
from kernel.clock import Clock, SystemClock
from kernel.database import Database, DatabaseUnavailable
from kernel.entropy import Entropy, SystemEntropy
from kernel.envelope import blind_index
from kernel.keys import ROTATE_EVERY, Custody, KeyRing, Purpose
from kernel.lease import LeaseLost
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from kernel.mail import MailFolder, MailRelay
from kernel.metrics import Metrics
from kernel.outbound import AddressPolicy, OutboundClient, OutboundFailed, OutboundRefused
from kernel.problems import DATABASE_UNAVAILABLE, LEDGER_UNAVAILABLE, Problem, ProblemKind
from kernel.settings import ExchangeSettings, SettingsError, SourceSecrets
from kernel.text import Text
from kernel.web.app import create_app as create_web_app
from kernel.web.errors import problem_response
from kernel.web.fastpath import WsgiApp
from kernel.web.health import Health
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.openapi import DPOP, MUTUAL_TLS, Proofs

PACKAGE = "exchange.store"
RENEW_SECONDS = 0.25
TIDY_SECONDS = 60.0
PROBE_SECONDS = 5.0
"""Between two looks at which sources are due to be probed."""
DEFERRED_SECONDS = 1.0
"""Between two looks for what is delivered later."""
RETURN_FLOWS_SECONDS = 2.0
"""How long a file of a return flow that is due waits at most before it is begun."""
WATCH_SECONDS = 1.0
EVENTS_SECONDS = 0.5
"""How long a change waits at most before it is handed out to those who subscribed."""
FORWARDING_SECONDS = 2.0
"""How long an urgent message waits at most before it is on its way to an office's address."""
TITLE = Text("通办数据共享交换", "Tongban exchange")
FETCH_SECONDS = 0.7
"""For one document of the issuer: less than a lease lasts."""
POST_SECONDS = 5.0
"""For a form of the pages: an officer waits for it, and no lease."""
MOST_FETCHED = 1 << 20

_UNAVAILABLE: Mapping[type[Exception], ProblemKind] = {
    LedgerUnavailable: LEDGER_UNAVAILABLE,
    DatabaseUnavailable: DATABASE_UNAVAILABLE,
    LeaseLost: errors.POLICY_STALE,
    IssuerUnreachable: errors.ISSUER_UNREACHABLE,
    NotBegun: errors.SEARCH_NOT_READY,
}


@dataclass(frozen=True)
class Service:
    """A running exchange."""

    app: WsgiApp
    close: Callable[[], None]


BOUND = ("dpop", "mutual-tls")
PROOFS = Proofs({"dpop": DPOP, "mutual-tls": MUTUAL_TLS}, dict.fromkeys(("system", "officer", "citizen"), BOUND))
"""Access tokens count only with proof that the caller is the one they were issued to."""


def create_app(outside: Outside, rooms: Rooms) -> WsgiApp:
    """The application of rooms already furnished; starts no thread and reads nothing."""
    settings = outside.settings
    return create_web_app(
        "exchange",
        routes=taking(frozenset(settings.recorded_credit_codes), routes(rooms)),
        health=health(outside, rooms),
        metrics=outside.metrics,
        title=TITLE,
        blueprints=(
            Blueprint("console_pages", __name__, template_folder="console/templates"),
            Blueprint("portal_pages", __name__, template_folder="portal/templates"),
        ),
        secret_key=blind_index(outside.keys.secret(Purpose.INDEX), "cookies"),
        translate=translate,
        public_origin=settings.origin,
        trusted_proxies=settings.trusted_proxies,
        proofs=PROOFS,
        entropy=outside.entropy,
    )


def health(outside: Outside, rooms: Rooms) -> Health:
    """What must hold for this node to serve."""

    def keys() -> None:
        outside.keys.signing()
        outside.keys.log_signer()

    return Health(
        {
            "database": outside.database.ready,
            "keys": keys,
            "policy-epoch": lambda: _ask(rooms.policy.current),
            "revocation-feed": lambda: _ask(rooms.revocations.current),
            "ledger": outside.ledger.ready,
            "catalogue-search": rooms.catalogue.begun,
        }
    )


def translate(error: Exception, request: HttpRequest) -> HttpResponse | None:
    """Whatever the exchange depends on and cannot reach: 503, try again soon; nothing was released."""
    kind = _UNAVAILABLE.get(type(error))
    if kind is None:
        return None
    return problem_response(Problem(kind, headers=(("Retry-After", "1"),)), request)


def open_service(settings: ExchangeSettings) -> Service:
    """The exchange with everything it runs on, leases held and threads started.

    Raises UnsafeDatabase, DatabaseUnavailable, KeyRingError, SettingsError, LedgerOwned.
    """
    if not migrations.current(settings.database_url, PACKAGE):
        raise SettingsError("[exchange] database_url", _NOT_MIGRATED)
    outside = open_outside(settings, SystemClock(), SystemEntropy(), serving=True)
    rooms = furnish(outside)
    rooms.recovery.at_start()
    tickers = (
        Ticker("policy-lease", RENEW_SECONDS, rooms.policy.renew),
        Ticker("revocation-lease", RENEW_SECONDS, rooms.revocations.renew),
        Ticker("catalogue-search", RENEW_SECONDS, rooms.catalogue.keep_up),
        Ticker("events", EVENTS_SECONDS, rooms.carry_events),
        Ticker("forwarding", FORWARDING_SECONDS, rooms.forwarding_courier.round),
        Ticker("deferred", DEFERRED_SECONDS, rooms.deferred.work),
        Ticker("look-ups", WATCH_SECONDS, rooms.gateway.watch.look),
        Ticker("probes", PROBE_SECONDS, rooms.probing.tick),
        Ticker("return-flows", RETURN_FLOWS_SECONDS, rooms.return_flow_making.sweep),
        Ticker("housekeeping", TIDY_SECONDS, rooms.tidy),
        Ticker("key-rotation", ROTATE_EVERY, Custody(outside.keys, outside.ledger).rotate_due),
    )
    for ticker in tickers:
        ticker.start()

    def close() -> None:
        for ticker in tickers:
            ticker.stop()
        rooms.close()
        outside.ledger.close()
        outside.database.close()

    return Service(create_app(outside, rooms), close)


def open_outside(settings: ExchangeSettings, clock: Clock, entropy: Entropy, *, serving: bool) -> Outside:
    """Database, keys, ledger and the ways out, as configured. ``serving``: own the embedded log."""
    keys = KeyRing.load(settings.key_dir, clock=clock, entropy=entropy)
    database = Database.open(settings.database_url, pool_size=settings.threads + 4)
    try:
        ledger = open_ledger(settings, database, keys, clock=clock, entropy=entropy, serving=serving)
    except BaseException:
        database.close()
        raise
    return Outside(
        settings=settings,
        database=database,
        keys=keys,
        ledger=ledger,
        clock=clock,
        entropy=entropy,
        fetch=issuer_fetch(settings.issuer, OutboundClient()),
        build_source=source_builder(settings, clock, installed.discover().log().adapters),
        metrics=Metrics(),
        post=issuer_post(settings.issuer, OutboundClient()),
        send=webhook_send(settings),
        send_mail=mail_send(settings),
    )


def open_ledger(
    settings: ExchangeSettings, database: Database, keys: KeyRing, *, clock: Clock, entropy: Entropy, serving: bool
) -> Ledger:
    """The exchange's log, fenced by the policy epoch."""
    return Ledger(
        database,
        origin=ledger_origin(settings.origin),
        signer=keys.log_signer(),
        kek=keys.key_encryption_key(),
        tag_key=keys.secret(Purpose.TAG),
        clock=clock,
        entropy=entropy,
        fence=epoch.fence,
        serving=serving,
    )


def ledger_origin(origin: str) -> str:
    """The log's name: the tiles' address without scheme and final slash (C2SP tlog-tiles)."""
    parts = urlsplit(origin)
    return f"{parts.netloc}{parts.path}/v1/ledger"


def issuer_policy(issuer: str) -> AddressPolicy:
    """The configured issuer's own host, wherever that is."""
    parts = urlsplit(issuer)
    return AddressPolicy(
        schemes=frozenset({parts.scheme}),
        hosts=frozenset({parts.hostname or ""}),
        allow_loopback=True,
        allow_private=True,
    )


def issuer_post(issuer: str, client: OutboundClient) -> Post:
    """Posts the pages' forms to the configured issuer: its own host only, bounded, no redirects."""
    policy = issuer_policy(issuer)

    def post(url: str, body: bytes, headers: tuple[str, ...]) -> tuple[int, bytes]:
        try:
            answer = client.post(
                url,
                body,
                allow=policy,
                media_type="application/x-www-form-urlencoded",
                headers=headers,
                max_bytes=MOST_FETCHED,
                timeout=POST_SECONDS,
            )
        except (OutboundRefused, OutboundFailed) as trouble:
            raise IssuerUnreachable(type(trouble).__name__) from trouble
        return answer.status, answer.body

    return post


def webhook_send(settings: ExchangeSettings) -> Send:
    """Calls webhooks where the operator lets them be: everywhere public, and in private networks if so configured."""
    local = urlsplit(settings.origin).scheme == "http"
    return guarded_send(OutboundClient(), private=settings.webhook_networks == "private", loopback=local)


def mail_send(settings: ExchangeSettings) -> SendMail | None:
    """Hands over mail as configured; None where none is sent."""
    if settings.mail_sender == "smtp":
        return MailRelay(settings.mail_server, settings.mail_from, settings.mail_secret).deliver
    return MailFolder(settings.mail_spool).deliver if settings.mail_sender == "spool" else None


def issuer_fetch(issuer: str, client: OutboundClient) -> Fetch:
    """Fetches documents of the configured issuer: its own host only, bounded, no redirects."""
    policy = issuer_policy(issuer)

    def fetch(url: str) -> bytes:
        try:
            answer = client.get(url, allow=policy, max_bytes=MOST_FETCHED, timeout=FETCH_SECONDS)
        except (OutboundRefused, OutboundFailed) as trouble:
            raise IssuerUnreachable(type(trouble).__name__) from trouble
        if answer.status != 200:
            raise IssuerUnreachable(f"status-{answer.status}")
        return answer.body

    return fetch


def source_builder(settings: ExchangeSettings, clock: Clock, adapters: Mapping[str, Adapter]) -> BuildSource:
    """Opens sources from manifests, with the secrets and folders the configuration allows."""
    secret = source_secret(settings)

    def build(document: Mapping[str, Any]) -> Source:
        return connectors.build(
            document,
            secrets=secret,
            roots=settings.connector_roots,
            clock=clock,
            adapters=adapters,
            cache=settings.connector_cache,
            recorded_codes=frozenset(settings.recorded_credit_codes),
        )

    return build


def source_secret(settings: ExchangeSettings) -> Callable[[str], str]:
    """The value behind the name of a connector's secret; raises KeyError for an unknown one."""
    secrets = SourceSecrets(settings.source_secrets)

    def secret(name: str) -> str:
        try:
            return secrets(name)
        except SettingsError:
            raise KeyError(name) from None

    return secret


def _ask(question: Callable[[], object]) -> None:
    question()


_NOT_MIGRATED = Text(
    "数据库结构不是最新，请先运行 tongban db upgrade",
    "the database is not at the newest schema: run tongban db upgrade",
)
