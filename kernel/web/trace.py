"""W3C Trace Context: continue the caller's trace, or start one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kernel.entropy import Entropy

# W3C Trace Context 1 §3.2.2; version ff is forbidden, later versions may append fields after a dash.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_NO_TRACE, _NO_PARENT = "0" * 32, "0" * 16


@dataclass(frozen=True, slots=True)
class TraceContext:
    """One request's place in a trace: 16 bytes in lower-case hex; all zero outside any request."""

    trace_id: str = _NO_TRACE


def continue_trace(header: str | None, entropy: Entropy) -> TraceContext:
    """Take over the trace named by a `traceparent` header; anything malformed starts a new one (§4.2)."""
    found = _TRACEPARENT.fullmatch(header) if header else None
    if found is None or found["trace"] == _NO_TRACE or found["parent"] == _NO_PARENT:
        return TraceContext(entropy.bytes(16).hex())
    return TraceContext(found["trace"])
