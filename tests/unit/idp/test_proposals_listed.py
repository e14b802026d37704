"""What waits for a decision is seen by whoever may decide it, however many proposals of other kinds are newer."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import Connection

from idp.model.proposal import Proposal
from idp.store import proposals
from tests.doubles.administrators import Console, appoint, person_id, signed_in
from tests.doubles.identity_provider import Provider

CHECKS = 205


def checked_at_windows(provider: Provider) -> None:
    """So many checks by one clerk, in bursts of the same moment."""
    clerk, citizen, now = person_id(provider, "clerk"), person_id(provider, "wang"), provider.clock.now()

    def work(connection: Connection) -> None:
        for number in range(CHECKS):
            at = now + timedelta(seconds=number // 7)
            facts = {"person": citizen, "check": f"chk_{number}", "level": 3, "document": "resident-card"}
            made = Proposal(f"prp_{number:03}", "people.prove", facts, clerk, at, at + timedelta(hours=72))
            proposals.add(connection, made)

    provider.database.write(work)


def test_what_waits_for_me_comes_first_and_older_pages_hold_the_rest(either_provider: Provider) -> None:
    provider = either_provider
    appoint(provider, "security", "guard", "clerk", "plain")
    security, guard = Console(provider, "security"), Console(provider, "guard")
    at = f"/people/{person_id(provider, 'plain')}/roles"
    mine, open_one, declined = (
        console.call("PUT", at, {"roles": ["audit-administrator"]}).json["proposal"]
        for console in (security, guard, guard)
    )
    security.call("POST", f"/proposals/{declined['id']}/decline", {"digest": declined["digest"]})
    provider.clock.advance(1)
    checked_at_windows(provider)
    first = security.call("GET", "/proposals").json
    assert first["proposals"][0]["id"] == open_one["id"]
    assert {each["command"] for each in first["proposals"][1:]} == {"people.prove"}
    listed, before = [each["id"] for each in first["proposals"][1:]], first["before"]
    while before:
        page = security.call("GET", f"/proposals?before={before}").json
        assert len(page["proposals"]) <= proposals.MOST_SHOWN
        listed, before = listed + [each["id"] for each in page["proposals"]], page["before"]
    assert len(listed) == len(set(listed)) == CHECKS + 3
    assert set(listed[-3:]) == {mine["id"], open_one["id"], declined["id"]}
    assert security.call("GET", "/proposals?before=prp_none").status_code == 404
    browser, page = signed_in(provider, "security", "/admin/proposals")
    [older] = re.findall(r'href="(/admin/proposals\?before=[^"]+)" rel="next"', page.text)
    assert page.text.index(open_one["id"]) < page.text.index("prp_204")
    assert "prp_100" in browser.get(older).text
    provider.clock.advance(timedelta(hours=73).total_seconds())  # what has lapsed waits for nobody
    assert Console(provider, "security").call("GET", "/proposals").json["proposals"][0]["command"] == "people.prove"
