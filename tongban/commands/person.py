"""``tongban person``: accounts of people. Secrets are asked for at the terminal, never taken from the command line."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import click

from idp.administration import Administration, text_of
from idp.authentication.totp import new_secret, provisioning_uri
from idp.model import contact
from idp.model.contact import Contact, ContactKind
from idp.model.person import ROLES, NewPerson, PersonKind
from kernel.entropy import SystemEntropy
from kernel.identifiers import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef
from kernel.identifiers.subject import parse as parse_subject
from kernel.settings import IdpSettings
from tongban.commands.at_the_provider import idp_administration
from tongban.commands.configuration import load_settings
from tongban.named_files import bytes_of
from tongban.output import config_option, json_option, write_json, wrong

MOST_OF_PEOPLE = 16 << 20
"""Bytes of a file of accounts, whose number is bounded, too."""


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
@click.option(
    "--assurance",
    type=click.IntRange(1, 4),
    default=None,
    help="实名等级；缺省：工作人员 3，有号码 2，否则 1 / default: staff 3, with a number 2, otherwise 1",
)
@click.option("--organisation", default=None, help="工作人员所属部门 / staff: the department's code")
@click.option("--role", "roles", multiple=True, type=click.Choice(sorted(ROLES)))
@click.option(
    "--totp/--no-totp", default=True, help="生成动态码密钥，只显示这一次 / make a one-time-code secret, shown this once"
)
@click.option("--phone", default="", help="已核实的电话，通知发往该处 / checked telephone: notices go there")
@click.option("--email", default="", help="已核实的邮件地址 / checked e-mail address")
@config_option
@json_option
def add(
    username: str,
    name: str,
    number: str,
    password: str,
    assurance: int | None,
    organisation: str | None,
    roles: tuple[str, ...],
    totp: bool,
    phone: str,
    email: str,
    config: str | None,
    as_json: bool,
) -> None:
    """新增账户 / Make an account.

    Example: tongban person add zhang --organisation 11500000DEM0000228 --role governance-approver
    """
    kind = PersonKind.STAFF if organisation else PersonKind.NATURAL
    subject = citizen(number.strip())
    level = assurance or (3 if organisation else 2 if subject else 1)
    secret = new_secret(SystemEntropy()) if totp else None
    contacts = checked_contacts({ContactKind.PHONE: phone, ContactKind.EMAIL: email})
    new = NewPerson(username, name, password, kind, level, subject, secret, organisation, roles, contacts)
    with idp_administration(config) as idp:
        idp.people.add(new)
    told = {"made": username, "assurance": level}
    if secret is not None:
        told |= {"totp_secret": secret, "totp_uri": provisioning_uri(secret, username)}
    if as_json:
        write_json(told)
        return
    click.echo(f"已建立 / made: {username}（实名等级 / assurance {level}）")
    if secret is not None:
        click.echo(f"动态码密钥，只显示这一次 / one-time-code secret, shown this once: {secret}\n  {told['totp_uri']}")


def checked_contacts(texts: Mapping[ContactKind, str]) -> tuple[Contact, ...]:
    """The contacts that were given, or exit status 2."""
    try:
        return tuple(contact.parse(kind, text) for kind, text in texts.items() if text)
    except contact.InvalidContact:
        wrong(
            "--phone 须为电话号码，--email 须为邮件地址", "--phone takes a telephone number, --email an e-mail address"
        )


def citizen(number: str) -> SubjectRef | None:
    """The citizen of a number, none for an empty one, or exit status 2."""
    try:
        return parse_subject("citizen-number", number) if number else None
    except InvalidIdentifier as error:
        wrong(error.reason.zh, error.reason.en)


def show_first_link(settings: IdpSettings, idp: Administration) -> None:
    """Print the first administrator's one-time link; it is written nowhere else."""
    secret = idp.enrolments.first()
    click.echo(
        f"首位系统管理员的一次性链接，{settings.enrolment_minutes} 分钟内有效，只显示这一次"
        f" / one-time link for the first system administrator, for {settings.enrolment_minutes} minutes, shown once:\n"
        f"  {settings.issuer}/enrol/{secret}"
    )


@person.command("first-administrator")
@config_option
def first_administrator(config: str | None) -> None:
    """再打印一次首位系统管理员的链接 / Another link for the first system administrator; the one before stops working.

    Example: tongban person first-administrator
    """
    with idp_administration(config) as idp:
        show_first_link(load_settings(config).idp, idp)


@person.command("import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def import_(source: Path, config: str | None) -> None:
    """从 CSV 导入，要么全部要么一个也不 / Import the accounts of a CSV file (UTF-8 or GB 18030), all or none.

    Example: tongban person import people.csv
    """
    data = bytes_of(source, MOST_OF_PEOPLE)
    with idp_administration(config) as idp:
        count = idp.people.import_file(io.StringIO(text_of(data), newline=""))
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
