"""``tongban person``: accounts of people. Secrets are asked for at the terminal, never taken from the command line."""

from __future__ import annotations

from pathlib import Path

import click

from idp.model.person import ROLES, NewPerson, PersonKind
from kernel.identifiers.subject import SubjectRef
from tongban.commands.configuration import idp_administration
from tongban.output import config_option


@click.group()
def person() -> None:
    """账户 / Accounts of people."""


@person.command()
@click.argument("username")
@click.option("--name", prompt="姓名 / name")
@click.option(
    "--number", "number", prompt="公民身份号码（可留空）/ citizen number (may be empty)", default="", hide_input=True
)
@click.password_option(prompt="密码 / password")
@click.option("--assurance", type=click.IntRange(1, 4), default=2, show_default=True)
@click.option("--organisation", default=None, help="工作人员所属部门 / staff: the department's code")
@click.option("--role", "roles", multiple=True, type=click.Choice(sorted(ROLES)))
@config_option
def add(
    username: str,
    name: str,
    number: str,
    password: str,
    assurance: int,
    organisation: str | None,
    roles: tuple[str, ...],
    config: str | None,
) -> None:
    """新增账户 / Make an account.

    Example: tongban person add zhang --organisation 11500000DEM0000228 --role governance-approver
    """
    kind = PersonKind.STAFF if organisation else PersonKind.NATURAL
    subject = SubjectRef("citizen-number", number.strip().upper()) if number.strip() else None
    new = NewPerson(username, name, password, kind, assurance, subject, None, organisation, roles)
    with idp_administration(config) as idp:
        idp.people.add(new)
    click.echo(f"已建立 / made: {username}")


@person.command("import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def import_(source: Path, config: str | None) -> None:
    """从 CSV 导入 / Import accounts from a CSV file; all of it is checked before the first account is made.

    Example: tongban person import people.csv
    """
    with idp_administration(config) as idp, source.open(encoding="utf-8-sig", newline="") as lines:
        count = idp.people.import_file(lines)
    click.echo(f"已导入 {count} 个账户 / {count} accounts imported")


@person.command()
@click.argument("username")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
def disable(username: str, yes: bool, config: str | None) -> None:
    """停用账户并结束其会话 / Refuse an account and end its sessions within a second.

    Example: tongban person disable zhang --yes
    """
    if not yes:
        click.confirm(f"停用 {username} / disable {username}?", abort=True)
    with idp_administration(config) as idp:
        idp.people.disable(username)
    click.echo(f"已停用 / disabled: {username}")
