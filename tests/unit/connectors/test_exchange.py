"""Another exchange as a source: a real one, with its identity provider, in processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors import registry as connectors
from connectors.errors import (
    AnswersExhausted,
    SourceAnswersLater,
    SourceMisconfigured,
    SourceProblem,
    SourceUnavailable,
)
from connectors.exchange.believing import Keys
from connectors.source import Outcome, Source
from kernel.clock import ManualClock, SystemClock
from kernel.ledger.verify import verify_receipt
from tests.doubles.connectors import manifest, retrieve, source
from tests.doubles.exchange import (
    MARKET,
    POLICE,
    World,
    detail,
    grant,
    prepared_postgresql,
    prepared_sqlite,
    small_world,
    system,
)
from tests.doubles.ledgers import VKEY
from tests.doubles.second_exchange import KNOWN, PORT, TWICE, UNKNOWN, SecondExchange, evidence_type, running
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_further_questions import put, tell
from tests.unit.exchange.test_previews import mine
from tests.unit.exchange.test_waiting import look

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FIELDS = {"hull": {"column": "hull", "required": True}, "until": {"column": "until", "date": "iso"}}


@pytest.fixture(scope="module")
def other(
    make_named_database: Callable[[], str | None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecondExchange]:
    with running(tmp_path_factory.mktemp("second"), make_named_database()) as made:
        yield made


def opened(other: SecondExchange, **changed: Any) -> Source:
    limits = {"deadline_ms": 10_000}
    return source("exchange", other.settings(**changed), FIELDS, secrets=other.secrets, limits=limits)


def refused(asked: Source, number: str = KNOWN) -> SourceProblem:
    with asked, pytest.raises(SourceProblem) as caught:
        retrieve(asked, number, deadline=10.0)
    return caught.value


def test_what_another_exchange_delivers_is_a_record(other: SecondExchange) -> None:
    with opened(other) as asked:
        for _ in range(2):
            found = retrieve(asked, KNOWN, deadline=10.0)
            assert found.values == {"hull": "苏船 001", "until": "2030-01-01"}
        assert found.source_time is not None  # of the file behind the other exchange
        assert retrieve(asked, UNKNOWN, deadline=10.0).outcome is Outcome.NOT_FOUND
        assert retrieve(asked, "A1", deadline=10.0).outcome is Outcome.NOT_FOUND  # nobody's number


def test_a_question_is_answered_there_and_the_record_stays(other: SecondExchange) -> None:
    questions = {
        "known": {"name": "exists"},
        "valid": {"name": "valid-on", "args": {"date": "2029-12-31"}},
        "valid_later": {"name": "valid-on", "args": {"date": "2030-06-01"}},
    }
    fields = {name: {"column": name} for name in questions}
    limits = {"deadline_ms": 10_000}
    settings = other.settings(questions=questions)
    with source("exchange", settings, fields, secrets=other.secrets, limits=limits) as asked:
        found = retrieve(asked, KNOWN, deadline=10.0)
    assert found.values == {"known": True, "valid": True, "valid_later": False}
    settings = other.settings(questions={"known": {"name": "exists"}})
    with source("exchange", settings, {"known": {"column": "known"}}, secrets=other.secrets, limits=limits) as asked:
        assert retrieve(asked, UNKNOWN, deadline=10.0).values == {"known": False}  # signed, with its time


def test_what_it_does_not_deliver_says_whose_turn_it_is(other: SecondExchange) -> None:
    for kind, problem, reason in (
        ("dock-pass", SourceMisconfigured, "refused-policy.no-grant"),
        ("mooring", SourceUnavailable, "failed-source.unavailable"),
        ("unknown-type", SourceMisconfigured, "refused-"),
    ):
        found = refused(opened(other, evidence_type=kind))
        assert (type(found), found.reason[: len(reason)]) == (problem, reason)


def test_what_waits_for_somebody_there_goes_on_waiting_as_the_same_question(other: SecondExchange) -> None:
    with opened(other, evidence_type="crew-list") as asked:
        for number in (KNOWN, UNKNOWN, KNOWN):  # of the last one is asked how it stands
            with pytest.raises(SourceAnswersLater) as caught:
                retrieve(asked, number, deadline=10.0)
            assert caught.value.reason == "awaiting-person"


def test_what_is_not_of_the_pinned_log_is_not_believed(other: SecondExchange) -> None:
    assert refused(opened(other, log_key=VKEY)).reason == "receipt"
    assert refused(opened(other, organisation="11500000DEM0001534")).reason == "evidence-of-another-question"
    assert refused(opened(other, client_id="nobody")).reason == "token-http-401"
    assert refused(opened(other, service_item="11500000DEM00015343500132001000")).reason.startswith(("case-", "token-"))


def test_keys_are_read_again_for_a_key_nobody_knows_but_not_every_time() -> None:
    clock, published = ManualClock(NOW), iter([{"keys": [1]}, {"keys": [2]}])
    keys = Keys(clock)
    assert keys.now(lambda: next(published)) == keys.now(lambda: next(published)) == {"keys": [1]}
    assert keys.again(lambda: next(published)) is None
    clock.advance(61)
    assert keys.again(lambda: next(published)) == {"keys": [2]}
    assert keys.again(lambda: next(published)) is None


def test_evidence_of_another_exchange_is_given_on_by_ours(other: SecondExchange, small_world: World) -> None:
    """From their register through their exchange and ours: their record, our decision, our signature and receipt."""
    kind = evidence_type("boat-licence")
    kind["spec"]["provider"] = POLICE
    fields = {"hull": {"column": "hull"}, "until": {"column": "until", "date": "iso"}}
    described = manifest("exchange", other.settings(), {"fields": fields}, limits={"deadline_ms": 10_000})
    described["spec"]["evidence_type"] = "boat-licence"
    allowed = grant("G-BOAT", evidence_type="boat-licence", fields=["hull"])

    def build(document: Mapping[str, Any]) -> Source:
        return connectors.build(document, secrets=other.secrets.__getitem__, roots=(), clock=SystemClock())

    node = small_world.another_node(build_source=build)
    node.apply(kind, described, allowed)
    node.rooms.policy.renew()
    node.approve("G-BOAT")
    answer = node.ask(node.open_case(), {"type": "boat-licence", "fields": ["hull"]})
    node.rooms.close()
    (item,) = answer.json["evidence"]
    assert (item["status"], item["data"]) == ("delivered", {"hull": "苏船 001"}), answer.text
    assert item["provenance"]["source_time"] is not None
    assert verify_receipt(item["receipt"], vkey=vkey_of(small_world), evidence=item["jws"]).evidence_matches


def relaying(world: World, other: SecondExchange, **changed: Any) -> World:
    """Our exchange, whose buoys are theirs."""
    kind = evidence_type("buoy")
    kind["spec"]["provider"] = POLICE
    settings = other.settings(**{"evidence_type": "buoy", "relays": ["port"], **changed})
    described = manifest("exchange", settings, {"fields": FIELDS}, limits={"deadline_ms": 10_000})
    described["spec"]["evidence_type"] = "buoy"
    allowed = grant("G-BUOY", evidence_type="buoy", fields=["hull"])

    def build(document: Mapping[str, Any]) -> Source:
        return connectors.build(document, secrets=other.secrets.__getitem__, roots=(), clock=SystemClock())

    node = world.another_node(build_source=build)
    node.apply(kind, described, allowed)
    node.rooms.policy.renew()
    node.approve("G-BUOY")
    return node


BUOY = {"type": "buoy", "fields": ["hull"]}


def test_questions_of_another_exchange_are_put_here_and_answered_there(
    other: SecondExchange, small_world: World
) -> None:
    """ADR 0067, both sides real: their file has two rows, our citizen tells them apart, their log and ours say so."""
    node = relaying(small_world, other)
    try:
        name, case = put(node, item=BUOY, mode="direct")
        shown = mine(node, path=f"/{name}/0").json
        (question,) = shown["questions"]
        assert (question["name"], question["label"], shown["elsewhere"]) == ("port", PORT["label"], True)
        assert shown["attempts_left"] == 3
        browser = OfficersBrowser(node)
        browser.sign_in_as(KNOWN)
        page = browser.get(f"/my/previews/{name}/0").text
        assert "停泊的港口" in page
        assert "另一个数据共享交换平台" in page
        odd = tell(node, name, {"port": "x"})
        assert [one["path"] for one in odd.json["errors"]] == ["answers.port"]  # told here, and sent nowhere
        wrong = tell(node, name, {"port": "南港"})
        assert (wrong.json["code"], wrong.json["attempts_left"]) == ("preview.answers-unmatched", 2)
        assert tell(node, name, {"port": "西港"}).json["status"] == "delivered"
        assert look(node, name, case, BUOY).json["evidence"][0]["data"] == {"hull": "浮标乙"}
        assert len(node.events("EvidenceReleased")) == 1
        assert [one["item"] for one in node.events("FurtherAnswersGiven")] == ["0.1", "0.2"]
        # What was wrong once is counted on both sides: of three attempts two are left, and then nobody is asked.
        again, case = put(node, item=BUOY, mode="direct")
        assert mine(node, path=f"/{again}/0").json["attempts_left"] == 2
        assert tell(node, again, {"port": "南港"}).json["attempts_left"] == 1
        assert tell(node, again, {"port": "北港"}).json["status"] == "failed"
        with opened(other, evidence_type="buoy", relays=["port"]) as asked, pytest.raises(AnswersExhausted):
            retrieve(asked, KNOWN, deadline=10.0, port="西港")
        assert len(node.events("EvidenceReleased")) == 1
    finally:
        node.rooms.close()


def test_questions_that_may_not_be_put_are_said_to_be_the_providers_turn(
    other: SecondExchange, small_world: World
) -> None:
    node = relaying(small_world, other, relays=["harbour"])
    try:
        (item,) = node.ask(node.open_case((TWICE, "applicant")), BUOY, person=TWICE).json["evidence"]
        problem = item["problem"]
        assert (item["status"], problem["code"], problem["fault"]) == ("failed", "source.asks-too-much", "provider")
        assert "port" not in str(problem)
    finally:
        node.rooms.close()


def test_of_three_exchanges_the_middle_one_hands_questions_and_answers_on(
    other: SecondExchange, small_world: World
) -> None:
    """Ours is the middle one; whoever asks it puts the question to a person of theirs, and the third has the file."""
    node = relaying(small_world, other)
    try:
        allowed = grant("G-BUOY", evidence_type="buoy", fields=["hull"], absent_allowed=True)
        node.apply(allowed, system("market-website", MARKET, relays_questions=True))
        node.approve("G-BUOY")

        def relayed(**answers: str) -> Any:
            case = node.open_case((TWICE, "applicant"))
            item = BUOY | {"subject": {"scheme": "citizen-number", "value": TWICE}}
            item |= {"answers": answers} if answers else {}
            token = node.issuer.token(node.holder, authorization_details=detail(case, item), act={"sub": "relay-1"})
            return node.ask(case, item, token=token).json["evidence"][0]

        problem = relayed()["problem"]
        assert (problem["code"], problem["attempts_left"]) == ("source.needs-answers", 3)
        assert problem["questions"] == [PORT | {"max_length": 64}]
        assert relayed(port="南港")["problem"]["attempts_left"] == 2
        assert relayed(port="西港")["data"] == {"hull": "浮标乙"}
        assert len(node.events("EvidenceReleased")) == 1
    finally:
        node.rooms.close()


def vkey_of(world: World) -> str:
    return world.client.get("/v1/ledger/key").text.strip()
