"""Making an installation: a folder with configuration, keys and databases. Nothing in it is a default credential."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg

from exchange.console.registration import read_key
from exchange.console.signing_in import BACKCHANNEL, SIGNED_OUT
from exchange.console.signing_in import CALLBACK as CONSOLE_CALLBACK
from exchange.portal.entrance import CITIZENS
from idp.administration import Administration
from kernel import jose, migrations
from kernel.clock import SystemClock
from kernel.database import DatabaseUnavailable
from kernel.database.engines import parse_url
from kernel.entropy import SystemEntropy
from kernel.identifiers import social_credit_code
from kernel.keys import KeyRing
from kernel.private_files import created
from kernel.settings import ExchangeSettings, Settings, load
from kernel.text import Text
from tongban.officer import CALLBACK, CLIENT_ID

SERVICES = ("idp", "exchange")


CONNECT_SECONDS = 5
OPERATOR = social_credit_code.compose("Y1", "100000", "TBAN0001").value
"""Whom the command's own client belongs to until a real department is named: a code that nobody else can have."""


class NotInstallable(Exception):
    """No installation can be made here; ``text`` says why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.text = Text(zh, en)


class AlreadyInstalled(NotInstallable):
    """The folder holds an installation."""


@dataclass(frozen=True)
class Addresses:
    """Where the two services are reached and where they listen."""

    issuer: str
    exchange: str
    idp_listen: str
    exchange_listen: str


def loopback(port_base: int, name: str = "127.0.0.1") -> Addresses:
    """Both services on this machine only, on two neighbouring ports; ``name`` is what browsers call it.

    Browsers know passkeys for names alone: where people are to have them it is ``localhost``.
    """
    first, second = f"127.0.0.1:{port_base}", f"127.0.0.1:{port_base + 1}"
    return Addresses(f"http://{name}:{port_base}", f"http://{second}", first, second)


def public(issuer: str, exchange: str, port_base: int) -> Addresses:
    """Public addresses in front of two neighbouring ports of this machine."""
    local = loopback(port_base)
    return Addresses(issuer, exchange, local.idp_listen, local.exchange_listen)


def database_urls(folder: Path, database: str | None) -> dict[str, str]:
    """One database a service: SQLite files in the folder, or a schema each in one PostgreSQL database."""
    if not database:
        return {name: f"sqlite:///{folder.resolve()}/{name}.sqlite3" for name in SERVICES}
    joint = "&" if urlsplit(database).query else "?"
    return {name: f"{database}{joint}options={quote(f'-csearch_path=tongban_{name}')}" for name in SERVICES}


def refuse_unusable(folder: Path, database: str | None) -> None:
    """Raises NotInstallable for a folder or a database that no installation can be made with."""
    if "?" in str(folder.resolve()) or not str(folder.resolve()).isprintable():
        raise NotInstallable(
            "数据目录的路径不能含问号或控制字符", "a data folder's path holds no '?' and no control characters"
        )
    if database and parse_url(database).get_backend_name() != "postgresql":
        raise NotInstallable(
            "--database 用于 PostgreSQL（postgresql+psycopg://…）；用 SQLite 时不要写它",
            "--database is for PostgreSQL (postgresql+psycopg://…); leave it out for SQLite",
        )


def create_schemas(database: str) -> None:
    """The two schemas in an existing PostgreSQL database. Raises DatabaseUnavailable, AlreadyInstalled."""
    address = database.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            for name in SERVICES:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS tongban_{name}")  # names of our own
            used = connection.execute("SELECT 1 FROM pg_tables WHERE schemaname LIKE 'tongban\\_%'").fetchone()
    except psycopg.Error as error:  # the driver's text can repeat the address, and that holds a password
        raise DatabaseUnavailable(f"no connection, or not allowed: {type(error).__name__}") from None
    if used:
        raise AlreadyInstalled(
            "该数据库已有一套通办数据，不会覆盖；请换一个数据库",
            "this database holds an installation already and is not overwritten: name another database.",
        )


def configuration(
    folder: Path,
    addresses: Addresses,
    urls: Mapping[str, str],
    extra: Mapping[str, str],
    idp: Mapping[str, str],
) -> str:
    """The text of ``tongban.toml``."""
    here = folder.resolve()
    lines = [
        "# Tongban 配置 / configuration. 每个键的说明见 docs/configuration.md / every key is explained there.",
        f"data_dir = {toml(here)}",
        "",
        "[idp]",
        f"issuer = {toml(addresses.issuer)}",
        f"listen = {toml(addresses.idp_listen)}",
        f"database_url = {toml(urls['idp'])}",
        f"key_dir = {toml(here / 'keys' / 'idp')}",
        f"exchange_resource = {toml(addresses.exchange)}",
        *(f"{key} = {value}" for key, value in idp.items()),
        "",
        "[exchange]",
        f"origin = {toml(addresses.exchange)}",
        f"issuer = {toml(addresses.issuer)}",
        f"listen = {toml(addresses.exchange_listen)}",
        f"database_url = {toml(urls['exchange'])}",
        f"key_dir = {toml(here / 'keys' / 'exchange')}",
        f"source_secrets = {toml(here / 'secrets')}",
        f"console_key = {toml(here / 'keys' / 'exchange' / 'console.jwk')}",
        *(f"{key} = {value}" for key, value in extra.items()),
        "",
    ]
    return "\n".join(lines)


def toml(value: object) -> str:
    """A basic string of TOML: JSON's escapes are among its own."""
    return json.dumps(str(value), ensure_ascii=False)


def create(
    folder: Path,
    addresses: Addresses,
    *,
    database: str | None = None,
    extra: Mapping[str, str] | None = None,
    idp: Mapping[str, str] | None = None,
) -> Settings:
    """Make configuration, keys and databases in an empty folder and return the settings.

    ``extra`` are further lines of the exchange's section, ``idp`` of the identity provider's.

    Raises NotInstallable rather than overwrite anything,
    UnsafeDatabase and DatabaseUnavailable; what could not be finished is taken away again.
    """
    path = folder / "tongban.toml"
    refuse_unusable(folder, database)
    refuse_occupied(folder)
    if database:
        create_schemas(database)
    (folder / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        text = configuration(folder, addresses, database_urls(folder, database), extra or {}, idp or {})
        with created(path) as file:  # it may hold a database's password
            file.write(text.encode())
        settings = load(path, os.environ)
        make_keys(settings)
        upgrade(settings)
        register_own_clients(settings)
    except BaseException:
        path.unlink(missing_ok=True)
        shutil.rmtree(folder / "keys", ignore_errors=True)
        raise
    return settings


def refuse_occupied(folder: Path) -> None:
    """Raises AlreadyInstalled where an installation, or a part of one, lives."""
    for each in ("tongban.toml", "keys", *(f"{name}.sqlite3" for name in SERVICES)):
        if (folder / each).exists():
            raise AlreadyInstalled(
                f"{folder / each} 已存在，不会覆盖；请换一个目录",
                f"{folder / each} exists and is not overwritten: choose another folder.",
            )


def make_keys(settings: Settings) -> None:
    """A key ring for each service."""
    clock, entropy = SystemClock(), SystemEntropy()
    for key_dir in (settings.idp.key_dir, settings.exchange.key_dir):
        KeyRing.create(key_dir, clock=clock, entropy=entropy)
    if settings.exchange.console_key is not None:
        console = {**jose.generate_p256(entropy), "alg": "ES256", "use": "sig"}
        with created(settings.exchange.console_key) as file:
            file.write(json.dumps(console).encode())


def upgrade(settings: Settings) -> None:
    """Bring both databases to the newest schema."""
    migrations.upgrade(settings.idp.database_url, "idp.store")
    migrations.upgrade(settings.exchange.database_url, "exchange.store")


def register_own_clients(settings: Settings) -> None:
    """Make the operator's command and the officers' pages known to the identity provider.

    Both belong to one organisation, so that an officer is the same person in the ledger whichever of them they use:
    who drafted at the terminal cannot sign on a page.
    """
    with Administration.open(settings.idp) as idp:
        idp.clients.add_organisation(OPERATOR, Text("本系统运营方", "This installation's operator"))
        idp.clients.add(command_metadata(OPERATOR))
        if settings.exchange.console_key is not None:
            idp.clients.add(console_metadata(OPERATOR, settings.exchange, read_key(settings.exchange.console_key)))


def console_metadata(organisation: str, exchange: ExchangeSettings, key: jose.SigningKey) -> dict[str, Any]:
    """RFC 7591 client metadata of the exchange's pages, for officers and for citizens."""
    origin = exchange.origin
    return {
        "client_id": exchange.console_client_id,
        "client_name": "Data sharing",
        "client_name#zh-CN": "数据共享",
        "redirect_uris": [origin + CONSOLE_CALLBACK, origin + CITIZENS.callback],
        "post_logout_redirect_uris": [origin + SIGNED_OUT, origin + CITIZENS.signed_out],
        "backchannel_logout_uri": origin + BACKCHANNEL,
        "backchannel_logout_session_required": True,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [dict(key.jwk)]},
        "scope": "openid governance usage preview mandate",
        "tongban_organisation": organisation,
    }


def command_metadata(organisation: str) -> dict[str, Any]:
    """RFC 7591 client metadata of the operator's command: a public client on loopback (RFC 8252)."""
    return {
        "client_id": CLIENT_ID,
        "client_name": "Tongban command",
        "client_name#zh-CN": "通办命令行",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "openid governance",
        "tongban_organisation": organisation,
    }
