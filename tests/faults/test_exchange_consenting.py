"""A process killed at every step between a consent and what rests on it: nothing leaves after it was taken back,
nothing leaves twice, and row, log and receipt say the same.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.exchange import copy_of, lived, make_world, prepared_postgresql, prepared_sqlite
from tests.faults.dying import died
from tests.faults.exchange_consenting import STEPS
from tests.unit.exchange.test_consents import absent, mine, outcome, prepared_consenting, say

__all__ = ["prepared_consenting", "prepared_postgresql", "prepared_sqlite"]

AFTER = {
    ("answer", "before"): ("asked", 0),
    ("answer", "after"): ("asked", 0),
    ("ConsentGiven", "recorded"): ("in-force", 0),
    ("use", "before"): ("in-force", 0),
    ("use", "after"): ("in-force", 0),
    ("EvidenceReleased", "recorded"): ("in-force", 1),
    ("withdraw", "before"): ("in-force", 1),
    ("withdraw", "after"): ("in-force", 1),
    ("ConsentWithdrawn", "recorded"): ("withdrawn", 1),
}
"""How the consent stands, and how much left on it, after a death at each step."""
EVENTS = {"ConsentGiven": "given", "ConsentWithdrawn": "withdrawn"}


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_sigkill_between_consent_and_release(
    request: pytest.FixtureRequest, prepared_consenting: tuple[str, Path, str], tmp_path: Path, step: tuple[str, str]
) -> None:
    url, folder, case = prepared_consenting
    database = copy_of((url, folder), request, tmp_path)
    said = died("exchange_consenting", database, str(tmp_path), case, *step)
    acknowledged = [line.split()[0] for line in said.splitlines()]
    consent = said.split()[1]
    with lived(make_world(database, tmp_path, seed=7002)) as world:
        world.clock.advance(61)
        world.rooms.recovery.at_start()

        def agree() -> tuple[str, int]:
            """What row, log and receipt say of it, which is the same."""
            shown = mine(world, path=f"/{consent}").json
            entries = [one for one in world.entries() if one["facts"].get("consent") == consent]
            released = [one for one in entries if one["event"] == "EvidenceReleased"]
            assert shown["used"] == len(released)
            assert len({(one["request"], one["item"]) for one in released}) == len(released)
            said = [EVENTS[one["event"]] for one in entries if one["event"] in EVENTS]
            assert said == [name for name in EVENTS.values() if shown[f"{name}_at"] is not None]
            if "withdrawn" in said:
                assert entries[-1]["event"] != "EvidenceReleased"
            receipt = mine(world, path=f"/{consent}/receipt")
            assert (receipt.status_code == 200) == ("given" in said)
            if said:
                told = [one["event_type"] for one in receipt.json["receipt"]["event"]]
                assert told == ["requested", *said]
            return shown["status"], len(released)

        assert agree() == AFTER[step]
        assert ("withdrawn" in acknowledged) <= (AFTER[step][0] == "withdrawn")
        assert acknowledged.count("delivered") <= AFTER[step][1]
        # Life goes on, every word said once more: as good as once.
        if AFTER[step][0] == "asked":
            say(world, consent, "give")
        if AFTER[step][0] != "withdrawn":
            assert outcome(absent(world, case, Idempotency_Key="the-one")) in {"delivered", "evidence.interrupted"}
        before = agree()[1]
        assert before <= 1
        assert say(world, consent, "withdraw").json["status"] == "withdrawn"
        assert outcome(absent(world, case)) == "policy.consent-missing"
        assert agree() == ("withdrawn", before)
