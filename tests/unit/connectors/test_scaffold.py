"""A proposed manifest: what can be seen is written, what cannot is marked, and nobody's data are printed."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml

from connectors.base import Query
from connectors.errors import SourceGarbled, SourceProblem
from connectors.registry import build, findings
from connectors.scaffold import (
    from_csv,
    from_fixed_width,
    from_json,
    from_ldif,
    from_openapi,
    from_parquet,
    from_table,
    from_wsdl,
    from_xlsx,
    from_xml,
    marks,
    written,
)
from kernel.clock import SystemClock
from kernel.identifiers import citizen_number
from kernel.identifiers.subject import SubjectRef
from tests.doubles.drop_folder import fixed_width_bytes
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


FILLED |= {"dn": "cn=reader,dc=demo", "base": "dc=demo", "subject_attribute": "idNo", "secret": "ldap"}
FILLED |= {"host": "drop.example", "endpoint": "https://storage.example", "region": "cn-north-1", "prefix": "out/"}
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsh6Q0Y1fNs7pYQ2DkVh0zq3oGQkJyJx0d0mW5tYy1e"


def filled(proposal: dict[str, Any]) -> dict[str, Any]:
    """What somebody writes in place of the marks."""
    document: dict[str, Any] = json.loads(json.dumps(proposal))
    for where in marks(proposal):
        inner: Any = document
        for step in where[:-1]:
            inner = inner[step]
        if where[-2:] == ("ldap", "url"):
            inner["url"] = "ldaps://directory.example"
            continue
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


def in_parquet(folder: Path) -> dict[str, Any]:
    names = ", ".join(f'"{name}"' for name in HEADER)
    with duckdb.connect(":memory:") as database:
        database.execute(f"CREATE TABLE people ({', '.join(f'{one} VARCHAR' for one in names.split(', '))})")
        database.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS)
        database.execute(f"COPY people TO '{folder}/people.parquet' (FORMAT parquet)")
    return from_parquet("people", folder / "people.parquet")


WIDTHS = [20, 20, 8, 12, 12, 10, 6]


def in_fixed_width(folder: Path, unit: str = "bytes", encoding: str = "gb18030") -> Path:
    file = folder / "people.txt"
    file.write_bytes(fixed_width_bytes([HEADER, *ROWS], WIDTHS, encoding, unit))
    return file


def in_fixed_width_by_header(folder: Path) -> dict[str, Any]:
    return from_fixed_width("people", in_fixed_width(folder), "gb18030")


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


@pytest.mark.parametrize(
    "proposed", [in_csv, in_xlsx, in_parquet, in_fixed_width_by_header, in_table, on_a_server, in_storage]
)
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


def test_a_division_stands_for_itself_beside_a_column_of_codes(tmp_path: Path) -> None:
    file = tmp_path / "licences.csv"
    rows = (f"{number},{('500103', '500199')[at % 2]},{('01', '04')[at % 2]}" for at, number in enumerate(NUMBERS * 3))
    file.write_text("\n".join(["证件号,xzqhdm,zt", *rows]), "utf-8")
    fields = from_csv("licences", file, "utf-8")["spec"]["mapping"]["fields"]
    assert fields["division"] == {"column": "xzqhdm"}
    assert {*fields["status"]["codes"]} == {"01", "04"}


def test_a_parquet_file_tells_its_types_and_what_holds_members_is_marked(tmp_path: Path) -> None:
    query = f"""SELECT '{NUMBERS[0]}' AS id_no, 1::TINYINT AS floors, 2.5::DECIMAL(6, 2) AS area, true AS alive,
        DATE '2026-01-02' AS born, ['x'] AS tags, {{'city': '示例'}} AS home"""
    with duckdb.connect(":memory:") as database:
        database.execute(f"COPY ({query}) TO '{tmp_path}/homes.parquet' (FORMAT parquet)")
    proposal = from_parquet("homes", tmp_path / "homes.parquet", place="s3")
    settings, fields = proposal["spec"]["files"], proposal["spec"]["mapping"]["fields"]
    assert (settings["format"], settings["subject_column"], settings["pattern"]) == ("parquet", "id_no", "*.parquet")
    assert "s3" in settings
    assert {name: rule.get("type") for name, rule in fields.items() if "type" in rule} == {
        "floors": "integer",
        "area": "decimal",
        "alive": "boolean",
    }
    assert fields["tags"]["several"] is True
    assert ("spec", "mapping", "fields", "home", "path") in [*marks(proposal)]
    assert fields["born_on"]["date"] == "yyyy-MM-dd"
    assert NUMBERS[0] not in written(proposal)
    (tmp_path / "none.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(SourceGarbled):
        from_parquet("none", tmp_path / "none.parquet")


@pytest.mark.parametrize("unit", ["bytes", "characters"])
def test_fixed_width_columns_are_those_of_the_widths_given_in_the_unit_that_fits(tmp_path: Path, unit: str) -> None:
    file = tmp_path / "people.txt"
    file.write_bytes(fixed_width_bytes(ROWS, WIDTHS, "gb18030", unit))
    proposal = from_fixed_width("people", file, "gb18030", WIDTHS)
    fields = checked(proposal)
    layout = proposal["spec"]["files"]["layout"]
    assert (layout["unit"], layout["columns"][1]) == (unit, {"name": "column_2", "from": 21, "to": 40})
    assert proposal["spec"]["files"]["subject_column"] == "column_1"
    assert "skip_rows" not in proposal["spec"]["files"]
    assert fields["column_4"] == {"column": "column_4", "date": "yyyy-MM-dd"}
    assert nobody_shown(proposal)


def test_a_fixed_width_file_reads_as_its_proposal_says(tmp_path: Path) -> None:
    proposal = filled(from_fixed_width("people", in_fixed_width(tmp_path), "gb18030"))
    proposal["spec"]["files"]["folder"] = str(tmp_path)
    proposal["metadata"]["name"] = "people"
    with build(proposal, secrets={}.__getitem__, roots=[tmp_path], clock=SystemClock()) as people:
        found = people.retrieve(Query(SubjectRef("citizen-number", NUMBERS[3])))
    assert (found.values["name"], found.values["born_on"]) == ("示例3", "1980-01-04")


def refusal(file: Path, data: bytes, widths: list[int] | None = None) -> str:
    file.write_bytes(data)
    with pytest.raises(SourceGarbled) as refused:
        from_fixed_width("people", file, "gb18030", widths or [])
    return refused.value.reason


def test_what_a_fixed_width_sample_does_not_tell_is_asked_for_and_not_guessed(tmp_path: Path) -> None:
    """Positions are told or named; a header whose positions differ by the unit, and lines that differ, tell nothing."""
    file = tmp_path / "people.txt"
    lines = fixed_width_bytes(ROWS, WIDTHS, "gb18030", "bytes")
    assert refusal(file, lines, WIDTHS[:-1]) == "widths-do-not-fit"
    assert refusal(file, lines + b"short\r\n", WIDTHS) == "lines-uneven"
    assert refusal(file, "编号  状态\r\n".encode("gb18030") + b"A100  1\r\nA200  2\r\n") == "no-header"
    assert refusal(file, b"  id  state\r\nA100  1    \r\n") == "no-header"
    assert refusal(file, b"id    id   \r\nA100  1    \r\n") == "no-header"
    assert refusal(file, b"id    state\r\n") == "empty"
    file.write_bytes(b"id    state\r\nA100  1    \r\n")
    proposal = from_fixed_width("people", file, "gb18030")
    assert ("spec", "files", "layout", "unit") in [*marks(proposal)]
    with pytest.raises(SourceGarbled) as refused:
        from_csv("people", file, "utf-8")
    assert refused.value.reason == "no-delimiter"


def test_a_first_row_of_somebodys_is_not_repeated_as_names(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("\n".join(f"{number},示例" for number in NUMBERS), "utf-8")
    with pytest.raises(SourceGarbled) as refused:
        from_csv("people", file, "utf-8")
    assert refused.value.reason == "no-names"
    assert refusal(file, fixed_width_bytes(ROWS, WIDTHS, "gb18030", "bytes")) == "no-header"


def test_a_list_of_numbers_alone_is_a_register(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("\n".join(["号码", *NUMBERS]), "utf-8")
    assert from_csv("numbers", tmp_path / "numbers.csv", "utf-8")["spec"]["files"]["subject_column"] == "号码"


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


def test_a_table_that_was_asked_without_tls_is_asked_so_later(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "people.sqlite3").executescript("CREATE TABLE people (id_no TEXT)").close()
    proposal = from_table("people", f"sqlite:///{tmp_path / 'people.sqlite3'}", "people", insecure=True)
    assert proposal["spec"]["sql"]["insecure_sql"] is True


def test_a_password_in_an_address_is_not_repeated_and_a_missing_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceProblem):
        from_table("people", f"sqlite:///{tmp_path / 'none.sqlite3'}", "people")
    with pytest.raises(SourceProblem) as caught:
        from_table("people", "postgresql+psycopg://reader:geheim@127.0.0.1:9/people", "people")
    assert "geheim" not in repr(caught.value) + caught.value.reason


PERSON = """<p:person xmlns:p="urn:people" xmlns="urn:other" 编号="{0}"><p:公民身份号码>{0}</p:公民身份号码>
<p:姓名>{1}</p:姓名><p:出生日期>{3}</p:出生日期><owner><tel>1</tel></owner><tag>a</tag><tag>b</tag></p:person>"""


def test_a_document_of_a_service_tells_records_columns_and_namespaces() -> None:
    people = "".join(PERSON.format(*row) for row in ROWS)
    document = f'<a:answer xmlns:a="urn:answer"><a:code>0</a:code><a:list>{people}</a:list></a:answer>'
    proposal = from_xml("people", document.encode())
    fields = checked(proposal)
    rest = proposal["spec"]["rest"]
    assert rest["records"] == "/a:answer/a:list/p:person"
    assert rest["xml"]["namespaces"] == {"a": "urn:answer", "p": "urn:people", "n3": "urn:other"}
    assert rest["xml"]["columns"]["姓名"] == "p:姓名"
    assert rest["xml"]["columns"]["tel"] == "n3:owner/n3:tel"
    assert rest["xml"]["columns"]["tag"] == ["n3:tag"]
    assert rest["subject_path"] in {"p:公民身份号码", "@编号"}
    assert fields["born_on"] == {"column": "出生日期", "date": "yyyy-MM-dd"}
    assert fields["name"] == {"column": "姓名", "normalise": "name"}
    assert fields["tag"]["several"] is True
    assert nobody_shown(proposal)


def test_one_record_in_a_document_and_names_that_stand_twice() -> None:
    one = "<answer><body><a><name>x</name></a><b><name>y</name></b><no>1</no></body></answer>"
    rest = from_xml("people", one.encode())["spec"]["rest"]
    assert rest["records"] == "/answer/body"
    assert rest["xml"]["columns"] == {"a.name": "a/name", "b.name": "b/name", "no": "no"}
    for bad in (b"<a/>", b"no xml", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'):
        with pytest.raises(SourceProblem):
            from_xml("people", bad)


def ldif(people: int = 40) -> bytes:
    entries = []
    for at, row in enumerate(ROWS[:people]):
        photo = base64.b64encode(b"\xff\xd8\x00").decode()
        lines = (
            f"dn: cn={row[1]},ou=people,ou=civil,dc=demo",
            "objectClass: inetOrgPerson",
            f"employeeNumber: {row[0]}",
            f"cn:: {base64.b64encode(row[1].encode()).decode()}",
            f"mail: a{at}@demo.example",
            f"mail: b{at}@demo.",
            " example",
            f"validUntil: 2030010{1 + at % 9}000000Z",
            f"badge:: {photo}",
            "userPassword: {SSHA}secretsecret",
            f"level: {at % 2}",
        )
        entries.append("\n".join(lines))
    return ("# extended LDIF\nversion: 1\n\n" + "\n\n".join(entries) + "\n\nsearch: 2\nresult: 0 Success\n").encode()


SUBSCHEMA = """dn: cn=Subschema
objectClass: subschema
attributeTypes: ( 1.1 NAME 'name' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )
attributeTypes: ( 1.2 NAME ( 'cn' 'commonName' ) DESC 'RFC4519: NAME (of somebody)' SUP name )
attributeTypes: ( 1.3 NAME 'idNo' EQUALITY caseExactMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributeTypes: ( 1.4 NAME 'until' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE X-ORIGIN 'demo' )
attributeTypes: ( 1.5 NAME 'LEVEL' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )
objectClasses: ( 2.1 NAME 'top' ABSTRACT MUST objectClass )
objectClasses: ( 2.2 NAME 'base' SUP top STRUCTURAL MUST ( cn $ idNo ) )
objectClasses: ( 2.3 NAME ( 'civilPerson' 'cp' ) SUP base STRUCTURAL MAY ( until $ LEVEL $ userPassword ) )
"""


def test_entries_of_a_directory_tell_attributes_forms_and_branch() -> None:
    proposal = from_ldif("people", ldif())
    fields = checked(proposal)
    ldap = proposal["spec"]["ldap"]
    assert (ldap["base"], ldap["subject_attribute"]) == ("ou=people,ou=civil,dc=demo", "employeeNumber")
    assert (ldap["lists"], ldap["forms"]) == (["mail"], {"validUntil": "generalized-time"})
    assert fields["valid_until"] == {"column": "validUntil", "date": "iso"}
    assert fields["mail"] == {"column": "mail", "several": True}
    assert set(fields["level"]["codes"]) == {"0", "1"}
    columns = {rule["column"] for rule in fields.values()}
    assert columns.isdisjoint({"badge", "userPassword", "objectClass", "dn"})
    assert nobody_shown(proposal)
    assert "secretsecret" not in written(proposal)


def test_a_branch_that_may_be_somebody_is_not_repeated() -> None:
    one = ldif(1).replace(b"ou=people,", "cn=示例0,".encode())
    assert "示例0" not in written(from_ldif("people", one))


def test_a_schema_tells_what_entries_of_a_class_may_hold() -> None:
    proposal = from_ldif("people", SUBSCHEMA.encode(), "CivilPerson")
    fields = checked(proposal)
    assert {rule["column"] for rule in fields.values()} == {"cn", "until", "LEVEL"}
    assert proposal["spec"]["ldap"]["subject_attribute"] == "idNo"
    assert (fields["level"]["type"], fields["until"]["date"]) == ("integer", "iso")
    beside = from_ldif("people", ldif(3) + b"\n" + SUBSCHEMA.replace("'LEVEL'", "'level'").encode())
    assert beside["spec"]["mapping"]["fields"]["level"]["type"] == "integer"
    cut = SUBSCHEMA.replace("SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )", "SUP SYNTAX )").replace("SUP name )", "SUP )")
    assert "type" not in checked(from_ldif("people", cut.encode(), "CivilPerson"))["level"]
    for data, wanted in ((SUBSCHEMA, "nobody"), (SUBSCHEMA, ""), ("", ""), ("dn: x\nno line", ""), ("dn:: ?", "")):
        with pytest.raises(SourceGarbled):
            from_ldif("people", data.encode(), wanted)
