"""``tongban demo``: the sample stories."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tongban.demo.runner import STORIES, Options, run
from tongban.output import json_option


@click.command()
@click.option("--once", is_flag=True, help="放完即退出 / leave after the stories, with a truthful exit status")
@click.option("--port-base", type=click.IntRange(1024, 65000), default=8400, show_default=True)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="数据目录 / data folder; default: a temporary one"
)
@click.option("--story", type=click.Choice([*STORIES, "all"]), default="all", show_default=True)
@click.option("--database", help="postgresql+psycopg://…；缺省用 SQLite / default: SQLite")
@json_option
def demo(once: bool, port_base: int, data: Path | None, story: str, database: str | None, as_json: bool) -> None:
    """演示：开餐馆、新生儿、入学、卖房……全程不交纸质材料 / The sample stories, without one paper.

    Status 130: ended by Ctrl-C before all was played. Example: tongban demo --once --story restaurant
    """
    sys.exit(run(Options(once, port_base, data, story, database, as_json)))
