"""The pensions that human resources pays, in the bureau's own database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

TABLE = """
CREATE TABLE IF NOT EXISTS ylj (     -- 养老金
  sfzh  TEXT PRIMARY KEY,
  xm    TEXT NOT NULL,
  ljys  INTEGER NOT NULL,            -- 累计月数
  ybz   TEXT NOT NULL,               -- 月标准（元）
  ksrq  TEXT NOT NULL,               -- 开始日期 yyyy-MM-dd
  zt    TEXT NOT NULL,               -- 01 发放 02 停发
  bj    TEXT NOT NULL,               -- 每年核对资格的办件
  gxsj  TEXT NOT NULL
)
"""


class Pensions:
    """The pensions paid, by citizen number."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pensions.sqlite3"

    def fill(self, pensions: Iterable[Mapping[str, str]]) -> None:
        """Pensions of the world; those that are there already stay as they are."""
        keys = ("number", "name", "months", "monthly", "since")
        rows = [(*(pension[key] for key in keys), "01", "", pension["updated"]) for pension in pensions]
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(TABLE)
            database.executemany("INSERT OR IGNORE INTO ylj VALUES (?,?,?,?,?,?,?,?)", rows)

    def begin(self, number: str, name: str, months: int, monthly: str, now: str) -> bool:
        """Pay a pension from today; False where the person has one."""
        row = (number, name, months, monthly, now[:10], "01", "", now)
        with closing(sqlite3.connect(self.path)) as database, database:
            return database.execute("INSERT OR IGNORE INTO ylj VALUES (?,?,?,?,?,?,?,?)", row).rowcount == 1
