"""``tongban grant replay``: past decisions made again, or held against a proposed grant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from exchange.administration import Administration
from exchange.catalogue.reading import InvalidCatalogue
from exchange.governance.simulation.impact import PERIODS
from exchange.store.decisions import Period
from kernel.dates import CHINA
from kernel.manifests import ManifestError
from policies.grants.grant import Grant
from tongban.commands.at_the_exchange import exchange_administration
from tongban.output import NO, config_option, json_option, members, say_no, write_json, wrong


def _instant(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    """A date-time (RFC 3339), or a day from its beginning in China."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("2026-11-01 或/or 2026-11-01T08:00:00+08:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


@click.command()
@click.option("--from", "since", callback=_instant, help="起（含）/ from, a day or an RFC 3339 time")
@click.option("--to", "until", callback=_instant, help="止（不含）/ until before")
@click.option("--with", "proposed", help="清单文件，或 编号@版本 / a manifest file, or id@version of a draft")
@click.option("--days", type=click.Choice([str(days) for days in PERIODS]), default=str(PERIODS[-1]), show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True)
@config_option
@json_option
def replay(
    since: datetime | None,
    until: datetime | None,
    proposed: str | None,
    days: str,
    processes: int,
    config: str | None,
    as_json: bool,
) -> None:
    """重算已记录的裁决 / Make logged decisions again by the rules that held then; status 1 when one differs.

    With ``--with`` requests like those of the last days are judged with and without a proposed grant.

    Example: tongban grant replay --from 2026-11-01 --to 2026-12-01
    """
    with exchange_administration(config) as exchange:
        if proposed is not None:
            _show(exchange, proposed, int(days), as_json=as_json)
            return
        found = exchange.replay(Period(since, until), processes)
    told = {
        "decisions": found.decisions,
        "agreeing": found.agreeing,
        "disagreeing": found.disagreeing,
        "other_rules": found.other_rules,
        "differing": [*found.differing],
    }
    members(told, as_json=as_json)
    if found.disagreeing:
        raise SystemExit(NO)


def _show(exchange: Administration, proposed: str, days: int, *, as_json: bool) -> None:
    reports: list[dict[str, Any]] = [exchange.impact(grant, days) for grant in _grants(exchange, proposed)]
    if as_json:
        write_json(reports)
        return
    for report in reports:
        members(report, as_json=False)


def _grants(exchange: Administration, proposed: str) -> tuple[Grant, ...]:
    path = Path(proposed)
    if path.is_file():
        try:
            return exchange.proposed(path)
        except ManifestError as error:
            wrong("；".join(each.zh for each in error.findings), str(error))
        except InvalidCatalogue as error:
            wrong(error.text.zh, error.text.en)
    found = exchange.version(proposed)
    if found is None:
        say_no(f"没有授权 {proposed}", f"there is no grant {proposed}")
    return (found,)
