"""Evidence and receipt as files, and the command with which a stranger checks them offline."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tongban.demo.narration import expect
from tongban.demo.processes import python
from tongban.demo.stories.browser import Browser
from tongban.demo.stories.stage import Stage


@dataclass(frozen=True)
class Kept:
    """What somebody who was given evidence has on disk, and the log's key."""

    receipt: Path
    evidence: Path
    jwks: Path
    log_key: str

    @property
    def words(self) -> tuple[str, ...]:
        """What ``tongban`` is told to check the three."""
        return (
            "verify",
            str(self.receipt),
            "--evidence",
            str(self.evidence),
            "--key",
            self.log_key,
            "--jwks",
            str(self.jwks),
        )

    @property
    def command(self) -> str:
        """The same, to be typed."""
        return shlex.join(("tongban", *self.words))

    def changed(self) -> Kept:
        """A copy of which one character of the signed payload differs."""
        jws = self.evidence.read_text(encoding="utf-8")
        middle = jws.index(".") + 20
        copy = self.evidence.with_name(f"tampered-{self.evidence.name}")
        copy.write_text(jws[:middle] + ("A" if jws[middle] != "A" else "B") + jws[middle + 1 :], encoding="utf-8")
        return replace(self, evidence=copy)


def keep(stage: Stage, item: Mapping[str, Any], name: str) -> Kept:
    """Put a delivered item into files, with the keys that the exchange publishes."""
    folder = stage.folder / "receipts"
    folder.mkdir(exist_ok=True)
    kept = Kept(folder / f"{name}.tlog-proof", folder / f"{name}.jws", folder / "jwks.json", stage.log_key)
    kept.receipt.write_text(item["receipt"], encoding="utf-8")
    kept.evidence.write_text(item["jws"], encoding="utf-8")
    kept.jwks.write_text(json.dumps(Browser().json(f"{stage.exchange}/jwks")), encoding="utf-8")
    return kept


def expect_verified(kept: Kept, status: int = 0) -> None:
    """Run the command a stranger would run; raise StoryFailed where it exits otherwise."""
    commanded(*kept.words, status=status)


def commanded(*words: str, status: int = 0) -> str:
    """What ``tongban`` writes; raise StoryFailed where it exits otherwise."""
    done = subprocess.run(  # noqa: S603 - this interpreter and our own module
        python("tongban", *words), capture_output=True, text=True, check=False, timeout=60
    )
    expect(done.returncode == status, f"exit status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout
