"""What officers of the asking department see of consents: what was asked for and how it stands, never whose it is."""

from __future__ import annotations

import json
from typing import Any

from exchange.console import consents as pages
from tests.doubles.exchange import MARKET, OWNER, POLICE, STRANGER, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_consents import ask_for, on_consent
from tests.unit.exchange.test_event_push import later
from tests.unit.exchange.test_events import code_of

PATH, HERE = "/v1/department/consents", "/console/consents"


def ask(world: World, path: str = "", role: str = "consumer-officer", organisation: str = MARKET) -> Any:
    return world.officer("GET", PATH + path, sub=role, roles=[role], organisation=organisation)


def reply(world: World, name: str, said: str) -> None:
    token = world.issuer.token(world.holder, person=OWNER, scope="preview")
    terms = world.call("GET", f"/v1/consents/{name}", token).json["terms"]
    done = world.call("POST", f"/v1/consents/{name}", token, {"reply": said, "terms": terms})
    assert done.status_code == 200, done.text


def officer(world: World, role: str, organisation: str = MARKET, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def test_a_department_sees_what_it_asked_for_by_stage_and_case(small_world: World) -> None:
    world, case = on_consent(small_world)
    other = world.open_case((OWNER, "applicant"))
    names = [ask_for(world, case).json["consent"]]
    later(world, 1)  # names are in the order of time, to the millisecond
    names.append(ask_for(world, other, fields=["address"]).json["consent"])
    reply(world, names[0], "give")
    found = ask(world).json["consents"]
    assert [each["consent"] for each in found] == names[::-1]
    assert [(each["status"], each["asked_in"]) for each in found] == [("asked", other), ("in-force", case)]
    for show, expected in (("waiting", names[1:]), ("standing", names[:1]), ("over", [])):
        assert [each["consent"] for each in ask(world, f"?show={show}").json["consents"]] == expected
    assert [each["consent"] for each in ask(world, f"?case={case}").json["consents"]] == names[:1]
    first = ask(world, "?limit=1").json
    assert [each["consent"] for each in ask(world, f"?limit=1&before={first['next']}").json["consents"]] == names[:1]
    reply(world, names[0], "withdraw")
    reply(world, names[1], "decline")
    assert [each["status"] for each in ask(world, "?show=over").json["consents"]] == ["declined", "withdrawn"]
    assert code_of(ask(world, "?show=some")) == "request.invalid"
    written = json.dumps(ask(world).json)
    assert OWNER not in written
    assert "subject" not in written


def test_others_see_none_of_it_but_those_who_look_after_people(small_world: World) -> None:
    world, case = on_consent(small_world)
    name = ask_for(world, case).json["consent"]
    for role, organisation, seen in (
        ("consumer-officer", URBAN, False),
        ("provider-officer", POLICE, False),
        ("governance-officer", URBAN, False),
        ("data-protection-officer", URBAN, True),
        ("auditor", URBAN, True),
    ):
        assert len(ask(world, "", role, organisation).json["consents"]) == seen
        assert ask(world, f"/{name}", role, organisation).status_code == (200 if seen else 404)
    assert code_of(ask(world, "/cons_nobody")) == "consent.unknown"


def test_the_pages_say_how_it_stands_and_what_to_do_now(small_world: World) -> None:
    world, case = on_consent(small_world)
    clerk = officer(world, "consumer-officer")
    assert "还没有征求过同意" in clerk.get(HERE).text
    name = ask_for(world, case).json["consent"]
    assert f"{HERE}/{name}" in clerk.get(f"{HERE}?show=waiting").text
    assert "请本人登录" in clerk.get(f"{HERE}/{name}").text
    reply(world, name, "decline")
    page = clerk.get(f"{HERE}/{name}").text
    assert "不得就同一事再征求" in page
    assert "本人未同意" in page
    assert name in clerk.get(f"{HERE}?case=+{case}+").text
    assert "没有符合的" in clerk.get(f"{HERE}?case=case_%3Cb%3E").text
    for number in (OWNER, STRANGER):
        assert number not in page
    english = officer(world, "auditor", URBAN, "en").get(f"{HERE}/{name}").text
    assert "Only the person gives it" in english


def test_every_status_has_words_and_advice() -> None:
    assert pages._STATUSES.keys() == pages._NEXT.keys()
