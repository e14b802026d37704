"""Writing one version of a rule: the document, and the entry that says who changed what from which day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from exchange.access import Access, AuthorisedOfficer
from exchange.clocks.rules import CALENDAR, PROFILE, TEMPLATE
from exchange.store import access_requests, challenges, corrections, ratings, request_rules, responders
from kernel.canonical import JSON, NotCanonical, encode
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.personal_data import holds_citizen_number
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text

CHANGED = {CALENDAR: "CalendarChanged", PROFILE: "ServiceLevelChanged", TEMPLATE: "RequestTemplateChanged"}
LARGEST = 1 << 16
"""Bytes of one rule; a year's table takes two thousand."""

_UNREADABLE = Text(
    "内容过大，或含有小数等无法原样保存的值", "It is too large, or holds a number that cannot be kept as it is"
)
_NAMES_SOMEBODY = Text("内容中不能含有个人号码", "It must not hold anybody's number")


@dataclass(frozen=True)
class RuleWriter:
    """Writes rules, each change an entry in the same transaction."""

    access: Access
    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def write(self, officer: AuthorisedOfficer, kind: str, name: str, starts: date, document: dict[str, JSON]) -> None:
        """One version that counts from a day on. Raises Problem (request.invalid) and LedgerUnavailable."""

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, officer.caller)
            request_rules.put(connection, kind, name, starts.isoformat(), document, self.clock.now())
            if kind == CALENDAR:
                for clocks in (access_requests, responders, corrections, ratings, challenges):
                    clocks.look_again(connection, self.clock.now())

        encoded = _encoded(document)
        if holds_citizen_number(encoded):
            raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY)
        facts: dict[str, JSON] = {
            "kind": kind,
            "name": name,
            "effective_from": starts.isoformat(),
            "digest": f"sha256:{sha256(encoded).hexdigest()}",
            "by": officer.officer.id,
            "organisation": officer.officer.organisation,
        }
        self.ledger.append([Event(CHANGED[kind], new_id("rule", self.clock, self.entropy), facts=facts)], also=also)


def _encoded(document: dict[str, JSON]) -> bytes:
    try:
        encoded = encode(document)
    except NotCanonical:
        raise Problem(INVALID_BODY, detail=_UNREADABLE) from None
    if len(encoded) > LARGEST:
        raise Problem(INVALID_BODY, detail=_UNREADABLE)
    return encoded
