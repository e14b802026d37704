"""Catalogue entries on the officers' pages: the draft beside what is published, every command, refusals that help."""

from __future__ import annotations

import html
import json
import re
from copy import deepcopy

import pytest

from exchange.catalogue import desk
from exchange.catalogue.entry_views import COMMANDS
from exchange.console import entries
from tests.doubles.browser import form_of
from tests.doubles.exchange import IDENTITY_CARD, MARKET, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser

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
    assert reviewer.press(f"{AT}/return").status_code == 422
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


@pytest.mark.parametrize("bad", ["%00", "..", "'", "x" * 300, "%F0%9F%98%80"])
def test_bad_input_is_never_a_server_error(drafted: World, bad: str) -> None:
    browser = officer(drafted, "pan")
    for path in (f"/console/entries/{bad}/x", f"/console/entries/evidence-types/{bad}", f"{AT}/{bad}",
                 f"/console/entries?status={bad}", f"/console/entries?after={bad}"):  # fmt: skip
        assert browser.get(path).status_code < 500, path


def test_every_word_is_there() -> None:
    assert entries.LABELS.keys() == COMMANDS.keys()
