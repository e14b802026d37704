"""Whatever is imported first: every package that a process begins with can be the first."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("first", ["idp.app", "exchange.app", "idp.administration", "exchange.administration"])
def test_a_process_may_begin_with(first: str) -> None:
    """The tests themselves import everything in some order and would not see a cycle that only a service meets."""
    done = subprocess.run([sys.executable, "-c", f"import {first}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-600:]


def test_a_decision_is_made_without_the_solver() -> None:
    """The examiner of changes belongs to governance: nothing that a request passes through so much as loads it."""
    decides = "exchange.gateway.pipeline, exchange.in_force.reading, policies.index, policies.reference"
    path = f"{decides}, policies.grants.lifecycle"
    seen = "sorted({'cvc5', 'policies.analysis'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {path}; print({seen})"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
