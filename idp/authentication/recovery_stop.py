"""Stopping what somebody began in the owner's name: by a link, or by signing in as usual."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from idp.authentication import told
from idp.notices import Notices
from idp.store import notices as outbox
from idp.store import recoveries


def stop(connection: Connection, notices: Notices, person_id: str, now: datetime) -> bool:
    """End whatever recovery is open, withdraw the message with its link, and say so; False when nothing was open."""
    stopped = recoveries.stop(connection, person_id, now)
    if stopped:
        outbox.withdraw(connection, person_id, told.RECOVERY_LINK.name, now)
        notices.send(connection, person_id, told.RECOVERY_STOPPED)
    return stopped
