"""``tongban erase``: delete what is kept about a subject, and prove that old receipts still verify."""

from __future__ import annotations

import click

from kernel.identifiers import InvalidIdentifier, citizen_number, social_credit_code
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.verify import verify_log
from tongban.commands.configuration import exchange_administration
from tongban.commands.ledger import entries
from tongban.output import config_option, json_option, members, wrong


def parsed(scheme: str, text: str) -> SubjectRef:
    """The subject that a number names; raises InvalidIdentifier."""
    if scheme == "citizen-number":
        return SubjectRef("citizen-number", citizen_number.parse(text).value)
    return SubjectRef("social-credit-code", social_credit_code.parse(text).value)


@click.command()
@click.option("--subject", prompt="号码 / number", hide_input=True, help="不写则在终端询问 / asked for when left out")
@click.option(
    "--scheme", type=click.Choice(["citizen-number", "social-credit-code"]), default="citizen-number", show_default=True
)
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
@json_option
def erase(subject: str, scheme: str, yes: bool, config: str | None, as_json: bool) -> None:
    """删除一个主体的载荷密钥与盐 / Delete a subject's payload keys and salts; old receipts still verify.

    Example: tongban erase --scheme citizen-number --yes
    """
    try:
        named = parsed(scheme, subject.strip())
    except InvalidIdentifier as error:
        wrong("号码不正确", str(error))
    if not yes:
        click.confirm("删除后无法恢复 / this cannot be undone. Go on?", abort=True)
    with exchange_administration(config) as exchange:
        count = exchange.erase(named)
        log = exchange.outside.ledger
        note = log.checkpoint()
        verify_log(entries(log, int(note.splitlines()[1])), checkpoint=note, vkey=log.vkey)
    members({"entries_erased": count, "log_verifies": True}, as_json=as_json)
