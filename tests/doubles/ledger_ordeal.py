"""Runs recording processes, kills them, and holds the log to what they were told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path

from kernel.ledger.log import Ledger
from kernel.ledger.verify import verify_log, verify_receipt
from tests.doubles.ledgers import VKEY

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Acknowledged:
    """What a process was told: this request stands at this index, and here is the receipt."""

    index: int
    request: str
    receipt: str


@dataclass
class Worker:
    """A recording process and what it said."""

    url: str
    name: str
    canary: str = ""
    said: list[Acknowledged] = field(default_factory=list)

    def __post_init__(self) -> None:
        words = [sys.executable, "-m", "tests.doubles.ledger_worker", self.url, self.name, self.canary]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self.process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        self._heard = threading.Condition()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                index, request, receipt = line.split()
                with self._heard:
                    self.said.append(Acknowledged(int(index), request.decode(), b64decode(receipt).decode()))
                    self._heard.notify_all()
        with self._heard:
            self._heard.notify_all()

    def wait_for(self, count: int) -> None:
        """Until so many entries were acknowledged to it."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.said) >= count or self.process.poll() is not None, 60)
        assert len(self.said) >= count, "the process ended by itself"

    def kill(self) -> list[Acknowledged]:
        """SIGKILL; everything that was acknowledged before."""
        self.process.kill()
        self.process.wait()
        self._listener.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.said


def lost(ledger: Ledger, acknowledged: list[Acknowledged]) -> list[Acknowledged]:
    """Acknowledged entries that are not where their receipts say. Asserts that the log is whole, without duplicates."""
    entries = ledger.entries(0, ledger.size())
    verify_log(entries, checkpoint=ledger.checkpoint(), vkey=VKEY)
    assert len(set(entries)) == len(entries)
    missing = []
    for one in acknowledged:
        leaf = verify_receipt(one.receipt, vkey=VKEY, evidence=f"a.{one.request}.c").leaf
        if one.index >= len(entries) or entries[one.index] != leaf:
            missing.append(one)
    return missing
