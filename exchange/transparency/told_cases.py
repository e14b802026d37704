"""The cases that somebody's own log tells of: what a statute still hides from them, no other page tells either."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from exchange.transparency.plain_words import is_told
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger


def told_cases(
    ledger: Ledger, person: SubjectRef, now: datetime, events: Collection[str] | None = None
) -> frozenset[str]:
    """Those of entries about them that they may read now, of these events alone where some are named."""
    members: list[Any] = [one.members for one in ledger.usage_of(person) if is_told(one, now)]
    wanted = [each for each in members if events is None or each["event"] in events]
    return frozenset(str(each["facts"].get("case", "")) for each in wanted)
