"""What a command does at the identity provider: apart, since a command loads only the service it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from idp.administration import Administration, AdministrationError
from tongban.commands.configuration import load_settings, refuse_outdated
from tongban.output import wrong


@contextmanager
def idp_administration(named: str | None) -> Iterator[Administration]:
    """The identity provider's administration on the configured installation; a mistake is one sentence and status 2."""
    section = load_settings(named).idp
    refuse_outdated("idp", section)
    with Administration.open(section) as opened:
        try:
            yield opened
        except AdministrationError as error:
            wrong(error.text.zh, error.text.en)
