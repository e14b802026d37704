"""What people and providers are shown agrees with the log, and a row that was tampered with is found."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sqlalchemy import text

from connectors.errors import SourceUnavailable
from exchange.administration import Administration
from exchange.return_flow import reading
from exchange.transparency.reconciling import Kept, Reconciliation
from kernel.identifiers import subject
from kernel.ledger.log import Ledger
from tests.doubles.exchange import BEFORE_FETCH, NAME, OWNER, STRANGER, WORKER, World
from tests.unit.exchange import test_corrections
from tests.unit.exchange import test_return_flow as flows
from tests.unit.exchange.test_emergency import opened as emergency
from tests.unit.exchange.test_emergency import template, use
from tests.unit.exchange.test_governed_call import EMPLOYEE, STAFF


def reconciled(world: World) -> Reconciliation:
    def unwatched(entries: Iterable[Kept], _size: int) -> Iterable[Kept]:
        return entries

    return Administration(world.outside, world.rooms).reconcile(unwatched)


def lived_in(world: World) -> None:
    """Releases, refusals, failures, relatives, a notice, a repetition, emergency access, a correction, an erasure."""
    case = world.open_case((WORKER, "employee"))
    for _ in range(2):
        world.ask(case, STAFF, Idempotency_Key="k1")
        world.ask(case, EMPLOYEE, Idempotency_Key="k2")
    world.ask(case, {"type": "identity-card", "fields": ["born"]})
    world.ask(case, {"type": "nothing", "fields": ["name"]})
    world.ask(world.open_case(), NAME, person=STRANGER)
    test_corrections.opened(world)
    template(world)
    urgent, opening = emergency(world)
    use(world, urgent, opening)
    use(world, urgent, "em_unknown")
    world.clock.advance(40 * 86_400)  # another month: people have another tag
    world.ask(world.open_case(), NAME)


def test_nothing_differs_after_all_kinds_of_use(world: World) -> None:
    lived_in(world)
    found = reconciled(world)
    assert found.named == {}
    assert found.entries == world.outside.ledger.size()
    assert (found.people, found.rows) == (3, 8)
    world.outside.ledger.erase(subject.parse("citizen-number", OWNER))
    assert reconciled(world).differences == 0


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        ("DELETE FROM delivery WHERE item = 0", "entry-not-counted"),
        ("UPDATE delivery SET outcome = 'refused' WHERE outcome = 'released'", "outcome"),
        ("UPDATE delivery SET consumer = provider", "facts"),
        ("UPDATE delivery SET asked = asked || ' address'", "fields"),
        ("UPDATE delivery SET entry = 1000000", "row-without-entry"),
        ("UPDATE delivery SET subject = (SELECT max(subject) FROM delivery)", "person"),
        ("UPDATE ledger_entry SET tag = NULL", "tag"),
    ],
)
def test_rows_that_were_tampered_with_are_found(small_world: World, harm: str, kind: str) -> None:
    case = small_world.open_case((WORKER, "employee"))
    small_world.ask(case, STAFF)
    small_world.ask(case, EMPLOYEE)
    assert reconciled(small_world).differences == 0
    small_world.outside.database.write(lambda connection: connection.execute(text(harm)))
    found = reconciled(small_world)
    assert found.counted[kind] >= 1, found.named


@pytest.mark.parametrize("after", [1, 2, 3])
def test_what_is_recorded_between_two_reads_is_no_difference(
    world: World, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """A release that is recorded once the log's length was read for the first, second or third time."""
    case = world.open_case()
    world.ask(case, NAME)
    read, size = [], Ledger.size

    def interleaved(ledger: Ledger) -> int:
        found = size(ledger)
        read.append(found)
        if len(read) == after:
            assert world.ask(case, NAME).json["status"] == "delivered"
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "size", interleaved)
        found = reconciled(world)
    assert len(read) >= after
    assert world.outside.ledger.size() > read[0]
    assert (found.named, found.rows) == ({}, 1)
    world.outside.database.write(lambda connection: connection.execute(text("UPDATE delivery SET entry = 1000000")))
    assert reconciled(world).counted["row-without-entry"] == 1


def test_what_flowed_back_agrees_with_the_log_whatever_became_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flow whose records leave and return, one that was ended, and one in whose third file a source fails midway."""
    flows.district(world)
    flow, ended = flows.opened(world), flows.opened(world)
    assert flows.make(world) == 2
    assert flows.ask(world, "POST", f"{flows.FLOWS}/{ended}/end").json["status"] == "ended"
    for records in ([flows.RECORDS[0]], flows.RECORDS):
        flows.holds(world, records)
        flows.later(world, 86_400)
        assert flows.make(world) == 1
        found = reconciled(world)
        assert found.named == {}
    assert [entry["facts"]["records"] for entry in world.events("ReturnFlowFileMade")] == [2, 2, 1, 2]
    assert found.files == 4
    monkeypatch.setattr(reading, "AT_ONCE", 1)
    flows.holds(world, [{**flows.RECORDS[0], "id": flows.number(9)}, *flows.RECORDS])
    looked: list[object] = []

    def down(query: object) -> None:
        looked.append(query)
        if len(looked) == 3:
            raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    flows.later(world, 86_400)
    assert flows.make(world) == 0
    assert len(looked) == 3
    assert reconciled(world).named == {}
    flows.sealed(world, flows.HERE)
    flows.later(world, 601)
    flows.make(world)
    assert reconciled(world).named == {}
    assert flow in {entry["request"] for entry in world.events("ReturnFlowFileMade")}


@pytest.mark.parametrize(
    ("harm", "kinds"),
    [
        ("UPDATE return_flow_file SET rows = 9999", {"file"}),
        ("UPDATE return_flow_file SET grants = 'G-OTHER@1'", {"file"}),
        ("UPDATE return_flow_file SET made_at = made_at - 400000000", {"file"}),
        ("UPDATE return_flow_file SET status = 'given-up'", {"file-not-listed"}),
        ("UPDATE return_flow_file SET entry = entry - 1", {"file-not-listed"}),
        ("DELETE FROM return_flow_file", {"file-not-listed"}),
        ("UPDATE return_flow_file SET number = 7 WHERE number = 2", {"file-not-listed", "file-without-entry"}),
        ("UPDATE return_flow SET organisation = 'elsewhere'", {"flow"}),
        ("UPDATE return_flow SET fields = 'name'", {"flow"}),
        ("DELETE FROM return_flow", {"flow"}),
        ("DELETE FROM return_flow_row", {"records-of-flow"}),
        ("UPDATE return_flow_row SET seen = 1", {"records-of-flow"}),
        ("UPDATE return_flow_row SET left_at = 0", {"records-of-flow"}),
    ],
)
def test_a_flow_that_was_tampered_with_is_found(small_world: World, harm: str, kinds: set[str]) -> None:
    flows.district(small_world)
    flows.opened(small_world)
    flows.make(small_world)
    flows.later(small_world, 86_400)
    flows.make(small_world)
    assert reconciled(small_world).differences == 0
    small_world.outside.database.write(lambda connection: connection.execute(text(harm)))
    assert set(reconciled(small_world).counted) == kinds
