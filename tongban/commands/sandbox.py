"""``tongban sandbox``: what a department's system does by itself on its way to the first governed call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests

from tongban.client import TIMEOUT, Client, Refused, authorities, evidence_detail
from tongban.commands.evidence import FILE, client_of, conclude
from tongban.named_files import json_object
from tongban.output import config_option, json_option, say_no, write_json

client_option = click.option(
    "--client",
    "source",
    type=FILE,
    required=True,
    envvar="TONGBAN_CLIENT",
    help="JSON：client_id、private_key、issuer、exchange / a JSON file with these members",
)


@dataclass(frozen=True)
class System:
    """A system of the sandbox, and the exchange it speaks to."""

    client: Client
    exchange: str

    def post(self, path: str, access_token: str, body: Any) -> dict[str, Any]:
        """One request. Raises Refused."""
        return self.client.call("POST", self.exchange + path, access_token, body)

    def cases_token(self) -> str:
        """A token for cases, bound to the key of this call. Raises Refused."""
        return self.client.by_itself({"scope": "cases", "resource": self.exchange})

    def contents(self) -> dict[str, Any]:
        """What is in the sandbox. Raises Refused: it is not open."""
        answer = requests.get(f"{self.exchange}/v1/onboarding/sandbox", timeout=TIMEOUT, verify=authorities())
        if not answer.ok:
            raise Refused(answer.status_code, {"title": "沙箱没有开放 / the sandbox is not open"})
        return dict(answer.json())


@click.group()
def sandbox() -> None:
    """沙箱：业务系统的头两步 / The sandbox: the first two steps of a department's system."""


@sandbox.command("check-in")
@client_option
@config_option
@json_option
def check_in(source: Path, config: str | None, as_json: bool) -> None:
    """业务系统用自己的密钥报到 / The system shows a token bound to its own key, once.

    Example: tongban sandbox check-in --client system.json
    """
    system = system_of(source, config)
    found = _done(lambda: system.post("/v1/onboarding/check-in", system.cases_token(), {}))
    if as_json:
        write_json(found)
    else:
        click.echo(f"已报到 / checked in: {found['system']} ({found['binding']})")


@sandbox.command()
@client_option
@click.option("--person", help="虚构的人的号码，缺省为第一人 / number of somebody invented; the first by default")
@click.option("--type", "evidence_type", help="材料类型，缺省为第一种 / evidence type; the first by default")
@click.option("--field", "fields", multiple=True, default=("name",), help="字段，可多次 / a field; repeat for more")
@click.option("--officer", default="sandbox", help="本部门经办人的编号 / the department's own name of who asks")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="材料与回执存入此目录 / keep them here")
@config_option
@json_option
def call(
    source: Path,
    person: str | None,
    evidence_type: str | None,
    fields: tuple[str, ...],
    officer: str,
    to: Path | None,
    config: str | None,
    as_json: bool,
) -> None:
    """第一次受控调用：开立办件，请求虚构的材料 / The first governed call: a case, and invented evidence in it.

    Status 1: not delivered. Example: tongban sandbox call --client system.json
    """
    system = system_of(source, config)
    answer = _done(lambda: _called(system, person, {"type": evidence_type, "fields": [*fields]}, officer))
    conclude(answer, to, as_json=as_json)


def system_of(source: Path, config: str | None) -> System:
    """Who calls, or exit status 2 naming what is missing."""
    client, exchange = client_of(json_object(source), config)
    return System(client, exchange)


def _called(system: System, person: str | None, asked: dict[str, Any], officer: str) -> dict[str, Any]:
    found = system.contents()
    wanted = {**asked, "type": asked["type"] or found["evidence_types"][0]}
    # Nobody else is asked about: a real number has no business in a command.
    someone = next((one for one in found["people"] if person in {None, one["value"]}), None)
    if someone is None:
        raise Refused(404, {"title": "沙箱里没有这个人 / nobody of the sandbox has this number"})
    subject = {"scheme": someone["scheme"], "value": someone["value"]}
    ground = {"service_item": found["service_item"], "legal_basis": found["legal_basis"]}
    opened = {
        "service_item": ground["service_item"],
        "reference": "first-call",
        "subjects": [{**subject, "role": "applicant"}],
    }
    case = str(system.post("/v1/cases", system.cases_token(), opened)["case"])
    detail = evidence_detail(system.exchange, ground["service_item"], case, ground["legal_basis"], [wanted])
    access_token = system.client.by_itself({"authorization_details": detail}, officer)
    about = {**wanted, "subject": subject}  # nobody is present: it is said of whom
    return system.post("/v1/evidence-requests", access_token, {**ground, "case": case, "evidence": [about]})


def _done(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except Refused as refusal:
        say_no(f"没有成功：{refusal}", f"refused: {refusal}")
