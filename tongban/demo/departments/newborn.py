"""The newborn service's website: one form for a child's first documents; parents and child are people of one case."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.process import place, stop_cleanly
from tongban.demo.departments.website import Bilingual, Question, Service, create_site


def subjects(answers: Mapping[str, str]) -> list[dict[str, str]]:
    """The other parent and the child."""
    return [
        {"scheme": "citizen-number", "value": answers["spouse"].upper(), "role": "spouse"},
        {"scheme": "citizen-number", "value": answers["child"].upper(), "role": "child"},
    ]


def rounds(answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """First the applicant's records, which prove spouse and child; then theirs."""
    spouse = {"scheme": "citizen-number", "value": answers["spouse"].upper(), "relation": "spouse"}
    child = {"scheme": "citizen-number", "value": answers["child"].upper(), "relation": "child"}
    return [
        [
            {"type": "identity-card", "fields": ["name", "citizen_number"]},
            {"type": "household-register", "fields": ["household_number", "address"]},
            {"type": "marriage-record", "fields": ["registered_on", "record_number"]},
            {"type": "birth-medical-record", "fields": ["child", "born_on", "place", "certificate_number"]},
        ],
        [
            {"type": "identity-card", "fields": ["name", "citizen_number"], "subject": spouse},
            {"type": "vaccination-record", "fields": ["given", "next_on"], "subject": child},
        ],
    ]


def register(application: Application, _folder: Path) -> list[tuple[Bilingual, str]]:
    """What goes on to the household entry."""
    birth, home = application.data("birth-medical-record"), application.data("household-register")
    return [
        (("新生儿", "Child"), birth["child"]),
        (("出生日期", "Born"), birth["born_on"]),
        (("落户地址", "Household"), home["address"]),
        (("受理编号", "Reference"), f"CS-{secrets.token_hex(4).upper()}"),
    ]


SERVICE = Service(
    kind="newborn",
    department=("市卫生健康委（演示）", "Health Commission (demo)"),
    title=("新生儿出生一件事", "A child is born"),
    questions=(
        Question("spouse", ("配偶的身份证号码", "Spouse's citizen number")),
        Question("child", ("孩子的身份证号码（预编）", "Child's citizen number (reserved)")),
    ),
    subjects=subjects,
    rounds=rounds,
    complete=register,
    papers=(
        ("双方身份证", "both parents' identity cards"),
        ("户口簿", "household register"),
        ("结婚证", "marriage certificate"),
        ("出生医学证明", "medical record of birth"),
        ("预防接种证", "vaccination record"),
    ),
)


def main() -> None:
    """Serve the website."""
    here = place()
    stop_cleanly()
    create_site(SERVICE, here.folder).run(here.host, here.port, threaded=True)


if __name__ == "__main__":
    main()
