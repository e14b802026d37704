"""``tongban ledger``: the logs of both services, checked with code that shares nothing with their writer."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click

from exchange.administration import open_administration
from exchange.transparency.reconciling import Kept
from idp.opening import open_keys, open_ledger
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.entropy import SystemEntropy
from kernel.ledger.errors import NoSuchEntry
from kernel.ledger.log import Ledger
from kernel.ledger.verify import VerificationFailed, verify_checkpoint, verify_log, verify_size
from tongban.commands.at_the_exchange import exchange_administration
from tongban.commands.configuration import load_settings, refuse_outdated
from tongban.commands.verify import refused
from tongban.commands.witness import witness
from tongban.output import NO, config_option, json_option, members, say_no, write_json

PAGE = 1024
service_option = click.option(
    "--service", type=click.Choice(["idp", "exchange"]), default="exchange", show_default=True
)


@click.group()
def ledger() -> None:
    """账本 / The ledgers: verify, reconcile, checkpoint, prove, witness."""


ledger.add_command(witness)


@contextmanager
def opened(config: str | None, service: str) -> Iterator[Ledger]:
    """A service's ledger, whether or not the service runs."""
    settings = load_settings(config)
    refuse_outdated(service, settings.exchange if service == "exchange" else settings.idp)
    if service == "exchange":
        with open_administration(settings.exchange) as exchange:
            yield exchange.outside.ledger
        return
    clock, entropy = SystemClock(), SystemEntropy()
    keys = open_keys(settings.idp, clock, entropy)
    database = Database.open(settings.idp.database_url, pool_size=2)
    log = open_ledger(settings.idp, database, keys, clock, entropy, serving=False)
    try:
        yield log
    finally:
        log.close()
        database.close()


def entries(log: Ledger, size: int) -> Iterator[bytes]:
    """Every leaf, read a page at a time."""
    for start in range(0, size, PAGE):
        yield from log.entries(start, min(start + PAGE, size))


@ledger.command()
@service_option
@config_option
@json_option
def verify(service: str, config: str | None, as_json: bool) -> None:
    """从头核对整本账 / Recompute the whole log against its newest checkpoint. Status 1 means it does not agree.

    Example: tongban ledger verify --service exchange
    """
    with opened(config, service) as log:
        note, kept = log.checkpoint_and_kept()
        try:
            verify_size(kept, verify_checkpoint(note, vkey=log.vkey))
            with click.progressbar(
                entries(log, kept), length=kept, label="核对 / verifying", file=sys.stderr
            ) as leaves:
                checkpoint = verify_log(leaves, checkpoint=note, vkey=log.vkey)
        except VerificationFailed as failure:
            refused(failure, as_json=as_json)
        members({"verified": True, "origin": checkpoint.origin, "size": checkpoint.size}, as_json=as_json)


@ledger.command()
@service_option
@config_option
@json_option
def checkpoint(service: str, config: str | None, as_json: bool) -> None:
    """最新的签名检查点 / The newest signed checkpoint.

    Example: tongban ledger checkpoint --service idp
    """
    with opened(config, service) as log:
        note = log.checkpoint()
    try:
        size = verify_checkpoint(note, vkey=log.vkey).size
    except VerificationFailed as failure:
        refused(failure, as_json=as_json)
    if as_json:
        write_json({"origin": log.origin, "size": size, "key": log.vkey, "checkpoint": note})
        return
    click.echo(note, nl=False)


@ledger.command()
@config_option
@json_option
def reconcile(config: str | None, as_json: bool) -> None:
    """核对使用记录与账本 / Compare what people and providers are shown with the exchange's log, entry by entry.

    Status 1 when anything differs; entries are named by their index, people never.

    Example: tongban ledger reconcile
    """

    def progress(entries: Iterable[Kept], size: int) -> Iterator[Kept]:
        with click.progressbar(entries, length=size, label="核对 / reconciling", file=sys.stderr) as watched:
            yield from watched

    with exchange_administration(config) as exchange:
        found = exchange.reconcile(progress)
    told = {"entries": found.entries, "counted": found.rows, "files": found.files, "people": found.people}
    told |= {"differences": found.differences}
    members(told | {"by_kind": dict(found.counted), "named": found.named}, as_json=as_json)
    if found.differences:
        raise SystemExit(NO)


@ledger.command()
@click.argument("index", type=click.IntRange(min=0))
@service_option
@config_option
@json_option
def prove(index: int, service: str, config: str | None, as_json: bool) -> None:
    """一个条目在账中的证明 / The proof that an entry is in the log (tlog-proof@v1).

    Example: tongban ledger prove 42
    """
    with opened(config, service) as log:
        try:
            proof = log.proof_text(index)
        except NoSuchEntry:
            say_no(f"账本没有第 {index} 条", f"the log has no entry {index}")
    if as_json:
        write_json({"index": index, "key": log.vkey, "proof": proof})
        return
    click.echo(proof, nl=False)
