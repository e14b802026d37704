"""One serving process for an embedded log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kernel.ledger.errors import LedgerOwned
from kernel.ledger.ownership import Ownership
from tests.doubles.ledgers import ledger_at, release

HOLDER = """
import sys
from pathlib import Path
from kernel.ledger.ownership import Ownership
held = Ownership(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'log.sqlite3'}"


def test_a_second_serving_ledger_on_one_file_is_refused(sqlite_url: str) -> None:
    with (
        ledger_at(sqlite_url, serving=True),
        pytest.raises(LedgerOwned, match="ledger-lock"),
        ledger_at(sqlite_url, serving=True),
    ):
        pass


def test_a_command_may_write_beside_the_serving_process(sqlite_url: str) -> None:
    with ledger_at(sqlite_url, serving=True) as serving, ledger_at(sqlite_url) as command:
        serving.append([release(1)])
        command.append([release(2)])
        serving.append([release(3)])
        assert serving.size() == 3


def test_closing_gives_the_log_back(sqlite_url: str) -> None:
    for _ in range(2):
        with ledger_at(sqlite_url, serving=True) as ledger:
            ledger.append([release(1)])


def test_any_number_of_processes_serve_a_log_on_postgresql(postgresql_url: str) -> None:
    with ledger_at(postgresql_url, serving=True) as one, ledger_at(postgresql_url, serving=True) as other:
        one.append([release(1)])
        other.append([release(2)])
        assert one.size() == 2


def test_the_lock_dies_with_its_process_however_it_dies(tmp_path: Path) -> None:
    file = tmp_path / "log.sqlite3"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LedgerOwned):
            Ownership(file)
        holder.kill()
    held = Ownership(file)
    held.release()
    held.release()
