"""``tongban grant``: grants, and why a request would be decided as it is. Officers act by their own sign-in."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import yaml
from marshmallow import ValidationError

from exchange.administration import Administration
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from policies.delivery import Delivery
from policies.proceedings import NotAllowed
from tongban.commands.at_the_exchange import exchange_administration
from tongban.commands.configuration import load_settings
from tongban.commands.replaying import replay
from tongban.officer import OfficerSession, Refused, SignInFailed
from tongban.output import NO, config_option, json_option, members, rows, say_no, write_json, wrong


@click.group()
def grant() -> None:
    """授权 / Grants."""


grant.add_command(replay)


@grant.command("list")
@config_option
@json_option
def list_(config: str | None, as_json: bool) -> None:
    """列出授权 / List the grants with their plain sentence.

    Example: tongban grant list
    """
    with exchange_administration(config) as exchange:
        listed = exchange.grants()
    shown = listed if as_json else [{**item, "sentence": _zh(item["sentence"])} for item in listed]
    rows(shown, ["ref", "status", "sentence"], as_json=as_json)


def _zh(sentence: object) -> str:
    return str(sentence.get("zh", "")) if isinstance(sentence, dict) else ""


@grant.command()
@click.argument("reference")
@config_option
@json_option
def show(reference: str, config: str | None, as_json: bool) -> None:
    """一项授权：改变什么、须由谁签署、Cedar 文本 / One grant: what it changes, who must sign, its Cedar text.

    Example: tongban grant show RESTAURANT-IDENTITY
    """
    with exchange_administration(config) as exchange:
        found, examined = exchange.grant(reference), exchange.examination(reference)
    if found is None or examined is None:
        say_no(f"没有授权 {reference}", f"there is no grant {reference}")
    if as_json:
        write_json(found | {"examination": examined})
        return
    members(found | dict(said_of(examined)), as_json=False)


def said_of(examined: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """An examination for a terminal: the class, what was asked and answered, what differs, and who must sign."""
    yield "change", f"{examined['class_text']['zh']} / {examined['class_text']['en']}"
    for number, finding in enumerate(examined["findings"], start=1):
        example = f" {finding['example']['zh']}" if "example" in finding else ""
        yield f"question {number}", f"{finding['text']['zh']} {finding['answer_text']['zh']}{example}"
    for number, one in enumerate(examined["differences"], start=1):
        yield f"difference {number}", f"{one['text']['zh']} / {one['text']['en']} ({one['direction']})"
    for number, text in enumerate(examined["sensitive"], start=1):
        yield f"sensitive {number}", f"{text['zh']} / {text['en']}"
    signs = [f"{seat['text']['zh']} {seat['role']}{' ✓' if seat['signed'] else ''}" for seat in examined["must_sign"]]
    yield "must_sign", "、".join(signs)


@grant.command()
@click.option("--decision", help="已记录的裁决，dec_ 开头；不与其他选项合用 / a logged decision (dec_…), by itself")
@click.option("--system", help="业务系统 / the asking system, by its name in the catalogue")
@click.option("--type", "evidence_type")
@click.option("--field", "fields", multiple=True)
@click.option("--service-item")
@click.option("--legal-basis")
@click.option("--relation", default="self", show_default=True)
@click.option("--loa", type=click.IntRange(0, 4), default=2, show_default=True)
@click.option("--mandated", is_flag=True, help="持包括该事项的委托 / by a mandate that covers the service item")
@click.option("--minor", is_flag=True, help="不满十四周岁者的材料 / about somebody under 14")
@click.option("--own-division", is_flag=True, help="本行政区划内的记录 / a record of the department's own division")
@click.option("--delivery", default="direct", show_default=True, type=click.Choice([mode.value for mode in Delivery]))
@click.option("--consent", is_flag=True, help="本人恰好同意所申请的内容 / the person agreed to exactly this")
@click.option("--at", help="在此时刻，不写为此刻 / at this instant (RFC 3339, or a day); now when left out")
@click.option("--emergency", help="已开启的应急模板，编号@版本 / a template (id@version) taken to be open for it")
@config_option
@json_option
def explain(
    decision: str | None,
    system: str | None,
    evidence_type: str | None,
    fields: tuple[str, ...],
    service_item: str | None,
    legal_basis: str | None,
    relation: str,
    loa: int,
    mandated: bool,
    minor: bool,
    own_division: bool,
    delivery: str,
    consent: bool,
    at: str | None,
    emergency: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """一项请求会怎样决定、依据哪些条款 / How a request would be decided, by which clauses. Status 1 means refused.

    With ``--decision`` one that was made, as logged and made again: status 1 when it comes out otherwise.

    Example: tongban grant explain --system market-website --type identity-card --field name
    --service-item 11500000DEM000057T3500131001000 --legal-basis demo-catering-rules
    """
    asked = {"system": system, "type": evidence_type, "service-item": service_item, "legal-basis": legal_basis}
    if decision is not None:
        if fields or any(asked.values()):
            wrong("--decision 不与所要试算的请求合用", "--decision goes without a request to try")
        tell(config, decision, as_json=as_json)
        return
    if missing := [f"--{name}" for name, said in asked.items() if said is None]:
        wrong(f"缺少 {'、'.join(missing)}，或 --decision", f"{', '.join(missing)} or --decision is missing")
    question = {
        "system": system,
        "evidence_type": evidence_type,
        "fields": list(fields),
        "service_item": service_item,
        "legal_basis": legal_basis,
        "relation": relation,
        "loa": loa,
        "mandated": mandated,
        "minor": minor,
        "own_division": own_division,
        "delivery": delivery,
        "consent": consent,
        **{name: said for name, said in (("at", at), ("emergency", emergency)) if said is not None},
    }
    try:
        with exchange_administration(config) as exchange:
            decided = exchange.explain(question, "zh")
    except ValidationError as error:
        wrong(f"问题不完整：{error}", f"the question is not well-formed: {error}")
    members(decided, as_json=as_json)
    if decided["decision"] != "permit":
        raise SystemExit(NO)


def tell(config: str | None, decision: str, *, as_json: bool) -> None:
    """A logged decision by clause; exit status 1 where there is none, or where it comes out otherwise now."""
    with exchange_administration(config) as exchange:
        found: Any = exchange.decision(decision, "zh")
    if found is None:
        say_no(f"没有记录裁决 {decision}", f"no decision {decision} is logged")
    if as_json:
        write_json(found)
    else:
        members(dict(decision_lines(found)), as_json=False)
    if any(one["again"] is not None and one["again"]["result"] == "differs" for one in found["entries"]):
        raise SystemExit(NO)


def decision_lines(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A decision for a terminal: who asked whom for what, and of each entry what was said and by which clauses."""
    yield "decision", found["decision"]
    for name in ("consumer", "provider", "evidence_type", "service_item"):
        yield name, f"{found[name]['name']['zh']} {found[name]['code']}"
    for one in found["entries"]:
        at = f"{one['event']} {one['entry']}"
        if one["reason"] is not None:
            yield f"{at} reason", f"{one['reason']['text']} {one['reason']['code']}"
        if one["said"] is None:
            continue
        yield f"{at} asked", one["asked"]
        yield f"{at} said", {name: value for name, value in one["said"].items() if name != "clauses"}
        for clause in one["said"]["clauses"]:
            yield f"{at} {clause['clause']}", clause["text"]
        yield f"{at} again", one["again"]["text"]
        if "said" in one["again"]:
            yield f"{at} otherwise", one["again"]["said"]


@grant.command()
@click.argument("references", nargs=-1, metavar="[REFERENCE]…")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="写入此目录 / into files in this folder")
@config_option
@json_option
def export(references: tuple[str, ...], to: Path | None, config: str | None, as_json: bool) -> None:
    """导出授权的清单与 Cedar 文本 / Grants as manifests with their Cedar text; without a name, all of them.

    Example: tongban grant export RESTAURANT-IDENTITY --to grants/
    """
    with exchange_administration(config) as exchange:
        wanted = references or tuple(dict.fromkeys(str(each["ref"]).partition("@")[0] for each in exchange.grants()))
        found = [exported(exchange, reference) for reference in wanted]
    if to is not None:
        for each in found:
            write_files(to, each)
    if as_json:
        write_json(found)
        return
    for each in found:
        if to is not None:
            click.echo(f"{to / each['ref']}.yaml  {to / each['ref']}.cedar")
        else:
            click.echo(f"---\n{yaml_of(each['manifest'])}", nl=False)
            click.echo("".join(f"# {line}\n" for line in each["cedar"].splitlines()), nl=False)


def exported(exchange: Administration, reference: str) -> dict[str, Any]:
    """Name, manifest and Cedar text of a grant, or exit status 1."""
    view, manifest = exchange.grant(reference), exchange.manifest(reference)
    if view is None or manifest is None:
        say_no(f"没有授权 {reference}", f"there is no grant {reference}")
    return {"ref": view["ref"], "status": view["status"], "manifest": manifest, "cedar": view["cedar"]}


def write_files(folder: Path, grant_: Mapping[str, Any]) -> None:
    """``<ref>.yaml`` and ``<ref>.cedar``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{grant_['ref']}.yaml").write_text(yaml_of(grant_["manifest"]), encoding="utf-8")
    (folder / f"{grant_['ref']}.cedar").write_text(grant_["cedar"], encoding="utf-8")


def yaml_of(manifest: Mapping[str, Any]) -> str:
    """A manifest's text."""
    return yaml.safe_dump(dict(manifest), allow_unicode=True, sort_keys=False)


@grant.command()
@click.argument("name")
@click.option("--reason", required=True, help="理由会留在账上，勿写个人信息 / recorded: name nobody")
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
@config_option
@json_option
def suspend(name: str, reason: str, yes: bool, config: str | None, as_json: bool) -> None:
    """立即暂停一项授权 / Take an active grant out at once.

    Example: tongban grant suspend RESTAURANT-IDENTITY --reason '数据来源核查' --yes
    """
    if not yes:
        click.confirm(f"暂停 {name} / suspend {name}?", abort=True)
    try:
        with exchange_administration(config) as exchange:
            members(exchange.suspend(name, reason), as_json=as_json)
    except NotAllowed as refusal:
        say_no(refusal.reason.zh, refusal.reason.en)


@grant.command()
@click.argument("name")
@config_option
@json_option
def submit(name: str, config: str | None, as_json: bool) -> None:
    """以本人身份提交草案 / Submit a draft in your own name; signs in with the browser.

    Example: tongban grant submit RESTAURANT-IDENTITY
    """
    act(config, lambda officer: members(officer.post(f"/v1/grants/{name}/submit", {}), as_json=as_json))


@grant.command()
@click.argument("name")
@config_option
@json_option
def approve(name: str, config: str | None, as_json: bool) -> None:
    """看过再签 / Read the grant, then sign exactly what was shown; signs in with the browser.

    Example: tongban grant approve RESTAURANT-IDENTITY
    """

    def sign(officer: OfficerSession) -> None:
        seen = officer.get(f"/v1/grants/{name}")
        click.echo(f"{seen['sentence']['zh']}\n{seen['sentence']['en']}", err=True)
        click.confirm("同意并签署 / approve and sign?", abort=True, err=True)
        members(officer.post(f"/v1/grants/{name}/approve", {"digest": seen["digest"]}), as_json=as_json)

    act(config, sign)


def act(config: str | None, command: Callable[[OfficerSession], None]) -> None:
    """Sign the officer in and carry the command out; a refusal is the honest answer no."""
    settings = load_settings(config)
    clock, entropy = SystemClock(), SystemEntropy()
    try:
        command(OfficerSession.open(settings.idp.issuer, settings.exchange.origin, visit, clock=clock, entropy=entropy))
    except (Refused, SignInFailed) as refusal:
        say_no("没有办成", str(refusal))


def visit(address: str) -> None:
    """Take the officer to the sign-in page, or say where it is."""
    click.echo(f"请在浏览器中登录 / sign in with the browser: {address}", err=True)
    webbrowser.open(address)
