"""Grants written by officers: through the interface and by the form that is made from the published schema."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest

from exchange.catalogue.grant_drafts import grant_of
from exchange.catalogue.kinds import GRANT
from exchange.catalogue.manifests import schemas
from exchange.console.grant_form import WORDS, grant_fields, grant_form, grant_of_form, typed_of_grant
from policies.grants.document import grant_to_json
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, ITEM, MARKET, POLICE, URBAN, World, grant
from tests.doubles.sign_ins import OfficersBrowser
from tests.property import policy_sets

AT = "/console/grants"
ASKED: dict[str, Any] = {
    "evidence_type": "identity-card", "fields": ["name", "born"], "service_items": [ITEM], "legal_basis": BASIS,
    "valid_from": "2026-12-01", "valid_to": "2027-12-01",
}  # fmt: skip
TYPED = {
    "grant.evidence_type": "identity-card",
    "grant.fields": "name\r\nborn",
    "grant.masks": "name：name",
    "grant.service_items": ITEM,
    "grant.legal_basis": BASIS,
    "grant.valid_from": "2026-12-01",
    "grant.valid_to": "2027-12-01",
    "grant.hours.from": "8",
    "grant.hours.to": "18",
    "grant.obligations": "notify-citizen:P1D",
}
WHO = {
    "chen": ("consumer-officer", MARKET),
    "wei": ("governance-officer", URBAN),
    "pan": ("provider-officer", POLICE),
    "other": ("consumer-officer", URBAN),
}


def asked(world: World, name: str, method: str, path: str, body: Any = None) -> Any:
    role, organisation = WHO[name]
    return world.officer(method, path, body, sub=name, roles=[role], organisation=organisation)


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


def as_shown(page: str) -> dict[str, str]:
    """What a browser would send of a page's form that nobody touched."""
    areas = re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    wanted = [one for one in re.findall(r"<input([^>]*)>", page) if "checked" in one or 'type="text"' in one]
    inputs = [{"value": "", **dict(re.findall(r'([a-z]+)="([^"]*)"', one))} for one in wanted]
    return {**dict(areas), **{one["name"]: one["value"] for one in inputs}}


def test_a_draft_that_somebody_revised_in_between_is_not_overwritten(world: World) -> None:
    """The revision that was read is compared where the command is decided, and again where it is stored."""
    made = asked(world, "chen", "POST", "/v1/grants", {"grant": ASKED})
    revise = f"/v1/grants/{made.json['ref']}/revise"
    transitions = world.rooms.grants.transitions
    inner = type(transitions).carry_out

    def after_somebody_else(self: Any, *arguments: Any) -> Any:
        object.__delattr__(transitions, "carry_out")
        assert asked(world, "chen", "POST", revise, {"grant": ASKED | {"fields": ["name"]}}).status_code == 200
        return inner(self, *arguments)

    object.__setattr__(transitions, "carry_out", after_somebody_else.__get__(transitions))
    late = asked(world, "chen", "POST", revise, {"grant": ASKED | {"fields": ["born"]}})
    assert (late.status_code, late.json["code"]) == (409, "grant.changed")
    kept = asked(world, "chen", "GET", f"/v1/grants/{made.json['ref']}")
    assert kept.json["grant"]["fields"] == ["name"]


def test_a_grant_is_drafted_revised_and_renewed_through_the_interface(world: World) -> None:
    made = asked(world, "chen", "POST", "/v1/grants", {"grant": ASKED})
    assert made.status_code == 201, made.text
    ref, written = made.json["ref"], made.json["grant"]
    assert (written["consumer"], written["provider"], written["basis_kind"]) == (MARKET, POLICE, "statutory")
    changed = {"grant": ASKED | {"fields": ["name"]}, "revision": made.json["revision"]}
    revised = asked(world, "chen", "POST", f"/v1/grants/{ref}/revise", changed)
    assert (revised.status_code, revised.json["grant"]["fields"]) == (200, ["name"])
    again = asked(world, "chen", "POST", f"/v1/grants/{ref}/revise", changed)
    assert (again.status_code, again.json["code"]) == (409, "grant.changed")
    early = asked(world, "chen", "POST", f"/v1/grants/{ref}/renew", {"grant": ASKED})
    assert (early.status_code, early.json["reason"]) == (403, "grant.draft-exists")
    world.apply(grant("G-OLD"))
    world.approve("G-OLD")
    renewed = asked(world, "wei", "POST", "/v1/grants/G-OLD/renew", {"grant": ASKED | {"consumer": MARKET}})
    assert (renewed.status_code, renewed.json["ref"]) == (201, "G-OLD@2")
    assert world.events("GrantDrafted")[-1]["facts"]["grant"] == "G-OLD@2"


def test_what_means_nothing_is_refused_and_nothing_is_written(small_world: World) -> None:
    before = len(small_world.entries())
    for body, status in (
        ({}, 422),
        ({"grant": {}}, 422),
        ({"grant": ASKED | {"fields": ["nothing"]}}, 422),
        ({"grant": ASKED | {"fields": [f"f{number}" for number in range(501)]}}, 422),
        ({"grant": ASKED | {"statute": {"zh": "500199199003120021", "en": "x"}}}, 422),
        ({"grant": ASKED, "id": "lower"}, 422),
        ({"grant": ASKED | {"valid_to": "2026-12-01"}}, 422),
        ({"grant": ASKED | {"valid_to": "2036-12-01"}}, 403),
        ({"grant": ASKED | {"consumer": URBAN}}, 403),
        ({"grant": ASKED, "id": "G-STAFF"}, 403),
    ):
        refused = asked(small_world, "chen", "POST", "/v1/grants", body)
        assert refused.status_code == status, (body, refused.text)
    assert asked(small_world, "pan", "POST", "/v1/grants", {"grant": ASKED}).status_code == 403
    assert asked(small_world, "chen", "POST", "/v1/grants/G-NONE/revise", {"grant": ASKED}).status_code == 404
    assert len(small_world.entries()) == before


def test_what_is_missing_or_unknown_is_said_at_its_own_place(small_world: World) -> None:
    for body, places in (
        ({}, {"evidence_type", "service_items", "legal_basis", "valid_from", "valid_to"}),
        ({**ASKED, "evidence_type": "nothing"}, {"evidence_type"}),
        ({**ASKED, "service_items": ["11500000DEM000057T3500199999000"]}, {"service_items"}),
        ({**ASKED, "legal_basis": "nothing"}, {"legal_basis"}),
        ({**ASKED, "service_items": 3, "fields": "x"}, {"service_items", "fields"}),
    ):
        refused = asked(small_world, "chen", "POST", "/v1/grants", {"grant": body})
        assert refused.status_code == 422
        found = {one["path"].removeprefix("grant.") for one in refused.json["errors"]}
        assert places <= found, (places, found)
        assert "provider" not in found


def test_a_grant_is_written_by_form_and_handed_in(small_world: World) -> None:
    author = officer(small_world, "chen")
    assert f'href="{AT}/new"' in author.get(AT).text
    made = author.press(f"{AT}/new", **TYPED, id="G-FORM")
    assert made.status_code == 303, re.findall(r"govuk-error-summary.*?</ul>", made.text, re.DOTALL)
    at = made.headers["Location"]
    assert at == f"{AT}/G-FORM%401"
    assert "只留首字" in author.get(at).text
    form = author.get(f"{at}/write")
    for kept in ("name: name", 'value="2026-12-01"', "notify-citizen:P1D", 'value="18"'):
        assert kept in form.text, kept
    again = author.press(f"{at}/write", **(TYPED | {"grant.fields": "name\nnothing", "grant.quota_per_day": "many"}))
    assert again.status_code == 422
    for name in ("grant.quota_per_day", "grant.hours.from"):
        assert f'id="{name}"' in again.text
    assert 'href="#grant.quota_per_day"' in again.text
    assert "nothing</textarea>" in again.text  # nothing typed is lost
    unfit = author.press(f"{at}/write", **(TYPED | {"grant.fields": "name\nnothing"}))
    assert 'href="#grant.fields"' in unfit.text
    long = author.press(f"{at}/write", **(TYPED | {"grant.valid_to": "2036-12-01"}))
    assert long.status_code == 422
    assert "24 个月" in long.text
    stale = form_of(form).fields
    assert author.press(f"{at}/write", **(TYPED | {"grant.fields": "name"})).status_code == 303
    assert author.post(f"{at}/write", {**stale, **TYPED}).status_code == 409
    assert author.press(f"{at}/submit").status_code == 303
    assert author.get(f"{at}/write").status_code == 403


def test_a_new_version_begins_with_the_text_in_force(small_world: World) -> None:
    author, outsider = officer(small_world, "chen", "en"), officer(small_world, "other")
    at = f"{AT}/G-IDENTITY%401"
    assert "Draft a new version" in author.get(at).text
    kept = as_shown(author.get(f"{at}/write").text)
    made = author.press(f"{at}/write", **kept)
    assert made.status_code == 303, (kept, re.findall(r"govuk-error-summary.*?</ul>", made.text, re.DOTALL))
    assert made.headers["Location"] == f"{AT}/G-IDENTITY%402"
    small_world.rooms.policy.renew()
    first, second = (asked(small_world, "wei", "GET", f"/v1/grants/G-IDENTITY@{one}").json for one in (1, 2))
    assert first["grant"] | {"version": 2} == second["grant"]
    assert "Draft a new version" not in author.get(at).text  # it would follow the newest, which this one is not
    assert author.get(f"{at}/write").status_code == 403
    assert outsider.get(f"{at}/write").status_code == 403
    assert officer(small_world, "pan").get(f"{AT}/new").status_code == 403


@pytest.mark.parametrize("bad", ["\x00", "\u202e", "x" * 20_000, "{}", "[[", "9" * 5000, "：：\n:"])
def test_bad_input_is_never_a_server_error(small_world: World, bad: str) -> None:
    author = officer(small_world, "chen")
    form = form_of(author.get(f"{AT}/new"))
    for name in [field.name for field in grant_fields()]:
        answer = author.post(f"{AT}/new", {**form.fields, **TYPED, name: bad})
        assert answer.status_code in (303, 400, 422), (name, answer.status_code)


def test_every_member_of_the_schema_has_a_field_and_words() -> None:
    schema: Any = schemas()[GRANT]
    properties = schema["properties"]["spec"]["properties"]
    assert {part.path[0] for part in grant_form().parts} == set(properties)
    unnamed = [part.name for part in grant_form().parts if ".".join(part.path[1:]) not in WORDS.get(part.path[0], {})]
    assert unnamed == [], "give them words in exchange/console/grant_form.py"


def test_form_and_grant_are_one_and_the_same() -> None:
    chance = Random(43)
    for _case in range(500):
        some = policy_sets.grant(chance, "G-ONE")
        said = grant_to_json(some)
        read = grant_of({"metadata": {"name": some.id}, "spec": grant_of_form(typed_of_grant(said))}, some.version)
        assert grant_to_json(read) == said


def test_every_address_of_grants_says_that_a_grant_may_be_unknown_and_a_body_wrong(small_world: World) -> None:
    paths = small_world.client.get("/openapi.json").json["paths"]
    said = {path: operations for path, operations in paths.items() if path.startswith("/v1/grants")}
    assert len(said) > 10
    for path, operations in said.items():
        for method, operation in operations.items():
            answers = {code: told.get("description", "") for code, told in operation["responses"].items()}
            assert "{grant}" not in path or "grant.unknown" in answers["404"], (method, path)
            assert "requestBody" not in operation or "request.invalid" in answers["422"], (method, path)
