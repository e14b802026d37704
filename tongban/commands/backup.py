"""``tongban backup`` and ``tongban restore``: everything an installation is made of, in one file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from kernel.clock import SystemClock
from kernel.settings import SettingsError
from kernel.version import VERSION
from tongban import safekeeping
from tongban.commands.configuration import config_path, load_settings
from tongban.output import config_option, json_option, members, wrong


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@config_option
@json_option
def backup(file: Path, config: str | None, as_json: bool) -> None:
    """备份配置、密钥与两个数据库，服务不必停 / Back up configuration, keys and both databases, beside running services.

    Whoever can read the file is the installation: it holds the private keys. It is made for its owner alone.

    Example: tongban backup tongban-2026-11-28.tar.gz
    """
    settings = load_settings(config)
    try:
        manifest = safekeeping.back_up(file, settings, config_path(config), SystemClock().now(), VERSION)
    except safekeeping.NotKept as refusal:
        wrong(refusal.text.zh, refusal.text.en)
    members({"file": str(file), "made_at": manifest["made_at"], "parts": len(manifest["parts"])}, as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="恢复到此目录；缺省为原目录 / into this folder; default: where it was",
)
@json_option
def restore(file: Path, data: Path | None, as_json: bool) -> None:
    """从备份恢复；绝不覆盖 / Restore a backup; nothing is ever overwritten. Then look with ledger verify and doctor.

    Example: tongban restore tongban-2026-11-28.tar.gz --data /srv/tongban
    """
    try:
        configuration = safekeeping.restore(file, data, os.environ)
    except (safekeeping.NotKept, SettingsError) as refusal:
        wrong(refusal.text.zh, refusal.text.en)
    members({"restored": True, "configuration": str(configuration) if configuration else None}, as_json=as_json)
