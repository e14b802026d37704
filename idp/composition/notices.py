"""The carrier of notices that the operator chose, and the courier that serves it."""

from __future__ import annotations

from idp.notices import Courier, Sender
from idp.notices.senders.smtp import SmtpSender
from idp.notices.senders.spool import SpoolSender
from idp.notices.senders.webhook import WebhookSender
from idp.opening import vault
from kernel.clock import Clock
from kernel.database import Database
from kernel.keys import KeyRing
from kernel.settings import IdpSettings


def sender(settings: IdpSettings) -> Sender:
    """The adapter for the setting ``notice_sender``."""
    if settings.notice_sender == "webhook":
        return WebhookSender(settings.notice_address, settings.notice_secret)
    if settings.notice_sender == "smtp":
        return SmtpSender(settings.notice_address, settings.notice_from, settings.notice_secret)
    return SpoolSender(settings.notice_spool)


def courier(settings: IdpSettings, database: Database, keys: KeyRing, clock: Clock) -> Courier:
    """A courier, not yet started."""
    return Courier(database, vault(keys), sender(settings), clock)
