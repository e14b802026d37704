"""How many cases a law is tried on: few in the suite, many in ``make soak``; and from where one that failed starts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

SOAK = float(os.environ.get("TONGBAN_SOAK") or 0)
"""``make soak`` sets it to 1. A fraction is a rehearsal, of that share of its cases."""

FIRST_SEED = os.environ.get("TONGBAN_SEED")
"""Where generators of our own begin, instead of where they do: at the seed that a failure named."""


def sized(suite: int, soak: int) -> int:
    """So many in the suite, or in the long run, or the share of it that is rehearsed."""
    return max(1, round(soak * SOAK)) if SOAK else suite


def in_parts(most: int) -> range:
    """The numbers of the parts in which a dear law is tried in the long run, for as many processes."""
    return range(most if SOAK else 1)


class _Trail:
    """The seed at which the test that runs has arrived."""

    seed: int | None = None


def seeds(count: int, start: int = 0) -> Iterator[int]:
    """So many, one after the other; of a test that fails in between, its report names the one it came to."""
    first = start if FIRST_SEED is None else int(FIRST_SEED)
    for seed in range(first, first + count):
        _Trail.seed = seed
        yield seed
    _Trail.seed = None


def begin() -> None:
    """Another test runs now."""
    _Trail.seed = None


_PASSING = re.compile(r"(\d+) passing")
_BLOB = re.compile(r"@reproduce_failure\(.+\)")


def counted(item: pytest.Item) -> int | None:
    """How many cases a test of Hypothesis was tried on; None of any other test, which counts its own."""
    said: str | None = getattr(item, "hypothesis_statistics", None)
    return None if said is None else sum(map(int, _PASSING.findall(said)))


def again(item: pytest.Item, failure: BaseException) -> str:
    """What has a failed test fail once more, soon."""
    prefix = f"TONGBAN_SOAK={SOAK:g} " if SOAK else ""
    if (blob := _BLOB.search("\n".join(getattr(failure, "__notes__", ())))) is not None:
        return f'{prefix}python -m pytest "{item.nodeid}", below {blob[0]}'
    seed = "" if _Trail.seed is None else f"TONGBAN_SEED={_Trail.seed} "
    return f'{prefix}{seed}python -m pytest "{item.nodeid}"'
