"""The offices of messages: those that officers read here, and those that go on to an address of their office."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.access import Access
from exchange.forwarding.addresses import Addresses
from exchange.forwarding.courier import Courier, no_mail
from exchange.forwarding.desk import ForwardingDesk
from exchange.forwarding.links import Links
from exchange.forwarding.transitions import ForwardingTransitions
from exchange.messages.endpoints import Messages
from exchange.outside import Outside
from kernel.keys import Purpose


@dataclass(frozen=True)
class MessageOffices:
    """Messages, the addresses that they are forwarded to, and who carries them there."""

    messages: Messages
    forwardings: ForwardingDesk
    forwarding_courier: Courier


def open_message_offices(outside: Outside, access: Access) -> MessageOffices:
    """Put them together."""
    settings, keys = outside.settings, outside.keys
    forwarded = ForwardingTransitions(
        database=outside.database,
        ledger=outside.ledger,
        addresses=Addresses.of(settings, keys.key_encryption_key()),
        links=Links.of(settings.origin, keys.secret(Purpose.INDEX)),
        mails=outside.send_mail is not None,
        clock=outside.clock,
        entropy=outside.entropy,
    )
    courier = Courier(
        database=outside.database,
        ledger=outside.ledger,
        keys=keys,
        addresses=forwarded.addresses,
        links=forwarded.links,
        send_mail=outside.send_mail or no_mail,
        call=outside.send,
        clock=outside.clock,
        entropy=outside.entropy,
        metrics=outside.metrics,
        digest_hour=settings.digest_hour,
    )
    return MessageOffices(Messages(access, outside.clock), ForwardingDesk(access, forwarded), courier)
