"""A source that is a person: an office that looks a record up and types it in.

Owns the part of a manifest that names the office and its substitutes, how long each has, and the words shown to whoever
answers. A look-up never fetches: it says that the answer comes later (``Outcome.LATER``), and the exchange keeps a task
for the office meanwhile. What is typed goes through the manifest's mapping like any other record. Specification: ADR
0051. Talks to nothing at all.
"""

from .connector import ADAPTER
from .settings import LONGEST_DAYS, ManualSettings

__all__ = ["ADAPTER", "LONGEST_DAYS", "ManualSettings"]
