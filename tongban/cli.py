"""The command ``tongban``: one place where every subcommand is named."""

from __future__ import annotations

import click

from tongban import __version__
from tongban.commands.backup import backup, restore
from tongban.commands.catalogue import catalogue
from tongban.commands.client import client
from tongban.commands.db import db
from tongban.commands.demo import demo
from tongban.commands.doctor import doctor
from tongban.commands.erase import erase
from tongban.commands.evidence import evidence
from tongban.commands.grant import grant
from tongban.commands.init import init
from tongban.commands.keys import keys
from tongban.commands.ledger import ledger
from tongban.commands.organisation import organisation
from tongban.commands.person import person
from tongban.commands.request import request
from tongban.commands.resource import resource
from tongban.commands.serve import serve
from tongban.commands.verify import verify
from tongban.mistakes import Plain


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tongban")
def tongban() -> None:
    """通办：一次登录，凭数据办事，人人可验的回执 / Sign in once, evidence by data, a receipt anyone can check."""


COMMANDS = (
    backup,
    catalogue,
    client,
    db,
    demo,
    doctor,
    erase,
    evidence,
    grant,
    init,
    keys,
    ledger,
    organisation,
    person,
    request,
    resource,
    restore,
    serve,
    verify,
)
for command in COMMANDS:
    tongban.add_command(command)


def main() -> None:
    """Run the command."""
    tongban(standalone_mode=True)
