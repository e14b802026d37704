"""``tongban db``: the schemas of both databases."""

from __future__ import annotations

import sys

import click

from kernel import migrations
from tongban import installation
from tongban.commands.configuration import load_settings
from tongban.output import DONE, NO, config_option, json_option, write_json


@click.group()
def db() -> None:
    """数据库结构 / Database schemas."""


@db.command()
@config_option
def upgrade(config: str | None) -> None:
    """升级到最新结构 / Bring both databases to the newest schema.

    Example: tongban db upgrade --config data/tongban.toml
    """
    installation.upgrade(load_settings(config))
    click.echo("两个数据库都是最新结构 / both databases are at the newest schema")


@db.command()
@config_option
@json_option
def check(config: str | None, as_json: bool) -> None:
    """是否最新 / Whether both databases are at the newest schema.

    Example: tongban db check
    """
    settings = load_settings(config)
    stores = {
        "idp": (settings.idp.database_url, "idp.store"),
        "exchange": (settings.exchange.database_url, "exchange.store"),
    }
    current = {name: migrations.current(url, package) for name, (url, package) in stores.items()}
    if as_json:
        write_json(current)
    for name, newest in () if as_json else current.items():
        click.echo(f"{name}: " + ("最新 / current" if newest else "需要升级 / needs `tongban db upgrade`"))
    sys.exit(DONE if all(current.values()) else NO)
