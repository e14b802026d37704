"""Telling people what happened to their account, on every channel they confirmed.

A notice is written into the outbox in the same transaction as what it is about, so that nothing happens silently and
nothing is announced that did not happen. A courier thread on every node hands what is due to the sender the operator
chose (a folder, a gateway, a mail server); a node that dies in between loses nothing, because what it had claimed falls
due again. Addresses and texts are sealed under the person's own key until they are delivered. NIST SP 800-63B-4 §4.6
asks for notices on every change of authenticators. Talks to the store, the vault and `kernel.outbound`.
"""

from idp.notices.channels import Channel, Channels, InvalidContact
from idp.notices.courier import Courier
from idp.notices.kinds import NoticeKind
from idp.notices.outbox import Notices
from idp.notices.sender import Message, NotDelivered, Sender, Undeliverable

__all__ = [
    "Channel",
    "Channels",
    "Courier",
    "InvalidContact",
    "Message",
    "NotDelivered",
    "NoticeKind",
    "Notices",
    "Sender",
    "Undeliverable",
]
