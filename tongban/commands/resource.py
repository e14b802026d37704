"""``tongban resource``: resource servers that access tokens may be for (RFC 8707)."""

from __future__ import annotations

from pathlib import Path

import click

from tongban.commands.at_the_provider import idp_administration
from tongban.named_files import json_object
from tongban.output import config_option, json_option, rows, write_json


@click.group()
def resource() -> None:
    """资源服务器 / Resource servers: whom access tokens may be for."""


@resource.command()
@click.option("--from", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@config_option
def add(source: Path, config: str | None) -> None:
    """登记资源服务器，或更新其说明 / Register a resource server, or describe it anew.

    The file holds `resource`, `tongban_organisation`, `scopes` and the `clients` it lets in.

    Example: tongban resource add --from permits.json
    """
    with idp_administration(config) as idp:
        write_json(idp.resources.put(json_object(source)))


@resource.command("list")
@config_option
@json_option
def list_(config: str | None, as_json: bool) -> None:
    """列出资源服务器 / List the resource servers.

    Example: tongban resource list --json
    """
    with idp_administration(config) as idp:
        rows(idp.resources.every(), ["resource", "tongban_organisation", "clients"], as_json=as_json)


@resource.command()
@click.argument("identifier")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
def disable(identifier: str, yes: bool, config: str | None) -> None:
    """不再为其签发令牌，一秒内处处生效 / Issue no more tokens for it, everywhere within a second.

    Example: tongban resource disable https://permits.example/api --yes
    """
    if not yes:
        click.confirm(f"停用 {identifier} / disable {identifier}?", abort=True)
    with idp_administration(config) as idp:
        idp.resources.disable(identifier)
    click.echo(f"已停用 / disabled: {identifier}")
