"""The demonstration's officers bring drafted grants to life by the real commands: nobody approves their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
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


def drafted(session: OfficerSession) -> list[dict[str, Any]]:
    """Every grant that is not active yet."""
    listed: list[dict[str, Any]] = session.get("/v1/grants?status=drafted&limit=200")["items"]
    return listed


def approve_all(
    narrator: Narrator, sessions: Mapping[str, OfficerSession], governance: OfficerSession, author: OfficerSession
) -> None:
    """Submit each draft, let the provider's officer and then the governance approver sign, and see it active."""
    with narrator.step(
        STORY, "每项授权：起草 → 提供部门审 → 数据局审 → 生效", "each grant: drafted, provider signs, governance signs"
    ) as step:
        grants = drafted(author)
        for grant in grants:
            bring_to_life(grant, author, sessions[grant["provider"]], governance)
        active = author.get("/v1/grants?status=active&limit=200")["items"]
        expect(len(active) >= len(grants), f"{len(active)} of {len(grants)} active")
        step.saw(授权=len(active), 签字=2 * len(grants))


def bring_to_life(
    grant: Mapping[str, Any], author: OfficerSession, provider: OfficerSession, governance: OfficerSession
) -> None:
    """One grant, from draft to active."""
    path = f"/v1/grants/{grant['id']}"
    author.post(f"{path}/submit", {})
    for officer in (provider, governance):
        seen = officer.get(path)
        officer.post(f"{path}/approve", {"digest": seen["digest"]})


def each(providers: Iterable[str], open_session: Callable[[str], OfficerSession]) -> dict[str, OfficerSession]:
    """A signed-in officer for each providing department."""
    return {code: open_session(code) for code in providers}
