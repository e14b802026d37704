"""The register of sealings on pages: the API's own rights, days left, and no number on any page."""

from __future__ import annotations

import re

import pytest

from tests.doubles.exchange import MARKET, OWNER, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_governed_call import NAME, code, only
from tests.unit.exchange.test_guards import GOVERNANCE, POLICE_OFFICER, WHY, seal

HERE = "/console/sealings"
TYPED = {
    "subject.scheme": "citizen-number",
    "subject.value": OWNER,
    "citation.zh": "演示规定第九条",
    "citation.en": "Demo rules, article 9",
    "until": "2026-12-01",
}


def officer(
    world: World, role: str = "provider-officer", own: str = POLICE, language: str = "zh-CN"
) -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(f"{role}-of-{own}", role, organisation=own).status_code == 303
    return browser


def test_somebody_is_sealed_and_unsealed_on_pages_that_never_show_the_number(world: World) -> None:
    browser = officer(world)
    assert "没有封存记录" in browser.get(HERE).text
    case = world.open_case((OWNER, "applicant"))
    made = browser.press(f"{HERE}/new", **TYPED)
    assert made.status_code == 303, made.text
    world.rooms.policy.renew()
    assert code(world.ask(case, NAME)) == "policy.subject-sealed"
    shown = browser.get(HERE).text
    assert OWNER not in shown
    assert "封存中" in shown
    assert re.search(r"<br>[^<]*局</td>", shown)  # the department that sealed, by its name
    assert "还剩 8 天" in shown  # from the evening of 23 November to the first of December
    (lift,) = re.findall(rf"{HERE}/seal_\w+/lift", shown)
    asked = browser.get(lift).text
    assert "演示规定第九条" in asked
    assert OWNER not in asked
    empty = browser.press(lift, reason=" ")
    assert (empty.status_code, "理由：必填" in empty.text) == (422, True)
    assert browser.press(lift, **WHY).status_code == 303
    world.rooms.policy.renew()
    assert only(world.ask(case, NAME))["status"] == "delivered"
    after = browser.get(HERE).text
    assert "已解除" in after
    assert lift not in after
    assert browser.get(lift).status_code == 404


def test_a_form_that_is_refused_comes_back_without_the_number(small_world: World) -> None:
    browser = officer(small_world, language="en")
    for wrong, said in (
        ({"until": "2020-01-01"}, "later than now"),
        ({"until": "tomorrow!!"}, "well formed"),
        ({"subject.value": "110101199001011234"}, "not a valid identifier"),
        ({"subject.scheme": ""}, "is required"),
        ({"citation.zh": f"关于 {OWNER}"}, "Neither citation nor reason"),
    ):
        page = browser.press(f"{HERE}/new", **(TYPED | wrong))
        assert page.status_code == 422, page.text
        assert said in page.text, wrong
        fields = dict(re.findall(r'<input[^>]*name="([\w.]+)"[^>]*value="([^"]*)"', page.text))
        assert fields.get("subject.value", "") == ""
        if "citation.zh" not in wrong:  # what somebody typed into another field is theirs to mend
            assert OWNER not in page.text
        assert "110101199001011234" not in page.text
    assert small_world.events("SubjectSealed") == []


def test_it_ends_by_itself_and_the_page_says_so(small_world: World) -> None:
    seal(small_world)
    small_world.clock.advance(8 * 24 * 3600)
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    page = officer(small_world, language="en").get(HERE).text
    assert "Ended by itself" in page
    assert "/lift" not in page


@pytest.mark.parametrize(
    ("role", "own", "sees", "lifts"),
    [
        ("provider-officer", POLICE, True, True),
        ("provider-officer", MARKET, False, False),
        ("governance-officer", URBAN, True, True),
        ("data-protection-officer", URBAN, True, False),
        ("auditor", URBAN, True, False),
        ("consumer-officer", POLICE, None, False),
    ],
)
def test_pages_follow_the_rights_of_the_api(
    small_world: World, role: str, own: str, sees: bool | None, lifts: bool
) -> None:
    name = seal(small_world)
    browser = officer(small_world, role, own)
    page = browser.get(HERE)
    assert page.status_code == (403 if sees is None else 200)
    assert (name in page.text) is bool(sees)
    assert (f"{HERE}/{name}/lift" in page.text) is lifts
    listed = small_world.officer("GET", f"/v1/sealings/{name}", sub="x", roles=[role], organisation=own)
    assert listed.status_code == (403 if sees is None else 200 if sees else 404)
    if sees:
        assert listed.json["commands"] == (["lift"] if lifts else [])
    assert (browser.get(f"{HERE}/{name}/lift").status_code == 200) is lifts
    may_seal = role in {"provider-officer", "governance-officer"}
    assert browser.get(f"{HERE}/new").status_code == (200 if may_seal else 403)
    assert (f"{HERE}/new" in browser.get(HERE).text) is may_seal


def test_what_is_not_there_is_not_found(small_world: World) -> None:
    assert officer(small_world).get(f"{HERE}/seal_x/lift").status_code == 404
    for who in (POLICE_OFFICER, GOVERNANCE):
        assert small_world.officer("GET", "/v1/sealings/seal_x", **who).json["code"] == "sealing.unknown"
