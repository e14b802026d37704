"""From a sample: a CSV, a workbook, a Parquet file, or one answer of a service as JSON (or several, one a line)."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl

from connectors.errors import SourceGarbled
from connectors.files import parquet_file
from connectors.scaffold.manifest import Mark, Member, likely_subject, path_of, propose
from connectors.scaffold.observing import observe

ROWS = 2000
NO_DELIMITER, NO_NAMES = "no-delimiter", "no-names"
"""Why nothing can be proposed: nothing divides the lines (columns may stand at fixed positions); the first is a row."""
_DEEPEST = 5
_UNPACKED = 256 << 20
"""Bytes of a Parquet file: what is little as it lies there may be much."""
_NESTED = ("STRUCT", "MAP", "UNION")
PLACES: Mapping[str, Mapping[str, Any]] = {
    "folder": {"folder": Mark("文件夹（在 connector_roots 之下）", "the folder, under one of connector_roots")},
    "sftp": {
        "sftp": {
            "host": Mark("主机名，不含端口", "the host's name, without a port"),
            "host_keys": [Mark("与对方核对过的主机公钥", "the host's public key, compared with whoever runs it")],
            "username": Mark("我们在对方的用户名", "as whom we sign in there"),
            "key_secret": Mark("存放私钥的密码文件名", "the secret that holds our private key"),
            "folder": Mark("服务器上的文件夹", "the folder on the server"),
        }
    },
    "s3": {
        "s3": {
            "endpoint": Mark("存储的 https 地址，不含桶名", "the storage's https address, without the bucket"),
            "region": Mark("区域", "the region"),
            "bucket": Mark("桶名", "the bucket"),
            "prefix": Mark("前缀，以斜杠结尾", "the prefix, ending in a slash"),
            "key_id": Mark("访问密钥编号", "the access key's id"),
            "secret": Mark("存放访问密钥的密码文件名", "the secret that holds the key's other half"),
        }
    },
}
"""Where files like a sample may come from."""


def from_csv(name: str, file: Path, encoding: str, delimiter: str = ",", *, place: str = "folder") -> dict[str, Any]:
    """A proposal for a place, one of `PLACES`, of files like this one. Raises: SourceGarbled."""
    try:
        text = file.read_bytes().decode(encoding)
    except UnicodeDecodeError:
        raise SourceGarbled("encoding") from None
    rows = list(itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), ROWS + 1))
    if rows and all(len(row) < 2 for row in rows) and not observe(row[0] for row in rows[1:] if row).subject:
        raise SourceGarbled(NO_DELIMITER)
    settings = {"format": "csv", "encoding": encoding} | ({"delimiter": delimiter} if delimiter != "," else {})
    return _files(name, file, {**PLACES[place], **settings}, rows)


def from_xlsx(name: str, file: Path, *, place: str = "folder") -> dict[str, Any]:
    """A proposal for a place, one of `PLACES`, of workbooks like this one. Raises: SourceGarbled."""
    try:
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever its zip and XML readers do
        raise SourceGarbled(f"xlsx-{type(error).__name__}") from None
    try:
        sheet: Any = workbook.worksheets[0]
        rows = [list(row) for row in itertools.islice(sheet.iter_rows(values_only=True), ROWS + 1)]
    finally:
        workbook.close()
    return _files(name, file, {**PLACES[place], "format": "xlsx"}, rows)


def from_parquet(name: str, file: Path, *, place: str = "folder") -> dict[str, Any]:
    """A proposal for a place, one of `PLACES`, of Parquet files like this one. Raises: SourceProblem."""
    with file.open("rb") as opened:
        kinds, rows = parquet_file.sample(opened, ROWS, _UNPACKED)
    seen = members_of([*kinds], rows)
    members = [replace(one, **_described(kinds[one.name])) for one in seen]
    return of_files(name, file, {**PLACES[place], "format": "parquet"}, members)


def _described(kind: str) -> dict[str, Any]:
    """What a column's kind says of it, in DuckDB's words. https://duckdb.org/docs/stable/data/parquet/overview"""
    if kind.endswith("]"):
        return {"several": True, "nested": kind.startswith(_NESTED)}
    if kind.startswith(_NESTED):
        return {"nested": True}
    if kind == "BOOLEAN":
        return {"type": "boolean"}
    if kind.endswith(("INT", "INTEGER")):
        return {"type": "integer"}
    return {"type": "decimal" if kind.startswith(("DECIMAL", "FLOAT", "DOUBLE")) else ""}


def _files(name: str, file: Path, settings: Mapping[str, Any], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    if not rows:
        raise SourceGarbled("empty")
    header = [str(one or "").strip() for one in rows[0]]
    if any(observe([one]).subject for one in header):  # a row of somebody's, which would be repeated as names
        raise SourceGarbled(NO_NAMES)
    return of_files(name, file, settings, [one for one in members_of(header, rows[1:]) if one.name])


def members_of(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Member]:
    """A member for each name, with the form of what stands below it."""
    return [
        Member(one, observe(row[place] if place < len(row) else None for row in rows))
        for place, one in enumerate(header)
    ]


def of_files(name: str, file: Path, settings: Mapping[str, Any], members: Sequence[Member]) -> dict[str, Any]:
    """A proposal for files like this one, which have these columns."""
    subject = likely_subject(members)
    wanted = {
        "pattern": f"*{file.suffix}",
        **settings,
        "subject_column": subject.name if subject else Mark("证件号码列", "the subject's column"),
    }
    return propose(name, "files", wanted, [one for one in members if one is not subject], "column")


def from_json(name: str, data: bytes) -> dict[str, Any]:
    """A proposal for the service that gives answers like this one. Raises: SourceGarbled."""
    try:
        answer = _decoded(data)
    except ValueError:
        raise SourceGarbled("json") from None
    path, records = _records(answer)
    if not records:
        raise SourceGarbled("records")
    names = dict.fromkeys(member for record in records for member in _leaves(record))
    members = [
        Member(one, observe(_at(record, one) for record in records), several=_is_list(records, one)) for one in names
    ]
    subject = likely_subject(members)
    settings: dict[str, Any] = {
        "url": Mark("服务地址", "the service's address"),
        "body": {"idNo": "{subject}"},
    }
    settings |= {"records": path} if path else {}
    settings |= {"subject_path": path_of(subject.name)} if subject else {}
    return propose(name, "rest", settings, [one for one in members if one is not subject], "path")


def _decoded(data: bytes) -> Any:
    text = data.decode()
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()][:ROWS]


def _records(answer: Any) -> tuple[str, list[Mapping[str, Any]]]:
    """The outermost list of objects, and where it stands; else the answer itself."""
    level: list[tuple[str, Any]] = [("", answer)]
    for _ in range(_DEEPEST):
        for path, value in level:
            found = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
            if found:
                return path, found[:ROWS]
        objects = [(path, value) for path, value in level if isinstance(value, Mapping)]
        level = [(f"{path}.{name}".lstrip("."), inner) for path, one in objects for name, inner in one.items()]
    return "", [answer] if isinstance(answer, Mapping) else []


def _leaves(record: Mapping[str, Any], path: str = "") -> Iterable[str]:
    for name, member in record.items():
        at = f"{path}.{name}".lstrip(".")
        if isinstance(member, Mapping):
            yield from _leaves(member, at)
        else:
            yield at


def _at(record: Any, path: str) -> Any:
    for step in path.split("."):
        record = record.get(step) if isinstance(record, Mapping) else None
    return str(record) if isinstance(record, float) else record


def _is_list(records: Sequence[Mapping[str, Any]], path: str) -> bool:
    return any(isinstance(_at(record, path), list) for record in records)
