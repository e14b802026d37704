"""The ring as requests see it: a view that is kept, and built anew when the folder or time has changed it."""

import threading
from collections.abc import Callable

from kernel.clock import Clock

from . import view
from .errors import KeyRingDamaged
from .folder import KeyFolder, Stamp
from .lifecycle import Records
from .material import Material
from .model import KeyRecord

LOOK_EVERY = 1.0  # seconds between two looks at the manifest: so long another process's rotation may go unseen


class Watch:
    """Looks at a ring's folder, once a second at most. Safe to share between threads."""

    def __init__(self, folder: KeyFolder, clock: Clock, opened: Callable[[KeyRecord], Material]) -> None:
        """``opened`` parses the private half of a key. Raises KeyRingError when the ring cannot be read."""
        self._folder, self._clock, self._opened = folder, clock, opened
        self._parsed: dict[str, Material] = {}
        self._lock = threading.RLock()
        self._next_look = clock.monotonic() + LOOK_EVERY
        self._stamp, self._view = self._read()

    def current(self) -> view.View:
        """The view that holds now; raises KeyRingError."""
        if self._clock.monotonic() >= self._next_look or self._clock.now() >= self._view.until:
            self.look()
        return self._view

    def look(self) -> None:
        """Takes up what another process changed, and what time alone changed; raises KeyRingError."""
        with self._lock:
            self._next_look = self._clock.monotonic() + LOOK_EVERY
            if self._folder.stamp() != self._stamp:
                self._stamp, self._view = self._read()
            elif self._clock.now() >= self._view.until:
                self._view = self._build(self._view.records)

    def take(self, records: Records) -> None:
        """These were just written into the folder, whose lock the caller holds."""
        with self._lock:
            self._stamp, self._view = self._folder.stamp(), self._build(records)

    def _read(self) -> tuple[Stamp, view.View]:
        """The ring as it lies in the folder, and the stamp of the manifest it was read from."""
        stamp = self._folder.stamp()
        try:
            return stamp, self._build(self._folder.read_manifest())
        except KeyRingDamaged:
            if self._folder.stamp() == stamp:
                raise
        return self._read()  # another process removed a key after we had read the manifest naming it

    def _build(self, records: Records) -> view.View:
        now = self._clock.now()
        needed = [record for record in records if view.needs_material(record, now)]
        known = {record.kid: self._parsed.get(record.kid) or self._opened(record) for record in needed}
        self._parsed = known
        return view.build(records, known, now)
