"""What becomes of a subscription, whoever asks for it: a system by its token, an officer by theirs or on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Asker
from exchange.catalogue.model import System
from exchange.events.entitlement import rights_of
from exchange.events.signal import Kind
from exchange.gateway.entries import REFUSAL
from exchange.in_force.snapshot import Snapshot
from exchange.store import subscriptions
from exchange.store.subscriptions import Subscription
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from policies.subscriptions import Status, Way

SUBSCRIBED, MOVED = "EventsSubscribed", "EventSubscriptionChanged"
MOST_SUBSCRIPTIONS = 20
"""Of one system."""
_NO_TYPES = Text(
    "与材料有关的事件须列出材料类型，其他事件不得列出",
    "Events about evidence need evidence_types, and nothing else takes them",
)
_BAD_START = Text(
    "from 应为该订阅仍保留的事件序号", "from is the number of an event that this subscription still keeps"
)


@dataclass(frozen=True)
class SubscriptionTransitions:
    """Carries out what is asked of subscriptions: state and entry in one transaction."""

    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def subscribe(self, wanted: Mapping[str, Any], system: System, snapshot: Snapshot, asker: Asker) -> Subscription:
        """A new one of a system: only for evidence its department holds a grant for. Raises Problem."""
        made = self._made(wanted, system, snapshot, asker)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if subscriptions.count_living(connection, made.system) >= MOST_SUBSCRIPTIONS:
                raise Problem(errors.SUBSCRIPTIONS_TOO_MANY)
            subscriptions.add(connection, made)

        self.ledger.append([Event(SUBSCRIBED, made.id, "1", {**facts_of(made), **asker.facts})], also=also)
        return made

    def move(self, seen: Subscription, status: Status, asker: Asker) -> Subscription:
        """To another status; failures are forgotten. Raises Problem (event.subscription-changed)."""
        now = self.clock.now()
        after = replace(seen, status=status, revision=seen.revision + 1, tries=0, trouble="", due_at=now)
        self._record(after, asker, lambda connection: subscriptions.move(connection, seen, status, now))
        return after

    def send_again(self, seen: Subscription, start: int | None, asker: Asker) -> Subscription:
        """Push at once what waits; with ``start``, everything from that event on, whether it arrived or not.

        Without it nothing that arrived goes back, not even what arrived since the subscription was read.

        Raises Problem (request.invalid: such an event is kept no longer, or there is none).
        """
        now = self.clock.now()
        settled = seen.settled if start is None else min(seen.settled, start - 1)
        after = replace(seen, settled=settled, revision=seen.revision + 1, tries=0, trouble="", due_at=now)

        def again(connection: Connection) -> bool:
            if start is not None and not subscriptions.oldest(connection, seen) <= start <= seen.last:
                raise Problem(INVALID_BODY, detail=_BAD_START)
            return subscriptions.again(connection, seen, start, now)

        self._record(after, asker, again, {} if start is None else {"again_from": settled + 1})
        return after

    def _record(
        self,
        after: Subscription,
        asker: Asker,
        store: Callable[[Connection], bool],
        more: Mapping[str, JSON] = MappingProxyType({}),
    ) -> None:
        """The change and its entry, together or not at all. Raises Problem."""

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if not store(connection):
                raise Problem(errors.SUBSCRIPTION_CHANGED)

        facts = {**facts_of(after), **more, **asker.facts}
        (receipt,) = self.ledger.append([Event(MOVED, after.id, str(after.revision), facts)], also=also)
        if receipt.repeated:
            raise Problem(errors.SUBSCRIPTION_CHANGED)

    def _made(self, wanted: Mapping[str, Any], system: System, snapshot: Snapshot, asker: Asker) -> Subscription:
        kinds, types = frozenset(wanted["events"]), frozenset(wanted.get("evidence_types", []))
        if any(Kind(kind).about_evidence for kind in kinds) != bool(types):
            raise Problem(INVALID_BODY, detail=_NO_TYPES)
        now = self.clock.now()
        missing: list[JSON] = [*sorted(types - rights_of(snapshot, system, now))]
        if missing:
            facts = {**asker.facts, "evidence_types": missing, "reason": errors.EVENT_NOT_GRANTED.code}
            refused = Event(REFUSAL, new_id("evx", self.clock, self.entropy), facts=facts)
            self.ledger.append([refused], also=asker.spend)
            raise Problem(errors.EVENT_NOT_GRANTED, members={"evidence_types": missing})
        way = Way(str(wanted["delivery"]))
        if way is Way.PUSH and system.webhook is None:
            raise Problem(errors.WEBHOOK_MISSING)
        return Subscription(
            id=new_id("evs", self.clock, self.entropy),
            system=system.name,
            organisation=system.organisation,
            kinds=kinds,
            evidence_types=types,
            way=way,
            created_at=now,
            due_at=now,
        )


def facts_of(one: Subscription) -> dict[str, JSON]:
    """What the log says of a subscription."""
    return {
        "system": one.system,
        "consumer": one.organisation,
        "events": [*sorted(one.kinds)],
        "evidence_types": [*sorted(one.evidence_types)],
        "delivery": one.way.value,
        "status": one.status.value,
    }
