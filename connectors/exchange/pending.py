"""Questions that the other exchange has taken and not answered yet: whoever asks again is told of the same one.

Kept in memory, bounded and for a time; after a restart the question is put once more, in a case of its own. Whom they
are about stands here as a keyed digest alone.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import OrderedDict

from connectors.exchange.believing import Question
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef

_MOST = 10_000
_LONGEST = 30 * 86_400  # seconds: longer than any service clock there


class Pending:
    """Questions by their subject. Safe for threads: a question is handed to one follower at a time."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock, self._key = clock, entropy.bytes(32)
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, Question] = OrderedDict()

    def find(self, subject: SubjectRef) -> Question | None:
        """What waits about somebody."""
        name = self._name(subject)
        with self._lock:
            found = self._kept.get(name)
            if found is not None and self._clock.now().timestamp() - found.asked > _LONGEST:
                del self._kept[name]
                return None
            return found

    def keep(self, subject: SubjectRef, question: Question) -> None:
        """It waits. The one that has waited longest goes where there are too many."""
        with self._lock:
            self._kept[self._name(subject)] = question
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def end(self, subject: SubjectRef) -> None:
        """It waits no more."""
        with self._lock:
            self._kept.pop(self._name(subject), None)

    def _name(self, subject: SubjectRef) -> bytes:
        return hmac.digest(self._key, f"{subject.scheme}\0{subject.value}".encode(), hashlib.sha256)
