"""The police's website after a death: a relative applies, the household entry ends, whoever relies on it is told."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.applications import Application
from tongban.demo.departments.evidence_client import EvidenceClient
from tongban.demo.departments.population import cancel
from tongban.demo.departments.process import place
from tongban.demo.departments.website import Bilingual, NotNow, Question, Service, registration, serve

DECEASED = 4
"""The place of the deceased's identity card in the request."""


def subjects(_answers: Mapping[str, str]) -> list[dict[str, str]]:
    """Nobody beside the applicant: the deceased is whom the register of kinship names."""
    return []


def rounds(_answers: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """The relative's own records; then those of the parent whom the kinship names."""
    parent = {"from": 1, "relation": "parent"}
    return [
        [
            {"type": "identity-card", "fields": ["name", "citizen_number"]},
            {"type": "kinship-record", "fields": ["recorded"]},
            {"type": "death-certificate", "fields": ["died_on", "certificate_number"], "subject": parent},
            {"type": "household-register", "fields": ["household_number"], "subject": parent},
            {"type": "identity-card", "fields": ["name", "citizen_number"], "subject": parent},
            {"type": "pension-payment", "fields": ["state"], "subject": parent},
        ]
    ]


def close(application: Application, folder: Path) -> list[tuple[Bilingual, str]]:
    """End the household entry in the bureau's own register, and report that: whoever relies on it is told."""
    deceased, death = application.evidence[DECEASED]["data"], application.data("death-certificate")
    number = deceased["citizen_number"]
    register = folder.parent / "population" / "population.sqlite3"
    certificate = cancel(register, number, death["died_on"])
    if certificate is None:
        raise NotNow("户口已经注销", "the household entry has ended already")
    EvidenceClient(registration(folder)).report(
        {
            "certificate": certificate,
            "change": "cancel",
            "evidence_type": "household-register",
            "subject": {"scheme": "citizen-number", "value": number},
            "effective_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
    )
    return [
        (("逝者", "Deceased"), deceased["name"]),
        (("死亡日期", "Died on"), death["died_on"]),
        (("户口", "Household entry"), "已注销 cancelled"),
        (("养老金", "Pension"), "已通知人力社保 human resources is told"),
    ]


SERVICE = Service(
    kind="afterdeath",
    department=("市公安局（演示）", "Public Security Bureau (demo)"),
    title=("公民身后一件事", "After a death"),
    questions=(Question("contact", ("联系方式（演示）", "How to reach you (demo)")),),
    subjects=subjects,
    rounds=rounds,
    complete=close,
    papers=(
        ("双方身份证", "identity cards"),
        ("亲属关系证明", "proof of kinship"),
        ("死亡医学证明", "medical certificate of death"),
        ("逝者户口簿", "household register of the deceased"),
        ("养老金领取证", "pension book"),
    ),
)


def main() -> None:
    """Serve the website."""
    serve(SERVICE, place())


if __name__ == "__main__":
    main()
