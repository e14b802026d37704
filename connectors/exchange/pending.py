"""Questions that the other exchange has taken and not answered yet: whoever asks again is told of the same one.

Kept in memory, bounded and for a time; after a restart the question is put once more, in a case of its own. Whom they
are about stands here as a keyed digest alone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from connectors.base import Query
from connectors.exchange.believing import Question
from connectors.exchange.outcomes import answers_later
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.envelope import hmac_sha256

_MOST = 10_000
_LONGEST = 30 * 86_400  # seconds: longer than any service clock there


class Pending:
    """Questions by their subject, and by what was told with them. Safe for threads: each has one follower at a time."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock, self._key = clock, entropy.bytes(32)
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, Question] = OrderedDict()
        self._followed: set[bytes] = set()

    def take(self, query: Query) -> Question | None:
        """What waits about somebody, for this caller alone until `put_back` or `end`.

        Raises: SourceAnswersLater while somebody else follows it.
        """
        name = self._name(query)
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                return None
            if name in self._followed:
                raise answers_later("running", reached=False)
            if self._clock.now().timestamp() - found.asked > _LONGEST:
                del self._kept[name]
                return None
            self._followed.add(name)
            return found

    def put_back(self, query: Query) -> None:
        """It waits on, for whoever asks next."""
        with self._lock:
            self._followed.discard(self._name(query))

    def keep(self, query: Query, question: Question) -> bool:
        """It waits, unless another one about the same subject does already; whether it is the one that waits.

        The one that has waited longest goes where there are too many.
        """
        name = self._name(query)
        with self._lock:
            if name in self._kept:
                return False
            self._kept[name] = question
            if len(self._kept) > _MOST:
                oldest, _ = self._kept.popitem(last=False)
                self._followed.discard(oldest)
            return True

    def end(self, query: Query, question: Question) -> None:
        """It waits no more. Another one about the same subject goes on waiting."""
        name = self._name(query)
        with self._lock:
            if self._kept.get(name) == question:
                del self._kept[name]
                self._followed.discard(name)

    def _name(self, query: Query) -> bytes:
        told = [text for pair in sorted(query.parameters.items()) for text in pair]
        return hmac_sha256(self._key, "\0".join((query.subject.scheme, query.subject.value, *told)).encode())
