"""``tongban connector``: what sources there are, how they are, and one look-up step by step."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from connectors.errors import SourceMisconfigured, SourceProblem
from connectors.files.status import files_known
from connectors.further import UnusableAnswers
from connectors.installed import discover
from connectors.scaffold import PLACES, marks, written
from exchange.catalogue.kinds import CONNECTOR, EVIDENCE_TYPE
from exchange.catalogue.manifests import schemas
from exchange.catalogue.reading import InvalidCatalogue, by_name, evidence_type
from exchange.catalogue.trying import is_synthetic
from exchange.connecting import Connecting
from exchange.forms import MESSAGES
from kernel.clock import SystemClock
from kernel.identifiers import subject
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef
from kernel.manifests import Document, ManifestError, dotted, load, validate
from kernel.settings import ExchangeSettings
from tongban.commands.at_the_exchange import exchange_administration
from tongban.commands.catalogue import report
from tongban.commands.configuration import config_path, load_settings
from tongban.commands.scaffolding import HEADER, WHAT_TO_GIVE, Wish, proposed
from tongban.output import NO, config_option, json_option, rows, write_json, wrong

SCHEMES = click.Choice(subject.SCHEMES)


@click.group()
def connector() -> None:
    """数据来源 / The sources of evidence."""


@connector.command("list")
@config_option
@json_option
def listed(config: str | None, as_json: bool) -> None:
    """列出数据来源 / List the connectors of the catalogue.

    Example: tongban connector list
    """
    with exchange_administration(config) as exchange:
        found = exchange.connecting().listed()
    rows(found, ["name", "evidence_type", "adapter", "trust_grade", "usable"], as_json=as_json)


@connector.command()
@click.argument("names", nargs=-1)
@config_option
@json_option
def health(names: tuple[str, ...], config: str | None, as_json: bool) -> None:
    """现在逐个探测数据来源 / Ask every source now, or those named. Status 1 when one does not answer.

    One that answers from a kept file while the place of its files cannot be looked at counts as one that does not.

    Example: tongban connector health population-register
    """
    with exchange_administration(config) as exchange:
        connecting = exchange.connecting()
        for name in names:
            _known(connecting, name)
        found = [connecting.health(name) for name in names or connecting.documents]
    rows(found, ["name", "evidence_type", "ok", "code", "reason", "seconds", "as_of", "since"], as_json=as_json)
    if not all(line["ok"] for line in found):
        sys.exit(NO)


@connector.command()
@click.argument("names", nargs=-1)
@click.option("--reports", is_flag=True, help="附上每份读取报告 / with every report")
@config_option
@json_option
def files(names: tuple[str, ...], reports: bool, config: str | None, as_json: bool) -> None:
    """文件型来源：哪个文件在用，哪些未采用及原因 / Which file answers, and which were not used and why.

    Status 1 when a file is in quarantine or new ones cannot be fetched. A report names lines and columns, no value.

    Example: tongban connector files health-certificates --reports
    """
    cache = load_settings(config).exchange.connector_cache
    everything = files_known(cache) if cache else []
    for name in names:
        if all(each.source != name for each in everything):
            wrong(
                f"还没有见过“{name}”的文件：请核对名称，或先用它查询一次（tongban connector try）",
                f"no file of “{name}” was seen yet: check the name, or try it once (tongban connector try)",
            )
    known = [each for each in everything if each.source in names or not names]
    lines = [
        {
            "source": each.source,
            "state": each.state,
            "file": each.file,
            "rows": each.rows,
            "data_time": each.data_time,
            "noticed_at": each.noticed_at,
            "reason": each.reason,
            "report": each.report,
        }
        for each in known
    ]
    rows(lines, ["source", "state", "file", "rows", "data_time", "noticed_at", "reason"], as_json=as_json)
    if reports and not as_json:
        for each in known:
            click.echo(f"\n{each.report}" if each.report else "", nl=False)
    if any(each.state in {"quarantined", "unreachable"} for each in known):
        sys.exit(NO)


@connector.command("try")
@click.argument("source")
@click.option("--subject", "number", required=True, help="证件号码 / whose record; division 500199 is nobody's")
@click.option("--scheme", type=SCHEMES, default="citizen-number", help="号码类型 / what kind of number it is")
@click.option("--answer", "answers", multiple=True, help="对追问的回答 / to a further question: NAME=ANSWER")
@config_option
@json_option
def attempt(source: str, number: str, scheme: str, answers: tuple[str, ...], config: str | None, as_json: bool) -> None:
    """试查一次，逐步显示问了什么、来了什么、译成什么、最多放出什么 / One look-up, step by step.

    SOURCE is a connector of the catalogue, or a manifest file. Values are shown of synthetic people only (division
    500199); a real person's are masked, and the look-up is recorded. Status 1 when the source gives no answer.

    Example: tongban connector try population-register --subject 500199198502149019
    """
    wanted = _subject(scheme, number, _recorded_codes(config))
    with _found(source, config) as found:
        try:
            seen = found.attempt(wanted, dict(_pair(one) for one in answers))
        except SourceMisconfigured as problem:
            said = problem.text
            wrong(f"{said.zh}（{problem.reason}）", f"{said.en} ({problem.reason}).")
        except UnusableAnswers as unusable:
            name, code = next(iter(unusable.errors.items()))
            wrong(f"--answer {name}：{MESSAGES[code].zh}", f"--answer {name} {MESSAGES[code].en}")
    if as_json:
        write_json(seen)
    else:
        _Story(Console(highlight=False, soft_wrap=True)).tell(seen)
    if seen["answer"]["outcome"] == "failed" or (seen["conforms"] and not seen["conforms"]["fits"]):
        sys.exit(NO)


def _widths(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if value not in {"", HEADER} and not re.fullmatch(r"[1-9][0-9]{0,5}(,[1-9][0-9]{0,5}){0,199}", value):
        wrong(
            "--widths 写各列宽度，如 18,20,8；或写 header", "--widths takes the columns' widths, as 18,20,8, or header."
        )
    return value


@connector.command()
@click.argument("kind", type=click.Choice(["table", "openapi", "wsdl", "ldap", "sample"]))
@click.argument("places", nargs=-1, required=True)
@click.option("--name", default="new-source", help="来源的名称 / what the source is to be called")
@click.option("--operation", default="", help="文档中的操作，或目录的对象类 / an operation, or a class of a directory")
@click.option("--encoding", default="utf-8", help="文本样本的编码，不作猜测 / of a sample of text; it is not guessed")
@click.option(
    "--widths",
    default="",
    callback=_widths,
    help="定长样本各列的宽度，如 18,20,8，或 header（首行有列名） / of a fixed-width sample's columns; or header",
)
@click.option("--schema", default=None, help="表所在的模式 / of the table")
@click.option(
    "--insecure-sql", is_flag=True, help="数据库不经核验的 TLS 连接 / ask the table's database without verified TLS"
)
@click.option(
    "--place", type=click.Choice([*PLACES]), default="folder", help="样本这样的文件来自哪里 / of files like a sample"
)
@json_option
def scaffold(
    kind: str,
    places: tuple[str, ...],
    name: str,
    operation: str,
    encoding: str,
    widths: str,
    schema: str | None,
    insecure_sql: bool,
    place: str,
    as_json: bool,
) -> None:
    """拟一份接入清单，要补的地方写着“填写” / Propose a manifest; what it cannot know is marked.

    table URL TABLE, openapi FILE, wsdl FILE, ldap FILE (entries or schema, as ldapsearch prints them), or sample FILE
    (.csv, .xlsx, .parquet, .json, .jsonl, .xml; with --widths fixed width). Nobody's values are printed.

    Example: tongban connector scaffold table sqlite:///people.sqlite3 v_people > people.yaml
    """
    wanted = 2 if kind == "table" else 1
    if len(places) != wanted:
        wrong("table 须写 URL 和表名，其余写一个文件", "table takes a URL and a table; the others take one file.")
    try:
        proposal = proposed(kind, places, Wish(name, operation, encoding, schema, place, widths, insecure_sql))
    except SourceProblem as problem:
        if give := WHAT_TO_GIVE.get(problem.reason):
            wrong(give.zh, f"{give.en}.")
        wrong(f"无法据此拟清单（{problem.reason}）", f"no manifest can be made of it ({problem.reason}).")
    if as_json:
        write_json({"manifest": proposal, "marks": [dotted(one) for one in marks(proposal)]})
    else:
        click.echo(written(proposal), nl=False)


def _pair(answer: str) -> tuple[str, str]:
    name, equals, value = answer.partition("=")
    if not equals:
        wrong("--answer 写成 名称=回答", "--answer is written NAME=ANSWER.")
    return name, value


@dataclass(frozen=True)
class _Found:
    """A connector to try: where it stands, and what has to be done before a real person is looked up."""

    connecting: Connecting
    document: Mapping[str, Any]
    before: Callable[[SubjectRef], None]

    def attempt(self, wanted: SubjectRef, answers: Mapping[str, str]) -> dict[str, Any]:
        """The look-up, recorded first where it is about somebody real."""
        if not is_synthetic(wanted):
            self.before(wanted)
        return self.connecting.attempt(self.document, wanted, answers)


@contextmanager
def _found(source: str, config: str | None) -> Iterator[_Found]:
    path = Path(source)
    if path.suffix in {".yaml", ".yml"}:
        yield _from_file(path, config)
        return
    with exchange_administration(config) as exchange:
        connecting = exchange.connecting()
        _known(connecting, source)
        document = connecting.documents[source]
        yield _Found(connecting, document, lambda wanted: exchange.tried(document, wanted))


def _from_file(path: Path, config: str | None) -> _Found:
    """The one connector of a manifest file, with its evidence type where that stands beside it."""
    try:
        documents = load(path)
    except ManifestError as error:
        report(error)
    described = [one for one in documents if one.kind == CONNECTOR]
    if len(described) != 1:
        wrong(f"{path} 应恰有一个 Connector", f"{path}: there is to be exactly one Connector in it.")
    connecting = _beside(described[0], documents, _settings(config, path))
    if findings := described[0].locate(connecting.findings(described[0].value)):
        report(ManifestError(*findings))
    return _Found(connecting, described[0].value, _nobody_real)


def _beside(described: Document, documents: list[Document], settings: ExchangeSettings) -> Connecting:
    kinds = [one for one in documents if one.kind == EVIDENCE_TYPE]
    if findings := [text for one in kinds for text in validate(one, schemas()[EVIDENCE_TYPE])]:
        report(ManifestError(*findings))
    try:
        known = by_name([one.value for one in kinds], evidence_type)
    except InvalidCatalogue as error:
        wrong(error.text.zh, error.text.en)
    value: Any = described.value
    named = {str(value.get("metadata", {}).get("name")): value}
    return Connecting(settings, discover().adapters, named, known, SystemClock())


def _settings(config: str | None, path: Path) -> ExchangeSettings:
    """Without the folder of what is kept: a draft may bear the name of a source that is served from there."""
    if config_path(config) is not None:
        return replace(load_settings(config).exchange, connector_cache=None)
    return ExchangeSettings(connector_roots=(path.resolve().parent,), connector_cache=None)


def _nobody_real(_wanted: SubjectRef) -> None:
    wrong(
        "清单文件只能用虚构号码（500199 开头）试查；真实人员须先登记来源并留痕",
        "a manifest file is tried on invented numbers only (500199…); real people need a connector of the catalogue, "
        "whose look-ups are recorded.",
    )


def _known(connecting: Connecting, name: str) -> None:
    if name not in connecting.documents:
        known = ", ".join(sorted(connecting.documents)) or "—"
        wrong(f"没有名为“{name}”的来源；现有：{known}", f"there is no connector called “{name}”; there are: {known}.")


def _recorded_codes(config: str | None) -> frozenset[str]:
    known = config_path(config) is not None
    return frozenset(load_settings(config).exchange.recorded_credit_codes if known else ())


def _subject(scheme: str, number: str, recorded_codes: frozenset[str]) -> SubjectRef:
    try:
        return subject.parse(scheme, number, recorded_exceptions=recorded_codes)
    except InvalidIdentifier as error:
        wrong(error.reason.zh, error.reason.en)


class _Story:
    """A trial for people: one table a step."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def tell(self, seen: Mapping[str, Any]) -> None:
        """All steps."""
        say = self._console.print
        asked = seen["asked"]
        say(
            f"1 问了什么 asked      {seen['connector']} → {seen['evidence_type']}: {asked['scheme']} {asked['subject']}"
        )
        say(f"2 来了什么 came       {len(seen['came'])} 条 record(s), {seen['took_seconds']} s")
        if not seen["synthetic"]:
            say("  真实人员：只显示形状与掩码 / a real person: shapes and masks only")
        for number, readings in enumerate(seen["mapped"], 1):
            self._table(f"3 译成什么 mapped      {number}", readings, ("field", "from", "found", "value", "problem"))
        self._answer(seen["answer"])
        released = [{"field": name, **value} for name, value in seen["released"].items()]
        if released:
            self._table(
                "5 最多放出 released at most（授权可再减 / grants allow less）", released, ("field", "mask", "value")
            )
        if seen["conforms"] is not None:
            fits = seen["conforms"]["fits"]
            say(
                "6 符合类型的模式 fits the type's schema"
                if fits
                else f"6 不符合模式 does not fit: {seen['conforms']['where']}"
            )

    def _answer(self, answer: Mapping[str, Any]) -> None:
        if answer["outcome"] == "failed":
            say = f"{answer['said']['zh']} / {answer['said']['en']} ({answer['code']}, {answer['reason']})"
            self._console.print(f"4 结果 outcome        {say}")
        else:
            self._console.print(
                f"4 结果 outcome        {answer['outcome']}, source_time {answer['source_time'] or '—'}"
            )

    def _table(self, title: str, lines: Sequence[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
        table = Table(*columns, title=title, title_justify="left")
        for line in lines:
            table.add_row(*("" if line[column] is None else str(line[column]) for column in columns))
        self._console.print(table)
