"""The education commission's website: a migrant worker's child goes to school, on yes, no and a number of months."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.process import place
from tongban.demo.departments.website import Bilingual, Question, Service, serve

MONTHS = 12
"""Months of social insurance that these (invented) rules want."""


def subjects(answers: Mapping[str, str]) -> list[dict[str, str]]:
    """The child."""
    return [{"scheme": "citizen-number", "value": answers["child"].upper(), "role": "child"}]


def rounds(answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """First the guardian's records, of which two only answer questions; then the child's."""
    child = {"scheme": "citizen-number", "value": answers["child"].upper(), "relation": "child"}
    paid = [{"name": "count-at-least", "args": {"count": MONTHS, "since": "2025-01-01"}}, {"name": "count"}]
    return [
        [
            {"type": "identity-card", "fields": ["name"]},
            {"type": "birth-medical-record", "fields": ["child", "born_on"]},
            {"type": "insurance-contributions", "predicates": paid},
            {"type": "premises-title", "predicates": [{"name": "exists"}]},
        ],
        [{"type": "vaccination-record", "fields": ["given"], "subject": child}],
    ]


def enrol(application: Application, _folder: Path) -> list[tuple[Bilingual, str]]:
    """Whether the child has a place: from answers alone, for no payslip and no title was handed over."""
    enough = application.answer("insurance-contributions", "count-at-least")
    lives_here = application.answer("premises-title", "exists")
    found = ("已安排学位", "a place is given") if enough and lives_here else ("转人工审核", "a person looks at it")
    return [
        (("孩子", "Child"), application.data("birth-medical-record")["child"]),
        (("参保月数", "Months insured"), str(application.answer("insurance-contributions", "count"))),
        (("结果", "Result"), " ".join(found)),
        (("受理编号", "Reference"), f"RX-{secrets.token_hex(4).upper()}"),
    ]


SERVICE = Service(
    kind="school",
    department=("市教委（演示）", "Education Commission (demo)"),
    title=("随迁子女入学", "A migrant worker's child goes to school"),
    questions=(Question("child", ("孩子的身份证号码", "Child's citizen number")),),
    subjects=subjects,
    rounds=rounds,
    complete=enrol,
    papers=(
        ("监护人身份证", "guardian's identity card"),
        ("出生医学证明", "medical record of birth"),
        ("社会保险缴费证明", "proof of social insurance"),
        ("居所证明", "proof of a home"),
        ("预防接种证", "vaccination record"),
    ),
)


def main() -> None:
    """Serve the website."""
    serve(SERVICE, place())


if __name__ == "__main__":
    main()
