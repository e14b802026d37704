"""The health commission: clinics drop a CSV in GB 18030 each night; births and vaccinations come as workbooks."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from tongban.demo.departments.process import nothing_here, place, serve

CERTIFICATE = ("证件号码", "姓名", "健康证编号", "发证日期", "有效期至", "体检结论", "体检机构", "更新时间")
BIRTH = (
    "母亲证件号码",
    "母亲姓名",
    "父亲证件号码",
    "父亲姓名",
    "新生儿姓名",
    "新生儿证件号码",
    "出生日期",
    "出生地点",
    "出生医学证明编号",
    "更新时间",
)
DEATH = ("证件号码", "姓名", "死亡日期", "死亡地点", "死亡医学证明编号", "更新时间")
VACCINATION = ("儿童证件号码", "儿童姓名", "已接种", "下次接种日期", "更新时间")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write beside, then rename: a reader never sees half a file."""
    beside = path.with_suffix(".part")
    with beside.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    beside.replace(path)


def write_workbook(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """As above, for a workbook with one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("数据")
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    beside = path.with_suffix(".part")
    book.save(beside)
    beside.replace(path)


def values(entries: Iterable[dict[str, Any]], keys: Sequence[str]) -> list[list[str]]:
    """Rows of the named members, in order."""
    return [[entry[key] for key in keys] for entry in entries]


def drop(folder: Path, world: dict[str, Any]) -> None:
    """Tonight's files."""
    certificate = ("number", "name", "certificate", "issued", "valid_until", "result", "clinic", "updated")
    birth = (
        "mother_number",
        "mother",
        "father_number",
        "father",
        "child",
        "child_number",
        "born",
        "place",
        "certificate",
        "updated",
    )
    vaccination = ("number", "name", "given", "next", "updated")
    write_csv(folder / "health-certificates.csv", CERTIFICATE, values(world["health_certificates"], certificate))
    death = ("number", "name", "died", "place", "certificate", "updated")
    write_csv(folder / "deaths.csv", DEATH, values(world["deaths"], death))
    write_workbook(folder / "births.xlsx", BIRTH, values(world["births"], birth))
    write_workbook(folder / "vaccinations.xlsx", VACCINATION, values(world["vaccinations"], vaccination))


def main() -> None:
    """Drop the files, then stay up."""
    here = place()
    drop(here.folder, dict(here.world))
    serve(here, nothing_here)


if __name__ == "__main__":
    main()
