"""``tongban client``: OAuth clients of the identity provider."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from idp.model.invitation import Terms
from tongban.commands.at_the_provider import idp_administration
from tongban.named_files import json_object
from tongban.output import config_option, json_option, members, rows, write_json


@click.group()
def client() -> None:
    """客户端 / OAuth clients."""


@client.command()
@click.option("--from", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@config_option
@json_option
def add(source: Path, config: str | None, as_json: bool) -> None:
    """登记客户端；密钥口令只显示这一次 / Register a client from RFC 7591 metadata; a secret is shown this once.

    The registered client is printed as JSON (RFC 7591 §3.2.1), with --json or without.

    Example: tongban client add --from client.json
    """
    del as_json
    with idp_administration(config) as idp:
        write_json(idp.clients.add(json_object(source)))


@client.command()
@click.option("--organisation", required=True, help="机构的统一社会信用代码 / the department's social credit code")
@click.option("--scope", default="openid profile", show_default=True, help="最多可登记的范围 / scopes offered")
@click.option("--grant-type", "grant_types", multiple=True, default=("authorization_code", "refresh_token"))
@click.option("--uses", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--valid-hours", type=click.IntRange(1, 90 * 24), default=72, show_default=True)
@click.option(
    "--fixed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="由您确定的元数据（JSON）/ metadata that you set",
)
@config_option
@json_option
def invite(
    organisation: str,
    scope: str,
    grant_types: tuple[str, ...],
    uses: int,
    valid_hours: int,
    fixed: Path | None,
    config: str | None,
    as_json: bool,
) -> None:
    """邀请机构自行登记客户端；令牌只显示一次 / Let a department register clients itself; the token is shown once.

    Example: tongban client invite --organisation 11500000DEM000057T --scope "openid profile" --uses 2
    """
    set_by_operator = json_object(fixed) if fixed else {}
    terms = Terms(organisation, frozenset(scope.split()), frozenset(grant_types), set_by_operator)
    with idp_administration(config) as idp:
        members(idp.clients.invite(terms, uses=uses, valid_for=timedelta(hours=valid_hours)), as_json=as_json)


@client.command()
@config_option
@json_option
def invitations(config: str | None, as_json: bool) -> None:
    """列出仍可使用的邀请 / List the invitations that can still be used, without their tokens.

    Example: tongban client invitations
    """
    with idp_administration(config) as idp:
        rows(idp.clients.invitations(), ["invitation", "organisation", "uses_left", "expires_at"], as_json=as_json)


@client.command("withdraw-invitation")
@click.argument("invitation")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
def withdraw_invitation(invitation: str, yes: bool, config: str | None) -> None:
    """收回邀请；已登记的客户端不受影响 / Let nobody register by an invitation any more; clients that came of it stay.

    Example: tongban client withdraw-invitation inv_01J8Z3V9Q4M6W7X8Y9Z0A1B2C3 --yes
    """
    if not yes:
        click.confirm(f"收回 {invitation} / withdraw {invitation}?", abort=True)
    with idp_administration(config) as idp:
        idp.clients.withdraw_invitation(invitation)
    click.echo(f"已收回 / withdrawn: {invitation}")


@client.command("list")
@config_option
@json_option
def list_(config: str | None, as_json: bool) -> None:
    """列出客户端 / List the clients, without secrets.

    Example: tongban client list
    """
    with idp_administration(config) as idp:
        rows(
            idp.clients.every(),
            ["client_id", "client_name", "tongban_organisation", "token_endpoint_auth_method"],
            as_json=as_json,
        )


@client.command()
@click.argument("client_id")
@config_option
@json_option
def show(client_id: str, config: str | None, as_json: bool) -> None:
    """显示一个客户端 / Show one client, without its secret.

    Example: tongban client show market-website
    """
    with idp_administration(config) as idp:
        members(idp.clients.show(client_id), as_json=as_json)


@client.command("rotate-secret")
@click.argument("client_id")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
@json_option
def rotate_secret(client_id: str, yes: bool, config: str | None, as_json: bool) -> None:
    """更换密钥口令；旧的立即失效 / A new secret, shown this once; the old one stops working at once.

    Example: tongban client rotate-secret window-terminal --yes
    """
    if not yes:
        told = f"{client_id} 现用的立即失效 / What {client_id} has now stops working at once"
        click.confirm(f"{told}. Go on?", abort=True, err=True)
    with idp_administration(config) as idp:
        members(idp.clients.rotate_secret(client_id), as_json=as_json)


@client.command()
@click.argument("client_id")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
def disable(client_id: str, yes: bool, config: str | None) -> None:
    """停用客户端，一秒内处处生效 / Refuse a client and its tokens everywhere within a second.

    Example: tongban client disable market-website --yes
    """
    if not yes:
        click.confirm(f"停用 {client_id} / disable {client_id}?", abort=True)
    with idp_administration(config) as idp:
        idp.clients.disable(client_id)
    click.echo(f"已停用 / disabled: {client_id}")
