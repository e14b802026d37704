"""Ways in which a release reaches whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kernel.text import Text


class Delivery(StrEnum):
    """How a release reaches the consumer: in the answer itself, after the person has looked at it, or later."""

    DIRECT = "direct"
    PREVIEW = "preview"
    ASYNCHRONOUS = "asynchronous"

    @property
    def text(self) -> Text:
        """In words."""
        return _DELIVERIES[self]


_DELIVERIES: Mapping[Delivery, Text] = {
    Delivery.DIRECT: Text("直接提供", "in the answer itself"),
    Delivery.PREVIEW: Text("本人预览后提供", "after the person has looked at it"),
    Delivery.ASYNCHRONOUS: Text("异步提供", "later, when it is ready"),
}
