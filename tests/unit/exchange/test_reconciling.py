"""What people and providers are shown agrees with the log, and a row that was tampered with is found."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sqlalchemy import text

from exchange.administration import Administration
from exchange.transparency.reconciling import Kept, Reconciliation
from kernel.identifiers import subject
from tests.doubles.exchange import NAME, OWNER, STRANGER, WORKER, World
from tests.unit.exchange import test_corrections
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
