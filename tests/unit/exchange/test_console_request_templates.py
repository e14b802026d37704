"""Templates of access requests on the officers' pages: written by governance in one form, begun with by departments."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from exchange.console.grant_form import grant_form
from exchange.console.request_templates import FIELDS, body_of, typed_of
from policies.grants.document import grant_to_json
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, ITEM, MARKET, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.property import policy_sets
from tests.unit.exchange.test_grant_forms import as_shown

AT = "/console/requests/templates"
TYPED = {
    "title.zh": "核对身份",
    "title.en": "Identity check",
    "grant.evidence_type": "identity-card",
    "grant.fields": "name\r\nborn",
    "grant.service_items": ITEM,
    "grant.legal_basis": BASIS,
    "purpose": "核对申请人身份",
}


def officer(world: World, role: str, organisation: str = URBAN, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def kept(world: World) -> Any:
    who = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
    return world.officer("GET", "/v1/request-templates", **who).json["templates"]


def test_governance_writes_a_template_and_a_department_begins_with_it(small_world: World) -> None:
    editor, department = officer(small_world, "governance-officer"), officer(small_world, "consumer-officer", MARKET)
    assert f'href="{AT}"' in editor.get("/console/requests").text
    begun = editor.get(f"{AT}?name=identity")
    assert begun.headers["Location"] == f"{AT}/identity"
    made = editor.press(f"{AT}/identity", **TYPED)
    assert (made.status_code, made.headers["Location"]) == (303, AT)
    (one,) = kept(small_world)
    assert one["grant"] == {
        "evidence_type": "identity-card", "fields": ["name", "born"], "service_items": [ITEM], "legal_basis": BASIS,
    }  # fmt: skip
    assert "onward" not in one  # nothing was said of it: whoever asks does
    assert len(small_world.events("RequestTemplateChanged")) == 1
    listed = department.get(AT).text
    assert "核对身份" in listed
    assert f'href="{AT}/identity"' not in listed
    form = department.get("/console/requests/new?template=identity").text
    for said in ("核对申请人身份", "name\nborn", BASIS):
        assert said in form, said
    shown = as_shown(editor.get(f"{AT}/identity").text)
    assert shown["title.zh"] == "核对身份"
    assert editor.press(f"{AT}/identity", **shown | {"onward": "yes"}).status_code == 303
    assert kept(small_world) == [one | {"onward": True}]


def test_what_does_not_fit_is_said_beside_its_field(small_world: World) -> None:
    editor = officer(small_world, "governance-officer", language="en")
    for more, place in (
        ({"title.en": ""}, "title.en"),
        ({"grant.quota_per_day": "many"}, "grant.quota_per_day"),
        ({"grant.min_loa": "9"}, "grant.min_loa"),
    ):
        refused = editor.press(f"{AT}/identity", **TYPED | more)
        assert refused.status_code == 422
        assert f'href="#{place}"' in refused.text, place
        assert "name\nborn</textarea>" in refused.text.replace("\r", "")
    named = editor.press(f"{AT}/identity", **TYPED | {"purpose": "500199199003120021"})
    assert named.status_code == 422
    assert "govuk-error-summary" in named.text
    assert kept(small_world) == []
    unnamed = editor.get(f"{AT}?name=Bad+Name")
    assert unnamed.status_code == 422
    assert 'value="Bad Name"' in unnamed.text
    assert editor.get(f"{AT}/Bad").status_code == 404


def test_others_read_and_do_not_write(small_world: World) -> None:
    reader = officer(small_world, "consumer-officer", MARKET)
    assert reader.get(AT).status_code == 200
    assert reader.get(f"{AT}?name=identity").status_code == 200  # no form to be led to
    assert reader.get(f"{AT}/identity").status_code == 403
    own = form_of(reader.get("/console/sign-out")).fields["csrf_token"]
    assert reader.post(f"{AT}/identity", {**TYPED, "csrf_token": own}).status_code == 403
    editor = officer(small_world, "governance-officer")
    assert editor.post(f"{AT}/identity", TYPED).status_code == 400  # without the page's own form
    assert kept(small_world) == []


@pytest.mark.parametrize("bad", ["\x00", "\u202e", "x" * 20_000, "{}", "[[", "9" * 5000, "：：\n:"])
def test_bad_input_is_never_a_server_error(small_world: World, bad: str) -> None:
    editor = officer(small_world, "governance-officer")
    form = form_of(editor.get(f"{AT}/identity"))
    for field in FIELDS:
        answer = editor.post(f"{AT}/identity", {**form.fields, **TYPED, field.name: bad})
        assert answer.status_code in (303, 400, 422), (field.name, answer.status_code)


@pytest.mark.parametrize("bad", ["%00", "..", "'", "x" * 300, "%F0%9F%98%80"])
def test_a_name_that_is_none_is_no_server_error(small_world: World, bad: str) -> None:
    editor = officer(small_world, "governance-officer")
    for path in (f"{AT}/{bad}", f"{AT}?name={bad}", f"/console/requests/new?template={bad}"):
        assert editor.get(path).status_code < 500, path


def test_form_and_template_are_one_and_the_same() -> None:
    chance = Random(45)
    for _case in range(300):
        said = grant_to_json(policy_sets.grant(chance, "G-ONE"))
        members = {part.path[0] for part in grant_form().parts}
        grant = {name: value for name, value in said.items() if name in members and chance.random() < 0.7}
        more = {"purpose": "核对"} if chance.random() < 0.5 else {}
        more |= {"onward": chance.random() < 0.5} if chance.random() < 0.5 else {}
        template = {"title": {"zh": "核对", "en": "check"}, "grant": grant, **more}
        read = body_of(typed_of(template))
        assert body_of(typed_of(read)) == read
        assert {name: read[name] for name in read if name != "grant"} == {
            name: template[name] for name in template if name != "grant"
        }
        assert read["grant"].keys() == {name for name, value in grant.items() if value not in ({}, [], None)}
