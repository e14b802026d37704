"""Another exchange as a source: a real one, with its identity provider, in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors import registry as connectors
from connectors.errors import SourceAnswersLater, SourceMisconfigured, SourceProblem, SourceUnavailable
from connectors.exchange.believing import Keys
from connectors.registry import Outcome, Source
from kernel.clock import ManualClock, SystemClock
from kernel.ledger.verify import verify_receipt
from tests.doubles.connectors import manifest, retrieve, source
from tests.doubles.exchange import POLICE, World, grant, prepared_postgresql, prepared_sqlite, small_world
from tests.doubles.ledgers import VKEY
from tests.doubles.second_exchange import KNOWN, UNKNOWN, SecondExchange, evidence_type, running

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FIELDS = {"hull": {"column": "hull", "required": True}, "until": {"column": "until", "date": "iso"}}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondExchange]:
    with running(tmp_path_factory.mktemp("second")) as made:
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


def vkey_of(world: World) -> str:
    return world.client.get("/v1/ledger/key").text.strip()
