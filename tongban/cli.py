"""The command ``tongban``: one place where every subcommand is named; each is loaded when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from kernel.version import VERSION
from tongban.mistakes import Plain, accepting_utf8_alone

COMMANDS = {
    "backup": "backup",
    "catalogue": "catalogue",
    "client": "client",
    "connector": "connector",
    "db": "db",
    "demo": "demo",
    "doctor": "doctor",
    "erase": "erase",
    "evidence": "evidence",
    "grant": "grant",
    "init": "init",
    "keys": "keys",
    "ledger": "ledger",
    "organisation": "organisation",
    "person": "person",
    "request": "request",
    "resource": "resource",
    "restore": "backup",
    "sandbox": "sandbox",
    "serve": "serve",
    "verify": "verify",
}
"""The module of ``tongban.commands`` that holds each command, under the command's own name."""


def loaded(name: str) -> click.Command:
    """A command named in COMMANDS, with all that it needs."""
    command: click.Command = getattr(import_module(f"tongban.commands.{COMMANDS[name]}"), name)
    return accepting_utf8_alone(command)


class OnDemand(Plain):
    """Commands that are imported when they are called: verifying a receipt does not load two services first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Every command by name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """The command of this name; None where there is none."""
        return loaded(cmd_name) if cmd_name in COMMANDS else None


@click.group(cls=OnDemand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="tongban")
def tongban() -> None:
    """通办：一次登录，凭数据办事，人人可验的回执 / Sign in once, evidence by data, a receipt anyone can check.

    \b
    退出状态 / exit status:
      0  办成，或“是” / done, or yes
      1  如实回答“否”：被拒绝、验证不通过、没有确认 / the honest answer is no
      2  用法或配置有误，一句话说明怎么改 / wrong usage or configuration: one sentence says how to mend it

    Example: tongban COMMAND --help
    """


def main() -> None:
    """Run the command."""
    tongban(prog_name="tongban")
