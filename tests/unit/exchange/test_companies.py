"""Evidence about a company, asked by whoever acts for it: `mandate` proves the relation in its matters (ADR 0039)."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.store import cases
from exchange.store.cases import Proof
from kernel.identifiers import social_credit_code, subject
from tests.doubles.exchange import (
    ITEM,
    MARKET,
    OTHER_ITEM,
    OWNER,
    POLICE,
    STRANGER,
    WORKER,
    World,
    detail,
    grant,
    request,
    service_item,
    text,
)
from tests.unit.exchange.test_governed_call import code, only

SHOP = social_credit_code.compose("91", "500199", "DEMD0009").value
OTHER_SHOP = social_credit_code.compose("91", "500199", "DEMD0010").value
COMPANY = {"scheme": "social-credit-code", "value": SHOP}
LICENCE: dict[str, Any] = {
    "type": "licence",
    "fields": ["name"],
    "subject": COMPANY | {"relation": "represented-company"},
}
MANIFESTS: list[dict[str, Any]] = [
    {
        "kind": "EvidenceType",
        "metadata": {"name": "licence"},
        "spec": {
            "name": text("营业执照"),
            "provider": POLICE,
            "subject_scheme": "social-credit-code",
            "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
            "fields": {"name": {"label": text("名称")}},
        },
    },
    {
        "kind": "Connector",
        "metadata": {"name": "licences"},
        "spec": {
            "evidence_type": "licence",
            "adapter": "memory",
            "trust_grade": "A",
            "mapping": {"fields": {"name": {"column": "name"}}},
            "memory": {
                "subject_column": "id",
                "records": [{"id": SHOP, "name": "示范餐饮"}, {"id": OTHER_SHOP, "name": "别家"}],
            },
        },
    },
]


@pytest.fixture
def licensed(world: World) -> World:
    return with_licences(world)


@pytest.fixture
def small(small_world: World) -> World:
    return with_licences(small_world)


def with_licences(world: World, **changes: Any) -> World:
    """A world with licences, and a grant of them."""
    wanted = {"evidence_type": "licence", "fields": ["name"], "relations": ["represented-company"]}
    world.apply(*MANIFESTS, grant("G-LICENCE", **(wanted | changes)))
    world.rooms.policy.renew()
    world.approve("G-LICENCE")
    return world


def mandate(world: World, **changes: Any) -> dict[str, Any]:
    said = {
        "principal": COMPANY | {"name": "示范餐饮"},
        "capacity": "agent",
        "service_items": [ITEM],
        "exp": int(world.clock.now().timestamp()) + 300,
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def ask(world: World, case: str, *items: dict[str, Any], acting: Any = None, person: str | None = OWNER, **more: Any):
    wanted = items or (LICENCE,)
    token = world.issuer.token(world.holder, person=person, authorization_details=detail(case, *wanted), mandate=acting)
    return world.ask(case, *wanted, token=token, **more)


def company_case(world: World, company: str = SHOP, *others: tuple[str, str]) -> str:
    """A case whose applicant is a company, with these people (number, role)."""
    people = [{"scheme": "citizen-number", "value": value, "role": role} for value, role in others]
    applicant = {"scheme": "social-credit-code", "value": company, "role": "applicant"}
    body = {"service_item": ITEM, "reference": "2026-1", "subjects": [applicant, *people]}
    answer = world.call("POST", "/v1/cases", world.issuer.token(world.holder, scope="cases"), body)
    return str(answer.json["case"])


def test_who_joins_twice_is_a_party_since_the_first_time(small: World) -> None:
    """As of two requests at once, each of which found that they were none yet."""
    case = company_case(small, SHOP, (OWNER, "employee"))
    clock, index = small.clock, small.rooms.gateway.understanding.indexes.of(subject.parse("citizen-number", OWNER))
    first = clock.now()
    for role, since in (("representative", first), ("employee", None)):
        for _ in range(2):
            joined = small.outside.database.write(
                lambda connection, role=role: cases.join(connection, case, index, role, clock)
            )
            assert joined == since
            clock.advance(1)


def prove(world: World, case: str, number: str, relation: str) -> None:
    """Somebody of the case is proven to stand in this relation, as a delivered record would have it."""
    index = world.rooms.gateway.understanding.indexes.of(subject.parse("citizen-number", number))
    world.outside.database.write(
        lambda connection: cases.relate(connection, Proof(case, b"", "", "er_0", 0), [(index, relation)])
    )


@pytest.mark.parametrize("matters", ["all", [ITEM], [OTHER_ITEM, ITEM]])
def test_whoever_acts_for_the_company_obtains_its_evidence(licensed: World, matters: Any) -> None:
    case = company_case(licensed)
    item = only(ask(licensed, case, acting=mandate(licensed, service_items=matters)))
    assert item["data"] == {"name": "示范餐饮"}
    facts = licensed.events("EvidenceReleased")[-1]["facts"]
    assert (facts["relation"], facts["capacity"]) == ("represented-company", "agent")
    assert facts["representative"]
    assert not {word for word in (SHOP, OWNER, "pairwise-1") if word in repr(licensed.entries())}


def test_an_open_case_takes_the_company_in_with_its_person(small: World) -> None:
    """Nobody listed: the person joins by signing in (ADR 0013), and so does the company they act for."""
    case = small.open_case()
    assert only(ask(small, case, acting=mandate(small)))["data"] == {"name": "示范餐饮"}


def test_a_listed_applicant_keeps_a_company_out_that_was_not_listed(small: World) -> None:
    case = small.open_case((OWNER, "applicant"))
    assert code(ask(small, case, acting=mandate(small))) == "case.subject-not-in-case"


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {"service_items": [OTHER_ITEM]},
        {"service_items": []},
        {"service_items": None},
        {"exp": 1},
        {"principal": {"scheme": "social-credit-code", "value": OTHER_SHOP}},
    ],
)
def test_without_a_mandate_in_force_for_this_matter_and_company_nothing_is_given(small: World, wrong: Any) -> None:
    acting = None if wrong is None else mandate(small, **wrong)
    refused = ask(small, company_case(small), acting=acting)
    assert (refused.status_code, refused.json["code"]) == (403, "case.subject-not-in-case")
    joined = small.open_case()
    only(ask(small, joined, acting=mandate(small)))
    assert code(ask(small, joined, acting=acting)) == "case.relation-unproven"
    assert small.calls == [SHOP]


@pytest.mark.parametrize("relation", [None, "self", "employee"])
def test_the_relation_is_named_as_it_is(small: World, relation: str | None) -> None:
    case = company_case(small)
    named = LICENCE | {"subject": COMPANY | ({} if relation is None else {"relation": relation})}
    assert code(ask(small, case, named, acting=mandate(small))) == "case.relation-unproven"


@pytest.mark.parametrize(
    "broken",
    [
        "all",
        {"principal": "x"},
        {"principal": {"scheme": "citizen-number", "value": OWNER}},
        {"principal": {"scheme": "social-credit-code", "value": "1"}},
        {"service_items": "some"},
        {"service_items": [1]},
        {"capacity": None},
        {"exp": None},
        {"exp": "soon"},
    ],
)
def test_a_mandate_that_cannot_be_read_makes_the_token_invalid(small: World, broken: Any) -> None:
    acting = broken if isinstance(broken, str) else mandate(small, **broken)
    answer = ask(small, company_case(small), acting=acting)
    assert (answer.status_code, answer.json["code"]) == (401, "token.invalid")


def test_nobody_who_is_absent_acts_for_a_company(small: World) -> None:
    case = company_case(small)
    token = small.issuer.token(
        small.holder,
        authorization_details=detail(case, LICENCE),
        act={"sub": "officer-7"},
        mandate=mandate(small),
    )
    assert code(small.ask(case, LICENCE, token=token)) == "case.relation-unproven"


def test_the_grant_has_to_name_the_relation(small_world: World) -> None:
    world = with_licences(small_world, relations=["self"])
    assert code(ask(world, company_case(world), acting=mandate(world))) == "policy.relation-not-granted"


def test_what_was_given_is_given_again_only_to_whoever_still_acts(small: World) -> None:
    """By the same key, and by its own address: each time authorised anew."""
    case = company_case(small)
    first = ask(small, case, acting=mandate(small), Idempotency_Key="k-1")
    assert only(first)["status"] == "delivered"
    address = f"/v1/evidence-requests/{first.json['id']}"

    def again(acting: Any) -> Any:
        token = small.issuer.token(
            small.holder, person=OWNER, authorization_details=detail(case, LICENCE), mandate=acting
        )
        return small.call("GET", address, token)

    assert only(again(mandate(small)))["data"] == {"name": "示范餐饮"}
    for ended in (None, mandate(small, exp=1), mandate(small, service_items=[OTHER_ITEM])):
        assert "示范餐饮" not in again(ended).text
        assert "示范餐饮" not in ask(small, case, acting=ended, Idempotency_Key="k-1").text
    stranger = ask(small, case, person=STRANGER, acting=None)
    assert (stranger.status_code, stranger.json["code"]) == (403, "case.subject-not-in-case")


def test_the_company_consents_by_whoever_acts_for_it(small_world: World) -> None:
    """A grant that needs consent: what the representative agreed to on the page of consent is the company's."""
    small_world.revoke("G-IDENTITY")
    small_world.revoke("G-STAFF")
    small_world.apply(service_item(ITEM, MARKET, "consent"))
    world = with_licences(small_world, basis_kind="consent")
    assert only(ask(world, company_case(world), acting=mandate(world)))["data"] == {"name": "示范餐饮"}


def test_whoever_acted_for_the_company_is_in_its_case_no_longer_than_they_act(small: World) -> None:
    """Also for what was proven meanwhile about others: their right is the company's, not their own."""
    whom = {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}
    employee = {"type": "identity-card", "fields": ["name"], "subject": whom}
    case = company_case(small, SHOP, (WORKER, "employee"))
    only(ask(small, case, acting=mandate(small)))
    prove(small, case, WORKER, "employee")
    assert only(ask(small, case, employee, acting=mandate(small), Idempotency_Key="k-9"))["status"] == "delivered"
    request = small.events("EvidenceReleased")[-1]["request"]
    refused = ask(small, case, employee)
    assert (refused.status_code, refused.json["code"]) == (403, "case.subject-not-in-case")
    token = small.issuer.token(small.holder, person=OWNER, authorization_details=detail(case, employee))
    again = small.call("GET", f"/v1/evidence-requests/{request}", token)
    assert (again.status_code, again.json["code"]) == (403, "case.subject-not-in-case")


def test_a_mandate_for_a_company_outside_the_case_is_none_in_it(small_world: World) -> None:
    world = with_licences(small_world)
    world.apply(grant("G-MANDATED", evidence_type="staff-list", fields=["employer"], mandate_required=True))
    world.approve("G-MANDATED")
    world.officer("POST", "/v1/grants/G-STAFF/suspend", {"reason": "查"}, sub="s", roles=["governance-officer"])
    world.rooms.policy.renew()
    listed = world.open_case((OWNER, "applicant"))
    staff = {"type": "staff-list", "fields": ["employer"]}
    assert code(ask(world, listed, staff, acting=mandate(world))) == "policy.mandate-missing"
    assert only(ask(world, world.open_case(), staff, acting=mandate(world)))["status"] == "delivered"


def test_a_company_that_is_merely_named_by_a_record_has_nobody_who_could_preview(small: World) -> None:
    """Whoever asks might be anybody who worked there: only who acts for it by a mandate sees its record."""
    small.apply(grant("G-LICENCE", evidence_type="licence", fields=["name"], relations=["employer"]))
    small.approve("G-LICENCE")
    case = company_case(small, SHOP, (OWNER, "employee"))
    index = small.rooms.gateway.understanding.indexes.of(subject.parse("social-credit-code", SHOP))
    named = [(index, "employer")]
    small.outside.database.write(lambda connection: cases.relate(connection, Proof(case, b"", "", "er_0", 0), named))
    theirs = LICENCE | {"subject": COMPANY | {"relation": "employer"}}
    token = small.issuer.token(small.holder, person=OWNER, authorization_details=detail(case, theirs))
    body = request(case, theirs, delivery="preview")
    answer = small.call("POST", "/v1/evidence-requests", token, body)
    assert only(answer)["problem"]["code"] == "evidence.nobody-to-preview"
