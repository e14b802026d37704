"""Whatever is recorded, repeated, refused and erased in whatever order: the log stays one that strangers accept."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection

from kernel.clock import ManualClock
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.errors import FenceMoved
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from kernel.ledger.verify import verify_growth, verify_log, verify_receipt
from tests.cases import sized
from tests.doubles.ledgers import START, VKEY, ledger_at, remove

PEOPLE = [SubjectRef("citizen-number", f"person {number}") for number in range(3)]
people = st.sampled_from(PEOPLE)


class History(RuleBasedStateMachine):
    """The model: what was acknowledged, to whom it belongs, which epoch holds, every checkpoint seen."""

    url: str
    """Of a database without a log, before and after."""

    @initialize()
    def begin(self) -> None:
        self.stack, self.clock, self.epoch = ExitStack(), ManualClock(START), 1
        self.numbers = itertools.count()
        self.stack.callback(remove, self.url)
        self.ledger = self.stack.enter_context(
            ledger_at(self.url, clock=self.clock, fence=lambda _connection: self.epoch)
        )
        self.acknowledged: dict[int, tuple[Event, Receipt]] = {}
        self.owned: dict[SubjectRef, list[int]] = {one: [] for one in PEOPLE}
        self.seen = [self.ledger.checkpoint()]

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def event(self, subject: SubjectRef) -> Event:
        number = next(self.numbers)
        jws = f"header.{number}.signature"
        return Event("EvidenceReleased", f"er_{number}", "1", {}, subject, jws, jws.encode())

    def keep(self, events: list[Event], receipts: list[Receipt]) -> None:
        for event, receipt in zip(events, receipts, strict=True):
            assert receipt.index not in self.acknowledged
            self.acknowledged[receipt.index] = event, receipt
            self.owned[event.subject].append(receipt.index)
        self.seen.append(self.ledger.checkpoint())

    @rule(subjects=st.lists(people, min_size=1, max_size=5))
    def record(self, subjects: list[SubjectRef]) -> None:
        events = [self.event(subject) for subject in subjects]
        self.keep(events, self.ledger.append(events, fence=self.epoch))

    @rule(data=st.data())
    def record_again(self, data: st.DataObject) -> None:
        if self.acknowledged:
            event, receipt = self.acknowledged[data.draw(st.sampled_from(sorted(self.acknowledged)))]
            (again,) = self.ledger.append([event], fence=-1)
            assert (again.index, again.leaf, again.repeated) == (receipt.index, receipt.leaf, True)

    @rule(subject=people)
    def record_under_an_old_epoch(self, subject: SubjectRef) -> None:
        with pytest.raises(FenceMoved):
            self.ledger.append([self.event(subject)], fence=self.epoch - 1)

    @rule(subject=people)
    def record_with_a_failing_companion(self, subject: SubjectRef) -> None:
        def also(_connection: Connection, _receipts: list[Receipt]) -> None:
            raise KeyError

        with pytest.raises(KeyError):
            self.ledger.append([self.event(subject)], also=also)

    @rule(subject=people)
    def erase(self, subject: SubjectRef) -> None:
        assert self.ledger.erase(subject) == len(self.owned[subject])
        self.owned[subject] = []

    @rule()
    def change_the_policies(self) -> None:
        self.epoch += 1

    @rule(days=st.integers(1, 40))
    def let_time_pass(self, days: int) -> None:
        self.clock.advance(days * 86_400)

    @invariant()
    def the_log_verifies_and_extends_what_was_seen(self) -> None:
        size, note = self.ledger.size(), self.ledger.checkpoint()
        verify_log(self.ledger.entries(0, size), checkpoint=note, vkey=VKEY)
        for old in self.seen[-3:]:
            verify_growth(old, note, self.ledger.consistency(int(old.split("\n")[1]), size), vkey=VKEY)
        self.ledger.ready()

    @invariant()
    def everybody_sees_their_own_entries(self) -> None:
        for subject, indexes in self.owned.items():
            assert [entry.index for entry in self.ledger.usage_of(subject)] == indexes
            assert all(self.ledger.open_payload(index) for index in indexes)

    @invariant()
    def every_receipt_given_out_verifies(self) -> None:
        for index in sorted(self.acknowledged)[-5:]:
            event, receipt = self.acknowledged[index]
            assert verify_receipt(receipt.text, vkey=VKEY, evidence=event.evidence).evidence_matches


@pytest.fixture(scope="module", autouse=True)
def on_the_engine_of_this_run(make_database: Callable[[], str]) -> None:
    History.url = make_database()


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=sized(25, 1_000), stateful_step_count=25)
