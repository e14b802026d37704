"""Telling the operator that an upstream does not take us for its client any more: nobody else can mend that."""

from __future__ import annotations

from kernel.logging import logger
from kernel.metrics import Metrics


class CredentialsAlarm:
    """An error in the log, and the gauge ``tongban_upstream_refuses_us``: 1 until the upstream takes us again."""

    def __init__(self, metrics: Metrics) -> None:
        """``metrics`` of this provider; a label is a name in the operator's own file."""
        self._refuses = metrics.gauge(
            "upstream_refuses_us", "Whether an upstream provider refused our client credentials last.", ("upstream",)
        )

    def raised(self, upstream: str) -> None:
        """It refused what we prove ourselves with."""
        self._refuses.labels(upstream).set(1)
        logger("idp.federation").error("upstream_refuses_us", upstream=upstream, mend="client_id or credentials")

    def over(self, upstream: str) -> None:
        """It took us."""
        self._refuses.labels(upstream).set(0)
