"""``tongban keys``: signing and encryption keys with their states and dates."""

from __future__ import annotations

from dataclasses import asdict

import click

from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from kernel.keys import SIGNATURES, KeyRing, KeyRingError, Purpose
from tongban.commands.configuration import load_settings
from tongban.output import config_option, json_option, members, rows, wrong

service_option = click.option("--service", type=click.Choice(["idp", "exchange"]), default="idp", show_default=True)


@click.group()
def keys() -> None:
    """密钥 / Keys: list, rotate, revoke."""


def ring(config: str | None, service: str) -> KeyRing:
    """The key ring of a service, or exit status 2."""
    settings = load_settings(config)
    folder = settings.idp.key_dir if service == "idp" else settings.exchange.key_dir
    try:
        return KeyRing.load(folder, clock=SystemClock(), entropy=SystemEntropy())
    except KeyRingError as error:
        wrong("密钥目录无法使用", str(error))


@keys.command("list")
@service_option
@config_option
@json_option
def list_(service: str, config: str | None, as_json: bool) -> None:
    """列出密钥 / List the keys with state and dates.

    Example: tongban keys list --service exchange
    """
    listed = [asdict(key) for key in ring(config, service).listing()]
    rows(listed, ["kid", "purpose", "alg", "state", "not_before", "retire_at", "revoked_at"], as_json=as_json)


@keys.command()
@click.argument("alg", type=click.Choice(SIGNATURES))
@service_option
@config_option
@json_option
def add(alg: str, service: str, config: str | None, as_json: bool) -> None:
    """增加一种签名算法 / Make the first key of another signature algorithm.

    Example: tongban keys add RS256 --service idp
    """
    try:
        members(asdict(ring(config, service).add(alg)), as_json=as_json)
    except KeyRingError as error:
        wrong("没有增加", str(error))


@keys.command()
@click.argument("purpose", type=click.Choice([purpose.value for purpose in Purpose]))
@click.option("--alg", type=click.Choice(SIGNATURES), help="签名算法 / of the signing keys, those of this algorithm")
@service_option
@config_option
@json_option
def rotate(purpose: str, alg: str | None, service: str, config: str | None, as_json: bool) -> None:
    """发布下一把密钥 / Publish the next key; it takes over after its lead time.

    Example: tongban keys rotate jws --service idp
    """
    try:
        members(asdict(ring(config, service).rotate(purpose, alg)), as_json=as_json)
    except KeyRingError as error:
        wrong("没有轮换", str(error))


@keys.command()
@click.argument("kid")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@service_option
@config_option
@json_option
def revoke(kid: str, yes: bool, service: str, config: str | None, as_json: bool) -> None:
    """立即作废一把密钥 / End a key at once and for ever; another takes over now.

    Example: tongban keys revoke KID --service idp --yes
    """
    if not yes:
        click.confirm("作废后，用它签发的一切立即失效 / Everything signed with it becomes invalid. Go on?", abort=True)
    try:
        members(asdict(ring(config, service).revoke(kid)), as_json=as_json)
    except KeyRingError as error:
        wrong("没有作废", str(error))
