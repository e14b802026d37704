"""The demonstration's officers bring drafted grants to life by the real commands: nobody approves their own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from tongban.demo.narration import Narrator, expect
from tongban.demo.stories.browser import Browser
from tongban.demo.stories.people import Credentials, through
from tongban.officer import OfficerSession

STORY = "approval"


def sign_in(issuer: str, exchange: str, person: Credentials) -> OfficerSession:
    """An officer's session; the browser is driven beside, since the command waits for it to come back."""

    def visit(address: str) -> None:
        browser = Browser()
        threading.Thread(target=lambda: through(browser, browser.open(address), person), daemon=True).start()

    return OfficerSession.open(issuer, exchange, visit, clock=SystemClock(), entropy=SystemEntropy())


def standing(session: OfficerSession, status: str) -> list[dict[str, Any]]:
    """Every grant with this status."""
    return [grant for grant in session.get("/v1/grants")["grants"] if grant["status"] == status]


def approve_all(
    narrator: Narrator, sessions: Mapping[str, OfficerSession], governance: OfficerSession, author: OfficerSession
) -> None:
    """Submit each draft, let the provider's officer and then the governance approver sign, and see it active."""
    zh, en = "每项授权：起草 → 提供部门审 → 数据局审 → 生效", "each grant: drafted, provider signs, governance signs"
    with narrator.step(STORY, zh, en) as step:
        drafts = standing(author, "drafted")
        for draft in drafts:
            bring_to_life(draft["grant"], author, sessions[draft["grant"]["provider"]], governance)
        active = standing(author, "active")
        expect(len(active) == len(drafts) > 0, f"{len(active)} of {len(drafts)} active")
        step.saw(授权=len(active), 签字=sum(len(grant["signatures"]) for grant in active))


def bring_to_life(
    grant: Mapping[str, Any], author: OfficerSession, provider: OfficerSession, governance: OfficerSession
) -> None:
    """One grant, from draft to active: each officer signs the digest of what they were shown."""
    path = f"/v1/grants/{grant['id']}"
    author.post(f"{path}/submit", {})
    for officer in (provider, governance):
        officer.post(f"{path}/approve", {"digest": officer.get(path)["digest"]})
