"""Human resources' website: retirement on answers; what only the archive knows, a clerk there looks up meanwhile."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.pensions import Pensions
from tongban.demo.departments.process import place
from tongban.demo.departments.website import Bilingual, NotNow, Question, Service, serve

AGE, MONTHS, SAVED = 60, 180, "60000.00"
"""Years, months of contributions and yuan saved that these (invented) rules want."""
BY_COMPUTER = 2010
"""The year from which contributions are in the register."""
A_MONTH = Decimal("9.80")
"""Yuan of pension for each month counted, by the same rules."""


def subjects(_answers: Mapping[str, str]) -> list[dict[str, str]]:
    """Nobody beside the applicant."""
    return []


def circumstances(answers: Mapping[str, str]) -> dict[str, str]:
    """Whether a part of the working life lies in the archive alone."""
    began = answers["began"]
    return {"worked_before_computers": "yes" if began.isdecimal() and int(began) < BY_COMPUTER else "no"}


def rounds(answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """Age, months and savings as answers; what was before there were computers from the archive."""
    paid = [
        {"name": "count-at-least", "args": {"count": MONTHS}},
        {"name": "count"},
        {"name": "amount-at-least", "args": {"amount": SAVED}},
    ]
    archive = {"type": "service-archive", "fields": ["employer", "months"]}
    age = [{"name": "at-least-age", "args": {"age": AGE}}]
    return [
        [
            {"type": "identity-card", "fields": ["name", "citizen_number"], "predicates": age},
            {"type": "insurance-contributions", "predicates": paid},
            *([archive] if circumstances(answers)["worked_before_computers"] == "yes" else []),
        ]
    ]


def retire(application: Application, folder: Path) -> list[tuple[Bilingual, str]]:
    """Pay a pension for all months, those of the archive included."""
    paid = {one["name"]: one["answer"] for one in application.answers_of("insurance-contributions")}
    old_enough = application.answer("identity-card", "at-least-age")
    if not (old_enough and paid["count-at-least"] and paid["amount-at-least"]):
        raise NotNow("尚不符合退休条件", "the conditions of retirement are not met yet")
    person, now = application.data("identity-card"), datetime.datetime.now(datetime.UTC)
    earlier = sum(item["data"]["months"] for item in application.evidence if item["type"] == "service-archive")
    months = paid["count"] + earlier
    monthly = str(A_MONTH * months)
    number, name = person["citizen_number"], person["name"]
    if not Pensions(folder).begin(number, name, months, monthly, now.isoformat(timespec="seconds")):
        raise NotNow("已在领取养老金", "a pension is paid already")
    return [
        (("姓名", "Name"), person["name"]),
        (("缴费月数", "Months paid"), str(paid["count"])),
        (("档案所载月数", "Months by the archive"), str(earlier)),
        (("每月养老金（元）", "Pension a month, in yuan"), monthly),
    ]


SERVICE = Service(
    kind="retirement",
    department=("市人力社保局（演示）", "Human Resources and Social Security Bureau (demo)"),
    title=("退休一件事", "Retirement"),
    questions=(Question("began", ("哪一年参加工作", "Year in which you began to work")),),
    subjects=subjects,
    rounds=rounds,
    complete=retire,
    circumstances=circumstances,
    papers=(
        ("身份证", "identity card"),
        ("社会保险缴费证明", "proof of social insurance"),
        ("人事档案", "personnel file"),
    ),
)


def main() -> None:
    """Fill the pensions and serve the website."""
    here = place()
    Pensions(here.folder).fill(here.world["pensions"])
    serve(SERVICE, here)


if __name__ == "__main__":
    main()
