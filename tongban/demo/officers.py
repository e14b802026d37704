"""The demonstration's officers bring drafted grants to life by the real commands: nobody approves their own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from kernel.clock import SystemClock
from kernel.dates import local_day
from kernel.entropy import SystemEntropy
from tongban.demo.narration import Narrator, expect
from tongban.demo.stories.browser import Browser
from tongban.demo.stories.people import Credentials, through
from tongban.officer import OfficerSession

STORY = "approval"


def sign_in(issuer: str, exchange: str, person: Credentials, browser: Browser) -> OfficerSession:
    """An officer's session; their browser is driven beside, since the command waits for it to come back."""

    def visit(address: str) -> None:
        threading.Thread(target=lambda: through(browser, browser.open(address), person), daemon=True).start()

    return OfficerSession.open(issuer, exchange, visit, clock=SystemClock(), entropy=SystemEntropy())


def standing(session: OfficerSession, status: str) -> list[dict[str, Any]]:
    """Every grant with this status."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        after = f"&after={quote(page['next'])}" if page["next"] else ""
        page = session.get(f"/v1/grants?state={status}&limit=200{after}")
        found += page["grants"]
    return found


def approve_all(
    narrator: Narrator, providers: Mapping[str, OfficerSession], officers: Mapping[str, OfficerSession]
) -> None:
    """Submit each draft, let everybody sign who must, and see it active; ``providers`` are officers by department.

    Templates of emergency access wait: the story that needs one has it signed by all three seats.
    """
    zh, en = "每项授权：起草 → 须签的各方签署 → 生效", "each grant: drafted, signed by all who must, in force"
    author = officers["author"]
    with narrator.step(STORY, zh, en) as step:
        drafts = [grant for grant in standing(author, "drafted") if "emergency" not in grant["grant"]]
        for draft in drafts:
            bring_to_life(draft["grant"]["id"], author, panel(providers[draft["grant"]["provider"]], officers))
        active = standing(author, "active")
        expect(len(active) == len(drafts) > 0, f"{len(active)} of {len(drafts)} active")
        step.saw(授权=len(active), 签字=sum(len(grant["signatures"]) for grant in active))


def panel(provider: OfficerSession, officers: Mapping[str, OfficerSession]) -> dict[str, OfficerSession]:
    """Who signs in which capacity for a department's data."""
    seats = {"governance-approver": "approver", "data-protection-officer": "protection"}
    return {"provider-officer": provider, **{role: officers[key] for role, key in seats.items()}}


def bring_to_life(grant: str, author: OfficerSession, signs: Mapping[str, OfficerSession]) -> None:
    """One grant, from draft to active: everybody who must sign (by role) signs the digest of what they were shown."""
    path = f"/v1/grants/{grant}"
    submitted = author.post(f"{path}/submit", {})
    for seat in submitted["must_sign"]:
        officer = signs[seat["role"]]
        officer.post(f"{path}/approve", {"digest": officer.get(path)["digest"]})


def ask_for_data(
    narrator: Narrator, providers: Mapping[str, OfficerSession], officers: Mapping[str, OfficerSession]
) -> None:
    """A department asks for one field more; the request is checked, answered, and the grant that follows is signed."""
    at, consumer, checker = "/v1/access-requests", officers["consumer"], officers["author"]
    zh, en = "需求部门起草申请并提交，数据局形式审查", "a department asks for a field more; the form is checked"
    with narrator.step(STORY, zh, en) as step:
        asked = consumer.post(at, wanted(local_day(SystemClock().now())))
        consumer.post(f"{at}/{asked['id']}/submit", {})
        waiting = checker.post(f"{at}/{asked['id']}/accept", {})
        step.saw(申请=asked["id"], 剩余=waiting["clock"]["text"]["zh"])
    with narrator.step(STORY, "提供部门同意，平台据此起草授权", "the provider agrees, and a grant is drafted") as step:
        provider = providers[asked["provider"]["code"]]
        agreed = provider.post(f"{at}/{asked['id']}/approve", {})
        expect(agreed["ref"], str(agreed["status"]))
        step.saw(授权=agreed["ref"])
    with narrator.step(STORY, "提交、审查、两方签署，授权生效", "handed in, examined, signed twice: in force") as step:
        name = str(agreed["ref"]).partition("@")[0]
        bring_to_life(name, consumer, panel(provider, officers))
        found = consumer.get(f"/v1/grants/{name}")
        expect(found["status"] == "active", found["status"])
        step.saw(内容=found["sentence"]["zh"])


def wanted(today: date) -> dict[str, Any]:
    """What market regulation asks for: the name in the household register, for a year from today."""
    return {
        "grant": {
            "evidence_type": "household-register",
            "fields": ["name"],
            "service_items": ["11500000DEM000057T3500131001000"],
            "legal_basis": "demo-catering-rules",
            "valid_from": today.isoformat(),
            "valid_to": (today + timedelta(days=365)).isoformat(),
        },
        "purpose": "核对申请人与户口登记的姓名，免交复印件",
    }
