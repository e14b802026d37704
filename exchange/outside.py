"""What the exchange is handed by whoever starts it: it makes none of it itself."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.authentication.fetching import Fetch, Post
from exchange.catalogue.sources import BuildSource
from exchange.events.webhooks import Send
from exchange.forwarding.courier import SendMail
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.keys import KeyRing
from kernel.ledger.log import Ledger
from kernel.metrics import Metrics
from kernel.settings import ExchangeSettings


@dataclass(frozen=True)
class Outside:
    """Everything the exchange is handed: it makes none of it itself."""

    settings: ExchangeSettings
    database: Database
    keys: KeyRing
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    fetch: Fetch
    build_source: BuildSource
    metrics: Metrics
    post: Post
    send: Send
    send_mail: SendMail | None
    """None where the installation sends no mail."""
