"""Logs: JSON lines with their trace, and without secrets or personal numbers."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from kernel.logging import REDACTED, configure, logger, redact, traced

NUMBER = "500199199003070011"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    written = io.StringIO()
    configure("info", written)
    yield written
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_where_and_in_which_trace(stream: io.StringIO) -> None:
    with traced("4bf92f3577b34da6", route="/v1/cases"):
        logger("exchange").info("case opened", items=3, fast=True, share=0.5, nothing=None)
    logger("exchange").info("idle")
    first, second = lines(stream)
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "case opened",
        "level": "info",
        "room": "exchange",
        "trace_id": "4bf92f3577b34da6",
        "route": "/v1/cases",
        "items": 3,
        "fast": True,
        "share": 0.5,
        "nothing": None,
    }
    assert "trace_id" not in second


def test_levels_below_the_configured_one_are_not_written(stream: io.StringIO) -> None:
    logger("x").debug("chatter")
    logging.getLogger("library").debug("chatter")
    assert lines(stream) == []


def test_libraries_pass_the_same_redaction(stream: io.StringIO) -> None:
    with traced("4bf9"):
        logging.getLogger("library").warning("person %s came", NUMBER)
    (line,) = lines(stream)
    assert line["event"] == f"person {REDACTED} came"
    assert (line["logger"], line["level"], line["trace_id"]) == ("library", "warning", "4bf9")


def test_exceptions_are_redacted_too(stream: io.StringIO) -> None:
    for write in (logger("x").exception, logging.getLogger("library").exception):
        try:
            raise LookupError(f"no person {NUMBER} with {JWT}")
        except LookupError:
            write("failed")
    for line in lines(stream):
        assert "LookupError" in str(line["exception"])
        assert NUMBER not in json.dumps(line)
        assert JWT not in json.dumps(line)


def clean(**event: object) -> dict[str, object]:
    return dict(redact(None, "info", event))


@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Authorization",
        "password",
        "token",
        "code",
        "otp",
        "client_secret",
        "assertion",
        "dpop",
        "DPoP",
        "Set-Cookie",
        "refresh_token",
        "code_verifier",
    ],
)
def test_the_values_of_secret_keys_are_taken_out_however_deep(key: str) -> None:
    assert clean(**{key: "x1"}) == {key: REDACTED}
    assert clean(facts=[{"inner": {key: ["x1"]}}]) == {"facts": [{"inner": {key: REDACTED}}]}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (f"身份证{NUMBER}号", f"身份证{REDACTED}号"),
        (f"x{NUMBER[:-1]}X.", f"x{REDACTED}."),
        (f"token={JWT}", f"token={REDACTED}"),
        (f"jwe {'eyJh.a.b.c.d'}!", f"jwe {REDACTED}!"),
        ("mobile 13812345678", f"mobile {REDACTED}"),
        ("Authorization: Bearer abc.DEF-1~+/=", f"Authorization: Bearer {REDACTED}"),
        ("dpop abc", f"dpop {REDACTED}"),
        ("postgresql+psycopg://user:pw@db/x", f"postgresql+psycopg://{REDACTED}@db/x"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----", REDACTED),
        ("-----BEGIN PRIVATE KEY-----\ncut off", REDACTED),
        ("order 1234567890123456789 at 1763870400000000", "order 1234567890123456789 at 1763870400000000"),
        ("case_01J8Z3V9Q4M6W7X8Y9Z0A1B2C3", "case_01J8Z3V9Q4M6W7X8Y9Z0A1B2C3"),
        ("11500000DEM000057T3500131001000", "11500000DEM000057T3500131001000"),
    ],
)
def test_values_are_taken_out_of_texts(text: str, cleaned: str) -> None:
    assert clean(said=text) == {"said": cleaned}


def test_numbers_and_other_objects_are_looked_at_as_text() -> None:
    assert clean(number=int(NUMBER)) == {"number": REDACTED}
    assert clean(error=ValueError(NUMBER)) == {"error": REDACTED}
    assert clean(many={NUMBER}) == {"many": [REDACTED]}
    assert clean(size=10**12) == {"size": "1000000000000"}


@given(st.text(max_size=30), st.integers(10**16, 10**17 - 1), st.sampled_from("0123456789Xx"), st.text(max_size=30))
def test_no_citizen_number_survives(before: str, digits: int, check: str, after: str) -> None:
    number = f"{digits}{check}"
    before, after = before.rstrip("0123456789"), after.lstrip("0123456789")
    before, after = ("".join(c for c in part if not c.isdigit()) for part in (before, after))
    assert number not in str(clean(said=f"{before}{number}{after}"))
