"""Recovery at a window: two clerks looked at the person and the document, so there is no delay; the notices remain.

Who finishes it signs in with the new password alone: every other factor is removed with the old one (ADR 0099). It
replaces one that is open, with an entry for that. An account that is disabled stays disabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from idp.administration.acts import Act, ShownOnce
from idp.administration.errors import AdministrationError
from idp.administration.person_register import PersonRegister
from idp.administration.proposals import Prepare
from idp.administration.rights import Command
from idp.administration.window_desk import refuse_disabled_since
from idp.authentication import recovery_stop, told
from idp.model.proposal import Proposal
from idp.model.recovery import Recovery
from idp.model.secret import hashed
from idp.notices import Notices
from idp.proofing.recovery_asking import RECOVER
from idp.store import recoveries
from kernel.canonical import JSON
from kernel.entropy import token
from kernel.ids import new_id

RECOVERY_LINK = "recovery_link"
"""Its name on the wire."""
LASTS = timedelta(minutes=30)
"""The person stands at the window."""


def kinds(register: PersonRegister, notices: Notices, issuer: str) -> Mapping[Command, Prepare]:
    """How a confirmed recovery is carried out: the second clerk is shown the link, once."""

    def recovering(proposal: Proposal) -> Act:
        person, now = str(proposal.facts["person"]), register.clock.now()
        link, stop = token(register.entropy), token(register.entropy)
        recovery_id = new_id("rcv", register.clock, register.entropy)
        made = Recovery(recovery_id, person, hashed(stop), hashed(link), now, now + LASTS, at_window=True)
        with register.database.read() as connection:
            replaced = recoveries.open_of(connection, person, now)

        def change(connection: Connection) -> None:
            refuse_disabled_since(connection, proposal)
            if recoveries.open_of(connection, person, now) != replaced:
                raise AdministrationError(
                    "此人的账户找回刚有变化，请再次确认",
                    "a recovery of this account was asked for, stopped or finished just now: confirm again",
                )
            recovery_stop.stop(connection, notices, person, now)
            recoveries.add(connection, made)
            notices.send(connection, person, told.RECOVERY_AT_WINDOW, stop=f"{issuer}{RECOVER}/stop/{stop}")

        facts: dict[str, JSON] = {"person": person, "recovery": made.id}
        stopped = recovery_stop.entries_of(person, replaced)
        return Act("RecoveryAllowed", facts, change, lambda: ShownOnce(RECOVERY_LINK, link), besides=stopped)

    return {Command.RECOVER_PERSON: recovering}
