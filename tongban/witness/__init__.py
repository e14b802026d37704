"""A witness (C2SP tlog-witness): remembers the newest checkpoint of each log it knows and cosigns only what extends it.

It is run by somebody else than the log's operator: a log rolled back or forked with its own key is whole in itself, and
only who remembers can tell. Owns its state folder and its key; shares with the log nothing but the verifier's code and
the byte formats. Talks to: ``kernel.ledger.verify``.
"""

from tongban.witness.cosigner import Cosigner
from tongban.witness.fetching import LogUnusable, fetch_and_add
from tongban.witness.protocol import Answer, Witness
from tongban.witness.serving import serve
from tongban.witness.state import State, StateUnusable

__all__ = ["Answer", "Cosigner", "LogUnusable", "State", "StateUnusable", "Witness", "fetch_and_add", "serve"]
