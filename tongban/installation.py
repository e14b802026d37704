"""Making an installation: a folder with configuration, keys and databases. Nothing in it is a default credential."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg

from kernel import migrations
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing
from kernel.settings import Settings, load

SERVICES = ("idp", "exchange")


class AlreadyInstalled(Exception):
    """The folder holds an installation; the text says what to do."""


@dataclass(frozen=True)
class Addresses:
    """Where the two services are reached and where they listen."""

    issuer: str
    exchange: str
    idp_listen: str
    exchange_listen: str


def loopback(port_base: int) -> Addresses:
    """Both services on this machine only, on two neighbouring ports."""
    first, second = f"127.0.0.1:{port_base}", f"127.0.0.1:{port_base + 1}"
    return Addresses(f"http://{first}", f"http://{second}", first, second)


def database_urls(folder: Path, database: str | None) -> dict[str, str]:
    """One database a service: SQLite files in the folder, or a schema each in one PostgreSQL database."""
    if not database:
        return {name: f"sqlite:///{folder.resolve()}/{name}.sqlite3" for name in SERVICES}
    joint = "&" if urlsplit(database).query else "?"
    return {name: f"{database}{joint}options={quote(f'-csearch_path=tongban_{name}')}" for name in SERVICES}


def create_schemas(database: str) -> None:
    """The two schemas in an existing PostgreSQL database."""
    with psycopg.connect(database.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True) as connection:
        for name in SERVICES:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS tongban_{name}")  # names of our own


def configuration(folder: Path, addresses: Addresses, urls: Mapping[str, str], extra: Mapping[str, str]) -> str:
    """The text of ``tongban.toml``."""
    here = folder.resolve()
    lines = [
        "# Tongban 配置 / configuration. 每个键的说明见 docs/configuration.md / every key is explained there.",
        f'data_dir = "{here}"',
        "",
        "[idp]",
        f'issuer = "{addresses.issuer}"',
        f'listen = "{addresses.idp_listen}"',
        f'database_url = "{urls["idp"]}"',
        f'key_dir = "{here}/keys/idp"',
        f'exchange_resource = "{addresses.exchange}"',
        "",
        "[exchange]",
        f'origin = "{addresses.exchange}"',
        f'issuer = "{addresses.issuer}"',
        f'listen = "{addresses.exchange_listen}"',
        f'database_url = "{urls["exchange"]}"',
        f'key_dir = "{here}/keys/exchange"',
        f'source_secrets = "{here}/secrets"',
        *(f"{key} = {value}" for key, value in extra.items()),
        "",
    ]
    return "\n".join(lines)


def create(
    folder: Path, addresses: Addresses, *, database: str | None = None, extra: Mapping[str, str] | None = None
) -> Settings:
    """Make configuration, keys and databases in an empty folder and return the settings.

    ``extra`` are further lines of the exchange's section. Raises AlreadyInstalled rather than overwrite anything.
    """
    path = folder / "tongban.toml"
    if path.exists():
        raise AlreadyInstalled(f"{path} 已存在，不会覆盖 / exists and is not overwritten.")
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    (folder / "secrets").chmod(0o700)
    if database:
        create_schemas(database)
    text = configuration(folder, addresses, database_urls(folder, database), extra or {})
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    settings = load(path, os.environ)
    make_keys(settings)
    upgrade(settings)
    return settings


def make_keys(settings: Settings) -> None:
    """A key ring for each service."""
    clock, entropy = SystemClock(), SystemEntropy()
    for key_dir in (settings.idp.key_dir, settings.exchange.key_dir):
        KeyRing.create(key_dir, clock=clock, entropy=entropy)


def upgrade(settings: Settings) -> None:
    """Bring both databases to the newest schema."""
    migrations.upgrade(settings.idp.database_url, "idp.store")
    migrations.upgrade(settings.exchange.database_url, "exchange.store")
