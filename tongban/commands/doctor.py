"""``tongban doctor``: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
import requests

from idp.authentication.webauthn_ceremonies import Ceremonies
from kernel import migrations
from kernel.clock import SystemClock
from kernel.database import Database, DatabaseUnavailable, UnsafeDatabase
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing, KeyRingError
from kernel.settings import Settings
from tongban.commands.configuration import load_settings
from tongban.output import DONE, NO, config_option, json_option, rows


class Finding(Exception):
    """Something to mend."""


@dataclass(frozen=True)
class Examination:
    """One thing that must hold; ``look`` raises Finding when it does not."""

    what: str
    look: Callable[[], None]


def examinations(settings: Settings) -> Iterator[Examination]:
    """Everything that is looked at, in the order in which one mends it."""
    stores = (("idp", settings.idp.database_url), ("exchange", settings.exchange.database_url))
    for name, url in stores:
        yield Examination(f"{name} 数据库 database", lambda url=url: database(url))  # type: ignore[misc]
        yield Examination(f"{name} 结构 schema", lambda url=url, name=name: schema(url, f"{name}.store"))  # type: ignore[misc]
    for name, folder in (("idp", settings.idp.key_dir), ("exchange", settings.exchange.key_dir)):
        yield Examination(f"{name} 密钥 keys", lambda folder=folder: keys(folder))  # type: ignore[misc]
    yield Examination("idp 通行密钥 passkeys", lambda: passkeys(settings))
    for name, address in (("idp", settings.idp.issuer), ("exchange", settings.exchange.origin)):
        yield Examination(f"{name} 可达 reachable", lambda address=address: reachable(address))  # type: ignore[misc]


def database(url: str) -> None:
    """It opens, and its settings are safe."""
    try:
        opened = Database.open(url, pool_size=1)
        opened.ready()
        opened.close()
    except (UnsafeDatabase, DatabaseUnavailable) as error:
        raise Finding(str(error)) from error


def schema(url: str, package: str) -> None:
    """Migrations have been run."""
    if not migrations.current(url, package):
        raise Finding("运行 / run: tongban db upgrade")


def keys(folder: object) -> None:
    """The ring can be read and can sign."""
    try:
        ring = KeyRing.load(folder, clock=SystemClock(), entropy=SystemEntropy())  # type: ignore[arg-type]
    except KeyRingError as error:
        raise Finding(str(error)) from error
    if ring.due():
        raise Finding(f"该轮换了 / rotation is due: {', '.join(map(str, ring.due()))}")


def passkeys(settings: Settings) -> None:
    """Staff can do what is asked of them: browsers know passkeys for names alone."""
    if settings.idp.staff_passkey == "required" and not Ceremonies(settings.idp.issuer).possible:
        raise Finding("issuer 须用域名，工作人员才能用通行密钥 / name a host in issuer: IP addresses have no passkeys")


def reachable(address: str) -> None:
    """The service answers and says that it is ready; its clock agrees with ours."""
    try:
        answer = requests.get(f"{address}/readyz", timeout=5)
    except requests.RequestException:
        raise Finding("没有应答；启动：tongban serve all / does not answer: start it with tongban serve all") from None
    if not answer.ok:
        raise Finding(f"未就绪 / not ready: {answer.text[:200]}")


@click.command()
@config_option
@json_option
def doctor(config: str | None, as_json: bool) -> None:
    """检查安装并说明怎么修 / Check an installation and say how to mend it. Status 1 means something is wrong.

    Example: tongban doctor --config data/tongban.toml
    """
    found = []
    for examination in examinations(load_settings(config)):
        try:
            examination.look()
            found.append({"check": examination.what, "ok": True, "mend": ""})
        except Finding as finding:
            found.append({"check": examination.what, "ok": False, "mend": str(finding)})
    rows(found, ["check", "ok", "mend"], as_json=as_json)
    sys.exit(DONE if all(row["ok"] for row in found) else NO)
