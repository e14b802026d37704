"""A logged decision by its name: its clauses, made again by the rules of then, for whom, and nothing of a person."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from exchange.store.tables import decision
from kernel.identifiers.subject import SubjectRef
from policies import cedar
from tests.doubles.exchange import (
    MARKET,
    NAME,
    OWNER,
    POLICE,
    STAFF,
    URBAN,
    World,
    detail,
    service_item,
)
from tests.unit.exchange.test_emergency import opened, template, use
from tests.unit.exchange.test_replay import lived_through

AUDITOR: dict[str, Any] = {"sub": "auditor", "roles": ["auditor"], "organisation": URBAN}
CHEN: dict[str, Any] = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
BORN = {"type": "identity-card", "fields": ["born"]}


def told(world: World, name: str, **who: Any) -> Any:
    return world.officer("GET", f"/v1/decisions/{name}", **(who or AUDITOR))


def decided(world: World, *items: dict[str, Any]) -> list[str]:
    """The decisions that the log names, in the order of what was asked."""
    before = len(world.entries())
    world.ask(world.open_case(), *items)
    facts = [entry["facts"] for entry in world.entries()[before:]]
    return [one["decision"] for one in facts if "decision" in one]


def test_a_release_is_explained_by_every_clause_of_the_grants_that_the_ledger_names(world: World) -> None:
    (name,) = decided(world, NAME)
    (released,) = world.events("EvidenceReleased")
    found = told(world, name).json
    (entry,) = found["entries"]
    assert (entry["event"], entry["reason"]) == ("EvidenceReleased", None)
    assert (entry["said"]["decision"], entry["said"]["grants"]) == ("permit", released["facts"]["grants"])
    (state,) = (one for one in world.rooms.policy.current().image.members() if one.ref in released["facts"]["grants"])
    clauses = [clause["clause"] for clause in entry["said"]["clauses"]]
    assert clauses == [f"{state.ref}#c{number}" for number in range(len(cedar.clauses(state)))]
    assert all(clause["text"] for clause in entry["said"]["clauses"])
    assert entry["again"]["result"] == "agrees"
    assert (found["consumer"]["code"], found["provider"]["code"]) == (MARKET, POLICE)
    assert (entry["asked"]["fields"], entry["said"]["release"]) == (["name"], {"name": "clear"})


def test_a_refusal_is_explained_by_the_clauses_that_the_answer_named(world: World) -> None:
    answer = world.ask(world.open_case(), BORN).json["evidence"][0]["problem"]
    (entry,) = told(world, answer["decision_id"]).json["entries"]
    assert entry["reason"]["code"] == entry["said"]["code"] == "policy.field-not-granted"
    assert [(one["clause"], one["text"]) for one in entry["said"]["clauses"]] == [
        (one["clause"], one["text"]) for one in answer["unmet"]
    ]
    assert entry["again"]["result"] == "agrees"


def test_it_is_made_again_by_the_rules_of_then_whatever_became_of_them(world: World) -> None:
    """Grants suspended, an entry of the catalogue changed since, an entry that was not there yet."""
    lived_through(world)
    world.apply(service_item("11500000DEM000057T3500131002000", MARKET))
    names = [entry["facts"]["decision"] for entry in world.entries() if "decision" in entry["facts"]]
    assert len(set(names)) == 5
    for name in names:
        (entry,) = told(world, name).json["entries"]
        assert entry["again"]["result"] == "agrees", name


def test_a_verdict_that_was_changed_afterwards_is_seen_to_differ(small_world: World) -> None:
    (name,) = decided(small_world, NAME)
    with small_world.outside.database.engine.begin() as connection:
        connection.execute(sa.update(decision).values(verdict=sa.func.replace(decision.c.verdict, "@1", "@7")))
    (entry,) = told(small_world, name).json["entries"]
    assert entry["said"]["grants"] == ["G-IDENTITY@7"]
    assert (entry["again"]["result"], entry["again"]["said"]["grants"]) == ("differs", ["G-IDENTITY@1"])


def test_what_other_rules_decided_is_told_and_not_compared(small_world: World) -> None:
    (name,) = decided(small_world, BORN)
    with small_world.outside.database.engine.begin() as connection:
        connection.execute(sa.update(decision).values(rules="another"))
    (entry,) = told(small_world, name).json["entries"]
    assert entry["again"]["result"] == "other-rules"
    (clause,) = entry["said"]["clauses"]
    assert clause["clause"] == "G-IDENTITY@1#c4"
    assert "姓名" in clause["text"]  # what the clause asks for, where the refusal's own words are not made again


def test_a_refusal_that_policies_were_not_asked_about_says_why(small_world: World) -> None:
    stranger = {**NAME, "subject": {"scheme": "citizen-number", "value": OWNER, "relation": "child"}}
    (name,) = decided(small_world, stranger)
    (entry,) = told(small_world, name, **CHEN).json["entries"]
    assert (entry["asked"], entry["said"], entry["again"]) == (None, None, None)
    assert entry["reason"]["code"] == small_world.events("EvidenceRefused")[0]["facts"]["reason"]
    assert entry["reason"]["text"] != entry["reason"]["code"]


def test_an_answer_refused_when_it_was_asked_for_again_is_a_decision_of_its_own(small_world: World) -> None:
    case = small_world.open_case()
    request = small_world.ask(case, NAME).json["id"]
    small_world.officer("POST", "/v1/grants/G-IDENTITY/suspend", {"reason": "x"}, sub="a", roles=["governance-officer"])
    small_world.rooms.policy.renew()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    refused = small_world.call("GET", f"/v1/evidence-requests/{request}", token).json
    (entry,) = told(small_world, refused["decision_id"], **CHEN).json["entries"]
    assert (entry["event"], entry["said"]["decision"]) == ("EvidenceRefused", "deny")
    (first,) = told(small_world, small_world.events("EvidenceReleased")[0]["facts"]["decision"]).json["entries"]
    assert (first["event"], first["said"]["decision"]) == ("EvidenceReleased", "permit")


def test_who_may_read_a_decision(small_world: World) -> None:
    (name,) = decided(small_world, NAME)
    for who in (
        AUDITOR,
        {"sub": "d", "roles": ["data-protection-officer"], "organisation": URBAN},
        CHEN,
        {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE},
    ):
        assert told(small_world, name, **who).status_code == 200, who
    strangers = (
        {"sub": "c", "roles": ["consumer-officer"], "organisation": URBAN},
        {"sub": "g", "roles": ["governance-officer", "governance-approver"], "organisation": URBAN},
    )
    for who in strangers:
        answer = told(small_world, name, **who)
        assert (answer.status_code, answer.json["code"]) == (404, "decision.unknown"), who
        assert small_world.officer("GET", "/v1/decisions", **who).json == {"decisions": [], "next": None}
    token = small_world.issuer.token(small_world.holder)
    assert small_world.call("GET", f"/v1/decisions/{name}", token).status_code == 403


def test_a_name_that_is_none_is_a_clear_problem(small_world: World) -> None:
    (name,) = decided(small_world, NAME)
    body, _, epoch = name.rpartition("_")
    start, _, _item = body.rpartition("_")
    for bad in (
        "dec_x", "x", f"{name}0", f"{body}_{int(epoch) + 1}", f"{start}_1_{epoch}", f"{start}_00_{epoch}",
        f"{body}_" + "9" * 15, f"{body}_" + "9" * 400, name.upper(),
    ):  # fmt: skip
        answer = told(small_world, bad)
        assert (answer.status_code, answer.json["code"]) == (404, "decision.unknown"), bad
        assert answer.json["next_step"]


def test_nothing_of_a_person_stands_in_it(small_world: World) -> None:
    (name, _) = decided(small_world, NAME, STAFF)
    shown = told(small_world, name).text + small_world.officer("GET", "/v1/decisions", **AUDITOR).text
    for known in (OWNER, "陈示例", "pairwise-1", "case_"):
        assert known not in shown
    index = small_world.rooms.gateway.understanding.indexes.of(SubjectRef("citizen-number", OWNER))
    with small_world.outside.database.read() as connection:
        subject = connection.execute(sa.select(decision.c.subject)).scalars().first()
    assert bytes(subject) == index  # it stands in the log
    assert index.hex() not in shown


def test_decisions_are_listed_newest_first_a_page_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*decided(world, NAME, BORN), *decided(world, STAFF)]
    seen: list[str] = []
    before = ""
    while True:
        page = world.officer("GET", f"/v1/decisions?limit=1{before}", **CHEN).json
        seen += [one["decision"] for one in page["decisions"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert seen == names[::-1]
    newest = world.officer("GET", "/v1/decisions", **CHEN).json["decisions"][0]
    assert (newest["said"], newest["code"], newest["outcome"]) == ("permit", None, "released")
    monkeypatch.setattr("exchange.governance.decisions.desk.MOST_LOOKED_AT", 1)
    few = world.officer("GET", "/v1/decisions", **CHEN).json
    assert (len(few["decisions"]), few["next"]) == (1, few["decisions"][0]["entry"])
    for wrong in ("before=x", "before=-1", "limit=0", "before=" + "9" * 30):
        assert world.officer("GET", f"/v1/decisions?{wrong}", **CHEN).status_code == 422, wrong


def test_under_an_opening_it_is_told_as_well(small_world: World) -> None:
    template(small_world)
    case, opening = opened(small_world)
    use(small_world, case, opening)
    (released,) = small_world.events("EvidenceReleased")
    (entry,) = told(small_world, released["facts"]["decision"]).json["entries"]
    assert (entry["said"]["grants"], entry["again"]["result"]) == (["G-RESCUE@1"], "agrees")
    assert entry["asked"]["emergency"]["id"] == opening
