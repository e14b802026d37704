"""``tongban keys``: signing and encryption keys with their states and dates; every change is an entry in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from idp.opening import open_keys
from kernel.clock import SystemClock
from kernel.database import DatabaseUnavailable, UnsafeDatabase
from kernel.entropy import SystemEntropy
from kernel.keys import SIGNATURES, Custody, KeyRing, KeyRingError, Purpose
from kernel.ledger.errors import LedgerUnavailable
from tongban.commands.configuration import load_settings
from tongban.commands.ledger import opened
from tongban.output import config_option, json_option, members, rows, say_no, wrong

service_option = click.option("--service", type=click.Choice(["idp", "exchange"]), default="idp", show_default=True)
NOT_RECORDED = (UnsafeDatabase, DatabaseUnavailable, LedgerUnavailable)


@click.group()
def keys() -> None:
    """密钥 / Keys: list, add, rotate, revoke."""


def ring(config: str | None, service: str) -> KeyRing:
    """The key ring of a service, or exit status 2."""
    settings = load_settings(config)
    clock, entropy = SystemClock(), SystemEntropy()
    try:
        if service == "idp":
            return open_keys(settings.idp, clock, entropy)
        return KeyRing.load(settings.exchange.key_dir, clock=clock, entropy=entropy)
    except KeyRingError as error:
        wrong("密钥目录无法使用", str(error))


@contextmanager
def custody(config: str | None, service: str) -> Iterator[Custody]:
    """The ring together with the service's ledger, or exit status 2."""
    held = ring(config, service)
    try:
        with opened(config, service) as log:
            yield Custody(held, log)
    except KeyRingError as error:
        wrong("没有更改密钥", str(error))
    except NOT_RECORDED as error:
        wrong("账本无法写入，没有更改密钥", f"the ledger cannot be written, so nothing was changed: {error}")


@keys.command("list")
@service_option
@config_option
@json_option
def list_(service: str, config: str | None, as_json: bool) -> None:
    """列出密钥 / List the keys with state and dates.

    Example: tongban keys list --service exchange
    """
    listed = [asdict(key) for key in ring(config, service).listing()]
    rows(
        listed, ["kid", "purpose", "alg", "state", "held_in", "not_before", "retire_at", "revoked_at"], as_json=as_json
    )


@keys.command()
@click.argument("alg", type=click.Choice(SIGNATURES))
@service_option
@config_option
@json_option
def add(alg: str, service: str, config: str | None, as_json: bool) -> None:
    """增加一种签名算法 / Make the first key of another signature algorithm.

    Example: tongban keys add RS256 --service idp
    """
    with custody(config, service) as held:
        members(asdict(held.add(alg)), as_json=as_json)


@keys.command()
@click.argument("purpose", type=click.Choice([purpose.value for purpose in Purpose]), required=False)
@click.option("--alg", type=click.Choice(SIGNATURES), help="签名算法 / of the signing keys, those of this algorithm")
@service_option
@config_option
@json_option
def rotate(purpose: str | None, alg: str | None, service: str, config: str | None, as_json: bool) -> None:
    """发布下一把密钥 / Publish the next key; it takes over after its lead time. Without a purpose: whatever is due.

    A running service does the same by itself once a minute.

    Example: tongban keys rotate jws --service idp
    """
    with custody(config, service) as held:
        if purpose is None:
            rows(map(asdict, held.rotate_due()), ["kid", "purpose", "alg", "state", "not_before"], as_json=as_json)
        else:
            members(asdict(held.rotate(purpose, alg)), as_json=as_json)


@keys.command()
@click.argument("kid")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@service_option
@config_option
@json_option
def revoke(kid: str, yes: bool, service: str, config: str | None, as_json: bool) -> None:
    """立即作废一把密钥 / End a key at once and for ever; another takes over now. Running services follow in a second.

    Nothing stands in the way of it: where the ledger cannot be written the key ends all the same, and the exit
    status is 1.

    Example: tongban keys revoke KID --service idp --yes
    """
    if not yes:
        click.confirm("作废后，用它签发的一切立即失效 / Everything signed with it becomes invalid. Go on?", abort=True)
    held = ring(config, service)
    try:
        revoked = held.revoke(kid)
    except KeyRingError as error:
        wrong("没有作废", str(error))
    members(asdict(revoked), as_json=as_json)
    try:
        with opened(config, service) as log:
            Custody(held, log).record_revocation(revoked)
    except NOT_RECORDED as error:
        say_no("密钥已作废，但没有记入账本", f"the key has ended, but the ledger could not record it: {error}")
