"""What commands print: a table for people, JSON for machines, one sentence for a mistake."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

DONE, NO, WRONG_USAGE = 0, 1, 2
"""Exit status: done or yes; the honest answer is no; wrong usage or configuration."""

json_option = click.option("--json", "as_json", is_flag=True, help="机器可读输出 / machine-readable output")
config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=str),
    default=None,
    envvar="TONGBAN_CONFIG",
    help="配置文件，默认 data/tongban.toml / configuration file",
)


def console() -> Console:
    """Standard output; without colour when it is no terminal or NO_COLOR is set."""
    return Console(highlight=False, soft_wrap=True)


def write_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def rows(items: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print a list: every member as JSON, or the named columns as a table."""
    listed = [dict(item) for item in items]
    if as_json:
        write_json(listed)
        return
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for item in listed:
        table.add_row(*(str(item.get(column, "")) for column in columns))
    console().print(table)


def members(item: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one thing: as JSON, or a line for each member."""
    if as_json:
        write_json(dict(item))
        return
    for name, value in item.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        click.echo(f"{name}: {shown}")


def say_no(zh: str, en: str) -> NoReturn:
    """The honest answer is no: say why and leave with 1."""
    click.echo(f"{zh} / {en}", err=True)
    sys.exit(NO)


def wrong(zh: str, en: str) -> NoReturn:
    """Wrong usage or configuration: one sentence that says how to mend it, and leave with 2."""
    click.echo(f"{zh} / {en}", err=True)
    sys.exit(WRONG_USAGE)
