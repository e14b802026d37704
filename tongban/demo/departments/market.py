"""The market regulator's website: open a restaurant. It issues the licence into its own database."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.evidence_client import EvidenceClient
from tongban.demo.departments.process import place
from tongban.demo.departments.website import Bilingual, Question, Service, registration, serve

LICENCES = """
CREATE TABLE IF NOT EXISTS yyzz (     -- 营业执照
  tyshxydm TEXT PRIMARY KEY,           -- 统一社会信用代码
  mc       TEXT NOT NULL,              -- 名称
  jyz_sfz  TEXT NOT NULL,              -- 经营者证件号码
  jyz      TEXT NOT NULL,              -- 经营者
  dz       TEXT NOT NULL,              -- 经营场所
  xzqh     TEXT NOT NULL,              -- 行政区划
  clrq     TEXT NOT NULL,              -- 成立日期 yyyy-MM-dd
  yxq      TEXT NOT NULL,              -- 营业期限
  zt       TEXT NOT NULL,              -- 状态 01 有效 04 注销
  gxsj     TEXT NOT NULL,
  dzzzbs   TEXT NOT NULL               -- 电子证照标识
);
CREATE TABLE IF NOT EXISTS free_code (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  code   TEXT UNIQUE NOT NULL,
  dzzzbs TEXT NOT NULL
);
"""
KEYS = (
    "code",
    "name",
    "owner_number",
    "owner",
    "address",
    "division",
    "founded",
    "valid_until",
    "status",
    "updated",
    "certificate",
)
"""What the world calls these columns."""
DIVISION = "500199"
"""Of the window that this website stands for."""
OWNER = [
    {"type": "identity-card", "fields": ["name", "citizen_number", "valid_until"]},
    {"type": "household-register", "fields": ["address"]},
    {"type": "premises-title", "fields": ["title_number", "address", "usage"]},
    {"type": "employment-registration", "fields": ["employer", "staff_count"]},
]


def staff(answers: Mapping[str, str]) -> list[str]:
    """The citizen numbers of the employees the applicant named."""
    return [answers[name].upper() for name in ("staff_one", "staff_two") if answers.get(name)]


def subjects(answers: Mapping[str, str]) -> list[dict[str, str]]:
    """The people of the case beside the applicant."""
    return [{"scheme": "citizen-number", "value": number, "role": "employee"} for number in staff(answers)]


def rounds(answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """First the owner's records, which prove who the employees are; then the employees' health certificates."""
    certificates = [
        {
            "type": "health-certificate",
            "fields": ["holder", "certificate_number", "valid_until", "result"],
            "subject": {"scheme": "citizen-number", "value": number, "relation": "employee"},
        }
        for number in staff(answers)
    ]
    return [OWNER, certificates] if certificates else [OWNER]


def issue(application: Application, folder: Path) -> list[tuple[Bilingual, str]]:
    """Write the licence into this department's own database, report the e-certificate, and say what was issued."""
    owner, premises = application.data("identity-card"), application.data("premises-title")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    with sqlite3.connect(folder / "licences.sqlite3", isolation_level="IMMEDIATE") as database:
        free = database.execute("SELECT number, code, dzzzbs FROM free_code ORDER BY number LIMIT 1")
        number, code, certificate = free.fetchone()
        database.execute("DELETE FROM free_code WHERE number = ?", (number,))
        row = (code, application.answers["trade_name"], owner["citizen_number"], owner["name"], premises["address"])
        now = datetime.datetime.now(datetime.UTC).isoformat()
        values = (*row, DIVISION, today, "长期", "01", now, certificate)
        database.execute("INSERT INTO yyzz VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)
    database.close()
    EvidenceClient(registration(folder)).report(change(certificate, "issue", owner["citizen_number"]))
    return [
        (("营业执照号", "Business licence number"), code),
        (("名称", "Trade name"), application.answers["trade_name"]),
        (("经营场所", "Premises"), premises["address"]),
    ]


def change(certificate: str, what: str, holder: str) -> dict[str, Any]:
    """The report of what was done to a licence a moment ago, as ``POST /v1/certificates/changes`` takes it."""
    return {
        "certificate": certificate,
        "change": what,
        "evidence_type": "business-licence",
        "subject": {"scheme": "citizen-number", "value": holder},
        "effective_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
    }


def prepare(folder: Path, world: Mapping[str, Any]) -> None:
    """Existing licences, and the codes that are free to be given out."""
    with sqlite3.connect(folder / "licences.sqlite3") as database:
        database.executescript(LICENCES)
        rows = [tuple(business[key] for key in KEYS) for business in world["businesses"]]
        database.executemany("INSERT OR IGNORE INTO yyzz VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
        free = [(one["code"], one["certificate"]) for one in world["free_codes"]]
        database.executemany("INSERT OR IGNORE INTO free_code (code, dzzzbs) VALUES (?, ?)", free)
    database.close()


SERVICE = Service(
    kind="market",
    department=("市市场监管局（演示）", "Market Regulation Bureau (demo)"),
    title=("开办餐馆", "Open a restaurant"),
    questions=(
        Question("trade_name", ("店名", "Trade name")),
        Question(
            "staff_one",
            ("第一名员工的身份证号码", "First employee's citizen number"),
            ("直接接触食品的员工", "who handles food"),
            True,
        ),
        Question("staff_two", ("第二名员工的身份证号码", "Second employee's citizen number"), ("", ""), True),
    ),
    subjects=subjects,
    rounds=rounds,
    complete=issue,
    papers=(
        ("经营者身份证", "owner's identity card"),
        ("户口簿", "household register"),
        ("不动产权证", "title to the premises"),
        ("用工登记", "employment registration"),
        ("两名员工的健康证", "two employees' health certificates"),
    ),
)


def main() -> None:
    """Prepare the licence database and serve the website."""
    here = place()
    prepare(here.folder, here.world)
    serve(SERVICE, here)


if __name__ == "__main__":
    main()
