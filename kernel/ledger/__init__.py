"""The ledger: a tamper-evident log in which every release, refusal and security fact of a service is an entry.

Owns the Merkle tree (RFC 6962), signed-note checkpoints and ``tlog-proof@v1`` receipts (C2SP), hash tiles (C2SP
tlog-tiles), the synchronous sequencer that makes entry, tree head and signed checkpoint durable in one transaction
(ADR 0007), the encrypted payloads kept beside the log, and their erasure. Two services have two logs, two origins and
two keys. Talks to ``kernel.database``, ``kernel.envelope`` and ``kernel.canonical``; knows no service's business words.
``kernel.ledger.verify`` is the stranger's side: it checks receipts offline and shares no code with the writer.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernel.ledger.errors import FenceMoved, LedgerError, LedgerOwned, LedgerUnavailable, NoSuchEntry
    from kernel.ledger.event import Event, InvalidEvent
    from kernel.ledger.log import Ledger
    from kernel.ledger.reader import InclusionProof
    from kernel.ledger.receipt import Receipt
    from kernel.ledger.usage import UsageEntry

_HOMES = {
    "Event": "event",
    "FenceMoved": "errors",
    "InclusionProof": "reader",
    "InvalidEvent": "event",
    "Ledger": "log",
    "LedgerError": "errors",
    "LedgerOwned": "errors",
    "LedgerUnavailable": "errors",
    "NoSuchEntry": "errors",
    "Receipt": "receipt",
    "UsageEntry": "usage",
}

__all__ = [
    "Event",
    "FenceMoved",
    "InclusionProof",
    "InvalidEvent",
    "Ledger",
    "LedgerError",
    "LedgerOwned",
    "LedgerUnavailable",
    "NoSuchEntry",
    "Receipt",
    "UsageEntry",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Loaded when first asked for, so that the offline verifier beside it brings no database with it."""
        if name not in _HOMES:
            raise AttributeError(f"kernel.ledger has no {name}")
        return getattr(import_module(f"kernel.ledger.{_HOMES[name]}"), name)
