"""The newborn service's website: one form, and each department's result is what the next one starts from.

The birth record names the child; the police enter it into the household; human resources insures whoever stands there,
and gives a card to whoever is insured. Each step reads by data what the step before has written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from tongban.demo.departments.applications import Application
from tongban.demo.departments.process import place
from tongban.demo.departments.website import Bilingual, NotNow, Question, Service, serve

FAMILY, HOUSEHOLD, INSURANCE = 1, 2, 3
"""The rounds after which another department does its part."""
BIRTH = {"type": "birth-medical-record", "fields": ["certificate_number"]}


def subjects(answers: Mapping[str, str]) -> list[dict[str, str]]:
    """The other parent; the child is whom the birth record names."""
    return [{"scheme": "citizen-number", "value": answers["spouse"].upper(), "role": "spouse"}]


def rounds(answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """The mother's records and the father's; then what each department has made of the one before."""
    spouse = {"scheme": "citizen-number", "value": answers["spouse"].upper(), "relation": "spouse"}
    born = ["child", "child_number", "born_on", "place", "certificate_number"]
    return [
        [
            {"type": "identity-card", "fields": ["name", "citizen_number"]},
            {"type": "household-register", "fields": ["household_number", "address"]},
            {"type": "marriage-record", "fields": ["registered_on", "record_number"]},
            {"type": "birth-medical-record", "fields": born},
            {
                "type": "vaccination-record",
                "fields": ["given", "next_on"],
                "subject": {"from": 3, "relation": "child"},
            },
        ],
        [{"type": "identity-card", "fields": ["name", "citizen_number"], "subject": spouse}],
        [BIRTH, of_child("household-register", "household_number", "relation_to_head")],
        [BIRTH, of_child("insurance-enrolment", "insurance_number")],
        [BIRTH, of_child("social-security-card", "card_number", "issued_on")],
    ]


def of_child(kind: str, *fields: str) -> dict[str, Any]:
    """Evidence about the child that the birth record of the same request names."""
    return {"type": kind, "fields": [*fields], "subject": {"from": 0, "relation": "child"}}


def hand_on(folder: Path, department: str, path: str, body: Mapping[str, str]) -> None:
    """Give another department its part to do, with the key that it handed over."""
    partner = json.loads((folder / "partners.json").read_text(encoding="utf-8"))[department]
    answer = requests.post(partner["origin"] + path, json=dict(body), headers={"X-Api-Key": partner["key"]}, timeout=10)
    if not answer.ok:
        raise NotNow("后续部门暂时不能办理", "the next department cannot do its part now")


def enter_household(application: Application, folder: Path) -> None:
    """The police enter the child into the mother's household."""
    birth, home = application.data("birth-medical-record"), application.data("household-register")
    entry = {"number": birth["child_number"], "name": birth["child"], "certificate": birth["certificate_number"]}
    hand_on(folder, "population", "/household-entries", entry | {"household": home["household_number"]})


def insure(application: Application, folder: Path) -> None:
    """Human resources insures whoever stands in a household register."""
    entry = application.evidence[-1]["data"]
    child = {"number": application.data("birth-medical-record")["child_number"]}
    hand_on(folder, "employment", "/enrolments", child | {"household": entry["household_number"]})


def give_card(application: Application, folder: Path) -> None:
    """Human resources gives a card to whoever is insured."""
    insurance = application.evidence[-1]["data"]["insurance_number"]
    hand_on(folder, "employment", "/cards", {"insurance": insurance})


def finish(application: Application, _folder: Path) -> list[tuple[Bilingual, str]]:
    """What the family has in the end."""
    birth, home = application.data("birth-medical-record"), application.data("household-register")
    return [
        (("新生儿", "Child"), birth["child"]),
        (("出生日期", "Born"), birth["born_on"]),
        (("落户地址", "Household"), home["address"]),
        (("医保编号", "Insurance"), application.data("insurance-enrolment")["insurance_number"]),
        (("社会保障卡号", "Social security card"), application.data("social-security-card")["card_number"]),
    ]


SERVICE = Service(
    kind="newborn",
    department=("市卫生健康委（演示）", "Health Commission (demo)"),
    title=("新生儿出生一件事", "A child is born"),
    questions=(Question("spouse", ("配偶的身份证号码", "Spouse's citizen number")),),
    subjects=subjects,
    rounds=rounds,
    complete=finish,
    between={FAMILY: enter_household, HOUSEHOLD: insure, INSURANCE: give_card},
    papers=(
        ("双方身份证", "both parents' identity cards"),
        ("户口簿", "household register"),
        ("结婚证", "marriage certificate"),
        ("出生医学证明", "medical record of birth"),
        ("预防接种证", "vaccination record"),
        ("孩子的户口簿页与参保证明", "the child's household page and proof of insurance"),
    ),
)


def main() -> None:
    """Serve the website."""
    serve(SERVICE, place())


if __name__ == "__main__":
    main()
