"""The offices of what is delivered unasked or reported: events, return flows, the status of certificates."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.access import Access
from exchange.cases.alarms import Alarms
from exchange.cases.watching import Watch
from exchange.certificates.answering import Answering
from exchange.certificates.desk import CertificateDesk
from exchange.certificates.register import Register
from exchange.certificates.reporting import Reporting
from exchange.certificates.transitions import CertificateTransitions
from exchange.events.courier import Courier
from exchange.events.desk import EventDesk
from exchange.events.distribution import Distribution
from exchange.events.pseudonyms import Pseudonyms
from exchange.events.subscription_desk import SubscriptionDesk
from exchange.events.transitions import SubscriptionTransitions
from exchange.in_force.snapshot import Snapshot
from exchange.outside import Outside
from exchange.return_flow.desk import ReturnFlowDesk
from exchange.return_flow.flow_desk import FlowDesk
from exchange.return_flow.making import Making
from exchange.return_flow.reading import Reader
from exchange.return_flow.safe import Safe
from exchange.return_flow.transitions import FlowTransitions
from kernel.keys import Purpose
from kernel.lease import Lease


@dataclass(frozen=True)
class DeliveryOffices:
    """Events and who carries them, return flows and who makes their files, certificates and who reports on them."""

    events: EventDesk
    subscriptions: SubscriptionDesk
    distribution: Distribution
    courier: Courier
    return_flows: ReturnFlowDesk
    flows: FlowDesk
    return_flow_making: Making
    certificate_reports: Reporting
    certificate_status: Answering
    certificates: CertificateDesk


def open_delivery_offices(
    outside: Outside, access: Access, policy: Lease[Snapshot], reader: Reader, watch: Watch, alarms: Alarms
) -> DeliveryOffices:
    """Put them together; ``reader`` is whoever reads the sources of return flows."""
    database, keys, ledger = outside.database, outside.keys, outside.ledger
    clock, entropy = outside.clock, outside.entropy
    subscribed = SubscriptionTransitions(ledger, clock, entropy)
    names = Pseudonyms(keys.secret(Purpose.INDEX))
    flowing, safe = FlowTransitions(ledger, clock, entropy), Safe(keys)
    certified, register = CertificateTransitions(ledger, clock), Register(keys.secret(Purpose.INDEX))
    return DeliveryOffices(
        events=EventDesk(access, subscribed, names),
        subscriptions=SubscriptionDesk(access, subscribed),
        distribution=Distribution(database, policy, names, clock),
        courier=Courier(
            origin=outside.settings.origin,
            database=database,
            ledger=ledger,
            policy=policy,
            keys=keys,
            send=outside.send,
            names=names,
            clock=clock,
            entropy=entropy,
        ),
        return_flows=ReturnFlowDesk(access, flowing, safe, reader),
        flows=FlowDesk(access, flowing),
        return_flow_making=Making(
            database=database, ledger=ledger, policy=policy, reader=reader, safe=safe, clock=clock
        ),
        certificate_reports=Reporting(access, certified, register),
        certificate_status=Answering(
            access, ledger, register, watch, alarms, clock, entropy, outside.settings.token_clock_skew_seconds
        ),
        certificates=CertificateDesk(access, certified, register, entropy),
    )
