"""Released ⊆ requested ∩ granted also where the person is asked first: whatever is asked for and whatever is answered.

Every value of every candidate is a canary of its own. Until answers lead to one record none of them is shown to
anybody; then those of that record and of the fields asked for are, and no other. No answer stands in the log or the
tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.further import Further, UnusableAnswers
from tests.doubles.exchange import (
    OWNER,
    RECORDS,
    World,
    connector,
    detail,
    prepared_postgresql,
    prepared_sqlite,
    request,
    small_world,
)
from tests.doubles.kept import kept
from tests.unit.exchange.test_previews import mine

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]
FIELDS, GRANTED = ("name", "born", "address", "until"), frozenset({"name", "address"})
DISTRICTS = ("510001", "520002", "530003")
CANDIDATES = [
    {
        "id": OWNER, "district": district, "name": f"鸟{number}甲", "born": f"19{number}0-01-01",
        "address": f"巢{number}乙", "until": f"203{number}-01-01",
    }
    for number, district in enumerate((*DISTRICTS, DISTRICTS[-1]), start=1)
]  # fmt: skip
"""Two of them cannot be told apart by what is asked."""
CANARY = re.compile("鸟[0-9]甲|巢[0-9]乙|19[1-4]0-01-01|203[1-4]-01-01")
QUESTION = {
    "name": "district",
    "label": {"zh": "区县", "en": "District"},
    "type": "text",
    "pattern": "5\\d{5}",
    "example": "500000",
}
ANSWERS = st.lists(st.sampled_from((*DISTRICTS, "540004")), min_size=1, max_size=3)


@pytest.fixture
def asking_world(small_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Four candidates for one person, in a register that asks for the district."""
    monkeypatch.setitem(RECORDS, "identity-card", CANDIDATES)
    manifest = connector("identity", "identity-card", {name: name for name in FIELDS})
    manifest["spec"]["memory"]["where"] = {"district": "{district}"}
    manifest["spec"]["further"] = {"when": ["ambiguous"], "attempts": 3, "questions": [QUESTION]}
    small_world.apply(manifest)
    small_world.rooms.policy.renew()
    return small_world


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.one_of(
        st.lists(st.sampled_from(sorted(GRANTED)), min_size=1, max_size=2, unique=True),
        st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True),
    ),
    mode=st.sampled_from(("direct", "preview")),
    answers=ANSWERS,
)
def test_nothing_of_a_candidate_is_told_but_what_was_asked_for_of_the_one(
    asking_world: World, asked: Sequence[str], mode: str, answers: Sequence[str]
) -> None:
    world = asking_world
    world.clock.advance(86_401)  # what was answered before counts no longer
    world.rooms.policy.renew()
    item = {"type": "identity-card", "fields": [*asked]}
    case = world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, item))
    first: Any = world.call("POST", "/v1/evidence-requests", token, request(case, item, delivery=mode))
    assert CANARY.findall(first.text) == []
    if first.json["status"] == "refused":
        assert not set(asked) <= GRANTED
        return
    assert first.json["evidence"][0]["reason"] == "further-questions"
    name, before = first.json["id"], len(world.events("EvidenceReleased"))
    told, seen, ended = _answered(world, name, answers)
    for text in told:
        assert CANARY.findall(text) == []
    after = world.call("GET", f"/v1/evidence-requests/{name}", token)
    hit = next((one for one in answers if one in DISTRICTS[:2]), None)
    allowed = {one[field] for one in CANDIDATES if one["district"] == hit for field in asked if field in GRANTED}
    assert set(CANARY.findall(after.text + seen)) == (allowed if ended == "delivered" or mode == "preview" else set())
    assert (ended == "delivered") == bool(hit)
    assert len(world.events("EvidenceReleased")) == before + (ended == "delivered")
    _is_nowhere(world, answers)


def _answered(world: World, name: str, answers: Sequence[str]) -> tuple[list[str], str, str]:
    """What is told until answers lead to one record, what is then shown, and how it ends."""
    told, status = [], ""
    for one in answers:
        page = mine(world, path=f"/{name}/0")
        body = {"answers": {"district": one}, "digest": page.json["digest"]}
        answer = mine(world, "POST", f"/{name}/0/answers", body)
        told += [page.text, answer.text]
        status = answer.json["status"] if answer.status_code == 200 else "waits"
        if status != "waits":
            break
    if status != "awaiting-preview":
        return told, "", status
    shown = mine(world, path=f"/{name}/0")
    done = mine(world, "POST", f"/{name}/0", {"reply": "provide", "digest": shown.json["digest"]})
    return told, shown.text, done.json["status"]


def _is_nowhere(world: World, answers: Sequence[str]) -> None:
    """No answer stands in the log, nor in a table that counts or waits."""
    rows = kept(world.outside.database, "further_answer", "waiting_item", "evidence_request")
    everything = json.dumps(world.entries(), ensure_ascii=False) + rows
    for one in answers:
        assert f'"{one}"' not in everything
        assert f"'{one}'" not in everything


NAMES = ("district", "year", "port", "born", "kind")
FORMS: tuple[dict[str, Any], ...] = (
    {"type": "text", "example": "500000", "pattern": "5\\d{5}"},
    {"type": "text", "example": "a", "max_length": 3},
    {"type": "year"},
    {"type": "date"},
    {"type": "choice", "choices": [{"code": code, "label": {"zh": code, "en": code}} for code in ("1", "2")]},
)
SHAPES = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(FORMS), st.booleans()),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[0],
).filter(lambda shapes: sum(optional for *_, optional in shapes) in range(min(len(shapes), 4)))
VALUES = (None, "", " ", "500000", "５０００００", "1980", "1980-2-3", "1980-02-30", "1", "abc", "abcd", 5, "\n")
TYPED = st.dictionaries(st.sampled_from((*NAMES, "other")), st.sampled_from(VALUES))


@given(shapes=SHAPES, typed=TYPED, attempts=st.integers(1, 5))
def test_questions_that_are_passed_on_take_what_the_source_takes(
    shapes: Sequence[tuple[str, dict[str, Any], bool]], typed: dict[str, Any], attempts: int
) -> None:
    """ADR 0067: whoever puts them for us accepts and refuses the same, and what it passes on is read as the same."""
    questions = [
        {"name": name, "label": {"zh": name, "en": name}, "optional": optional, **form}
        for name, form, optional in shapes
    ]
    here = Further.parse({"when": ["ambiguous"], "attempts": attempts, "questions": questions})
    there = Further.parse({"when": ["always"], "attempts": attempts, "questions": here.members()})
    assert (there.questions, there.attempts, there.may_be_empty) == (here.questions, here.attempts, here.may_be_empty)
    assert answered(there, typed) == answered(here, typed)
    told, errors = answered(there, typed)
    if not errors:
        assert answered(here, told) == (told, {})  # what was passed on is read as it was meant
        assert here.names - told.keys() in {frozenset(), *here.may_be_empty}


def answered(further: Further, typed: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """What the source is told, or what is wrong."""
    try:
        return dict(further.read(typed)), {}
    except UnusableAnswers as unusable:
        return {}, dict(unusable.errors)
