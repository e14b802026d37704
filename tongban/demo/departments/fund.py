"""The provident fund's website: money for rent, for whoever has no home here nor in the other province."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.process import place
from tongban.demo.departments.website import Bilingual, NotNow, Question, Service, serve

MOST = 1800
"""Yuan a month that these (invented) rules pay out for rent."""


def subjects(_answers: Mapping[str, str]) -> list[dict[str, str]]:
    """Nobody beside the applicant."""
    return []


def rounds(_answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """Who it is; whether there is a home here, and whether there is one over there."""
    return [
        [
            {"type": "identity-card", "fields": ["name", "citizen_number"]},
            {"type": "premises-title", "predicates": [{"name": "exists"}]},
            {"type": "home-elsewhere", "fields": ["has_home"]},
        ]
    ]


def pay(application: Application, _folder: Path) -> list[tuple[Bilingual, str]]:
    """Pay out the rent, as far as the rules go."""
    here = application.answer("premises-title", "exists")
    there = application.data("home-elsewhere")["has_home"]
    if here or there:
        raise NotNow("在两地之一有住房", "there is a home in one of the two provinces")
    rent = int(application.answers["rent"]) if application.answers["rent"].isdecimal() else 0
    return [
        (("姓名", "Name"), application.data("identity-card")["name"]),
        (("每月提取（元）", "Paid out a month, in yuan"), str(min(rent, MOST))),
        (("受理编号", "Reference"), f"GJ-{secrets.token_hex(4).upper()}"),
    ]


SERVICE = Service(
    kind="fund",
    department=("市住房公积金中心（演示）", "Housing Provident Fund (demo)"),
    title=("跨省租房提取公积金", "Provident fund for rent in two provinces"),
    questions=(Question("rent", ("每月租金（元）", "Rent a month, in yuan")),),
    subjects=subjects,
    rounds=rounds,
    complete=pay,
    papers=(
        ("身份证", "identity card"),
        ("本市无房证明", "proof of having no home here"),
        ("邻省无房证明", "proof of having no home in the neighbouring province"),
    ),
)


def main() -> None:
    """Serve the website."""
    serve(SERVICE, place())


if __name__ == "__main__":
    main()
