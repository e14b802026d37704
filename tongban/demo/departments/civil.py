"""Civil affairs: marriages in a database of another design: English column names, dates written 2016年05月20日."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.process import nothing_here, place, serve

TABLE = """
CREATE TABLE IF NOT EXISTS marriage_registration (
  party_id_no   TEXT PRIMARY KEY,
  party_name    TEXT NOT NULL,
  spouse_id_no  TEXT NOT NULL,
  spouse_name   TEXT NOT NULL,
  reg_date      TEXT NOT NULL,
  reg_no        TEXT NOT NULL,
  marital_state TEXT NOT NULL,     -- 10 未婚 20 已婚 40 离婚
  last_modified TEXT NOT NULL
)
"""


def chinese_date(iso: str) -> str:
    """``2016-05-20`` as this department writes it."""
    year, month, day = iso.split("-")
    return f"{year}年{month}月{day}日"


def rows(world: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """One row for either spouse of each marriage."""
    names = {person["number"]: person["name"] for person in world["people"]}
    for marriage in world["marriages"]:
        for one, other in (marriage["parties"], reversed(marriage["parties"])):
            registered = chinese_date(marriage["registered"])
            number, updated = marriage["number"], marriage["updated"]
            yield one, names[one], other, names[other], registered, number, "20", updated


def fill(path: Path, world: Mapping[str, Any]) -> None:
    """Make the register anew from the world."""
    with sqlite3.connect(path) as database:
        database.execute(TABLE)
        database.executemany("INSERT OR REPLACE INTO marriage_registration VALUES (?,?,?,?,?,?,?,?)", rows(world))
    database.close()


def main() -> None:
    """Fill the register, then stay up."""
    here = place()
    fill(here.folder / "civil.sqlite3", here.world)
    serve(here, nothing_here)


if __name__ == "__main__":
    main()
