"""What becomes of a return flow, whoever asks for it: a system by its token, an officer by theirs or on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Asker
from exchange.catalogue.model import System
from exchange.gateway.entries import REFUSAL
from exchange.in_force.snapshot import Snapshot
from exchange.return_flow.making import grants_of
from exchange.return_flow.ruling import Purpose, Ruling, ruling
from exchange.store import return_flows
from exchange.store.return_flows import Flow
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.errors import FenceMoved
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import Problem
from policies.return_flows import Status

OPENED, ENDED, TRIED = "ReturnFlowOpened", "ReturnFlowEnded", "ReturnFlowTriedAgain"
MOST_FLOWS = 50
"""Of one system."""


@dataclass(frozen=True)
class FlowTransitions:
    """Carries out what is asked of return flows: state and entry in one transaction."""

    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def open(self, wanted: Mapping[str, Any], system: System, snapshot: Snapshot, asker: Asker) -> Flow:
        """A new one of a system, under a grant that says so. Raises Problem."""
        made = self._made(wanted, system, snapshot)
        decides = self.ruling(made, snapshot, asker)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if len(return_flows.of_system(connection, made.system)) >= MOST_FLOWS:
                raise Problem(errors.RETURN_FLOWS_TOO_MANY)
            return_flows.add(connection, made)

        rests_on: list[JSON] = [*grants_of(decides, self.clock.now()).split()]
        facts = {**facts_of(made), **asker.facts, "division": decides.division, "grants": rests_on}
        try:
            self.ledger.append([Event(OPENED, made.id, facts=facts)], fence=snapshot.epoch, also=also)
        except FenceMoved:
            raise Problem(errors.POLICY_STALE) from None
        return made

    def end(self, seen: Flow, asker: Asker) -> Flow:
        """For ever; what lies here of it is deleted. Raises Problem (return-flow.changed)."""

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if not return_flows.end(connection, seen, self.clock.now()):
                raise Problem(errors.RETURN_FLOW_CHANGED)

        self.ledger.append([Event(ENDED, seen.id, facts={**facts_of(seen), **asker.facts})], also=also)
        return replace(seen, status=Status.ENDED, revision=seen.revision + 1)

    def try_again(self, seen: Flow, asker: Asker) -> Flow:
        """Have the file that could not be made tried now. Raises Problem (return-flow.changed)."""
        now = self.clock.now()

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            asker.spend(connection, receipts)
            if not return_flows.try_again(connection, seen, now):
                raise Problem(errors.RETURN_FLOW_CHANGED)

        entry = Event(TRIED, seen.id, str(seen.revision + 1), {**facts_of(seen), **asker.facts})
        (receipt,) = self.ledger.append([entry], also=also)
        if receipt.repeated:
            raise Problem(errors.RETURN_FLOW_CHANGED)
        return replace(seen, due_at=now, revision=seen.revision + 1)

    def ruling(self, flow: Flow, snapshot: Snapshot, asker: Asker) -> Ruling:
        """Who decides for a flow that may be, now. Raises Problem."""
        purpose = Purpose(flow.evidence_type, flow.service_item, flow.legal_basis, frozenset(flow.fields))
        now = self.clock.now()
        decides = ruling(snapshot, flow.system, purpose, now)
        if decides is None or decides.at_all(now) is None:
            raise self.refusal(flow, asker)
        return decides

    def refusal(self, flow: Flow, asker: Asker) -> Problem:
        """Why not, recorded. Raises Problem (token.proof-replayed)."""
        facts = {**facts_of(flow), **asker.facts, "reason": errors.RETURN_FLOW_NOT_GRANTED.code}
        refused = Event(REFUSAL, new_id("rfx", self.clock, self.entropy), facts=facts)
        self.ledger.append([refused], also=asker.spend)
        return Problem(errors.RETURN_FLOW_NOT_GRANTED)

    def _made(self, wanted: Mapping[str, Any], system: System, snapshot: Snapshot) -> Flow:
        now = self.clock.now()
        source = snapshot.sources.get(wanted["evidence_type"])
        if source is not None and not source.enumerable:
            raise Problem(errors.RETURN_FLOW_SOURCE_CANNOT)
        return Flow(
            id=new_id("rfl", self.clock, self.entropy),
            system=system.name,
            organisation=system.organisation,
            evidence_type=wanted["evidence_type"],
            service_item=wanted["service_item"],
            legal_basis=wanted["legal_basis"],
            fields=tuple(dict.fromkeys(wanted["names"])),
            charset=wanted["charset"],
            every=wanted["every"],
            created_at=now,
            due_at=now,
        )


def facts_of(flow: Flow) -> dict[str, JSON]:
    """What the log says of a flow."""
    return {
        "system": flow.system,
        "consumer": flow.organisation,
        "evidence_type": flow.evidence_type,
        "service_item": flow.service_item,
        "legal_basis": flow.legal_basis,
        "fields": [*flow.fields],
        "flow": flow.id,
    }
