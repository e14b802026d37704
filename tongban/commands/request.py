"""``tongban request``: access requests and what is left of their time. Officers act through pages and API."""

from __future__ import annotations

from typing import Any

import click

from policies.requests.events import Status
from tongban.commands.at_the_exchange import exchange_administration
from tongban.output import config_option, json_option, members, rows, say_no


@click.group()
def request() -> None:
    """共享申请 / Access requests."""


@request.command("list")
@click.option("--state", type=click.Choice([status.value for status in Status]), help="只列这一状态 / only this state")
@config_option
@json_option
def list_(state: str | None, config: str | None, as_json: bool) -> None:
    """列出申请与剩余工作日 / List requests with the working days left.

    Example: tongban request list --state with-provider
    """
    with exchange_administration(config) as exchange:
        listed = exchange.requests(state)
    shown = listed if as_json else [_line(item) for item in listed]
    rows(shown, ["id", "status", "consumer", "provider", "evidence_type", "left"], as_json=as_json)


@request.command()
@click.argument("name", metavar="REQUEST")
@config_option
@json_option
def show(name: str, config: str | None, as_json: bool) -> None:
    """一件申请与办理经过 / One request and all that happened to it.

    Example: tongban request show ar_01J8Z3V9Q4M6W7X8Y9Z0A1B2C3
    """
    with exchange_administration(config) as exchange:
        found = exchange.request(name)
    if found is None:
        say_no(f"没有申请 {name}", f"there is no request {name}")
    members(found, as_json=as_json)


def _line(item: dict[str, Any]) -> dict[str, Any]:
    named = {member: item[member]["name"]["zh"] for member in ("consumer", "provider", "evidence_type")}
    return {**item, **named, "left": item["clock"]["text"]["zh"] if item["clock"] else ""}
