"""An event on the wire: CloudEvents 1.0, structured JSON (CloudEvents specification §3, JSON format §3)."""

from __future__ import annotations

from datetime import UTC

from exchange.store.subscriptions import Queued
from kernel.canonical import JSON

MEDIA_TYPE = "application/cloudevents+json"
SPEC_VERSION = "1.0"
SCHEMAS = "/v1/events/schemas"


def cloud_event(queued: Queued, origin: str) -> dict[str, JSON]:
    """The event, as every try gives it. Its time is to the second: a finer one would tie two subscribers together."""
    at = queued.at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    event: dict[str, JSON] = {
        "specversion": SPEC_VERSION,
        "id": queued.id,
        "source": origin,
        "type": queued.kind,
        "time": f"{at.isoformat()}Z",
        "datacontenttype": "application/json",
        "dataschema": f"{origin}{SCHEMAS}/{queued.kind}",
        "data": dict(queued.data),
    }
    return event | {"subject": queued.subject} if queued.subject else event
