"""The pensions that human resources pays, in the bureau's own database."""

from __future__ import annotations

import datetime
import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tongban.demo.departments.evidence_client import EvidenceClient, Registration

CLERK = "pension-desk"
CHECKED = {"type": "household-register", "fields": ["name"]}
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

    def checked(self, number: str, case: str) -> None:
        """Keep in which case a pension was last checked."""
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute("UPDATE ylj SET bj = ? WHERE sfzh = ?", (case, number))

    def stop(self, case: str) -> int:
        """Stop the pension that was checked in a case; how many were stopped."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with closing(sqlite3.connect(self.path)) as database, database:
            wanted = "UPDATE ylj SET zt = '02', gxsj = ? WHERE bj = ? AND zt = '01'"
            return database.execute(wanted, (now, case)).rowcount


class PensionDesk:
    """The bureau's own job: it checks pensioners once a year by data, and hears when what it rested on has changed."""

    def __init__(self, folder: Path) -> None:
        given = json.loads((folder / "site.json").read_text(encoding="utf-8"))
        self.client, self.pensions = EvidenceClient(Registration(**given)), Pensions(folder)

    def check(self, number: str) -> tuple[str, dict[str, Any]]:
        """The case of this year's check, which stays open, and the evidence that came; nobody is present."""
        subject = {"scheme": "citizen-number", "value": number}
        case = self.client.open_case(f"check-{secrets.token_hex(4)}", [subject | {"role": "applicant"}])
        (item,) = self.client.look_up(case, [CHECKED | {"subject": subject}], CLERK)["evidence"]
        self.pensions.checked(number, case)
        return case, item

    def hear(self, subscription: str) -> list[dict[str, Any]]:
        """The events that wait; every pension that rested on what has changed is stopped until somebody looks."""
        events = self.client.events(subscription)
        for event in events:
            for held in event["data"]["held"]:
                self.pensions.stop(held["case"])
        return events
