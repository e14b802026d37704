"""The property register: an HTTP service that takes the holder's number in a JSON body and wants an API key.

The exchange's key may read. The bureau has a key of its own, with which it registers a new holder or mends an entry.
"""

from __future__ import annotations

import datetime
import hmac
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tongban.demo.departments.process import Answer, place, serve

TITLES = """
CREATE TABLE IF NOT EXISTS bdcqz (      -- 不动产权证
  title_number  TEXT PRIMARY KEY,
  holder_number TEXT NOT NULL,
  holder_name   TEXT NOT NULL,
  address       TEXT NOT NULL,
  usage         TEXT NOT NULL,
  area          TEXT NOT NULL,
  registered    TEXT NOT NULL,          -- yyyy-MM-dd
  updated       TEXT NOT NULL,
  state         TEXT NOT NULL           -- 01 现势 02 历史
)
"""
COLUMNS = ("title_number", "holder_number", "holder_name", "address", "usage", "area", "registered", "updated")


class Register:
    """The titles, in this bureau's own database."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self, titles: list[dict[str, str]]) -> None:
        """Titles of the world; those that are there already stay as they are."""
        rows = [(*(title[name] for name in COLUMNS), "01") for title in titles]
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(TITLES)
            database.executemany("INSERT OR IGNORE INTO bdcqz VALUES (?,?,?,?,?,?,?,?,?)", rows)

    def held_by(self, number: str) -> dict[str, str] | None:
        """The newest title in force of a holder."""
        wanted = "SELECT * FROM bdcqz WHERE holder_number = ? AND state = '01' ORDER BY registered DESC LIMIT 1"
        with closing(sqlite3.connect(self.path)) as database:
            row = database.execute(wanted, (number,)).fetchone()
        return dict(zip(COLUMNS, row, strict=False)) if row else None

    def rectify(self, title: str, area: str) -> bool:
        """Another area in a title that is in force; False where there is none."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        wanted = "UPDATE bdcqz SET area = ?, updated = ? WHERE title_number = ? AND state = '01'"
        with closing(sqlite3.connect(self.path)) as database, database:
            return database.execute(wanted, (area, now, title)).rowcount == 1

    def transfer(self, title: str, number: str, name: str) -> str | None:
        """A new title for a new holder, whose number is given back; None where the old one is not in force."""
        now = datetime.datetime.now(datetime.UTC)
        with closing(sqlite3.connect(self.path, isolation_level="IMMEDIATE")) as database, database:
            ended = database.execute("UPDATE bdcqz SET state = '02' WHERE title_number = ? AND state = '01'", (title,))
            if ended.rowcount != 1:
                return None
            (known,) = database.execute("SELECT count(*) FROM bdcqz").fetchone()
            new = f"渝（{now.year}）演示区不动产权第{known + 1:07d}号"
            database.execute(
                "INSERT INTO bdcqz SELECT ?, ?, ?, address, usage, area, ?, ?, '01' FROM bdcqz WHERE title_number = ?",
                (new, number, name, now.date().isoformat(), now.isoformat(timespec="seconds"), title),
            )
        return new


def knows(headers: Mapping[str, str], key: str) -> bool:
    """Whether a caller has this key."""
    return hmac.compare_digest(headers.get("X-Api-Key", ""), key)


def find(register: Register, body: Any) -> Answer:
    """The holder's title, 404 where there is none."""
    number = body.get("holderIdNo") if isinstance(body, dict) else None
    title = register.held_by(number) if isinstance(number, str) else None
    return (200, {"code": 0, "data": {"estate": title}}) if title else (404, {"code": 404, "data": None})


def transfer(register: Register, body: Any) -> Answer:
    """The new title's number, 409 where the old title is not in force."""
    wanted = ("title", "holderIdNo", "holderName")
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in wanted):
        return 400, {"error": "POST /estate/transfer with {title, holderIdNo, holderName}"}
    new = register.transfer(*(body[name] for name in wanted))
    return (200, {"code": 0, "title": new}) if new else (409, {"code": 409, "error": "not in force"})


def rectify(register: Register, body: Any) -> Answer:
    """404 where no title in force has this number."""
    wanted = ("title", "area")
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in wanted):
        return 400, {"error": "POST /estate/rectify with {title, area}"}
    done = register.rectify(body["title"], body["area"])
    return (200, {"code": 0}) if done else (404, {"code": 404, "error": "not in force"})


def main() -> None:
    """Serve ``POST /estate/query`` for the exchange; ``transfer`` and ``rectify`` for those who keep the register."""
    here = place()
    register = Register(here.folder / "titles.sqlite3")
    register.fill(here.world["titles"])
    services = {
        "/estate/query": ("api-key", find),
        "/estate/transfer": ("registrar-key", transfer),
        "/estate/rectify": ("registrar-key", rectify),
    }

    def handler(path: str, headers: Mapping[str, str], body: Any) -> Answer:
        if path not in services:
            return 404, {"error": "no such path"}
        key, service = services[path]
        if not knows(headers, (here.folder / key).read_text(encoding="utf-8").strip()):
            return 401, {"error": "unknown key"}
        return service(register, body)

    serve(here, handler)


if __name__ == "__main__":
    main()
