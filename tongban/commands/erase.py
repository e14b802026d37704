"""``tongban erase``: delete what both logs keep about a subject, and prove that old receipts still verify."""

from __future__ import annotations

import click

from kernel.canonical import JSON
from kernel.identifiers import InvalidIdentifier
from kernel.identifiers.subject import SCHEMES, SubjectRef, parse
from kernel.ledger.log import Ledger
from kernel.ledger.verify import VerificationFailed, verify_log, verify_receipt
from tongban.commands.at_the_exchange import exchange_administration
from tongban.commands.at_the_provider import idp_administration
from tongban.commands.configuration import load_settings
from tongban.commands.ledger import entries
from tongban.output import config_option, json_option, members, say_no, wrong


@click.command()
@click.option("--subject", prompt="号码 / number", hide_input=True, help="不写则在终端询问 / asked for when left out")
@click.option("--scheme", type=click.Choice(SCHEMES), default="citizen-number", show_default=True)
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
@json_option
def erase(subject: str, scheme: str, yes: bool, config: str | None, as_json: bool) -> None:
    """删除一个主体的载荷密钥与盐 / Delete a subject's payload keys and salts; old receipts still verify.

    In the logs of both services. Accounts and what departments hold themselves are not touched, nor are backups made
    before: how long those are kept is part of the erasure.

    Example: tongban erase --scheme citizen-number --yes
    """
    recorded = frozenset(load_settings(config).exchange.recorded_credit_codes)
    try:
        named = parse(scheme, subject.strip(), recorded_exceptions=recorded)
    except InvalidIdentifier as error:
        wrong(f"号码不正确：{error.reason.zh}", f"the number is wrong: {error.reason.en}")
    if not yes:
        click.confirm("删除后无法恢复 / this cannot be undone. Go on?", abort=True)
    try:
        with exchange_administration(config) as exchange:
            told = {"exchange": forget(exchange.ledger, named)}
        with idp_administration(config) as idp:
            told["idp"] = forget(idp.ledger, named)
    except VerificationFailed as failure:
        say_no(f"账本核对不通过：{failure.reason.zh}", f"the ledger does not verify: {failure.reason.en}")
    members(told, as_json=as_json)


def forget(log: Ledger, subject: SubjectRef) -> dict[str, JSON]:
    """Erase a subject in one log; then the whole log and a receipt given out before must verify.

    Raises VerificationFailed.
    """
    about = log.usage_of(subject)
    receipt = log.receipt(about[0].index) if about else None
    count = log.erase(subject)
    note = log.checkpoint()
    verify_log(entries(log, int(note.splitlines()[1])), checkpoint=note, vkey=log.vkey)
    if receipt is not None:
        verify_receipt(receipt.text, vkey=log.vkey)
    told: dict[str, JSON] = {"entries_about_subject": len(about), "entries_erased": count, "log_verifies": True}
    return told | {"old_receipt_verifies": True if receipt else None}
