"""W3C Trace Context 1."""

from __future__ import annotations

import pytest

from kernel.entropy import SeededEntropy
from kernel.web.trace import TraceContext, continue_trace

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_section_3_2_2_a_valid_header_is_continued():
    assert continue_trace(f"00-{TRACE}-{PARENT}-01", SeededEntropy(1)).trace_id == TRACE


def test_section_4_3_later_versions_may_append_fields():
    assert continue_trace(f"01-{TRACE}-{PARENT}-00-more", SeededEntropy(1)).trace_id == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        f"ff-{TRACE}-{PARENT}-00",
        f"00-{'0' * 32}-{PARENT}-00",
        f"00-{TRACE}-{'0' * 16}-00",
        f"00-{TRACE.upper()}-{PARENT}-00",
        f"00-{TRACE[:-1]}-{PARENT}-00",
        f"00-{TRACE}-{PARENT}-00\n",
        f"00-{TRACE}-{PARENT}-00,00-{TRACE}-{PARENT}-00",
        "李",
    ],
)
def test_section_4_2_anything_malformed_starts_a_new_trace(header):
    found = continue_trace(header, SeededEntropy(1))
    assert found.trace_id != TRACE
    assert len(bytes.fromhex(found.trace_id)) == 16


def test_a_request_outside_any_door_has_the_invalid_trace():
    assert TraceContext().trace_id == "0" * 32
