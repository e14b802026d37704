"""``tongban doctor``: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import click
import requests

from connectors.installed import discover
from exchange.administration import open_administration
from idp.authentication.webauthn_ceremonies import Ceremonies
from kernel import migrations
from kernel.clock import Clock, SystemClock
from kernel.database import Database
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing, KeyRingError
from kernel.settings import ExchangeSettings, IdpSettings, Settings
from tongban.client import authorities
from tongban.commands.configuration import load_settings
from tongban.mistakes import sentence
from tongban.output import DONE, NO, config_option, json_option, rows

PATIENCE = 5.0
NOT_THERE = "没有应答；启动：tongban serve all / does not answer: start it with tongban serve all"


class Finding(Exception):
    """Something to mend."""


@dataclass(frozen=True)
class Examination:
    """One thing that must hold; ``look`` raises when it does not."""

    what: str
    look: Callable[[], None]

    def finding(self) -> str | None:
        """How to mend it, or None when there is nothing to mend. One check that fails never hides the next."""
        try:
            self.look()
        except Finding as finding:
            return str(finding)
        except Exception as error:
            said = sentence(error)
            if said is None:
                raise
            return f"{said.zh} / {said.en}"
        return None


def examinations(settings: Settings, clock: Clock) -> Iterator[Examination]:
    """Everything that is looked at, in the order in which one mends it."""
    services: dict[str, tuple[IdpSettings | ExchangeSettings, str]] = {
        "idp": (settings.idp, settings.idp.issuer),
        "exchange": (settings.exchange, settings.exchange.origin),
    }
    for name, (section, _) in services.items():
        yield Examination(f"{name} 数据库 database", partial(database, section.database_url))
        yield Examination(f"{name} 结构 schema", partial(schema, section.database_url, f"{name}.store"))
    for name, (section, _) in services.items():
        yield Examination(f"{name} 密钥 keys", partial(keys, section.key_dir))
    yield Examination("idp 通行密钥 passkeys", partial(passkeys, settings))
    yield Examination("exchange 接入方式 adapters", adapters)
    yield Examination("exchange 数据来源 sources", partial(sources, settings))
    for name, (_, address) in services.items():
        yield Examination(f"{name} 可达 reachable", partial(reachable, address))
        skew = settings.exchange.token_clock_skew_seconds
        yield Examination(f"{name} 时钟 clock", partial(agreeing, address, clock, skew))


def database(url: str) -> None:
    """It opens, and its settings are safe."""
    opened = Database.open(url, pool_size=1)
    try:
        opened.ready()
    finally:
        opened.close()


def schema(url: str, package: str) -> None:
    """Migrations have been run."""
    if not migrations.current(url, package):
        raise Finding("运行 / run: tongban db upgrade")


def keys(folder: Path) -> None:
    """The ring can be read and can sign."""
    ring = KeyRing.load(folder, clock=SystemClock(), entropy=SystemEntropy())
    ring.signing()
    if ring.due():
        raise Finding(f"该轮换了 / rotation is due: {', '.join(map(str, ring.due()))}")


def passkeys(settings: Settings) -> None:
    """Staff can do what is asked of them: browsers know passkeys for names alone."""
    if settings.idp.staff_passkey == "required" and not Ceremonies(settings.idp.issuer).possible:
        raise Finding("issuer 须用域名，工作人员才能用通行密钥 / name a host in issuer: IP addresses have no passkeys")


def adapters() -> None:
    """Every installed package that brings an adapter can be used."""
    if left_out := discover().left_out:
        zh = "；".join(f"{one.package} 的“{one.name}”：{one.why.zh}" for one in left_out)
        en = "; ".join(f"“{one.name}” of {one.package}: {one.why.en}" for one in left_out)
        raise Finding(f"修正或卸载 / mend or uninstall: {zh} / {en}")


def sources(settings: Settings) -> None:
    """Every source of the catalogue answers."""
    if not migrations.current(settings.exchange.database_url, "exchange.store"):
        return  # said above; the catalogue cannot be read
    try:
        with open_administration(settings.exchange) as exchange:
            connecting = exchange.connecting()
            failed = [one for one in map(connecting.health, connecting.documents) if not one["ok"]]
    except KeyRingError:
        return  # said above
    if failed:
        said = ", ".join(f"{one['name']} ({one['code']}, {one['reason']})" for one in failed)
        raise Finding(f"没有正常答复 / do not answer: {said}; tongban connector health")


def reachable(address: str) -> None:
    """The service answers and says that it is ready."""
    answer = _asked(address, "/readyz")
    if not answer.ok:
        raise Finding(f"未就绪 / not ready: {answer.text[:200]}")


def agreeing(address: str, clock: Clock, tolerated: int) -> None:
    """The service's clock agrees with ours, by the Date it stamps its answers with (RFC 9110 §6.6.1)."""
    stamped = _date_of(_asked(address, "/healthz"))
    away = round(abs((clock.now() - stamped).total_seconds()))
    if away > max(tolerated, 1):  # the header has whole seconds
        raise Finding(
            f"与本机时钟相差 {away} 秒：请校时 / differs from this machine's clock by {away} s: run NTP on both"
        )


def _date_of(answer: requests.Response) -> datetime:
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        raise Finding("答复没有 Date，无法核对；检查代理 / its answers bear no Date: look at the proxy") from None


def _asked(address: str, path: str) -> requests.Response:
    try:
        return requests.get(f"{address}{path}", timeout=PATIENCE, verify=authorities())
    except requests.RequestException:
        raise Finding(NOT_THERE) from None


@click.command()
@config_option
@json_option
def doctor(config: str | None, as_json: bool) -> None:
    """检查安装并说明怎么修 / Check an installation and say how to mend it. Status 1 means something is wrong.

    Example: tongban doctor --config data/tongban.toml
    """
    found = []
    for examination in examinations(load_settings(config), SystemClock()):
        mend = examination.finding()
        found.append({"check": examination.what, "ok": mend is None, "mend": mend or ""})
    rows(found, ["check", "ok", "mend"], as_json=as_json)
    sys.exit(DONE if all(row["ok"] for row in found) else NO)
