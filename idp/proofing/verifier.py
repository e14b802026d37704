"""The port through which a name and a number are compared with a register, and its laws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from kernel.identifiers.subject import SubjectRef


class VerifierUnavailable(Exception):
    """No answer this time. The text holds neither name nor number."""


@dataclass(frozen=True, slots=True)
class Match:
    """The register knows this person. ``reference`` is its own mark of the comparison; we keep a digest of it."""

    reference: str = field(repr=False)


class Verifier(Protocol):
    """Compares a declared identity with a register. Laws, held by one contract test over every adapter:

    1. A match means that name and number belong to one person of the register; nothing less is a match.
    2. A wrong name and an unknown number are one answer (None): the register cannot be read through us.
    3. It ends within a bounded time, with an answer or VerifierUnavailable and nothing else.
    4. Whatever it raises names neither the name nor the number, and neither stands in an address.
    """

    @property
    def name(self) -> str:
        """As it stands beside the proof."""
        ...

    def match(self, name: str, subject: SubjectRef) -> Match | None:
        """Whether they belong together. Raises VerifierUnavailable."""
        ...
