"""The provider's own threads outlive every fault of what they do, and are gone once they are closed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from idp.notices import Courier
from idp.opening import vault
from idp.store import sweeping
from idp.sweeper import Sweeper
from tests.doubles.identity_provider import Provider
from tests.doubles.mailbox import Mailbox

Made = Callable[[Provider], Sweeper | Courier]


def courier(provider: Provider) -> Courier:
    return Courier(provider.database, vault(provider.keys), Mailbox(), provider.clock)


@pytest.mark.parametrize(
    ("room", "work", "made"),
    [("sweeper", (sweeping, "sweep"), Provider.sweeper), ("notices.courier", (Courier, "round"), courier)],
    ids=["sweeper", "courier"],
)
def test_no_fault_ends_a_thread_and_closing_does(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, room: str, work: tuple[object, str], made: Made
) -> None:
    again, faults = threading.Event(), [RuntimeError("not foreseen")]

    def faulty(*_: object) -> int:
        if faults:
            raise faults.pop()
        again.set()
        return 0

    monkeypatch.setattr(*work, faulty)
    monkeypatch.setattr(f"idp.{room}.EVERY_SECONDS", 0.01)
    thread = made(provider)
    before = set(threading.enumerate())
    thread.start()
    assert again.wait(10)
    thread.close()
    assert set(threading.enumerate()) <= before
