"""What ``Ledger.append`` promises: adjacent, all or none, once, under the fence, with the caller's own rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection

from kernel import canonical
from kernel.database import Database, DatabaseUnavailable
from kernel.ledger import log, store
from kernel.ledger.batch import Request, Share
from kernel.ledger.errors import FenceMoved, LedgerUnavailable
from kernel.ledger.event import Event, InvalidEvent, drafts
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.ledger.sequencer import MOST_ENTRIES_IN_A_CALL
from kernel.ledger.verify import verify_receipt
from tests.doubles.ledgers import SOMEBODY, VKEY, ledger_at, open_ledger, prepare, release


def opened(number: int, **facts: canonical.JSON) -> Event:
    return Event("CaseOpened", f"case_{number}", facts=facts)


def asked(ledger: Ledger, events: list[Event], **members) -> Request:
    return Request(drafts(events, ledger._entropy, ledger._subjects.locate), **members)


def test_receipts_come_in_the_order_of_the_events_and_adjacent(ledger: Ledger) -> None:
    ledger.append([opened(0)])
    receipts = ledger.append([opened(1), opened(2), opened(3)])
    assert [receipt.index for receipt in receipts] == [1, 2, 3]
    assert [canonical.decode(receipt.leaf)["request"] for receipt in receipts] == ["case_1", "case_2", "case_3"]


def test_a_command_waits_for_a_busy_machine_longer_than_a_request_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "REQUEST_SECONDS", 0.1)
    url = f"sqlite:///{tmp_path / 'log.sqlite3'}"
    database = Database.open(url)
    prepare(database)
    database.close()

    def slowly(_connection: Connection, _receipts: object) -> None:
        time.sleep(0.3)

    with ledger_at(url) as commands:
        assert commands.append([opened(0)], also=slowly)[0].index == 0
    with ledger_at(url, serving=True) as serving:
        with pytest.raises(LedgerUnavailable, match="may become so"):
            serving.append([opened(1)], also=slowly)
        assert serving.append([opened(1)], timeout=5.0)[0].index == 1  # asking again finds it, or writes it


def test_every_receipt_verifies_offline(ledger: Ledger) -> None:
    for number in range(20):
        event = release(number)
        found = verify_receipt(ledger.append([event])[0].text, vkey=VKEY, evidence=event.evidence)
        assert (found.in_log, found.evidence_matches, found.index) == (True, True, number)


def test_a_leaf_is_canonical_json_with_the_members_the_interface_names(ledger: Ledger) -> None:
    (receipt,) = ledger.append([release(1)])
    leaf = canonical.decode(receipt.leaf)
    assert canonical.encode(leaf) == receipt.leaf  # RFC 8785
    assert set(leaf) == {"at", "ciphertext", "commitment", "event", "facts", "item", "request", "subject", "v"}
    assert (leaf["v"], leaf["event"], leaf["at"]) == (1, "EvidenceReleased", "2026-11-24T08:00:00.000Z")


def test_a_leaf_that_commits_to_nothing_has_no_salt_and_no_empty_members(ledger: Ledger) -> None:
    (receipt,) = ledger.append([opened(1, officer="oü/\u2028")])
    leaf = canonical.decode(receipt.leaf)
    assert canonical.encode(leaf) == receipt.leaf
    assert set(leaf) == {"at", "event", "facts", "item", "request", "v"}
    assert receipt.salt == b""
    assert verify_receipt(receipt.text, vkey=VKEY).in_log


def test_the_same_event_again_yields_the_same_receipt(ledger: Ledger) -> None:
    (first,) = ledger.append([release(7)])
    ledger.append([release(8)])
    (again,) = ledger.append([release(7)])
    assert again == first
    assert (first.repeated, again.repeated) == (False, True)
    assert ledger.size() == 2


def test_request_item_and_name_together_make_an_event_one(ledger: Ledger) -> None:
    events = [Event("Kept", "r1", "1"), Event("Kept", "r1", "2"), Event("Lost", "r1", "1"), Event("Kept", "r2", "1")]
    assert [receipt.index for receipt in ledger.append(events)] == [0, 1, 2, 3]
    assert all(receipt.repeated for receipt in ledger.append(events))


def test_a_call_partly_recorded_before_adds_only_what_is_new(ledger: Ledger) -> None:
    ledger.append([opened(1)])
    receipts = ledger.append([opened(1), opened(2)])
    assert [(receipt.index, receipt.repeated) for receipt in receipts] == [(0, True), (1, False)]


def test_one_batch_holds_the_same_event_of_two_callers_once(ledger: Ledger) -> None:
    ran: list[str] = []
    requests = [asked(ledger, [opened(1)], also=lambda _c, _r, who=who: ran.append(who)) for who in ("first", "second")]
    (first,), (second,) = ledger._write(requests)
    assert first == second
    assert (first.repeated, second.repeated, ran) == (False, True, ["first"])
    assert ledger.size() == 1


# The caller's own rows ------------------------------------------------------------------------------------------------


@pytest.fixture
def note(ledger: Ledger) -> sa.Table:
    table = sa.Table("note", sa.MetaData(), sa.Column("text", sa.Text, primary_key=True))
    table.create(ledger._database.engine)
    return table


def writes(table: sa.Table, text: str) -> Callable[[Connection, list[Receipt]], None]:
    return lambda connection, _receipts: connection.execute(sa.insert(table).values(text=text))


def texts(ledger: Ledger, table: sa.Table) -> set[str]:
    with ledger._database.read() as connection:
        return set(connection.scalars(sa.select(table.c.text)))


def test_also_commits_with_the_entry_and_sees_the_receipts(ledger: Ledger, note: sa.Table) -> None:
    seen: list[Receipt] = []

    def also(connection: Connection, receipts: list[Receipt]) -> None:
        seen.extend(receipts)
        writes(note, receipts[0].text)(connection, receipts)

    receipts = ledger.append([opened(1)], also=also)
    assert seen == receipts
    assert texts(ledger, note) == {receipts[0].text}


def test_also_that_fails_takes_the_entry_with_it_and_is_raised(ledger: Ledger, note: sa.Table) -> None:
    def also(connection: Connection, receipts: list[Receipt]) -> None:
        writes(note, "half")(connection, receipts)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ledger.append([opened(1)], also=also)
    assert (ledger.size(), texts(ledger, note)) == (0, set())


def test_also_is_not_run_for_an_event_recorded_before(ledger: Ledger, note: sa.Table) -> None:
    ledger.append([opened(1)], also=writes(note, "once"))
    ledger.append([opened(1)], also=writes(note, "once"))  # would break the primary key
    assert texts(ledger, note) == {"once"}


def test_a_failing_also_fails_only_its_own_call_of_a_batch(ledger: Ledger, note: sa.Table) -> None:
    duplicate = asked(ledger, [opened(2), opened(3)], also=writes(note, "a"))  # the database's own error
    own = asked(ledger, [opened(4)], also=lambda _c, _r: (_ for _ in ()).throw(KeyError("mine")))
    requests = [
        *(asked(ledger, [opened(1)], also=writes(note, "a")), duplicate, own),
        *(asked(ledger, [opened(5)]), asked(ledger, [opened(6)], also=writes(note, "b"))),
    ]
    first, broken, raised, plain, last = ledger._write(requests)
    assert isinstance(broken, sa.exc.IntegrityError)
    assert isinstance(raised, KeyError)
    assert [one.index for outcome in (first, plain, last) for one in outcome] == [0, 1, 2]
    assert texts(ledger, note) == {"a", "b"}
    for outcome in (first, plain, last):
        assert verify_receipt(outcome[0].text, vkey=VKEY).in_log
    ledger.ready()


def test_a_repeat_of_a_call_that_was_taken_out_is_written_after_all(ledger: Ledger, note: sa.Table) -> None:
    broken = asked(ledger, [opened(1)], also=lambda _c, _r: (_ for _ in ()).throw(KeyError("mine")))
    failed, (kept,) = ledger._write([broken, asked(ledger, [opened(1)], also=writes(note, "second"))])
    assert isinstance(failed, KeyError)
    assert (kept.index, kept.repeated, texts(ledger, note)) == (0, False, {"second"})


# What the calls of a batch write together -----------------------------------------------------------------------------


class Together:
    """Writes texts into the table of notes, and counts how often it is asked to."""

    def __init__(self, table: sa.Table) -> None:
        self.table, self.asked = table, []

    def __call__(self, connection: Connection, shares: Sequence[str]) -> None:
        self.asked.append([*shares])
        connection.execute(sa.insert(self.table).values([{"text": text} for text in shares]))

    def of(self, text: str) -> list[Share]:
        return [Share(self, text)]


def test_the_shares_of_a_batch_are_written_by_one_call_with_the_entries(ledger: Ledger, note: sa.Table) -> None:
    together = Together(note)
    ledger._write([asked(ledger, [opened(number)], shares=together.of(f"{number}")) for number in range(3)])
    assert together.asked == [["0", "1", "2"]]
    assert (ledger.size(), texts(ledger, note)) == (3, {"0", "1", "2"})


def test_a_share_that_cannot_be_written_fails_only_its_own_call(ledger: Ledger, note: sa.Table) -> None:
    together = Together(note)
    ledger.append([opened(0)], shares=together.of("taken"))
    first, broken, last = ledger._write(
        [
            asked(ledger, [opened(1)], shares=together.of("a"), also=writes(note, "beside")),
            asked(ledger, [opened(2)], shares=together.of("taken")),
            asked(ledger, [opened(3)], shares=together.of("b")),
        ]
    )
    assert isinstance(broken, sa.exc.IntegrityError)
    assert [one.index for outcome in (first, last) for one in outcome] == [1, 2]
    assert (ledger.size(), texts(ledger, note)) == (3, {"taken", "a", "beside", "b"})


def test_a_share_is_not_written_for_an_event_recorded_before(ledger: Ledger, note: sa.Table) -> None:
    together = Together(note)
    ledger.append([opened(1)], shares=together.of("once"))
    ledger.append([opened(1)], shares=together.of("once"))  # would break the primary key
    assert together.asked == [["once"]]


# The fence ------------------------------------------------------------------------------------------------------------


class Epoch:
    """A fence that counts how often it is read."""

    def __init__(self, value: int) -> None:
        self.value, self.reads = value, 0

    def __call__(self, _connection: Connection) -> int:
        self.reads += 1
        return self.value


@pytest.fixture
def epoch() -> Epoch:
    return Epoch(5)


@pytest.fixture
def fenced(database_url: str, epoch: Epoch):
    with ledger_at(database_url, fence=epoch) as opened_ledger:
        yield opened_ledger


def test_a_call_decided_under_the_current_value_is_recorded(fenced: Ledger) -> None:
    assert fenced.append([opened(1)], fence=5)[0].index == 0


def test_a_fence_that_moved_refuses_the_call_and_writes_nothing_of_it(fenced: Ledger, epoch: Epoch) -> None:
    epoch.value = 6
    with pytest.raises(FenceMoved) as refused:
        fenced.append([opened(1), opened(2)], fence=5, also=lambda _c, _r: pytest.fail("also ran"))
    assert (refused.value.expected, refused.value.current, fenced.size()) == (5, 6, 0)


def test_a_fence_that_moved_fails_only_its_own_call_of_a_batch(fenced: Ledger, epoch: Epoch) -> None:
    requests = [asked(fenced, [opened(number)], fence=fence) for number, fence in enumerate([5, 4, None, 5])]
    first, stale, free, last = fenced._write(requests)
    assert isinstance(stale, FenceMoved)
    assert [first[0].index, free[0].index, last[0].index] == [0, 1, 2]
    assert epoch.reads == 1  # once a batch


def test_the_fence_is_not_read_when_nobody_decided_under_one(fenced: Ledger, epoch: Epoch) -> None:
    fenced.append([opened(1)])
    assert epoch.reads == 0


def test_what_is_recorded_already_is_answered_whatever_the_fence_says_now(fenced: Ledger, epoch: Epoch) -> None:
    (first,) = fenced.append([opened(1)], fence=5)
    epoch.value = 6
    assert fenced.append([opened(1)], fence=5) == [first]


def test_a_fence_nobody_can_read_counts_as_moved(ledger: Ledger) -> None:
    with pytest.raises(FenceMoved):
        ledger.append([opened(1)], fence=1)


# What cannot be recorded ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        Event("opened", "r1"),
        Event("", "r1"),
        Event("Case Opened", "r1"),
        Event("CaseOpened", ""),
        Event("CaseOpened", 'r"1'),
        Event("CaseOpened", "r\n1"),
        Event("CaseOpened", "r1", "item\\"),
        Event("CaseOpened", "r1", "i" * 65),
        Event("CaseOpened", "r1", facts={"share": 0.5}),
        Event("CaseOpened", "r1", facts={"text": "x" * 66_000}),
        Event("CaseOpened", "r1", payload=b"nobody's"),
        Event("CaseOpened", "r1", facts={"who": "500199199003071237"}),
        Event("CaseOpened", "500199199003071237"),
        Event("CaseOpened", "r1", "500199199003071237"),
        Event("CaseOpened", "r1", facts={"who": "公民５００１９９１９９００３０７１２３７号"}),
    ],
    ids=lambda event: repr(event)[:60],
)
def test_an_event_that_cannot_become_a_leaf_is_refused_without_repeating_it(small_ledger: Ledger, event: Event) -> None:
    with pytest.raises(InvalidEvent) as refused:
        small_ledger.append([event])
    assert "500199" not in str(refused.value)
    assert small_ledger.size() == 0


def test_the_largest_leaf_fits_a_tile_and_a_byte_more_is_refused(small_ledger: Ledger) -> None:
    sizes = []
    for length in range(65_535, 64_000, -1):
        try:
            event = Event("CaseOpened", "r1", facts={"text": "x" * length}, subject=SOMEBODY, payload=b"p")
            sizes.append(len(small_ledger.append([event])[0].leaf))
            break
        except InvalidEvent:
            continue
    assert 65_000 < sizes[0] <= 65_535


@pytest.mark.parametrize("count", [0, MOST_ENTRIES_IN_A_CALL + 1])
def test_a_call_records_at_least_one_event_and_no_more_than_it_may(small_ledger: Ledger, count: int) -> None:
    with pytest.raises(InvalidEvent):
        small_ledger.append([opened(number) for number in range(count)])


def test_a_call_of_128_events_is_one_batch(small_ledger: Ledger) -> None:
    receipts = small_ledger.append([opened(number) for number in range(128)])
    assert [receipt.index for receipt in receipts] == list(range(128))


def test_one_call_does_not_hold_an_event_twice(small_ledger: Ledger) -> None:
    with pytest.raises(InvalidEvent, match="twice"):
        small_ledger.append([opened(1), opened(1)])


# Whose log it is ------------------------------------------------------------------------------------------------------


def test_a_database_that_holds_another_origins_log_is_not_written(ledger: Ledger) -> None:
    ledger.append([opened(1)])
    stranger = open_ledger(ledger._database, origin="another.example/ledger")
    with pytest.raises(LedgerUnavailable, match="another origin"):
        stranger.append([opened(2)])
    with pytest.raises(LedgerUnavailable, match="another origin"):
        stranger.ready()
    stranger.close()
    assert ledger.size() == 1


def test_two_processes_writers_take_turns_because_the_head_is_read_afresh(database_url: str) -> None:
    with ledger_at(database_url) as one, ledger_at(database_url) as other:
        for number in range(6):
            (one, other)[number % 2].append([opened(number)])
        assert one.entries(0, 6) == other.entries(0, 6)
        assert one.size() == 6
        one.ready()


def test_many_threads_get_their_own_receipts(ledger: Ledger) -> None:
    found: dict[int, Receipt] = {}

    def work(start: int) -> None:
        for number in range(start, start + 20):
            found[number] = ledger.append([opened(number)])[0]

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 160, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.index for receipt in found.values()) == list(range(160))
    for number, receipt in found.items():
        assert canonical.decode(receipt.leaf)["request"] == f"case_{number}"
        assert verify_receipt(receipt.text, vkey=VKEY).index == receipt.index


def test_an_origin_that_cannot_be_a_key_name_is_refused(one_database_url: str) -> None:
    database = Database.open(one_database_url)
    prepare(database)
    for origin in ("", "with space", "a+b", "tab\there", "zero\u200bwidth\u00a0space"):
        with pytest.raises(ValueError, match="origin"):
            open_ledger(database, origin=origin)
    database.close()


def test_the_tables_are_the_same_whether_a_migration_or_the_metadata_made_them(database_url: str) -> None:
    database = Database.open(database_url)
    with database.engine.begin() as connection:
        store.create_v1(Operations(MigrationContext.configure(connection)))
    metadata = sa.MetaData()
    store.define(metadata)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    ledger = open_ledger(database)
    assert ledger.append([opened(1)])[0].index == 0
    ledger.close()
    database.close()


def test_an_acknowledgement_that_was_lost_is_looked_up_by_the_ledger_itself(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, calls = ledger._database, []
    write = database.write

    def write_and_lose_the_answer(work, **options):
        result = write(work, **options)
        calls.append(result)
        if len(calls) == 1:
            raise DatabaseUnavailable("the connection broke", uncertain=True)
        return result

    monkeypatch.setattr(database, "write", write_and_lose_the_answer)
    (receipt,) = ledger.append([opened(1)])
    assert (receipt.index, receipt.repeated, len(calls), ledger.size()) == (0, True, 2, 1)
