"""What ``tongban connector scaffold`` reads, and which proposal is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connectors.errors import SourceGarbled
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
)
from connectors.scaffold.fixed_width import NO_HEADER, OTHER_WIDTH, UNEVEN
from connectors.scaffold.samples import NO_DELIMITER, NO_NAMES
from kernel.text import Text

MOST_BYTES = 32 << 20
"""Of a document or sample."""
HEADER = "header"
"""In place of widths: the first line of the sample names its columns, each where it begins."""
_WIDTHS = Text(
    "定长文件请写各列宽度（--widths 18,20,8）；首行有列名、各与其列左端对齐的，写 --widths header",
    "for fixed width give the columns' widths (--widths 18,20,8), or --widths header where the first line names the "
    "columns, each where its column begins",
)
WHAT_TO_GIVE: Mapping[str, Text] = {
    NO_DELIMITER: Text(f"样本中没有分隔符。{_WIDTHS.zh}", f"nothing divides the sample's lines: {_WIDTHS.en}"),
    NO_NAMES: Text(
        "样本首行是数据；CSV 和 XLSX 的首行须是列名",
        "the sample's first row holds data: in CSV and XLSX it names the columns",
    ),
    UNEVEN: Text(
        "样本各行长短不一，按字节、按字符都不是定长；首行若是列名，请写 --widths header",
        "the sample's lines have several lengths, in bytes and in characters; where the first names the columns, "
        "give --widths header",
    ),
    OTHER_WIDTH: Text(
        "各列宽度之和不等于行长；请按字节或按字符逐列核对 --widths",
        "the widths do not add up to a line: compare --widths with it, in bytes or in characters",
    ),
    NO_HEADER: Text(
        "从首行看不出各列的位置，请写各列宽度（--widths 18,20,8）",
        "the first line does not tell where the columns begin: give their widths (--widths 18,20,8)",
    ),
}
"""What whoever gave a sample may do, by the reason for which nothing can be proposed."""


@dataclass(frozen=True)
class Wish:
    """How the source is to be called, and what the document leaves open.

    ``widths``: of a fixed-width sample's columns, or `HEADER`; "" for a sample that is none. ``insecure_sql``: whether
    a table's database may be asked without verified TLS.
    """

    name: str
    operation: str
    encoding: str
    schema: str | None
    place: str
    widths: str = ""
    insecure_sql: bool = False


def proposed(kind: str, places: tuple[str, ...], wish: Wish) -> dict[str, Any]:
    """The proposal. Raises SourceProblem; OSError where a file cannot be read."""
    if kind == "table":
        return from_table(wish.name, places[0], places[1], wish.schema, insecure=wish.insecure_sql)
    file = Path(places[0])
    if file.stat().st_size > MOST_BYTES:
        raise SourceGarbled("too-large")
    if kind == "openapi":
        return from_openapi(wish.name, _document(file), wish.operation)
    if kind == "wsdl":
        return from_wsdl(wish.name, file.read_bytes(), file.name, wish.operation)
    if kind == "ldap":
        return from_ldif(wish.name, file.read_bytes(), wish.operation)
    return _sample(file, wish)


def _sample(file: Path, wish: Wish) -> dict[str, Any]:
    if wish.widths:
        widths = () if wish.widths == HEADER else tuple(map(int, wish.widths.split(",")))
        return from_fixed_width(wish.name, file, _encoding(wish), widths, place=wish.place)
    if file.suffix == ".parquet":
        return from_parquet(wish.name, file, place=wish.place)
    if file.suffix == ".xlsx":
        return from_xlsx(wish.name, file, place=wish.place)
    if file.suffix in {".json", ".jsonl"}:
        return from_json(wish.name, file.read_bytes())
    if file.suffix == ".xml":
        return from_xml(wish.name, file.read_bytes())
    return from_csv(wish.name, file, _encoding(wish), place=wish.place)


def _encoding(wish: Wish) -> str:
    if wish.encoding not in {"gb18030", "gbk", "utf-8", "utf-8-sig"}:
        raise SourceGarbled("encoding")
    return wish.encoding


def _document(file: Path) -> Mapping[str, Any]:
    """An OpenAPI document as JSON or plain YAML."""
    data = file.read_bytes()
    try:
        found = json.loads(data) if file.suffix == ".json" else yaml.safe_load(data)
    except (ValueError, yaml.YAMLError, RecursionError):
        raise SourceGarbled("document") from None
    if not isinstance(found, Mapping):
        raise SourceGarbled("document")
    return found
