"""What commands print: a table for people, JSON for machines, one sentence for a mistake."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import click
from rich.cells import cell_len
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


def write_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_told))


def _told(value: object) -> str:
    """Times by RFC 3339, whatever else by its own text."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def rows(items: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print a list: every member as JSON, or the named columns: a table or blocks on a terminal, else plain lines."""
    listed = [dict(item) for item in items]
    if as_json:
        write_json(listed)
        return
    cells = [[_shown(item.get(column)) for column in columns] for item in listed]
    if not sys.stdout.isatty():
        _lines([list(columns), *cells])
        return
    console = Console(highlight=False)
    table = Table()
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in cells:
        table.add_row(*row)
    if cell_width(cells, columns) <= console.width:
        console.print(table)
    else:
        _blocks(columns, cells)


def cell_width(cells: Sequence[Sequence[str]], columns: Sequence[str]) -> int:
    """How wide a table with its rules is when nothing in it is broken."""
    widths = (max(map(cell_len, column)) for column in zip(columns, *cells, strict=True))
    return sum(width + 3 for width in widths) + 1


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _lines(table: Sequence[Sequence[str]]) -> None:
    """Columns under each other, whatever their width: another program reads them, or somebody scrolls."""
    widths = [max(cell_len(row[number]) for row in table) for number in range(len(table[0]))]
    for row in table:
        padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


def _blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """One block a thing where a table would break what has to be copied."""
    for row in cells:
        for column, cell in zip(columns, row, strict=True):
            click.echo(f"{column}: {cell}")
        click.echo()


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
