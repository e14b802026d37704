"""``tongban evidence get``: ask for evidence as a department system would, with the person at the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from kernel import jose
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy, token
from tongban.client import Client, Refused, evidence_detail
from tongban.commands.configuration import load_settings
from tongban.commands.grant import visit
from tongban.named_files import json_object
from tongban.officer import Callback, SignInFailed
from tongban.output import NO, config_option, json_option, say_no, write_json, wrong

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Caller:
    """As whom to ask, where, and on which ground."""

    client: Client
    exchange: str
    legal_basis: str


@click.group()
def evidence() -> None:
    """证明 / Evidence."""


@evidence.command()
@click.option("--service-item", required=True, help="事项编码 / the service item's code")
@click.option("--case", required=True, help="办件 / an open case of this client, case_…")
@click.option("--type", "evidence_type", required=True, help="证明类型 / evidence type")
@click.option("--field", "fields", multiple=True, help="字段，可多次 / a field; repeat for more")
@click.option("--predicate", "predicates", multiple=True, help="是非问题 / a yes/no question: valid-on:date=2026-11-28")
@click.option(
    "--client",
    "source",
    type=FILE,
    envvar="TONGBAN_CLIENT",
    help="JSON：client_id、private_key、legal_basis、issuer、exchange / a JSON file with these members",
)
@click.option("--client-id", help="登记时须有回调 http://127.0.0.1/callback / registered with that redirect URI")
@click.option("--key", "key_file", type=FILE, help="私钥（JWK）/ the client's private JWK")
@click.option("--legal-basis", help="依据 / the ground it is asked on")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="证明与回执存入此目录 / keep them here")
@config_option
@json_option
def get(
    service_item: str,
    case: str,
    evidence_type: str,
    fields: tuple[str, ...],
    predicates: tuple[str, ...],
    source: Path | None,
    client_id: str | None,
    key_file: Path | None,
    legal_basis: str | None,
    to: Path | None,
    config: str | None,
    as_json: bool,
) -> None:
    """索取证明；群众在浏览器里确认 / Ask for evidence; the person agrees in the browser. Status 1: not delivered.

    As whom to ask comes from a client file (--client, or TONGBAN_CLIENT) and from the options, which go first.

    Example: tongban evidence get --service-item S --case C --type identity-card --field name --client window.json
    """
    if not fields and not predicates:
        wrong("请用 --field 或 --predicate 写明要什么", "say what is asked for, with --field or --predicate.")
    given = {"client_id": client_id, "legal_basis": legal_basis, "private_key": key_file and json_object(key_file)}
    caller = caller_of({**(json_object(source) if source else {}), **{k: v for k, v in given.items() if v}}, config)
    questions = [question(text) for text in predicates]
    asked: dict[str, Any] = {"type": evidence_type}
    asked |= ({"fields": list(fields)} if fields else {}) | ({"predicates": questions} if questions else {})
    try:
        answer = ask(caller, service_item, case, asked)
    except (Refused, SignInFailed) as refusal:
        say_no(f"没有取到：{refusal}", f"not obtained: {refusal}")
    conclude(answer, to, as_json=as_json)


def caller_of(given: Mapping[str, Any], config: str | None) -> Caller:
    """Who asks, or exit status 2 naming what is missing and where it may stand."""
    client, exchange = client_of(given, config, {**KEYS, "legal_basis": "--legal-basis"})
    return Caller(client, exchange, str(given["legal_basis"]))


KEYS = {"client_id": "--client-id", "private_key": "--key"}
"""Members of a client file that every caller needs, and the options that may say them instead."""


def client_of(
    given: Mapping[str, Any], config: str | None, ways: Mapping[str, str | None] = MappingProxyType(dict.fromkeys(KEYS))
) -> tuple[Client, str]:
    """The client, and the exchange it speaks to; exit status 2 naming what is missing.

    ``ways`` are the members that are needed, each with the option that may say it instead, if any.
    """
    for member, option in ways.items():
        if not given.get(member):
            zh, en = (f"用 {option}，或", f"give {option}, or ") if option else ("", "")
            wrong(
                f"缺少 {member}：{zh}写进 --client 所指的文件",
                f"{member} is missing: {en}write it into the file that --client names.",
            )
    settings = load_settings(config)
    try:
        key = jose.SigningKey.from_private_jwk(given["private_key"], "ES256")
    except (ValueError, TypeError, jose.InvalidKey):
        wrong("私钥不是 ES256 私钥（JWK）", "the key is not a private ES256 JWK.")
    issuer = str(given.get("issuer") or settings.idp.issuer)
    client = Client(issuer, str(given["client_id"]), clock=SystemClock(), entropy=SystemEntropy(), key=key)
    return client, str(given.get("exchange") or settings.exchange.origin)


def question(text: str) -> dict[str, Any]:
    """``name`` or ``name:argument=value,…`` as the API has it; whole numbers are numbers. Exit status 2 otherwise."""
    name, colon, rest = text.partition(":")
    pairs = [part.partition("=") for part in rest.split(",")] if colon else []
    if not name or any(not key or not equals for key, equals, _ in pairs):
        wrong(
            f"--predicate {text} 应形如 valid-on:date=2026-11-28",
            f"--predicate {text}: write valid-on:date=2026-11-28.",
        )
    arguments = {key: int(value) if value.isascii() and value.isdecimal() else value for key, _, value in pairs}
    return {"name": name, "args": arguments} if arguments else {"name": name}


def ask(caller: Caller, service_item: str, case: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The exchange's answer, once the person has agreed. Raises Refused, SignInFailed."""
    wanted = {"type": asked["type"]} | ({"fields": asked["fields"]} if "fields" in asked else {})
    names = [one["name"] for one in asked.get("predicates", ())]
    wanted |= {"predicates": names} if names else {}
    detail = evidence_detail(caller.exchange, service_item, case, caller.legal_basis, [wanted])
    body = {"service_item": service_item, "case": case, "legal_basis": caller.legal_basis, "evidence": [dict(asked)]}
    access_token = authorised(caller.client, detail)
    url = f"{caller.exchange}/v1/evidence-requests"
    once = {"Idempotency-Key": token(SystemEntropy(), 16)}
    return caller.client.call("POST", url, access_token, body, once)


def conclude(answer: dict[str, Any], to: Path | None, *, as_json: bool) -> None:
    """Keep what came in ``to``, and say the outcome; exit status 1 where not all of it was delivered."""
    if to is not None:
        keep(answer, to)
    if as_json:
        write_json(answer)
    else:
        show(answer)
    if answer["status"] != "delivered":
        raise SystemExit(NO)


def keep(answer: Mapping[str, Any], folder: Path) -> None:
    """``<type>.jws`` and ``<type>.tlog-proof`` of everything delivered: what `tongban verify` takes."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for item in answer["evidence"]:
        for member, suffix in (("jws", "jws"), ("receipt", "tlog-proof")):
            if member in item:
                (folder / f"{item['type']}.{suffix}").write_bytes(item[member].encode())


def show(answer: Mapping[str, Any]) -> None:
    """The outcome for people: data and where they came from, or the reason and what to do now."""
    click.echo(f"{answer['id']}: {answer['status']}")
    for item in answer["evidence"]:
        click.echo(f"{item['type']}: {item['status']}")
        for name, value in {**item.get("data", {}), **item.get("provenance", {})}.items():
            click.echo(f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
        problem = item.get("problem", {})
        for member in ("title", "detail", "next_step"):
            if problem.get(member):
                click.echo(f"  {problem[member]}")


def authorised(client: Client, detail: str) -> str:
    """A purpose-bound token, once the person has agreed. Raises Refused, SignInFailed."""
    with Callback() as callback:
        pushed = client.push({"scope": "openid", "authorization_details": detail}, callback.address)
        visit(pushed.location)
        answer = callback.wait()
    if answer.get("state") != pushed.state or answer.get("iss") != client.issuer or "code" not in answer:
        raise SignInFailed(answer.get("error_description") or answer.get("error") or "no code came back")
    return str(client.redeem(answer["code"], pushed.verifier, callback.address)["access_token"])
