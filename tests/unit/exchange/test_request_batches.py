"""One request for many departments: a record of its own, its progress, its drafts handed in together; also on pages."""

from __future__ import annotations

from typing import Any

import pytest

from policies.requests.batch import PHASE_OF, PHASES, Phase, progress
from policies.requests.events import Status
from tests.doubles.exchange import BASIS, ITEM, MARKET, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser

PATH, AT = "/v1/access-requests", "/console/requests"
WHO = {
    "wei": ("governance-officer", URBAN),
    "lu": ("governance-officer", URBAN),
    "chen": ("consumer-officer", MARKET),
    "pan": ("provider-officer", POLICE),
    "stranger": ("provider-officer", "11500000DEM0000725"),
}
BODY: dict[str, Any] = {
    "grant": {
        "evidence_type": "identity-card", "fields": ["name", "born"], "service_items": [ITEM], "legal_basis": BASIS,
        "valid_from": "2026-12-01", "valid_to": "2027-12-01",
    },
    "purpose": "核对申请人身份",
}  # fmt: skip
TYPED = {
    "grant.evidence_type": "identity-card", "grant.fields": "name\nborn", "grant.service_items": ITEM,
    "grant.legal_basis": BASIS, "grant.valid_from": "2026-12-01", "grant.valid_to": "2027-12-01", "purpose": "核对",
    "onward": "no",
}  # fmt: skip


def asked(world: World, name: str, method: str, path: str, body: Any = None) -> Any:
    role, organisation = WHO[name]
    return world.officer(method, path, body, sub=name, roles=[role], organisation=organisation)


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


def counts(answer: Any) -> dict[str, int]:
    return {one["phase"]: one["count"] for one in answer["progress"] if one["count"]}


def test_a_parent_says_how_far_its_children_have_come(world: World) -> None:
    made = asked(world, "wei", "POST", f"{PATH}/bulk", BODY | {"consumers": [MARKET, URBAN]})
    assert made.status_code == 201, made.text
    parent, children = made.json["id"], [one["id"] for one in made.json["requests"]]
    assert (made.json["parent"], made.json["size"], counts(made.json)) == (parent, 2, {"writing": 2})
    (entry,) = world.events("RequestBatchDrafted")
    assert (entry["request"], entry["facts"]["size"]) == (parent, 2)
    one = f"{PATH}/batches/{parent}"
    assert asked(world, "pan", "GET", one).status_code == 404  # nobody asked the provider yet
    assert asked(world, "stranger", "GET", one).status_code == 404
    assert counts(asked(world, "chen", "GET", one).json) == {"writing": 1}  # each department sees its own
    own = asked(world, "chen", "POST", f"{one}/submit", {})
    assert own.status_code == 200, own.text  # its own part alone
    assert counts(asked(world, "wei", "GET", one).json) == {"writing": 1, "under-way": 1}
    sent = asked(world, "wei", "POST", f"{one}/submit", {}).json
    assert (counts(sent), sent["commands"]) == ({"under-way": 2}, [])
    assert asked(world, "wei", "POST", f"{one}/submit", {}).status_code == 403
    for child in children:
        assert asked(world, "lu", "POST", f"{PATH}/{child}/accept", {}).status_code == 200
    assert asked(world, "pan", "POST", f"{PATH}/{children[0]}/approve", {}).status_code == 200
    for name in ("lu", "pan"):
        (found,) = asked(world, name, "GET", f"{PATH}/batches").json["batches"]
        assert (found["id"], counts(found)) == (parent, {"under-way": 1, "agreed": 1})
    assert asked(world, "stranger", "GET", f"{PATH}/batches").json == {"batches": [], "next": None}


def test_batches_are_listed_page_by_page(small_world: World) -> None:
    made = [
        asked(small_world, "wei", "POST", f"{PATH}/bulk", BODY | {"consumers": [MARKET, URBAN]}).json["id"]
        for _number in range(3)
    ]
    first = asked(small_world, "wei", "GET", f"{PATH}/batches?limit=2").json
    second = asked(small_world, "wei", "GET", f"{PATH}/batches?limit=2&after={first['next']}").json
    assert sorted(one["id"] for one in [*first["batches"], *second["batches"]]) == sorted(made)
    assert second["next"] is None
    assert asked(small_world, "wei", "GET", f"{PATH}/batches?after={'x' * 99}").status_code == 422


def test_many_departments_are_asked_for_by_one_form(small_world: World) -> None:
    author, provider = officer(small_world, "wei"), officer(small_world, "pan")
    wrong = author.press(f"{AT}/new", **TYPED, consumers=f"{MARKET}\n{MARKET}")
    assert wrong.status_code == 422
    assert f"{MARKET}\n{MARKET}</textarea>" in wrong.text
    made = author.press(f"{AT}/new", **TYPED, consumers=f"{MARKET}\n{URBAN}")
    at = made.headers["Location"]
    assert at.startswith(f"{AT}/batches/arb_")
    shown = author.get(at).text
    assert "起草或补正中 2" in shown
    assert "市场监管局" in shown
    assert author.press(at).status_code == 303
    assert "办理中 2" in author.get(f"{AT}/batches").text
    assert provider.get(at).status_code == 404
    assert author.post(at, {}).status_code == 400  # without the page's own form
    one = asked(small_world, "wei", "GET", f"{PATH}?parent={at.rpartition('/')[2]}").json["requests"][0]["id"]
    assert f'href="{at}"' in author.get(f"{AT}/{one}").text
    assert "consumers" not in officer(small_world, "chen").get(f"{AT}/new").text


def test_a_request_is_kept_and_handed_in_and_begins_with_a_template(small_world: World) -> None:
    template = {"title": {"zh": "核对身份", "en": "Identity"}, "grant": BODY["grant"], "purpose": "核对身份"}
    assert asked(small_world, "lu", "PUT", "/v1/request-templates/identity", template).status_code == 200
    author = officer(small_world, "chen")
    assert f'href="{AT}/new?template=identity"' in author.get(f"{AT}/new").text
    begun = author.get(f"{AT}/new?template=identity").text
    for said in ('value="identity-card"', "核对身份</textarea>", ITEM):
        assert said in begun, said
    made = author.press(f"{AT}/new", **TYPED, submit="yes")
    assert made.headers["Location"].endswith("/submit")
    assert author.press(made.headers["Location"]).status_code == 303


@pytest.mark.parametrize("bad", ["%00", "..", "'", "x" * 300, "%F0%9F%98%80"])
def test_bad_input_is_never_a_server_error(small_world: World, bad: str) -> None:
    author = officer(small_world, "wei")
    for path in (f"{AT}/batches/{bad}", f"{AT}/batches?after={bad}", f"{AT}/new?template={bad}"):
        assert author.get(path).status_code < 500, path
    assert author.press(f"{AT}/new", **TYPED, consumers=bad + "\nx").status_code == 422


def test_every_state_is_in_one_phase() -> None:
    assert PHASE_OF.keys() == set(Status)
    assert PHASES.keys() == set(Phase)
    assert sum(progress(dict.fromkeys(Status, 1)).values()) == len(Status)
