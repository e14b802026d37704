"""Changes by operators and administrators, each recorded in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from idp.administration.acts import Act
from idp.administration.errors import AdministrationError
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event, InvalidEvent
from kernel.ledger.log import Ledger

OPERATOR = "operator"
"""Who acts through the command: whoever can read the keys' folder. Not a person the database knows."""


@dataclass(frozen=True, slots=True)
class Records:
    """Writes a change and its entry together, or neither. ``actor`` and ``command`` stand in every entry."""

    ledger: Ledger
    clock: Clock
    entropy: Entropy
    actor: str = OPERATOR
    command: str = OPERATOR

    def of(self, actor: str, command: str) -> Records:
        """The same, for what one person does by one command."""
        return replace(self, actor=actor, command=command)

    def make(
        self,
        name: str,
        facts: Mapping[str, JSON],
        change: Callable[[Connection], object],
        subject: SubjectRef | None = None,
    ) -> None:
        """Make a change under an entry of its own. Raises LedgerUnavailable and what ``change`` raises."""
        self.make_all([(Act(name, facts, change), subject)])

    def make_all(self, acts: Sequence[tuple[Act, SubjectRef | None]], timeout: float | None = None) -> None:
        """Make several changes, each under an entry of its own, all or none.

        Raises LedgerUnavailable and what a change raises; AdministrationError for facts that cannot be an entry: names,
        identifiers and lists come from forms, and an entry is for ever.
        """
        told: dict[str, JSON] = {"actor": self.actor, "command": self.command}
        together = new_id("adm", self.clock, self.entropy)
        entries = [
            (name, facts, subject) for act, subject in acts for name, facts in ((act.name, act.facts), *act.besides)
        ]
        events = [
            Event(name, together, item=str(number) if number else "", facts={**facts, **told}, subject=subject)
            for number, (name, facts, subject) in enumerate(entries)
        ]

        def also(connection: Connection, _receipts: object) -> None:
            for act, _subject in acts:
                act.change(connection)

        try:
            self.ledger.append(events, also=also, timeout=timeout)
        except InvalidEvent:
            raise AdministrationError(
                "填写的内容含有疑似公民身份号码，或者过长，不能写入日志",
                "what was entered holds what looks like a citizen number, or is too long, and cannot be recorded",
            ) from None
