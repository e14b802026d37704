"""What a worker process loads: one service, opened from the configuration that ``TONGBAN_CONFIG`` names.

granian imports this module in each worker and calls the factory. Requests under way are finished before a worker ends;
then the service drains its writer and its ledger.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kernel import logging, settings
from kernel.turns import ask_for_short_turns
from kernel.web.fastpath import WsgiApp
from kernel.web.monitoring import serve_metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def configured() -> settings.Settings:
    """The settings of this process; raises SettingsError."""
    named = os.environ.get("TONGBAN_CONFIG")
    return settings.load(Path(named) if named else None, os.environ)


class InShortTurns:
    """An application whose requests run in threads that take short turns: a server makes them, and tells nobody."""

    def __init__(self, app: WSGIApplication) -> None:
        """``app`` is what they run. The thread that makes this asks for nothing: the network's inherits from it."""
        self._app = app
        self._known = threading.local()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        if not hasattr(self._known, "asked"):
            self._known.asked = True
            ask_for_short_turns()
        return self._app(environ, start_response)


def idp() -> InShortTurns:
    """The identity provider as a WSGI callable."""
    from idp.app import open_service  # the other service's packages stay out of this process

    chosen = configured()
    logging.configure(chosen.idp.log_level, sys.stdout)
    service = open_service(chosen.idp)
    atexit.register(service.close)
    _serve_metrics(service.app, chosen.idp.metrics_listen)
    _settle()
    return InShortTurns(service.app)


def exchange() -> InShortTurns:
    """The exchange as a WSGI callable."""
    from exchange.app import open_service  # as above

    chosen = configured()
    logging.configure(chosen.exchange.log_level, sys.stdout)
    service = open_service(chosen.exchange)
    atexit.register(service.close)
    _serve_metrics(service.app, chosen.exchange.metrics_listen)
    _settle()
    return InShortTurns(service.app)


def _settle() -> None:
    """What was made so far stays until the end: the garbage collector need not look at it again.

    A look through everything takes long enough to be seen by whoever waits for the ledger's head meanwhile.
    """
    gc.collect()
    gc.freeze()


def _serve_metrics(app: WsgiApp, listen: str) -> None:
    """On the address of their own, where one is configured; otherwise /metrics answers callers on this machine."""
    if listen:
        atexit.register(serve_metrics(app.metrics, listen))
