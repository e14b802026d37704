"""Calendar and service levels on the officers' pages: what counts, what a change would do, and the change itself."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.clocks.rules import shipped
from exchange.console.clock_words import CALENDAR, PROFILE, body_of, typed_of
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, ITEM, MARKET, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser

AT = "/console/clocks"
WHO = {"wei": ("governance-officer", URBAN), "pan": ("provider-officer", POLICE), "xi": ("system-administrator", URBAN)}
TABLE: dict[str, Any] = {
    "effective_from": "2026-11-25",
    "citation": {"zh": "演示通知", "en": "Demo notice"},
    "holidays": ["2026-12-01", "2026-12-02"],
    "workdays": [],
}
TYPED = {
    "effective_from": "2026-11-25",
    "citation.zh": "演示通知",
    "citation.en": "Demo notice",
    "holidays": "2026-12-01\r\n2026-12-02",
    "workdays": "",
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


def waiting(world: World) -> str:
    """A request whose ten working days run: it ends on 7 December."""
    consumer = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
    asked = {
        "evidence_type": "identity-card", "fields": ["name", "born"], "service_items": [ITEM], "legal_basis": BASIS,
        "valid_from": "2026-12-01", "valid_to": "2027-12-01",
    }  # fmt: skip
    made = world.officer("POST", "/v1/access-requests", {"grant": asked, "purpose": "核对"}, **consumer).json
    world.officer("POST", f"/v1/access-requests/{made['id']}/submit", {}, **consumer)
    checker = {"sub": "check", "roles": ["governance-officer"], "organisation": URBAN}
    assert world.officer("POST", f"/v1/access-requests/{made['id']}/accept", {}, **checker).status_code == 200
    return str(made["id"])


def governance(world: World, method: str, path: str, body: Any = None, role: str = "governance-officer") -> Any:
    return world.officer(method, path, body, sub="wei", roles=[role], organisation=URBAN)


def test_a_preview_says_which_deadlines_would_move_and_writes_nothing(world: World) -> None:
    identifier, before = waiting(world), len(world.entries())
    seen = governance(world, "POST", "/v1/calendar/2026/preview", TABLE).json
    assert (seen["running"], seen["earlier"], seen["later"]) == (1, 0, 1)
    (one,) = seen["requests"]
    assert (one["id"], one["before"][:10], one["after"][:10]) == (identifier, "2026-12-08", "2026-12-10")
    blind = governance(world, "POST", "/v1/calendar/2026/preview", TABLE, "system-administrator").json
    assert (blind["later"], blind["requests"]) == (1, [])  # counted; requests are not theirs to see
    profile = dict(shipped("sla_profiles")[1]) | {"effective_from": "2026-12-01"}
    profile["rules"] = [rule | {"days": 5} if rule["stage"] == "provider-answer" else rule for rule in profile["rules"]]
    name = profile.pop("id")
    changed = governance(world, "POST", f"/v1/sla-profiles/{name}/preview", profile).json
    assert (changed["running"], changed["truncated"]) == (1, False)
    assert ("provider-answer", 10, 5) in {(one["stage"], one["before"], one["after"]) for one in changed["steps"]}
    assert all(one["published"] is None for one in changed["steps"] if one["stage"] == "provider-answer")
    assert len(world.entries()) == before
    assert governance(world, "GET", f"/v1/access-requests/{identifier}").json["clock"]["deadline"][:10] == "2026-12-08"
    for bad in (TABLE | {"effective_from": "2026-01-01"}, TABLE | {"holidays": []}, {}):
        assert governance(world, "POST", "/v1/calendar/2026/preview", bad).status_code == 422
    assert governance(world, "POST", "/v1/calendar/2026/preview", TABLE, "provider-officer").status_code == 403


def test_a_calendar_is_looked_at_before_it_is_written(small_world: World) -> None:
    identifier, editor = waiting(small_world), officer(small_world, "wei")
    assert "2026 年的放假与调休" in editor.get(AT).text
    assert "2026-10-01" in editor.get(f"{AT}/calendar/2026").text
    form = editor.get(f"{AT}/calendar/2026/edit")
    assert "2026-10-01" in form.text  # what counts now, to be changed
    assert "写入</button>" not in " ".join(form.text.split())
    seen = editor.press(f"{AT}/calendar/2026/edit", **TYPED, action="preview")
    assert seen.status_code == 200
    for said in (identifier, "推迟 1 件", "2026年12月7日", "2026年12月9日", "2026-12-02</textarea>"):
        assert said in seen.text, said
    assert small_world.events("CalendarChanged") == []
    done = editor.press(f"{AT}/calendar/2026/edit", **TYPED, action="save")
    assert done.headers["Location"] == f"{AT}/calendar/2026?from=2026-11-25"
    assert "尚未起算" in editor.get(done.headers["Location"]).text
    assert len(small_world.events("CalendarChanged")) == 1


def test_what_does_not_fit_is_said_beside_its_field_and_nothing_typed_is_lost(small_world: World) -> None:
    editor = officer(small_world, "xi", "en")
    page = editor.press(f"{AT}/calendar/2026/edit", **(TYPED | {"holidays": "soon\n2026-12-01", "citation.en": ""}))
    assert page.status_code == 422
    for name in ("holidays", "citation.en"):
        assert f'href="#{name}"' in page.text
    assert "soon\n2026-12-01</textarea>" in page.text
    past = editor.press(f"{AT}/calendar/2026/edit", **(TYPED | {"effective_from": "2026-01-01"}), action="save")
    assert past.status_code == 422
    assert "must not have passed" in past.text
    rules = "provider-answer 5 conditional\nform-check many\nnothing 3"
    typed = {key: value for key, value in TYPED.items() if "days" not in key}
    levels = typed | {"title.zh": "演示", "title.en": "Demo", "general": "no", "organisations": POLICE, "rules": rules}
    refused = editor.press(f"{AT}/profiles/city-2026/edit", **levels)
    assert refused.status_code == 422
    assert 'href="#rules"' in refused.text
    right = levels | {"rules": "provider-answer 5 conditional published\nform-check 2"}
    assert "no clock → 5" in editor.press(f"{AT}/profiles/city-2026/edit", **right, action="preview").text
    made = editor.press(f"{AT}/profiles/city-2026/edit", **right, action="save")
    assert made.status_code == 303
    assert "provider" in editor.get(made.headers["Location"]).text


def test_only_those_who_may_change_it_do(small_world: World) -> None:
    reader = officer(small_world, "pan")
    assert reader.get(AT).status_code == 200
    assert "/edit" not in reader.get(f"{AT}/profiles/cn-809-2025").text
    assert reader.get(f"{AT}/calendar/2026/edit").status_code == 403
    own = form_of(reader.get("/console/sign-out")).fields["csrf_token"]  # the role refuses, not the missing token
    refused = reader.post(f"{AT}/calendar/2026/edit", {**TYPED, "csrf_token": own, "action": "save"})
    assert refused.status_code == 403
    assert small_world.events("CalendarChanged") == []
    editor = officer(small_world, "wei")
    begun = editor.get(f"{AT}/new?kind=calendar&name=2027")
    assert begun.headers["Location"] == f"{AT}/calendar/2027/edit"
    assert editor.get(begun.headers["Location"]).status_code == 200
    assert editor.get(f"{AT}/new?kind=odd&name=x").headers["Location"] == AT


@pytest.mark.parametrize("bad", ["%00", "..", "'", "x" * 300, "%F0%9F%98%80", "0"])
def test_bad_input_is_never_a_server_error(small_world: World, bad: str) -> None:
    editor = officer(small_world, "wei")
    for path in (f"{AT}/{bad}/x", f"{AT}/calendar/{bad}", f"{AT}/profiles/{bad}/edit", f"{AT}/calendar/2026?from={bad}",
                 f"{AT}/new?kind=calendar&name={bad}"):  # fmt: skip
        assert editor.get(path).status_code < 500, path
    for kind, name in ((CALENDAR, "2026"), (PROFILE, "cn-809-2025"), (CALENDAR, "abcd")):
        answer = editor.press(
            f"{AT}/{kind}/{name}/edit", rules=bad, holidays=bad, organisations=bad, effective_from=bad
        )
        assert answer.status_code == 422


def test_form_and_rule_are_one_and_the_same() -> None:
    for kind, name, key in ((CALENDAR, "calendar", "year"), (PROFILE, "sla_profiles", "id")):
        for document in shipped(name):
            said = {member: value for member, value in document.items() if member != key}
            assert body_of(kind, typed_of(kind, document)) == said
