"""A connector manifest: what fits, and what is said about what does not."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connectors import memory
from connectors.errors import SourceMisconfigured
from connectors.manifest import SCHEMA
from connectors.registry import STANDARD, build, findings
from kernel.clock import SystemClock
from kernel.manifests import dotted, load

GOOD: dict[str, Any] = {
    "kind": "Connector",
    "metadata": {"name": "people", "description": {"zh": "人口库", "en": "Population register"}},
    "spec": {
        "evidence_type": "person",
        "adapter": "sql",
        "trust_grade": "A",
        "sql": {"url": "sqlite:///people.sqlite3", "table": "V_RK", "subject_column": "SFZH"},
        "limits": {
            "deadline_ms": 1500,
            "max_bytes": 4096,
            "concurrency": 4,
            "wait_ms": 0,
            "failures": 3,
            "open_seconds": 5,
        },
        "choose": {"greatest": "until"},
        "mapping": {
            "fields": {
                "name": {"column": "XM", "required": True},
                "until": {"column": "YXQ", "date": ["yyyyMMdd", "iso"]},
            },
            "source_time": {"column": "GXSJ"},
        },
    },
}
REST = {"url": "https://people.example/q", "body": {"id": "{subject}"}}
FILES = {"folder": "drop", "pattern": "*.csv", "format": "csv", "encoding": "gb18030", "subject_column": "id"}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good manifest with one value set, or removed where it is None."""
    manifest = copy.deepcopy(GOOD)
    *way, last = path.split(".")
    place = manifest
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return manifest


def other(adapter: str, settings: dict[str, Any]) -> dict[str, Any]:
    manifest = changed("spec.sql", None)
    manifest["spec"] |= {"adapter": adapter, adapter: settings}
    return manifest


def said(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    return [(dotted(finding.where), finding.message.en) for finding in findings(manifest)]


def test_the_published_schema_is_a_schema_and_the_good_manifest_fits() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert said(GOOD) == []


@pytest.mark.parametrize("settings", [{"rest": REST}, {"files": FILES}])
def test_the_other_adapters_fit(settings: dict[str, Any]) -> None:
    ((adapter, value),) = settings.items()
    assert said(other(adapter, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("kind", "Conector", "kind"),
        ("metadata.name", "People!", "metadata.name"),
        ("metadata.title", "x", "metadata.title"),
        ("spec.evidence_type", None, "spec"),
        ("spec.trust_grade", None, "spec"),
        ("spec.trust_grade", "E", "spec.trust_grade"),
        ("spec.adapter", "carrier-pigeon", "spec.adapter"),
        ("spec.adapter", "rest", "spec"),
        ("spec.rest", REST, "spec.rest"),
        ("spec.sql.url", None, "spec.sql"),
        ("spec.sql.url_secret", "s", "spec.sql"),
        ("spec.sql.colums", ["a"], "spec.sql.colums"),
        ("spec.sql.columns", ["XM"], "spec.sql.columns"),
        ("spec.limits.deadline_ms", 0, "spec.limits.deadline_ms"),
        ("spec.limits.deadline", 1, "spec.limits.deadline"),
        ("spec.choose.greatest", "nothing", "spec.choose.greatest"),
        ("spec.choose.least", "name", "spec.choose"),
        ("spec.mapping.fields.Name", {"column": "a"}, "spec.mapping.fields"),
        ("spec.mapping.fields.name.colum", "a", "spec.mapping.fields.name.colum"),
        ("spec.mapping.fields.name.path", "a", "spec.mapping.fields.name"),
        ("spec.mapping.fields.until.date", "yyyy", "spec.mapping.fields.until.date"),
        ("spec.mapping.fields.name.codes", "none", "spec.mapping.fields.name.codes"),
        ("spec.mapping.fields.until.codes", {"1": "a"}, "spec.mapping.fields.until.date"),
        ("spec.mapping.fields.until.datetime", "iso", "spec.mapping.fields.until.date"),
        ("spec.mapping.fields.name.otherwise", "x", "spec.mapping.fields.name.otherwise"),
        ("spec.mapping.fields.name.long_term", ["L"], "spec.mapping.fields.name.long_term"),
        ("spec.mapping.source_time", {}, "spec.mapping.source_time"),
    ],
)
def test_each_thing_that_does_not_fit_is_found_at_its_place(path: str, value: Any, place: str) -> None:
    assert place in [where for where, _ in said(changed(path, value))]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"body": {"id": "{subject}"}}, "spec.rest"),
        ({**REST, "url": "http://people.example/q"}, "spec.rest.url"),
        ({**REST, "url": "https://u:p@people.example/q"}, "spec.rest.url"),
        ({**REST, "url": "https://{subject}.example/q"}, "spec.rest.url"),
        ({**REST, "url": "https:///q"}, "spec.rest.url"),
        ({**REST, "url": "https://people.example:99999/"}, "spec.rest.url"),
        ({**REST, "url": "https://people.example/a b"}, "spec.rest.url"),
        ({**REST, "body": {"id": "everybody"}}, "spec.rest"),
        ({**REST, "method": "GET"}, "spec.rest.method"),
        ({"url": REST["url"], "query": {"id": "{subject}"}, "method": "POST"}, "spec.rest.method"),
        ({**REST, "headers": {"Host": "x"}}, "spec.rest.headers.Host"),
        ({**REST, "headers": {"a b": "x"}}, "spec.rest.headers.a b"),
        ({**REST, "auth": {"kind": "bearer"}}, "spec.rest.auth"),
        ({**REST, "auth": {"kind": "basic", "secret": "s"}}, "spec.rest.auth"),
        ({**REST, "auth": {"kind": "basic", "secret": "s", "username": "a:b"}}, "spec.rest.auth.username"),
        ({**REST, "auth": {"kind": "api-key", "secret": "s"}}, "spec.rest.auth"),
        ({**REST, "auth": {"kind": "bearer", "secret": "s", "header": "X"}}, "spec.rest.auth"),
        ({**REST, "records": "a["}, "spec.rest.records"),
        ({**REST, "succeeded": "]"}, "spec.rest.succeeded"),
    ],
)
def test_a_service_is_checked_before_it_is_asked(settings: dict[str, Any], place: str) -> None:
    assert [where for where, _ in said(other("rest", settings))] == [place]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({**FILES, "folder": "../x"}, "spec.files.folder"),
        ({**FILES, "pattern": "a/b"}, "spec.files.pattern"),
        ({name: value for name, value in FILES.items() if name != "encoding"}, "spec.files"),
        ({**FILES, "encoding": "big5"}, "spec.files.encoding"),
        ({**FILES, "sheet": "x"}, "spec.files.sheet"),
        ({**FILES, "format": "xlsx"}, "spec.files.encoding"),
        ({**FILES, "columns": ["id"]}, "spec.files.columns"),
    ],
)
def test_a_folder_is_checked_before_it_is_read(settings: dict[str, Any], place: str) -> None:
    assert [where for where, _ in said(other("files", settings))] == [place]


def test_columns_must_be_listed_where_only_expressions_read_them() -> None:
    manifest = changed("spec.mapping", {"fields": {"until": {"path": "YXQ"}}})
    assert said(manifest) == [("spec.sql", "list the columns")]


def test_a_manifest_that_does_not_fit_is_never_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceMisconfigured) as caught:
        build(changed("spec.trust_grade", "E"), secrets={}.__getitem__, roots=[tmp_path], clock=SystemClock())
    assert caught.value.reason == "manifest"


def test_an_adapter_from_elsewhere_brings_the_schema_of_its_part() -> None:
    manifest = other("memory", {"subject_column": "id", "records": [], "more": 1})
    adapters = {**STANDARD, "memory": memory.ADAPTER}
    assert [dotted(finding.where) for finding in findings(manifest, adapters)] == ["spec.memory.more"]
    assert "spec.memory" in [where for where, _ in said(manifest)]


def test_findings_are_shown_with_file_line_and_path(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(
        "kind: Connector\nmetadata: {name: people}\nspec:\n  evidence_type: person\n  adapter: sql\n  trust_grade: A\n"
        "  sql:\n    url: sqlite:///x\n    tabel: V_RK\n    subject_column: SFZH\n"
        "  mapping:\n    fields:\n      name: {column: XM}\n",
        encoding="utf-8",
    )
    (document,) = load(path)
    assert [text.en for text in document.locate(findings(document.value))] == [
        f"{path}:9: spec.sql.tabel: unknown key; did you mean “table”?",
    ]


QUESTION = {"name": "district", "label": {"zh": "区县", "en": "District"}, "type": "text", "example": "500103"}
CODES = [{"code": code, "label": {"zh": code, "en": code}} for code in ("1", "2")]
TABLE = {**GOOD["spec"]["sql"], "where": {"QX": "{district}"}}
ASKED_IN_XML = {
    "url": REST["url"],
    "body": "<q><id>{subject}</id><district>{district}</district></q>",
    "xml": {"columns": {"XM": "x", "YXQ": "x", "GXSJ": "x"}},
}
STATEMENT = {
    "url": "sqlite:///x",
    "statement": "SELECT XM, YXQ, GXSJ, SFZH FROM V WHERE SFZH = :subject AND (QX = :told OR :told IS NULL)",
    "parameters": {"told": "{district}"},
    "subject_column": "SFZH",
}


def further(when: str = "ambiguous", settings: Any = TABLE, adapter: str = "sql", **question: Any) -> dict[str, Any]:
    """A manifest that asks the person something."""
    manifest = other(adapter, settings)
    asked = {name: value for name, value in (QUESTION | question).items() if value is not None}
    manifest["spec"]["further"] = {"when": when.split(), "questions": [asked]}
    return manifest


def optional(where: Any, *, when: str = "ambiguous", most: int = 1, adapter: str = "sql") -> dict[str, Any]:
    """A manifest that asks for a district, and for so many years that may be left empty."""
    years = [
        {**QUESTION, "name": f"year_{at}", "type": "year", "example": "1980", "optional": True} for at in range(most)
    ]
    manifest = further(when, where, adapter)
    manifest["spec"]["further"]["questions"] += years
    return manifest


def two(*conditions: str) -> dict[str, Any]:
    return {**TABLE, "where": {f"C{at}": one for at, one in enumerate(conditions)}}


BOTH_IN_XML = {**ASKED_IN_XML, "body": ASKED_IN_XML["body"].replace("</q>", "<year>{year_0}</year></q>")}
BOTH_STATED = {
    **STATEMENT,
    "statement": f"{STATEMENT['statement']} AND (N = :year OR :year IS NULL)",
    "parameters": {"told": "{district}", "year": "{year_0}"},
}
TOLD_EMPTY = {**STATEMENT, "statement": STATEMENT["statement"].replace(":told IS NULL", ":told = ''")}


@pytest.mark.parametrize(
    "manifest",
    [
        further(),
        further("ambiguous not-found", STATEMENT),
        further("always", ASKED_IN_XML, "rest"),
        further("not-found", {**REST, "query": {"d": "{district}"}}, "rest"),
        further(pattern="\\d{6}"),
        further(pattern="[A-Z]{1,2}-?\\d{4}", example="AB-1234"),
        further(type="date", example=None, written="yyyyMMdd"),
        further(type="year", example=None),
        further(type="choice", example=None, choices=CODES),
        optional(two("{district}", "{year_0}")),
        optional(two("{district}", "{year_0}"), when="always"),
        optional(two("{district}", *(f"{{year_{at}}}" for at in range(3))), most=3),
        optional(BOTH_STATED),
    ],
)
def test_questions_to_the_person_fit(manifest: dict[str, Any]) -> None:
    assert said(manifest) == []


@pytest.mark.parametrize(
    ("manifest", "place"),
    [
        (further("always ambiguous"), "spec.further.when"),
        (further("not-found"), "spec.further.when"),
        (further("sometimes"), "spec.further.when[0]"),
        (further(settings=GOOD["spec"]["sql"]), "spec.further.questions[0].name"),
        (further(name="subject"), "spec.further.questions[0].name"),
        (further(example=None), "spec.further.questions[0].example"),
        (further(example="x", pattern="\\d{6}"), "spec.further.questions[0].example"),
        (further(pattern="(a+)+"), "spec.further.questions[0].pattern"),
        (further(pattern="a*"), "spec.further.questions[0].pattern"),
        (further(pattern="a?b?c?d?", example="a"), "spec.further.questions[0].pattern"),
        (further(pattern="[z-a]", example="b"), "spec.further.questions[0].pattern"),
        (further(type="year", pattern="x"), "spec.further.questions[0].pattern"),
        (further(type="date", example=None, written="yyyy"), "spec.further.questions[0].written"),
        (further(type="choice", example=None), "spec.further.questions[0]"),
        (further(choices=CODES), "spec.further.questions[0]"),
        (further(type="choice", example=None, choices=CODES[:1] * 2), "spec.further.questions[0].choices"),
        (further(type="choice", example="3", choices=CODES), "spec.further.questions[0].example"),
        # Before the answer is there, something has to be left to ask, and everybody has to be told apart.
        (further(settings={**REST, "url": "https://people.example/{district}"}, adapter="rest"), "spec.rest.url"),
        (further(settings={"url": REST["url"], "query": {"q": "{subject}-{district}"}}, adapter="rest"), "spec.rest"),
        (further(settings=ASKED_IN_XML, adapter="rest"), "spec.rest.body"),
        (further(settings={}, adapter="sandbox"), "spec.further.questions[0].name"),
        (further(settings=TOLD_EMPTY), "spec.sql.statement"),
        # Somebody who is asked says something; what is left out takes nothing with it.
        (further(optional=True), "spec.further.questions"),
        (
            optional(two("{district}", *(f"{{year_{at}}}" for at in range(4))), most=4),
            "spec.further.questions[4].optional",
        ),
        (optional(two("{district}-{year_0}")), "spec.sql"),
        (optional(BOTH_IN_XML, when="always", adapter="rest"), "spec.rest.body"),
    ],
)
def test_questions_that_make_no_sense_are_told(manifest: dict[str, Any], place: str) -> None:
    assert [where for where, _ in said(manifest)] == [place]
