"""What a command does at the exchange: apart, since a command loads only the service it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exchange.administration import Administration, open_administration
from tongban.commands.configuration import load_settings, refuse_outdated


@contextmanager
def exchange_administration(named: str | None) -> Iterator[Administration]:
    """The exchange's administration on the configured installation; a mistake is one sentence and status 2."""
    section = load_settings(named).exchange
    refuse_outdated("exchange", section)
    with open_administration(section) as opened:
        yield opened
