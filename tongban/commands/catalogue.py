"""``tongban catalogue``: organisations, systems, evidence types, service items, connectors and draft grants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from connectors.registry import notices
from exchange.catalogue.applying import Change
from kernel.manifests import ManifestError, load
from policies.proceedings import Moved
from tongban.commands.at_the_exchange import exchange_administration
from tongban.output import WRONG_USAGE, config_option, json_option, rows, write_json, wrong

PATHS = click.Path(exists=True, path_type=Path)


@click.group()
def catalogue() -> None:
    """目录 / The catalogue, from manifest files."""


def report(error: ManifestError) -> None:
    """Every finding with file, line and path; exit status 2."""
    for finding in error.findings:
        click.echo(f"{finding.zh} / {finding.en}", err=True)
    raise SystemExit(WRONG_USAGE)


def refuse_nothing(paths: tuple[Path, ...]) -> None:
    """An empty folder, or a file without an object, is a mistake: exit status 2. Raises ManifestError."""
    for path in paths:
        if not load(path):
            wrong(f"{path} 中没有清单（*.yaml、*.yml）", f"{path}: no manifests found (*.yaml, *.yml).")


def note(paths: tuple[Path, ...]) -> None:
    """What is worth knowing about the connectors that were applied."""
    for document in (document for path in paths for document in load(path) if document.kind == "Connector"):
        for notice in notices(document.value):
            click.echo(f"{notice.zh} / {notice.en}", err=True)


def show(changes: Iterable[Change], *, as_json: bool) -> None:
    """What changed, or would."""
    listed = [asdict(change) for change in changes]
    if not listed and not as_json:
        click.echo("没有变化 / nothing to change")
        return
    rows(listed, ["action", "kind", "name"], as_json=as_json)


@catalogue.command()
@click.argument("paths", type=PATHS, nargs=-1, required=True)
@config_option
@json_option
def apply(paths: tuple[Path, ...], config: str | None, as_json: bool) -> None:
    """应用清单；授权只成为草案 / Apply manifests; a grant becomes a draft only.

    Example: tongban catalogue apply manifests/
    """
    try:
        with exchange_administration(config) as exchange:
            refuse_nothing(paths)
            show(exchange.apply(paths), as_json=as_json)
            note(paths)
    except ManifestError as error:
        report(error)
    except Moved:
        wrong(
            "目录或授权刚被他人改动，请重试",
            "Catalogue or a grant was changed meanwhile: run the command again.",
        )


@catalogue.command()
@click.argument("paths", type=PATHS, nargs=-1, required=True)
@config_option
@json_option
def diff(paths: tuple[Path, ...], config: str | None, as_json: bool) -> None:
    """应用之后会有什么不同 / What applying these manifests would change.

    Example: tongban catalogue diff manifests/
    """
    try:
        with exchange_administration(config) as exchange:
            refuse_nothing(paths)
            show(exchange.diff(paths), as_json=as_json)
    except ManifestError as error:
        report(error)


@catalogue.command()
@config_option
@json_option
def export(config: str | None, as_json: bool) -> None:
    """导出为清单 / Everything as manifests.

    Example: tongban catalogue export > catalogue.yaml
    """
    with exchange_administration(config) as exchange:
        if as_json:
            write_json(exchange.documents())
        else:
            click.echo(exchange.export(), nl=False)


@catalogue.command()
@click.option("--organisation", help="只列该部门提供或需要的 / only what this department owes or needs")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", help="表头与名称的语言 / of the names")
@config_option
def responsibility(organisation: str | None, language: str, config: str | None) -> None:
    """数据共享责任清单（CSV）/ The responsibility list: service item, material, source department, item.

    Example: tongban catalogue responsibility > responsibility.csv
    """
    with exchange_administration(config) as exchange:
        click.echo(exchange.responsibility(organisation, language), nl=False)
