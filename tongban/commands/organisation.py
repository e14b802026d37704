"""``tongban organisation``: departments that clients and staff belong to."""

from __future__ import annotations

import click

from kernel.text import Text
from tongban.commands.at_the_provider import idp_administration
from tongban.output import config_option, json_option, rows


@click.group()
def organisation() -> None:
    """部门 / Departments."""


@organisation.command()
@click.argument("code")
@click.option("--name-zh", required=True)
@click.option("--name-en", required=True)
@config_option
def add(code: str, name_zh: str, name_en: str, config: str | None) -> None:
    """新增或更名 / Add a department by its unified social credit code, or rename it.

    Example: tongban organisation add 11500000DEM0000228 --name-zh 市大数据局 --name-en 'Data Governance Bureau'
    """
    with idp_administration(config) as idp:
        idp.clients.add_organisation(code, Text(name_zh, name_en))
    click.echo(f"已登记 / added: {code}")


@organisation.command("list")
@config_option
@json_option
def list_(config: str | None, as_json: bool) -> None:
    """列出部门 / List the departments.

    Example: tongban organisation list --json
    """
    with idp_administration(config) as idp:
        listed = [{"code": item["code"], "name": item["name"]} for item in idp.clients.organisations()]
    shown = listed if as_json else [{**item, "name": _both(item["name"])} for item in listed]
    rows(shown, ["code", "name"], as_json=as_json)


def _both(name: object) -> str:
    return " ".join(map(str, name.values())) if isinstance(name, dict) else str(name)
