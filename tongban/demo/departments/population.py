"""The police's population register: a relational database, one table of persons, one of households."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import permutations
from pathlib import Path
from typing import Any

from tongban.demo.departments.process import Answer, has_key, place, serve

TABLES = """
CREATE TABLE IF NOT EXISTS czrk_jbxx (          -- 常住人口基本信息
  gmsfhm TEXT PRIMARY KEY,                       -- 公民身份号码
  xm     TEXT NOT NULL,                          -- 姓名
  xbdm   TEXT NOT NULL,                          -- 性别代码 1 男 2 女
  mzdm   TEXT NOT NULL,                          -- 民族代码
  csrq   TEXT NOT NULL,                          -- 出生日期 yyyyMMdd
  zz     TEXT NOT NULL,                          -- 住址
  zjyxq  TEXT NOT NULL,                          -- 证件有效期止 yyyyMMdd 或 长期
  gxsj   TEXT NOT NULL                           -- 更新时间
);
CREATE TABLE IF NOT EXISTS hkb (                 -- 户口簿
  gmsfhm TEXT PRIMARY KEY,
  xm     TEXT NOT NULL,
  hh     TEXT NOT NULL,                          -- 户号
  yhzgx  TEXT NOT NULL,                          -- 与户主关系
  hkdz   TEXT NOT NULL,                          -- 户口地址
  posfzh TEXT,                                   -- 配偶公民身份号码
  gxsj   TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS qsgx (                -- 亲属关系
  gmsfhm TEXT PRIMARY KEY,
  fm     TEXT NOT NULL,                          -- 父母公民身份号码
  gxsj   TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS dzzz (gmsfhm TEXT PRIMARY KEY, bs TEXT NOT NULL);    -- 电子户口簿标识
CREATE TABLE IF NOT EXISTS swzx (gmsfhm TEXT PRIMARY KEY, swrq TEXT NOT NULL);  -- 死亡注销
"""


def people(world: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Rows of ``czrk_jbxx``."""
    for person in world["people"]:
        sex = "1" if person["sex"] == "male" else "2"
        born, until = (person[key].replace("-", "") for key in ("born", "card_valid_until"))
        yield (
            person["number"],
            person["name"],
            sex,
            person["ethnicity"],
            born,
            person["address"],
            until,
            person["updated"],
        )


def households(world: Mapping[str, Any]) -> Iterable[tuple[str | None, ...]]:
    """Rows of ``hkb``; who has just been born is not in it yet."""
    born = {birth["child_number"] for birth in world["births"]}
    spouses = {one: other for wed in world["marriages"] for one, other in permutations(wed["parties"])}
    for person in world["people"]:
        if person["number"] in born:
            continue
        house, number = person["household"], person["number"]
        page = (number, person["name"], house["number"], house["relation"], house["address"])
        yield *page, spouses.get(number), person["updated"]


def fill(path: Path, world: Mapping[str, Any]) -> None:
    """Make the register anew from the world."""
    with sqlite3.connect(path) as database:
        database.executescript(TABLES)
        database.executemany("INSERT OR REPLACE INTO czrk_jbxx VALUES (?,?,?,?,?,?,?,?)", people(world))
        database.executemany("INSERT OR REPLACE INTO hkb VALUES (?,?,?,?,?,?,?)", households(world))
        kin = [(one["child"], one["parent"], one["updated"]) for one in world["kinships"]]
        database.executemany("INSERT OR REPLACE INTO qsgx VALUES (?,?,?)", kin)
        held = [(one["number"], one["certificate"]) for one in world["certificates"]]
        database.executemany("INSERT OR REPLACE INTO dzzz VALUES (?,?)", held)
    database.close()


def enter(path: Path, entry: Mapping[str, str]) -> bool:
    """Enter a child into a household; False where there is no such household, or the child's number is unknown."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with closing(sqlite3.connect(path)) as database, database:
        known = database.execute("SELECT xm FROM czrk_jbxx WHERE gmsfhm = ?", (entry["number"],)).fetchone()
        home = database.execute("SELECT hkdz FROM hkb WHERE hh = ? LIMIT 1", (entry["household"],)).fetchone()
        if known is None or home is None or known[0] != entry["name"]:
            return False
        row = (entry["number"], entry["name"], entry["household"], "子女", home[0], None, now)
        database.execute("INSERT OR REPLACE INTO hkb VALUES (?,?,?,?,?,?,?)", row)
    return True


def cancel(path: Path, number: str, died: str) -> str | None:
    """End a household entry after a death; its identifier, None where that is done already."""
    with closing(sqlite3.connect(path)) as database, database:
        found = database.execute("SELECT bs FROM dzzz WHERE gmsfhm = ?", (number,)).fetchone()
        new = database.execute("INSERT OR IGNORE INTO swzx VALUES (?,?)", (number, died))
        database.execute("DELETE FROM hkb WHERE gmsfhm = ?", (number,))
    return str(found[0]) if found and new.rowcount == 1 else None


def main() -> None:
    """Fill the register; ``POST /household-entries`` is for those who were given the key."""
    here = place()
    path = here.folder / "population.sqlite3"
    fill(path, here.world)

    def handler(at: str, headers: Mapping[str, str], body: Any) -> Answer:
        wanted = ("number", "name", "certificate", "household")
        if at != "/household-entries" or not has_key(here, headers):
            return 404, {"error": "this department answers through its database"}
        if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in wanted):
            return 400, {"error": "POST {number, name, certificate, household}"}
        return (201, {"status": "entered"}) if enter(path, body) else (409, {"error": "no such household or child"})

    serve(here, handler)


if __name__ == "__main__":
    main()
