"""Ways in which a release reaches whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kernel.text import Text


class Delivery(StrEnum):
    """How a release reaches the consumer: in the answer itself, after the person has looked at it, or later.

    ``BULK`` is no way of asking about one person: it is the return flow of many records to the district they lie in.
    A grant that names no ways allows any but this one.
    """

    DIRECT = "direct"
    PREVIEW = "preview"
    ASYNCHRONOUS = "asynchronous"
    BULK = "bulk"

    @property
    def text(self) -> Text:
        """In words."""
        return _DELIVERIES[self]


_DELIVERIES: Mapping[Delivery, Text] = {
    Delivery.DIRECT: Text("直接提供", "in the answer itself"),
    Delivery.PREVIEW: Text("本人预览后提供", "after the person has looked at it"),
    Delivery.ASYNCHRONOUS: Text("异步提供", "later, when it is ready"),
    Delivery.BULK: Text("批量回流到所在区划", "in bulk, as return flow to the division it lies in"),
}

ON_REQUEST = tuple(mode for mode in Delivery if mode is not Delivery.BULK)
"""The ways a request about one person may name; and those that a grant allows that names none."""
