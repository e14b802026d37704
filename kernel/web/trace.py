"""W3C Trace Context: continue the caller's trace, or start one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kernel.entropy import Entropy

# W3C Trace Context 1 §3.2.2; version ff is forbidden, later versions may append fields after a dash.
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?:-.*)?"
)
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


@dataclass(frozen=True, slots=True)
class TraceContext:
    """One request's place in a trace: lower-case hex identifiers of 16 and 8 bytes."""

    trace_id: str = _NO_TRACE
    span_id: str = _NO_SPAN
    parent_id: str | None = None
    sampled: bool = False

    @property
    def traceparent(self) -> str:
        """The header value to send onwards."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def continue_trace(header: str | None, entropy: Entropy) -> TraceContext:
    """Take over the trace named by a `traceparent` header; anything malformed starts a new one (§4.2)."""
    found = _TRACEPARENT.fullmatch(header) if header else None
    if found is None or found["trace"] == _NO_TRACE or found["parent"] == _NO_SPAN:
        fresh = entropy.bytes(24).hex()
        return TraceContext(fresh[:32], fresh[32:])
    return TraceContext(found["trace"], entropy.bytes(8).hex(), found["parent"], bool(int(found["flags"], 16) & 1))
