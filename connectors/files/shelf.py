"""The current edition for whoever looks something up; looking at the place and reading files happen behind it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime

from connectors.base import Reshaped, Standing
from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem, SourceTimedOut, SourceUnavailable
from connectors.files.drops import Drops, Edition
from connectors.files.place import Place, Stamp
from connectors.files.workroom import Trouble
from kernel.clock import Clock

_LOG = logging.getLogger(__name__)
_PATIENCE = 0.5
"""Seconds that the one who finds a new file waits for it, so that a small one counts at once. Others never wait."""
_SOON = 1.0


class Shelf:
    """Holds the current edition. Safe for threads."""

    def __init__(self, place: Place, drops: Drops, clock: Clock, refresh_seconds: float) -> None:
        self._place = place
        self._drops = drops
        self._clock = clock
        self._refresh = refresh_seconds
        self._changed = threading.Condition()
        self._looking = False
        self._held: Edition | None = None
        self._problem: SourceProblem | None = None
        self._trouble: Trouble | None = None
        self._looked_at: AbstractSet[Stamp] | None = None
        self._next_look = 0.0
        self._started = float("-inf")
        self._closed = threading.Event()
        self._wake = threading.Event()

    def start(self) -> None:
        """Look at the place in the background, and again and again where that takes a network.

        What the room keeps from before answers meanwhile.
        """
        self._take_up()
        self._started = self._clock.monotonic()
        if self._place.remote:
            self._looking = True
            threading.Thread(target=self._keep_looking, name="files-refresh", daemon=True).start()
        else:
            self._begin(None)

    def current(self, seconds: float) -> Edition:
        """The edition; the last one while a newer is read. Waits only where there is none. Raises: SourceProblem."""
        ends = self._clock.monotonic() + seconds
        held = self._held
        began = self._nudge(held) if self._place.remote else self._notice()
        if held is None:
            self._wait(ends - self._clock.monotonic())
            if self._held is None and self._looking:
                raise SourceTimedOut("being-read")
        elif began or not self._place.remote:
            self._wait(min(self._patience(began), ends - self._clock.monotonic()))
        return self._edition()

    def reshaped(self) -> tuple[Reshaped, ...]:
        """How the newest file is made otherwise than those before."""
        return self._drops.reshaped

    def standing(self) -> Standing:
        """How old the edition is that answers, and since when the place cannot be looked at."""
        held, trouble = self._held, self._trouble
        as_of = None if held is None else held.time
        if trouble is None:
            return Standing(as_of)
        return Standing(as_of, f"{trouble.code} {trouble.reason}", datetime.fromisoformat(trouble.since))

    def prepare(self, seconds: float) -> None:
        """Have a look begun, and wait for its end at most so long."""
        if not self._place.remote:
            self._begin(None)
        self._wait(seconds)

    def close(self) -> None:
        """Let go of the edition; a look that is under way ends by itself."""
        self._closed.set()
        self._wake.set()
        self._held = None
        self._place.close()

    def _patience(self, began: bool) -> float:
        """Seconds to wait for a look: for one's own, and for the first one after a start, while that is fresh."""
        return _PATIENCE if began else self._started + _PATIENCE - self._clock.monotonic()

    def _edition(self) -> Edition:
        held, problem = self._held, self._problem
        if held is not None:
            return held
        raise SourceUnavailable("no-file") if problem is None else _again(problem)

    def _notice(self) -> bool:
        """Begin a look where another set of files lies there; whether this caller began it. Raises: SourceProblem."""
        lying = frozenset(self._place.listing())
        again = self._drops.unfinished and self._clock.monotonic() >= self._next_look
        return (lying != self._looked_at or again) and self._begin(lying)

    def _nudge(self, held: Edition | None) -> bool:
        """Have somebody look now where there is nothing to answer from and nobody has looked just now."""
        with self._changed:
            if held is None and not self._looking and self._clock.monotonic() >= self._next_look:
                self._looking = True
                self._wake.set()
        return False

    def _begin(self, lying: AbstractSet[Stamp] | None) -> bool:
        with self._changed:
            if self._looking or self._closed.is_set():
                return False
            self._looking = True
        threading.Thread(target=self._look, args=(lying,), name="files-look", daemon=True).start()
        return True

    def _wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._looking, timeout=max(0.0, seconds))

    def _keep_looking(self) -> None:
        while not self._closed.is_set():
            self._wake.clear()
            with self._changed:
                self._looking = True
            self._look(None)
            self._wake.wait(self._pause())

    def _take_up(self) -> None:
        """Answer from what was made before the process began, until the place has been looked at."""
        try:
            kept = self._drops.kept()
        except (SourceProblem, OSError, sqlite3.Error):
            return  # looking will meet the same, and say so
        with self._changed:
            if not self._closed.is_set():
                self._held = kept

    def _pause(self) -> float:
        """Seconds until the next look at a place that takes a network."""
        if self._held is None:
            return min(self._refresh, 5.0)
        return min(self._refresh, 30.0) if self._drops.unfinished else self._refresh

    def _look(self, lying: AbstractSet[Stamp] | None) -> None:
        """One look, whatever comes of it."""
        held, problem = self._held, None
        settled: AbstractSet[Stamp] | None = lying
        try:
            held = self._drops.look(held)
        except SourceProblem as found:
            held, problem, settled = self._after(found, held, lying)
        except (OSError, sqlite3.Error):
            problem, settled = SourceUnavailable("index"), None
        except Exception as error:  # noqa: BLE001 - whoever waits must be told; the words stay here (law 8)
            problem, settled = SourceUnavailable(f"unexpected-{type(error).__name__}"), None
        self._tell(problem)
        with self._changed:
            if not self._closed.is_set():
                self._held = held
            self._problem, self._looked_at, self._looking = problem, settled, False
            self._next_look = self._clock.monotonic() + _SOON
            self._changed.notify_all()
        if self._closed.is_set():  # a file was being read when the source was closed
            self._drops.dispose()

    def _tell(self, problem: SourceProblem | None) -> None:
        """Note, and say in the log, that looking fails: whoever looks something up need not notice."""
        if problem is None or self._drops.looked or self._closed.is_set():
            self._trouble = None
            return
        self._trouble = self._drops.trouble(problem, self._trouble)
        if self._problem is None or problem.reason != self._problem.reason:
            code = problem.kind.code
            _LOG.warning("source %s: no new files can be taken: %s %s", self._drops.name, code, problem.reason)
        with suppress(SourceProblem, OSError):
            self._trouble = self._drops.failed(self._trouble)

    def _after(
        self, found: SourceProblem, held: Edition | None, lying: AbstractSet[Stamp] | None
    ) -> tuple[Edition | None, SourceProblem, AbstractSet[Stamp] | None]:
        """What a problem leaves: nothing where the files are gone; otherwise the last good edition.

        What is wrong with a file's content stays so until it changes; anything else is worth another look.
        """
        if isinstance(found, SourceMisconfigured):  # what was gathered by other settings lies there, until it is let go
            return held, found, None
        if isinstance(found, SourceUnavailable):
            return (None, found, None) if found.reason == "no-file" else (held, found, None)
        return held, found, lying


def _again(problem: SourceProblem) -> SourceProblem:
    """The same for another caller, who puts a source's name on it."""
    if isinstance(problem, SourceGarbled):
        return SourceGarbled(problem.reason, columns=problem.columns)
    return type(problem)(problem.reason)
