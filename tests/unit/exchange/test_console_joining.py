"""A department's progress on a page: the API's own steps, whose turn it is, and the sandbox that governance opens."""

from __future__ import annotations

from exchange.onboarding.shipped import IDENTITY
from tests.doubles.browser import form_of
from tests.doubles.exchange import MARKET, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser


def officer(world: World, role: str, organisation: str, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def test_a_department_sees_what_is_done_and_whose_turn_it_is(small_world: World) -> None:
    who = {"sub": "consumer-officer", "roles": ["consumer-officer"], "organisation": MARKET}
    said = small_world.officer("GET", "/v1/onboarding", **who).json
    page = officer(small_world, "consumer-officer", MARKET)
    shown = page.get("/console/joining")
    assert shown.status_code == 200
    assert f"已完成 {said['done']} 步，共 {len(said['steps'])} 步" in shown.text
    for step in said["steps"]:
        assert step["title"]["zh"] in shown.text
    english = officer(small_world, "auditor", URBAN, "en").get("/console/joining")
    assert "steps are done" in english.text
    assert "Open the sandbox" not in english.text


def test_data_governance_opens_the_sandbox_once(small_world: World) -> None:
    governance = officer(small_world, "governance-officer", URBAN)
    assert "开放沙箱" in governance.get("/console/joining").text
    outsider = officer(small_world, "consumer-officer", MARKET)
    assert "csrf_token" not in outsider.get("/console/joining").text
    form = form_of(outsider.get("/console/requests/new"))
    assert form.fields["csrf_token"]  # a token of their own, so that it is their office that is asked about
    assert outsider.post("/console/joining", {"csrf_token": form.fields["csrf_token"]}).status_code == 403
    assert outsider.post("/console/joining", {}).status_code == 400
    assert small_world.events("SandboxOpened") == []
    assert governance.press("/console/joining").status_code == 303
    small_world.rooms.policy.renew()
    assert IDENTITY in small_world.client.get("/v1/onboarding/sandbox").text
    assert "虚构的人" not in governance.get("/console/joining").text  # it is open: there is nothing more to open
