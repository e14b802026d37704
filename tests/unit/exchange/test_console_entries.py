"""Catalogue entries on the officers' pages: the draft beside what is published, every command, refusals that help."""

from __future__ import annotations

import html
import json
import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.catalogue import desk
from exchange.catalogue.entry_views import COMMANDS
from exchange.console import entries
from exchange.console.entry_form import TITLES, entry_forms
from tests.doubles.browser import form_of
from tests.doubles.exchange import IDENTITY_CARD, ISSUER, MARKET, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_grant_forms import as_shown

AT = "/console/entries/evidence-types/identity-card"
WHO = {
    "pan": ("provider-officer", POLICE),
    "wei": ("governance-officer", URBAN),
    "shen": ("auditor", URBAN),
    "other": ("provider-officer", MARKET),
}


def officer(world: World, name: str, language: str = "zh-CN") -> OfficersBrowser:
    browser, (role, organisation) = OfficersBrowser(world, language), WHO[name]
    assert browser.sign_in(name, role, organisation=organisation).status_code == 303
    return browser


@pytest.fixture
def drafted(small_world: World) -> World:
    """A change of the identity card under way, written by the provider."""
    changed = deepcopy(IDENTITY_CARD)
    changed["spec"]["fields"]["born"]["sensitivity"] = 2
    role, organisation = WHO["pan"]
    made = small_world.officer(
        "POST", "/v1/catalogue/entries", {"manifest": changed}, sub="pan", roles=[role], organisation=organisation
    )
    assert made.status_code == 201, made.text
    return small_world


def test_a_change_goes_from_draft_to_publication_on_pages(drafted: World) -> None:
    author, reviewer = officer(drafted, "pan"), officer(drafted, "wei")
    assert "identity-card" in author.get("/console/entries").text
    page = author.get(AT)
    assert "<del>1</del>" in page.text or "<ins>2</ins>" in page.text  # the draft beside what is published
    assert author.press(f"{AT}/submit").status_code == 303
    for status in ("submitted", "change_pending"):  # a change handed in is found under both
        assert "变更中（已提交）" in reviewer.get(f"/console/entries?status={status}").text
    assert "identity-card" not in reviewer.get("/console/entries?status=draft").text
    assert author.get(f"{AT}/publish").status_code == 403
    assert reviewer.press(f"{AT}/review").status_code == 303
    shown = reviewer.get(f"{AT}/publish")
    assert "<ins>2</ins>" in shown.text
    stale = form_of(shown).fields | {"digest": "sha256:" + "0" * 64}
    assert reviewer.post(f"{AT}/publish", stale).status_code == 409
    assert reviewer.post(f"{AT}/publish", stale | {"digest": "x"}).status_code == 409
    assert reviewer.press(f"{AT}/publish").status_code == 303
    assert "已发布" in reviewer.get(AT).text


def test_a_draft_is_sent_back_revised_and_given_up(drafted: World) -> None:
    author, reviewer = officer(drafted, "pan"), officer(drafted, "wei")
    author.press(f"{AT}/submit")
    silent = reviewer.press(f"{AT}/return")
    assert (silent.status_code, '<a href="#reason">理由：必填</a>' in silent.text) == (422, True)
    assert reviewer.press(f"{AT}/return", reason="缺依据").status_code == 303
    assert "缺依据" in author.get(AT).text
    for bad in ("{", "[]", "null", json.dumps({"kind": "Grant"}), json.dumps({**IDENTITY_CARD, "spec": {}})):
        refused = author.press(f"{AT}/revise", manifest=bad)
        assert refused.status_code == 422, bad
        assert "govuk-error-summary" in refused.text
    better = deepcopy(IDENTITY_CARD)
    better["spec"]["fields"]["born"]["sensitivity"] = 3
    assert author.press(f"{AT}/revise", manifest=json.dumps(better)).status_code == 303
    assert "<ins>3</ins>" in author.get(AT).text
    assert author.press(f"{AT}/drop").status_code == 303
    assert "identity-card" not in author.get("/console/entries").text


def test_an_entry_begins_on_a_page_and_so_does_a_change(small_world: World) -> None:
    author = officer(small_world, "pan")
    staff = "/console/entries/evidence-types/staff-list"
    form = author.get("/console/entries/new?kind=evidence-types&name=staff-list")
    assert "employer" in form.text  # what is published, to be changed
    fresh = {**IDENTITY_CARD, "metadata": {"name": "birth-record"}}
    assert author.press("/console/entries/new", manifest="{").status_code == 422
    beyond = author.press("/console/entries/new", manifest='{"a":99999999999999999999}')
    assert beyond.status_code == 422
    assert "数字超出允许的范围" in beyond.text
    made = author.press("/console/entries/new", manifest=json.dumps(fresh))
    assert made.headers["Location"] == "/console/entries/evidence-types/birth-record"
    assert "birth-record" in author.get("/console/entries").text
    assert "/console/entries/new?kind=evidence-types&amp;name=staff-list" in author.get(staff).text
    outsider = officer(small_world, "other")
    refused = outsider.press(
        "/console/entries/new", manifest=json.dumps({**fresh, "metadata": {"name": "other-record"}})
    )
    assert refused.status_code == 403
    assert "提供部门经办人" in refused.text
    assert officer(small_world, "shen").get("/console/entries/new").status_code == 403


def test_who_may_not_is_told_who_may(drafted: World) -> None:
    auditor, outsider = officer(drafted, "shen"), officer(drafted, "other", "en")
    refused = auditor.get(f"{AT}/submit")
    assert refused.status_code == 403
    assert "提供部门经办人" in refused.text
    assert outsider.get(f"{AT}/submit").status_code == 403
    author = officer(drafted, "pan")
    form = form_of(author.get(f"{AT}/submit"))
    assert author.post(f"{AT}/publish", form.fields | {"digest": "sha256:" + "0" * 64}).status_code in (403, 409)
    assert author.post(f"{AT}/submit", {}).status_code == 400  # without the page's own form


def test_a_long_queue_goes_on_on_the_next_page(drafted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "page_size", lambda _asked: 1)
    more = {**IDENTITY_CARD, "metadata": {"name": "birth-record"}}
    author = officer(drafted, "pan")
    assert author.press("/console/entries/new", manifest=json.dumps(more)).status_code == 303
    found: list[str] = []
    following: str | None = "/console/entries"
    while following:
        page = author.get(following).text
        found += re.findall(r"/console/entries/evidence-types/([a-z-]+)", page)
        link = re.search(r'href="([^"]+)" rel="next"', page)
        following = html.unescape(link[1]) if link else None
    assert sorted(found) == ["birth-record", "identity-card"]


SYSTEM = "/console/entries/systems/market-website"
CHANGE = "/console/entries/new?kind=systems&name=market-website"


def test_a_short_manifest_is_written_by_form_and_revised_so(small_world: World) -> None:
    author = officer(small_world, "other")
    shown = as_shown(author.get(CHANGE).text)
    assert shown["spec.client_id"] == "market-website"
    assert "metadata.name" not in shown  # a name never changes
    for more, place in (
        ({"spec.title.en": " "}, "spec.title.en"),
        ({"spec.issuer": "nowhere"}, "spec.issuer"),
        ({"spec.people_per_hour": "many"}, "spec.people_per_hour"),
        ({"spec.people_per_hour": "0"}, "spec.people_per_hour"),
    ):
        wrong = author.press(CHANGE, **shown | more)
        assert wrong.status_code == 422
        assert f'href="#{place}"' in wrong.text, place
    made = author.press(CHANGE, **shown | {"spec.people_per_hour": "300"})
    assert made.headers["Location"] == SYSTEM
    assert "<ins>300</ins>" in author.get(SYSTEM).text
    revising = as_shown(author.get(f"{SYSTEM}/revise").text)
    assert revising["spec.people_per_hour"] == "300"
    assert author.press(f"{SYSTEM}/revise", **revising | {"spec.title.zh": ""}).status_code == 422
    assert author.press(f"{SYSTEM}/revise", **revising | {"spec.people_per_hour": "400"}).status_code == 303
    expert = author.get(f"{SYSTEM}/revise?as=json").text
    assert "people_per_hour" in html.unescape(expert)
    assert "400" in expert
    assert author.press(f"{SYSTEM}/revise?as=json", manifest="{").status_code == 422


def test_a_form_names_the_department_and_the_provider_that_are_trusted(small_world: World) -> None:
    shown = as_shown(officer(small_world, "other").get("/console/entries/new?kind=systems").text)
    assert (shown["spec.organisation"], shown["spec.issuer"]) == (MARKET, ISSUER)


DAYS = st.dates().map(str)
SAID = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
TEXTS = st.fixed_dictionaries({"zh": SAID, "en": SAID})
SUCCESSORS = st.lists(
    st.fixed_dictionaries(
        {"successor": SAID, "extent": st.sampled_from(["part", "remainder"]), "day": DAYS}, optional={"note": TEXTS}
    ),
    min_size=1, max_size=3,
)  # fmt: skip
SPECS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "organisations": st.fixed_dictionaries(
        {"name": TEXTS},
        optional={"division": SAID, "parent": SAID, "since": DAYS, "until": DAYS, "successors": SUCCESSORS},
    ),
    "systems": st.fixed_dictionaries(
        {"title": TEXTS, "organisation": SAID, "issuer": SAID, "client_id": SAID},
        optional={
            "status": st.sampled_from(["active", "suspended"]), "sandbox": st.booleans(), "webhook": SAID,
            "people_per_hour": st.integers(1, 100_000), "relays_questions": st.booleans(),
        },
    ),
    "divisions": st.fixed_dictionaries(
        {"name": TEXTS, "level": st.sampled_from(["district", "county"])},
        optional={"code": SAID, "parent": SAID, "since": DAYS, "until": DAYS, "successors": SUCCESSORS},
    ),
}  # fmt: skip


@given(st.data(), st.sampled_from(sorted(SPECS)), SAID)
def test_form_and_manifest_are_one_and_the_same(data: st.DataObject, kind: str, name: str) -> None:
    form = entry_forms()[kind]
    manifest = {"kind": form.kind, "metadata": {"name": name}, "spec": data.draw(SPECS[kind])}
    typed = form.typed(manifest)
    assert form.manifest(typed, typed["metadata.name"]) == manifest
    assert form.spec.missing(typed) == ()


def test_every_member_of_the_forms_has_words() -> None:
    assert entry_forms().keys() == SPECS.keys() == TITLES.keys()
    for form in entry_forms().values():
        words = form.spec.words
        parts = [part.path for part in form.spec.parts]
        unnamed = [path for path in parts if ".".join(path[1:]) not in words.get(path[0], {})]
        assert unnamed == [], "give them words in exchange/console/entry_form.py"


@pytest.mark.parametrize("bad", ["\x00", "\u202e", "x" * 20_000, "{}", "[[", "9" * 5000])
def test_bad_input_on_a_form_is_never_a_server_error(small_world: World, bad: str) -> None:
    author = officer(small_world, "other")
    for kind in ("systems", "organisations", "divisions"):
        at = f"/console/entries/new?kind={kind}"
        token = form_of(author.get(at)).fields
        for field in entry_forms()[kind].fields(is_new=True):
            good = dict.fromkeys((each.name for each in entry_forms()[kind].fields(is_new=True)), "x")
            answer = author.post(at, {**token, **good, field.name: bad})
            assert answer.status_code in (303, 400, 403, 422), (field.name, answer.status_code)


@pytest.mark.parametrize("bad", ["%00", "..", "'", "x" * 300, "%F0%9F%98%80"])
def test_bad_input_is_never_a_server_error(drafted: World, bad: str) -> None:
    browser = officer(drafted, "pan")
    for path in (f"/console/entries/{bad}/x", f"/console/entries/evidence-types/{bad}", f"{AT}/{bad}",
                 f"/console/entries/new?kind={bad}", f"/console/entries/new?kind=systems&name={bad}",
                 f"/console/entries?status={bad}", f"/console/entries?after={bad}"):  # fmt: skip
        assert browser.get(path).status_code < 500, path


def test_every_word_is_there() -> None:
    assert entries.LABELS.keys() == COMMANDS.keys()
