"""Rights that nobody used, on a page, and the one step that drafts the version without them."""

from __future__ import annotations

from tests.doubles.browser import form_of
from tests.doubles.exchange import MARKET, NAME, POLICE, World
from tests.doubles.sign_ins import OfficersBrowser

DAY = 24 * 3600


def officer(world: World, role: str, organisation: str = MARKET) -> OfficersBrowser:
    browser = OfficersBrowser(world)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def test_what_nobody_used_is_named_and_one_step_drafts_the_version_without_it(small_world: World) -> None:
    small_world.clock.advance(91 * DAY)
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    small_world.ask(small_world.open_case(), NAME)
    governance, provider = officer(small_world, "governance-officer"), officer(small_world, "provider-officer", POLICE)
    page = governance.get("/console/unused")
    assert "住址" in page.text
    assert "G-STAFF@1" in page.text
    at = "/console/unused/G-IDENTITY%401"
    assert f'href="{at}"' in page.text
    assert f'href="{at}"' not in provider.get("/console/unused").text
    assert provider.get(at).status_code == 403
    assert governance.get("/console/unused/G-STAFF%401").status_code == 404  # wholly unused: it is to be revoked
    form = form_of(governance.get(at))
    assert governance.post(at, {}).status_code == 400
    assert small_world.events("GrantDrafted")[2:] == []
    done = governance.post(at, form.fields)
    assert done.headers["Location"] == "/console/grants/G-IDENTITY%402"
    assert "收紧" in governance.get("/console/grants/G-IDENTITY%402/effects").text


def test_nothing_is_unused_where_grants_are_young(small_world: World) -> None:
    assert "没有未使用的权限" in officer(small_world, "auditor").get("/console/unused").text
