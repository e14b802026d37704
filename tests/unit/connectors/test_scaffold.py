"""A proposed manifest: what can be seen is written, what cannot is marked, and nobody's data are printed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from connectors.errors import SourceGarbled, SourceProblem
from connectors.registry import findings
from connectors.scaffold import from_csv, from_json, from_openapi, from_table, from_wsdl, from_xlsx, marks, written
from kernel.identifiers import citizen_number
from tests.doubles.soap_source import wsdl

NUMBERS = [citizen_number.compose("500199", date(1980, 1, 1 + serial % 28), serial).value for serial in range(1, 41)]
HEADER = ("公民身份号码", "姓名", "性别", "出生日期", "有效期至", "金额", "备注")
ROWS = [
    (number, f"示例{at}", "女男"[at % 2], f"1980-01-{1 + at % 28:02}", until, f"1,{at:03}.5", "")
    for at, number in enumerate(NUMBERS)
    for until in ["长期" if at % 5 else "2030/1/2"]
]

FILLED: Mapping[str, Any] = {
    "evidence_type": "identity-card",
    "trust_grade": "A",
    "folder": "drop",
    "url": "https://service.example/people",
    "url_secret": "people-db",
    "auth": {"kind": "bearer", "secret": "token"},
    "body": {"id": "{subject}"},
    "reason": "开办企业",
    "subject_column": "id",
    "query": {"id": "{subject}"},
}


FILLED |= {"host": "drop.example", "endpoint": "https://storage.example", "region": "cn-north-1", "prefix": "out/"}
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsh6Q0Y1fNs7pYQ2DkVh0zq3oGQkJyJx0d0mW5tYy1e"


def filled(proposal: dict[str, Any]) -> dict[str, Any]:
    """What somebody writes in place of the marks."""
    document: dict[str, Any] = json.loads(json.dumps(proposal))
    for where in marks(proposal):
        inner: Any = document
        for step in where[:-1]:
            inner = inner[step]
        inner[where[-1]] = HOST_KEY if "host_keys" in where else FILLED.get(str(where[-1]), "meaning")
    return document


def checked(proposal: dict[str, Any]) -> dict[str, Any]:
    """Every mark is a finding, nothing else is; with the marks replaced there is none. The mapping's fields."""
    found = {finding.where for finding in findings(yaml.safe_load(written(proposal)))}
    near = {one[:place] for one in found for place in range(len(one) + 1)}  # of several marks side by side one is told
    assert [where for where in marks(proposal) if where not in near and where[:-1] not in near] == []
    assert findings(filled(proposal)) == []
    fields: dict[str, Any] = proposal["spec"]["mapping"]["fields"]
    return fields


def nobody_shown(proposal: dict[str, Any]) -> bool:
    text = written(proposal)
    return not any(value in text for row in ROWS for value in (row[0], row[1], row[5]))


def the_fields_of_people(fields: dict[str, Any], how: str = "column") -> None:
    assert fields["name"] == {how: "姓名", "normalise": "name"}
    assert fields["born_on"] == {how: "出生日期", "date": "yyyy-MM-dd"}
    assert fields["valid_until"] == {how: "有效期至", "date": "yyyy/M/d"}
    assert set(fields["sex"]["codes"]) == {"男", "女"}
    assert fields["field_5"] == {how: "金额", "number": "grouped", "type": "decimal"}


def in_csv(folder: Path) -> dict[str, Any]:
    file = folder / "people.csv"
    file.write_bytes("\n".join('"' + '","'.join(row) + '"' for row in (HEADER, *ROWS)).encode("gb18030"))
    return from_csv("people", file, "gb18030")


def in_xlsx(folder: Path) -> dict[str, Any]:
    workbook = openpyxl.Workbook()
    for row in (HEADER, *ROWS):
        workbook.worksheets[0].append(row)
    workbook.save(folder / "people.xlsx")
    return from_xlsx("people", folder / "people.xlsx")


def in_table(folder: Path) -> dict[str, Any]:
    connection = sqlite3.connect(folder / "people.sqlite3")
    connection.execute(f"CREATE TABLE people ({', '.join(HEADER)})")
    connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS)
    connection.commit()
    connection.close()
    return from_table("people", f"sqlite:///{folder / 'people.sqlite3'}", "people")


def on_a_server(folder: Path) -> dict[str, Any]:
    in_csv(folder)
    return from_csv("people", folder / "people.csv", "gb18030", place="sftp")


def in_storage(folder: Path) -> dict[str, Any]:
    in_xlsx(folder)
    return from_xlsx("people", folder / "people.xlsx", place="s3")


@pytest.mark.parametrize("proposed", [in_csv, in_xlsx, in_table, on_a_server, in_storage])
def test_columns_are_told_by_their_values_and_names(proposed: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    proposal = proposed(tmp_path)
    the_fields_of_people(checked(proposal))
    settings = proposal["spec"][proposal["spec"]["adapter"]]
    assert settings["subject_column"] == "公民身份号码"
    assert nobody_shown(proposal)


def test_an_answer_of_a_service_tells_where_its_records_are() -> None:
    records = [dict(zip(HEADER, row, strict=True)) | {"owner": {"tel": "1"}, "tags": ["a"]} for row in ROWS]
    for answer, where in (({"head": {"code": 0}, "data": {"list": records}}, "data.list"), (records, None)):
        proposal = from_json("people", json.dumps(answer).encode())
        fields = checked(proposal)
        assert proposal["spec"]["rest"].get("records") == where
        assert fields["tel"] == {"path": "owner.tel"}
        assert fields["tags"] == {"path": "tags", "several": True}
        assert fields["name"]["path"] == '"姓名"'
        assert nobody_shown(proposal)
    lines = "\n".join(json.dumps(one) for one in records).encode()
    assert checked(from_json("people", lines))


def test_few_values_are_no_codes_and_names_never_are(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    rows = [
        "证件号,街道,full_name",
        *(f"{number},{'甲乙丙丁'[at % 4]}路,张三" for at, number in enumerate(NUMBERS[:8])),
    ]
    file.write_text("\n".join(rows), "utf-8")
    text = written(from_csv("few", file, "utf-8"))
    assert "路" not in text
    assert "张三" not in text


def answering(schema: str) -> dict[str, Any]:
    shown = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"200": {"content": shown}}


TITLE = {
    "certificateNo": {"type": "string"},
    "area": {"type": "number"},
    "usage": {"type": "string", "enum": ["01", "02"]},
    "registered": {"type": "string", "format": "date"},
    "owners": {"type": "array", "items": {"type": "string"}},
    "itself": {"$ref": "#/components/schemas/Title"},
    "elsewhere": {"$ref": "https://elsewhere.example/schema"},
}
LISTED = {"total": {"type": "integer"}, "items": {"type": "array", "items": {"$ref": "#/components/schemas/Title"}}}
BY_HOLDER = {
    "operationId": "byHolder",
    "parameters": [{"name": "holderIdNo", "in": "path"}],
    "responses": answering("List"),
}
SEARCH = {
    "operationId": "search",
    "requestBody": {"content": {"application/json": {"schema": {"properties": {"idCard": {}}}}}},
    "responses": answering("Title"),
}
OPENAPI = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://estate.example/v1"}],
    "security": [{"token": []}],
    "paths": {
        "/health": {"get": {"responses": {"200": {"description": "ok"}}}},
        "/titles/{holderIdNo}": {"get": BY_HOLDER},
        "/search": {"post": SEARCH},
    },
    "components": {"schemas": {"List": {"properties": LISTED}, "Title": {"type": "object", "properties": TITLE}}},
}


def test_an_openapi_document_tells_address_request_and_members() -> None:
    proposal = from_openapi("titles", OPENAPI)
    fields = checked(proposal)
    rest = proposal["spec"]["rest"]
    assert (rest["url"], rest["records"]) == ("https://estate.example/v1/titles/{subject}", "items")
    assert fields["certificate_no"] == {"path": "certificateNo"}
    assert fields["area"]["type"] == "decimal"
    assert set(fields["usage"]["codes"]) == {"01", "02"}
    assert fields["registered"]["date"] == "iso"
    assert fields["owners"]["several"] is True
    posted = from_openapi("titles", OPENAPI, "search")
    checked(posted)
    assert posted["spec"]["rest"]["body"] == {"idCard": "{subject}"}
    for document, operation in (({}, ""), (OPENAPI, "nothing"), ({"paths": []}, ""), ({"paths": {"/x": 1}}, "")):
        with pytest.raises(SourceGarbled):
            from_openapi("titles", document, operation)


def test_a_wsdl_tells_operation_parameters_and_members() -> None:
    proposal = from_wsdl("people", wsdl("https://service.example/people"), "people.wsdl")
    fields = checked(proposal)
    soap = proposal["spec"]["soap"]
    assert (soap["operation"], soap["parameters"]["id"]) == ("FindPeople", "{subject}") or list(
        marks(soap["parameters"])
    )
    assert soap["records"] == "person"  # below the answer's element, as the adapter reads it
    assert fields["share"]["type"] == "decimal"
    assert fields["since"]["date"] == "iso"
    assert fields["alias"]["several"] is True
    for data, operation in ((b"<a/>", ""), (b"no xml", ""), (wsdl("https://x.example"), "other")):
        with pytest.raises(SourceProblem):
            from_wsdl("people", data, "people.wsdl", operation)


def test_a_password_in_an_address_is_not_repeated_and_a_missing_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceProblem):
        from_table("people", f"sqlite:///{tmp_path / 'none.sqlite3'}", "people")
    with pytest.raises(SourceProblem) as caught:
        from_table("people", "postgresql+psycopg://reader:geheim@127.0.0.1:9/people", "people")
    assert "geheim" not in repr(caught.value) + caught.value.reason
