"""Consents by guardians for minors, and by representatives, agents and administrators for companies (ADR 0062)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Query
from exchange.authentication.revocations import Revocations
from exchange.consents import ending
from exchange.consents.ending import MandateEnds
from exchange.gateway.parties import comes_of_age, is_minor
from exchange.store.consents import Artefact
from kernel.identifiers import subject
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger
from tests.doubles.exchange import (
    BEFORE_FETCH,
    ITEM,
    MARKET,
    OTHER_ITEM,
    OWNER,
    STAFF_LIST,
    STRANGER,
    WORKER,
    World,
    connector,
    copied,
    copy_of,
    detail,
    grant,
    lived,
    make_world,
    number,
    service_item,
)
from tests.doubles.exchange import request as request_of
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_companies import COMPANY, LICENCE, OTHER_SHOP, SHOP, company_case, with_licences
from tests.unit.exchange.test_companies import mandate as mandate_of
from tests.unit.exchange.test_consents import DAY, absent, ask_for, mine, outcome, state
from tests.unit.exchange.test_previews import reply as provide

CHILD, TEENAGER = number(8, "2016-03-04"), number(10, "2012-12-01")
"""Ten years old; and fourteen in a week."""
NAMED = {"type": "identity-card", "fields": ["name"]}
OWN_LIST = {"type": "staff-list", "fields": ["employer"]}
REFERENCE = "mandate-of-the-shop"
Family = tuple[World, str]
_SEEDS = itertools.count(560_000)


def about(child: str) -> dict[str, Any]:
    return NAMED | {"subject": {"scheme": "citizen-number", "value": child, "relation": "child"}}


def on_guardians_consent(world: World) -> str:
    """Consent is the ground, and the staff list stands in for a register of births: who names whom as a child."""
    for name in ("G-IDENTITY", "G-STAFF"):
        world.revoke(name)
    relations = [{"relation": "child", "field": "staff"}]
    world.apply(STAFF_LIST | {"spec": STAFF_LIST["spec"] | {"relations": relations}})
    with_records(world, [OWNER, STRANGER])
    world.apply(service_item(ITEM, MARKET, kind="consent"))
    consent: dict[str, Any] = {"basis_kind": "consent", "absent_allowed": True}
    world.apply(
        grant("G-IDENTITY", **consent, relations=["self", "child"]),
        grant("G-STAFF", **consent, evidence_type="staff-list", fields=["employer"]),
    )
    with_licences(world, **consent, relations=["self", "represented-company"])
    for name in ("G-IDENTITY", "G-STAFF"):
        world.approve(name)
    return family_case(world)


def with_records(world: World, parents: list[str]) -> None:
    """From now on these are the parents whose records name the children."""
    people = [
        {"id": one, "name": "陈小样", "born": born, "address": "演示区一号", "until": "长期"}
        for one, born in ((CHILD, "2016-03-04"), (TEENAGER, "2012-12-01"), (OWNER, "1990-03-12"))
    ]
    fields = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}
    cards = connector("identity", "identity-card", fields)
    cards["spec"]["memory"]["records"] = people
    staff = connector("staff", "staff-list", {"employer": "employer", "staff": "staff"})
    staff["spec"]["memory"]["records"] = [
        {"id": one, "employer": "演示餐饮", "staff": [CHILD, TEENAGER] if one in parents else []}
        for one in (OWNER, STRANGER, WORKER)
    ]
    world.apply(cards, staff)
    world.rooms.policy.renew()


def family_case(world: World, *others: str) -> str:
    """A case of the owner, their children, and the other parent; both parents' records were obtained in it."""
    case = world.open_case(
        (OWNER, "applicant"), (CHILD, "child"), (TEENAGER, "child"), (STRANGER, "parent"), (WORKER, "aunt")
    )
    for parent in (OWNER, STRANGER, WORKER):
        assert world.ask(case, OWN_LIST, person=parent).json["status"] == "delivered"
    return case


@pytest.fixture(scope="module")
def prepared_family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    """Prepared once, to be copied."""
    folder = tmp_path_factory.mktemp("guardians")
    url = copied(request, folder)
    with lived(make_world(url, folder, seed=4713)) as world:
        return url, folder, on_guardians_consent(world)


@pytest.fixture
def family(request: pytest.FixtureRequest, prepared_family: tuple[str, Path, str], tmp_path: Path) -> Iterator[Family]:
    url, folder, case = prepared_family
    with lived(make_world(copy_of((url, folder), request, tmp_path), tmp_path, seed=next(_SEEDS))) as world:
        yield world, case


def asked_about(world: World, case: str, child: str = CHILD, **more: Any) -> str:
    answer = ask_for(world, case, subject={"scheme": "citizen-number", "value": child}, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json["consent"])


def say(world: World, consent: str, reply: str, person: str, **more: Any) -> Any:
    """What somebody says; whoever may not look says it to exactly the right terms all the same."""
    seen = mine(world, path=f"/{consent}", person=person, **more)
    terms = seen.json.get("terms", "sha256:" + "0" * 64)
    return mine(world, "POST", f"/{consent}", {"reply": reply, "terms": terms}, person=person, **more)


# Guardians --------------------------------------------------------------------------------------------------------


def test_a_guardian_consents_for_the_child_and_the_receipt_says_who_for_whom(family: Family) -> None:
    world, case = family
    assert outcome(absent(world, case, about(CHILD))) == "policy.consent-missing"
    consent = asked_about(world, case)
    (listed,) = mine(world).json["consents"]
    assert (listed["consent"], listed["acting"]["capacity"]) == (consent, "guardian")
    assert listed["acting"]["principal"] == f"{CHILD[:4]}{'*' * 10}{CHILD[-4:]}"
    assert say(world, consent, "give", OWNER).json["status"] == "in-force"
    assert absent(world, case, about(CHILD)).json["evidence"][0]["data"] == {"name": "陈小样"}
    receipt = mine(world, path=f"/{consent}/receipt").json["receipt"]
    ends = f"{OWNER[:4]}{'*' * 10}{OWNER[-4:]}"
    assert receipt["acted_for"] == {"capacity": "guardian", "principal": listed["acting"]["principal"], "by": ends}
    (entry,) = world.events("ConsentGiven")
    assert entry["facts"]["capacity"] == "guardian"
    assert not {one for one in (OWNER, CHILD) if one in repr(world.entries()) or one in json.dumps(receipt)}
    token = world.issuer.token(world.holder, "portal", person=CHILD, scope="usage")
    told = [one["sentence"]["zh"] for one in world.call("GET", "/v1/usage", token).json["entries"]]
    assert any("您的监护人代您答复：已同意。" in one for one in told), told


def test_it_covers_that_child_alone_whoever_else_stands_in_the_request(family: Family) -> None:
    world, case = family
    say(world, asked_about(world, case), "give", OWNER)
    own = NAMED | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    came = absent(world, case, about(CHILD), about(TEENAGER), own).json["evidence"]
    assert [item.get("problem", {}).get("code", item["status"]) for item in came] == [
        "delivered",
        "policy.consent-missing",
        "policy.consent-missing",
    ]


@pytest.mark.parametrize("person", [WORKER, number(12)])
def test_somebody_elses_child_is_nobodys_to_answer_for(family: Family, person: str) -> None:
    """An aunt is a party of the same case, her own record was obtained in it: it names no child."""
    world, case = family
    consent = asked_about(world, case)
    assert mine(world, person=person).json["consents"] == []
    assert say(world, consent, "give", person).json["code"] == "consent.unknown"
    assert outcome(absent(world, case, about(CHILD))) == "policy.consent-missing"
    say(world, consent, "give", OWNER)
    for reply in ("withdraw", "decline"):
        assert say(world, consent, reply, person).json["code"] == "consent.unknown"
    assert mine(world, path=f"/{consent}/receipt", person=person).json["code"] == "consent.unknown"
    assert outcome(absent(world, case, about(CHILD))) == "delivered"


def test_the_child_may_read_it_and_not_answer_it(family: Family) -> None:
    world, case = family
    consent = asked_about(world, case)
    assert mine(world, path=f"/{consent}", person=CHILD).json["acting"]["capacity"] == "minor"
    for reply in ("give", "decline", "withdraw"):
        refused = say(world, consent, reply, CHILD)
        assert (refused.status_code, refused.json["code"]) == (403, "consent.guardian-needed")
    assert state(world, consent)["status"] == "asked"


def test_a_claimed_relation_makes_nobody_a_guardian(family: Family) -> None:
    """What the department wrote when it opened the case proves nothing; neither does a proof in another case."""
    world, _ = family
    case = world.open_case((OWNER, "applicant"), (CHILD, "child"))
    answer = ask_for(world, case, subject={"scheme": "citizen-number", "value": CHILD})
    assert (answer.status_code, answer.json["code"]) == (422, "consent.guardian-unproven")
    assert world.ask(case, OWN_LIST).json["status"] == "delivered"
    consent = asked_about(world, case)
    assert say(world, consent, "give", STRANGER).json["code"] == "consent.unknown"  # a parent, but not proven here
    say(world, consent, "give", OWNER)
    assert outcome(absent(world, case, about(CHILD))) == "delivered"


def test_of_two_guardians_either_takes_back_what_the_other_gave(family: Family) -> None:
    world, case = family
    consent = asked_about(world, case)
    assert say(world, consent, "give", OWNER).json["status"] == "in-force"
    assert outcome(absent(world, case, about(CHILD))) == "delivered"
    assert say(world, consent, "withdraw", STRANGER).json["status"] == "withdrawn"
    assert outcome(absent(world, case, about(CHILD))) == "policy.consent-missing"
    assert say(world, consent, "give", OWNER).json["code"] == "consent.answered-or-over"
    assert mine(world, path=f"/{consent}").json["status"] == "withdrawn"


def test_what_one_guardian_declined_the_other_does_not_give(family: Family) -> None:
    world, case = family
    consent = asked_about(world, case)
    assert say(world, consent, "decline", STRANGER).json["status"] == "declined"
    assert say(world, consent, "give", OWNER).json["code"] == "consent.answered-or-over"
    again = ask_for(world, case, subject={"scheme": "citizen-number", "value": CHILD})
    assert again.json["code"] == "consent.asked-already"


def test_it_ends_with_the_childs_coming_of_age(family: Family) -> None:
    world, case = family
    consent = asked_about(world, case, TEENAGER, until="2027-06-01")
    assert say(world, consent, "give", OWNER).json["until"] == "2026-11-30T16:00:00.000Z"  # midnight in China
    late = asked_about(world, case, TEENAGER, fields=["address"])
    assert outcome(absent(world, case, about(TEENAGER))) == "delivered"
    world.clock.advance((datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC) - world.clock.now()).total_seconds())
    assert outcome(absent(world, case, about(TEENAGER))) == "delivered"
    world.clock.advance(1)
    assert outcome(absent(world, case, about(TEENAGER))) == "policy.consent-missing"
    for reply in ("give", "withdraw"):
        assert say(world, late, reply, OWNER).json["code"] == "consent.unknown"
    assert mine(world).json["consents"] == []
    # From now on it is the former minor's own matter, asked for anew and answered by them.
    own = asked_about(world, case, TEENAGER)
    assert say(world, own, "give", OWNER).json["code"] == "consent.unknown"
    assert say(world, own, "give", TEENAGER).json["status"] == "in-force"
    assert outcome(absent(world, case, about(TEENAGER))) == "delivered"


@pytest.mark.parametrize("born", ["2012-02-29", "2016-02-29", "2013-03-01", "2012-12-31"])
def test_the_coming_of_age_is_the_first_moment_at_which_nobody_is_a_minor(born: str) -> None:
    person = subject.parse("citizen-number", number(14, born))
    moment = comes_of_age(person)
    assert moment is not None
    assert is_minor(person, datetime.fromtimestamp(moment.timestamp() - 0.001, UTC))
    assert not is_minor(person, moment)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_it_ends_when_the_guardians_record_names_the_child_no_more(family: Family, when: str) -> None:
    world, case = family
    say(world, asked_about(world, case), "give", STRANGER)
    assert outcome(absent(world, case, about(CHILD))) == "delivered"
    with_records(world, [OWNER])
    if when == "before":
        assert world.ask(case, OWN_LIST, person=STRANGER).json["status"] == "delivered"
    else:
        done: list[str] = []

        def meanwhile(_query: Query) -> None:
            if not done:
                done.append("asked")
                assert world.ask(case, OWN_LIST, person=STRANGER).json["status"] == "delivered"

        BEFORE_FETCH.append(meanwhile)
    # The owner is the child's guardian still, and the applicant: only the consent has ended.
    assert outcome(absent(world, case, about(CHILD))) == "policy.consent-missing"


@pytest.mark.parametrize(("then", "now"), [([OWNER], []), ([], [OWNER])])
def test_an_old_preview_says_nothing_against_a_record_that_was_read_later(
    family: Family, then: list[str], now: list[str]
) -> None:
    """Neither does a former guardian become one again by it, nor does it take a guardian's right away."""
    world, case = family
    consent = asked_about(world, case)
    with_records(world, [STRANGER, *then])
    name = own_list_to_preview(world, case)
    world.clock.advance(DAY)
    with_records(world, [STRANGER, *now])
    assert world.ask(case, OWN_LIST, person=OWNER).json["status"] == "delivered"
    assert provide(world, name, "provide").json["status"] == "delivered"
    answer = say(world, consent, "give", OWNER).json
    assert answer.get("code", answer.get("status")) == ("in-force" if now else "consent.unknown")


@pytest.mark.parametrize("last", ["older", "newer"])
def test_of_two_previews_the_one_that_was_read_later_says_who_is_the_guardian(family: Family, last: str) -> None:
    """Whichever is agreed to last, and however late."""
    world, case = family
    consent = asked_about(world, case)
    older = own_list_to_preview(world, case)
    world.clock.advance(DAY)
    with_records(world, [STRANGER])
    newer = own_list_to_preview(world, case)
    world.clock.advance(DAY)
    for name in (newer, older) if last == "older" else (older, newer):
        assert provide(world, name, "provide").json["status"] == "delivered"
        world.clock.advance(1)
    assert say(world, consent, "give", OWNER).json["code"] == "consent.unknown"


def own_list_to_preview(world: World, case: str) -> str:
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, OWN_LIST))
    body = request_of(case, OWN_LIST, delivery="preview")
    return str(world.call("POST", "/v1/evidence-requests", token, body).json["id"])


def test_of_two_requests_at_once_the_record_read_last_says_who_is_the_guardian(family: Family) -> None:
    """The one that reads it had begun when nothing was proven yet."""
    world, _ = family
    case = world.open_case((OWNER, "applicant"), (CHILD, "child"), (STRANGER, "parent"))
    assert world.ask(case, OWN_LIST, person=STRANGER).json["status"] == "delivered"
    consent = asked_about(world, case)
    begun: list[str] = []

    def meanwhile(_query: Query) -> None:
        if not begun:
            begun.append("asked")
            assert world.ask(case, OWN_LIST, person=OWNER).json["status"] == "delivered"
            assert mine(world, path=f"/{consent}").status_code == 200
            with_records(world, [STRANGER])

    BEFORE_FETCH.append(meanwhile)
    assert world.ask(case, OWN_LIST, person=OWNER).json["status"] == "delivered"
    assert say(world, consent, "give", OWNER).json["code"] == "consent.unknown"


def test_a_ward_who_was_erased_leaves_the_guardian_the_list_of_the_others(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes after stays where it was, also behind a page on which nothing is left to show."""
    monkeypatch.setattr("exchange.consents.desk.ON_A_PAGE", 1)
    world, case = family
    theirs = asked_about(world, case, TEENAGER, until="2026-11-28")
    world.clock.advance(1)
    erased = asked_about(world, case)
    world.outside.ledger.erase(SubjectRef("citizen-number", CHILD))
    first = mine(world).json
    assert (first["consents"], first["next"]) == ([], erased)
    then = mine(world, path=f"?before={erased}").json
    assert ([one["consent"] for one in then["consents"]], then["next"]) == ([theirs], None)
    assert mine(world, path=f"/{erased}").json["code"] == "consent.unknown"


def test_a_guardians_consent_counts_in_another_case_only_where_that_guardian_is_proven(family: Family) -> None:
    world, case = family
    say(world, asked_about(world, case), "give", STRANGER)
    other = world.open_case((OWNER, "applicant"), (CHILD, "child"), (STRANGER, "parent"))
    assert world.ask(other, OWN_LIST).json["status"] == "delivered"
    assert outcome(absent(world, other, about(CHILD))) == "policy.consent-missing"
    assert world.ask(other, OWN_LIST, person=STRANGER).json["status"] == "delivered"
    assert outcome(absent(world, other, about(CHILD))) == "delivered"


# Companies --------------------------------------------------------------------------------------------------------


def acting(world: World, reference: str | None = REFERENCE, **changes: Any) -> dict[str, Any]:
    """The claims of whoever acts for the shop; ``reference`` travels for the exchange's eyes alone."""
    until = int(world.clock.now().timestamp()) + 30 * DAY
    return {"mandate": mandate_of(world, **({"exp": until} | changes)), "mandate_reference": reference}


def asked_of_the_shop(world: World, case: str, **more: Any) -> str:
    more = {"evidence_type": "licence", "subject": COMPANY, "fields": ["name"]} | more
    answer = ask_for(world, case, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json["consent"])


def licence(world: World, case: str) -> str:
    return outcome(absent(world, case, LICENCE | {"subject": COMPANY}))


@pytest.mark.parametrize("capacity", ["agent", "legal-representative"])
def test_whoever_acts_for_a_company_consents_for_it(family: Family, capacity: str) -> None:
    world, _ = family
    case = company_case(world)
    assert licence(world, case) == "policy.consent-missing"
    consent = asked_of_the_shop(world, case)
    claims = acting(world, capacity=capacity)
    assert mine(world).json["consents"] == []
    given = say(world, consent, "give", OWNER, **claims).json
    assert (given["status"], given["acting"]["capacity"], given["acting"]["principal"]) == ("in-force", capacity, SHOP)
    assert licence(world, case) == "delivered"
    receipt = mine(world, path=f"/{consent}/receipt", **claims).json["receipt"]
    assert (receipt["acted_for"]["capacity"], receipt["acted_for"]["principal"]) == (capacity, SHOP)
    assert OWNER not in json.dumps(receipt)
    # It is the company's: another who acts for it takes it back, under their own name.
    assert say(world, consent, "withdraw", STRANGER, **acting(world, "another")).json["status"] == "withdrawn"
    assert licence(world, case) == "policy.consent-missing"
    assert not {one for one in (OWNER, STRANGER, SHOP) if one in repr(world.entries())}


@pytest.mark.parametrize(
    "wrong",
    [
        {"service_items": [OTHER_ITEM]},
        {"service_items": []},
        {"exp": 1},
        {"principal": {"scheme": "social-credit-code", "value": OTHER_SHOP}},
    ],
)
def test_without_a_mandate_in_force_in_this_matter_nobody_consents_for_it(family: Family, wrong: Any) -> None:
    world, _ = family
    case = company_case(world)
    consent = asked_of_the_shop(world, case)
    claims = acting(world, **wrong)
    assert mine(world, **claims).json["consents"] == []
    assert say(world, consent, "give", OWNER, **claims).json["code"] == "consent.unknown"
    # Nor where the exchange was told no reference: it would not hear of the end.
    assert say(world, consent, "give", OWNER, **acting(world, None)).json["code"] == "consent.unknown"


def test_it_ends_with_the_mandates_term(family: Family) -> None:
    world, _ = family
    case = company_case(world)
    until = int(world.clock.now().timestamp()) + 3 * DAY
    consent = asked_of_the_shop(world, case)
    given = say(world, consent, "give", OWNER, **acting(world, exp=until)).json
    assert given["until"] == "2026-11-26T09:30:00.000Z"
    world.clock.advance(3 * DAY - 1)
    assert licence(world, case) == "delivered"
    world.clock.advance(1)
    assert (licence(world, case), state(world, consent)["status"]) == ("policy.consent-missing", "ended")


def test_it_ends_when_the_mandate_is_withdrawn_and_the_log_says_so_once(family: Family) -> None:
    world, _ = family
    case = company_case(world)
    consent = asked_of_the_shop(world, case)
    say(world, consent, "give", OWNER, **acting(world))
    other = asked_of_the_shop(world, case, predicates=[], frequency="once")  # of somebody whose mandate goes on
    say(world, other, "give", STRANGER, **acting(world, "another"))
    second = world.another_node()
    world.issuer.revoke("mandates", REFERENCE)
    for node in (world, second):
        node.rooms.revocations.renew()
        assert outcome(absent(node, case, LICENCE | {"subject": COMPANY})) == (
            "delivered" if node is world else "consent.used-up"
        )
    assert [state(world, one)["status"] for one in (consent, other)] == ["ended", "used-up"]
    (ended,) = world.events("ConsentEnded")
    assert ended["facts"]["consent"] == consent
    assert say(world, consent, "withdraw", OWNER, **acting(world)).status_code == 401
    second.rooms.close()


def given_by_the_shop(world: World, count: int) -> list[str]:
    """Consents that rest on one mandate."""
    consents = [asked_of_the_shop(world, company_case(world)) for _ in range(count)]
    for consent in consents:
        assert say(world, consent, "give", OWNER, **acting(world)).json["status"] == "in-force"
    return consents


def test_many_mandates_that_end_at_once_end_what_rests_on_them(family: Family) -> None:
    """More of them than one statement may name, and more consents than are ended at once."""
    world, _ = family
    given = given_by_the_shop(world, 3)
    ends = MandateEnds(world.outside.database, world.outside.ledger, world.clock)
    names = {f"mandate-{number:05}" for number in range(66_000)}
    read = Revocations(1, *(frozenset[str](),) * 4, mandates=frozenset({REFERENCE, *names}))
    before = world.outside.ledger.size()
    assert ends(read) is read
    assert [state(world, one)["status"] for one in given] == ["ended"] * 3
    assert world.outside.ledger.size() - before == 3
    assert sorted(one["facts"]["consent"] for one in world.events("ConsentEnded")) == sorted(given)


@pytest.mark.parametrize("at_once", [1, 2, 1_000])
def test_what_is_taken_back_in_that_moment_has_not_ended_by_the_mandate(
    family: Family, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    world, _ = family
    given = given_by_the_shop(world, 3)
    about_to_end = ending.asked_about

    def meanwhile(ledger: Ledger, one: Artefact) -> SubjectRef | None:
        if one.id == given[1]:
            say(world, one.id, "withdraw", STRANGER, **acting(world, "another"))
        return about_to_end(ledger, one)

    monkeypatch.setattr(ending, "AT_ONCE", at_once)
    monkeypatch.setattr(ending, "asked_about", meanwhile)
    world.issuer.revoke("mandates", REFERENCE)
    world.rooms.revocations.renew()
    assert [state(world, one)["status"] for one in given] == ["ended", "withdrawn", "ended"]
    assert sorted(one["facts"]["consent"] for one in world.events("ConsentEnded")) == sorted([given[0], given[2]])


def test_one_that_is_given_while_the_mandate_ends_ends_too(family: Family) -> None:
    """The node that gives it has not heard of the end yet, the one that has heard finds it when it looks again."""
    world, _ = family
    case = company_case(world)
    consent = asked_of_the_shop(world, case)
    second = world.another_node()
    second.rooms.revocations.renew()
    world.rooms.revocations.renew()
    world.issuer.revoke("mandates", REFERENCE)
    second.rooms.revocations.renew()
    assert say(world, consent, "give", OWNER, **acting(world)).json["status"] == "in-force"
    second.rooms.revocations.renew()
    assert (state(world, consent)["status"], licence(world, case)) == ("ended", "policy.consent-missing")
    second.rooms.close()


def test_it_covers_the_company_and_not_whoever_gave_it(family: Family) -> None:
    world, _ = family
    case = company_case(world, SHOP, (OWNER, "applicant"))
    say(world, asked_of_the_shop(world, case), "give", OWNER, **acting(world))
    own = NAMED | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    came = absent(world, case, own, LICENCE | {"subject": COMPANY}).json["evidence"]
    assert [item.get("problem", {}).get("code", item["status"]) for item in came] == [
        "policy.consent-missing",
        "delivered",
    ]


def test_a_number_is_kept_only_of_whom_others_answer_for(family: Family) -> None:
    world, case = family
    consents = asked_about(world, case, OWNER), asked_about(world, case), asked_of_the_shop(world, company_case(world))
    ledger = world.outside.ledger
    entries = [ledger.find(consent, "", "ConsentRequested") for consent in consents]
    kept = [None if entry is None else ledger.open_payload(entry.index) for entry in entries]
    assert [one is not None for one in kept] == [False, True, True]
    assert say(world, consents[0], "give", OWNER).json["status"] == "in-force"
    assert OWNER not in repr(kept)


# Telling the system, and the pages ----------------------------------------------------------------------------------


def test_the_system_that_asked_is_told_of_every_answer_by_its_key_alone(family: Family) -> None:
    world, _ = family
    case = company_case(world)
    token = world.issuer.token(world.holder, scope="cases")
    body = {"delivery": "pull", "events": ["tongban.consent.answered"], "evidence_types": []}
    made = world.call("POST", "/v1/events/subscriptions", token, body)
    assert made.status_code == 201, made.text
    consent = asked_of_the_shop(world, case)
    say(world, consent, "give", OWNER, **acting(world))
    say(world, consent, "withdraw", OWNER, **acting(world))
    another = asked_of_the_shop(world, case)
    say(world, another, "decline", OWNER, **acting(world))
    third = asked_of_the_shop(world, company_case(world))
    say(world, third, "give", OWNER, **acting(world))
    world.issuer.revoke("mandates", REFERENCE)
    world.rooms.revocations.renew()
    world.rooms.distribution.round()
    token = world.issuer.token(world.holder, scope="cases")
    read = world.call("GET", f"/v1/events?subscription={made.json['subscription']}", token)
    told = [one["data"] for one in read.json["events"]]
    assert [one["consent"] for one in told] == [consent, consent, another, third, third]
    assert all(set(one) == {"consent", "case"} for one in told)
    assert not {one for one in (OWNER, SHOP) if one in read.text}


def test_on_the_pages_a_guardian_and_an_agent_read_for_whom_they_answer(family: Family) -> None:
    world, case = family
    consent = asked_about(world, case)
    browser = OfficersBrowser(world)
    browser.sign_in_as(OWNER)
    at = f"/my/consents/{consent}"
    page = browser.get(at)
    assert f"您作为监护人，代 {CHILD[:4]}{'*' * 10}{CHILD[-4:]} 答复" in page.text
    assert CHILD not in page.text
    assert 'name="reply"' in page.text
    child = OfficersBrowser(world)
    child.sign_in_as(CHILD)
    assert "由您的监护人答复" in child.get(at).text
    assert 'name="reply"' not in child.get(at).text
    assert "已记录" in browser.press(at, reply="give").text
    shops = asked_of_the_shop(world, company_case(world))
    assert shops not in browser.get("/my/consents").text
    browser.sign_in_as(OWNER, to="/my/consents", **acting(world))
    listed = browser.get("/my/consents")
    assert ("您现在也为 示范餐饮 办理" in listed.text, shops in listed.text) == (True, True)
    browser.sign_in_as(OWNER, to="/my/consents", **acting(world, None))
    unheard = browser.get("/my/consents")
    assert ("您现在也为" in unheard.text, shops in unheard.text) == (False, False)
    browser.sign_in_as(OWNER, to="/my/consents", **acting(world, exp=int(world.clock.now().timestamp()) + 60))
    assert "您现在也为 示范餐饮 办理" in browser.get("/my/consents").text
    world.clock.advance(60)
    over = browser.get("/my/consents")
    assert (over.status_code, "您现在也为" in over.text) == (200, False)
    browser.sign_in_as(OWNER, to="/my/consents", **acting(world))
    assert f"代 示范餐饮 {SHOP} 答复" in browser.get(f"/my/consents/{shops}").text
    assert "已记录" in browser.press(f"/my/consents/{shops}", reply="give").text
    world.issuer.revoke("mandates", REFERENCE)
    world.rooms.revocations.renew()
    assert browser.get(f"/my/consents/{shops}").status_code == 303  # signed out: the sign-in spoke of a mandate
