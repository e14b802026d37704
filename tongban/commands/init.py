"""``tongban init``: make a real installation."""

from __future__ import annotations

from pathlib import Path

import click

from idp.administration import Administration
from tongban import installation
from tongban.commands.person import show_first_link
from tongban.output import wrong


@click.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), required=True, help="数据目录 / data folder")
@click.option("--database", default=None, help="postgresql+psycopg://…；缺省用 SQLite / default: SQLite")
@click.option("--port-base", type=click.IntRange(1, 65000), default=8400, show_default=True)
@click.option("--issuer", help="身份提供方对外的 https 地址 / public address of the identity provider")
@click.option("--exchange", help="交换服务对外的 https 地址 / public address of the exchange")
def init(data: Path, database: str | None, port_base: int, issuer: str | None, exchange: str | None) -> None:
    """建立配置、密钥与数据库 / Make configuration, keys and databases.

    The public addresses name the logs and cannot be changed afterwards. Without them the installation serves this
    machine alone, under the name localhost: passkeys need a name.

    Example: tongban init --data /srv/tongban --issuer https://id.example --exchange https://exchange.example
    """
    if (issuer is None) != (exchange is None):
        wrong("--issuer 与 --exchange 须一起给出", "give --issuer and --exchange together.")
    addresses = installation.loopback(port_base, "localhost")
    if issuer is not None and exchange is not None:
        addresses = installation.public(issuer, exchange, port_base)
    try:
        settings = installation.create(data, addresses, database=database)
    except installation.NotInstallable as error:
        wrong(error.text.zh, error.text.en)
    click.echo(f"已建立 / made: {data}/tongban.toml")
    with Administration.open(settings.idp) as idp:
        show_first_link(settings.idp, idp)
    click.echo(
        "下一步 / next:\n"
        f"  tongban serve all --config {data}/tongban.toml\n"
        f"  tongban organisation add CODE --name-zh … --name-en … --config {data}/tongban.toml\n"
        f"  tongban person add … --config {data}/tongban.toml\n"
        f"  tongban catalogue apply MANIFESTS --config {data}/tongban.toml"
    )
