"""What is wrong with a file, for whoever made it: line, column and reason, never a value.

A report stands in our own folder, not in the department's. It names columns and lines only, so that it can be sent on
as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import SourceGarbled
from kernel.text import Text

_REASONS: Mapping[str, Text] = {
    "encoding": Text("不是所声明的编码", "is not in the declared encoding"),
    "cells": Text("列数与表头不符", "does not have the cells that the header names"),
    "width": Text("行的长度与规定不符", "is not as long as the layout says"),
    "digits": Text(
        "数字超过 15 位，电子表格已将其损坏", "holds a number of more than 15 digits, which a spreadsheet breaks"
    ),
    "json": Text("不是一个 JSON 对象", "is no JSON object"),
    "subject": Text("没有证件号码", "says nobody's number"),
    "key": Text("缺少用来区分记录的值", "lacks a value that tells rows apart"),
    "long": Text("行过长", "is too long"),
    "columns-missing": Text("缺少这一列，或有同名的列", "is missing, or stands there twice"),
    "values": Text("的值多数无法按清单读取", "holds too many values that cannot be read as described"),
    "header": Text("没有表头", "has no header"),
    "csv": Text("引号或换行不成对", "has a stray quote or an unfinished line"),
    "rows": Text("行数超过上限", "has more rows than allowed"),
    "file": Text("文件超过大小上限", "is larger than allowed"),
    "pages": Text("页数超过上限", "has more pages than allowed"),
    "expanded": Text(
        "解压并逐行写出后超过大小上限", "is larger than allowed once it is unpacked and its rows are written out"
    ),
}
_OTHER = Text("无法读取", "cannot be read")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. ``line`` counts from 1, 0 where it is the file as a whole; ``column`` is "" for a whole line."""

    line: int
    column: str
    why: str


class BrokenFile(SourceGarbled):
    """A file that a reader cannot go on with."""

    def __init__(self, reason: str, line: int = 0, column: str = "", why: str = "") -> None:
        super().__init__(reason)
        self.fault = Fault(line, column, why or reason)


class Report:
    """Faults in the order of the file, the first hundred of them."""

    MOST = 100

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.reason = ""

    def add(self, line: int, column: str, why: str) -> None:
        """Note a fault and read on. Raises: BrokenFile once there are enough."""
        self.faults.append(Fault(line, column, why))
        self.reason = self.reason or (f"row-{line}-{why}" if why == "digits" else f"row-{line}")
        if len(self.faults) >= self.MOST:
            self.check()

    def check(self) -> None:
        """Raises: SourceGarbled where there is any."""
        if self.faults:
            raise SourceGarbled(self.reason)

    @property
    def columns_missing(self) -> tuple[str, ...]:
        """Columns that the file lacks."""
        return tuple(fault.column for fault in self.faults if fault.why == "columns-missing")

    def text(self, name: str, noticed_at: datetime) -> str:
        """The report as a text in both languages."""
        lines = [
            f"文件 / file: {name}",
            f"发现时间 / noticed at: {noticed_at.isoformat(timespec='seconds')}",
            "整个文件未采用，上一个完好的文件继续使用 / the whole file is left out; the last good one stays in use",
            "",
            *(_line(fault) for fault in self.faults),
        ]
        if len(self.faults) >= self.MOST:
            lines.append(f"…… 只列出前 {self.MOST} 处 / the first {self.MOST} only")
        return "\n".join(lines) + "\n"


def _line(fault: Fault) -> str:
    why = _REASONS.get(fault.why, _OTHER)
    zh = (f"第 {fault.line} 行" if fault.line else "文件") + (f"，列“{fault.column}”" if fault.column else "")
    en = (f"line {fault.line}" if fault.line else "the file") + (f", column “{fault.column}”" if fault.column else "")
    return f"{zh}：{why.zh} / {en}: {why.en}"
