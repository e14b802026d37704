"""What was refused, and why: an item of a request, or a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tongban.client import Refused
from tongban.demo.departments.evidence_client import Refused as RefusedDepartment
from tongban.demo.narration import StoryFailed, expect


def refusal_of(items: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Why nothing came; raises StoryFailed where anything did."""
    came = [item["status"] for item in items if item["status"] != "refused" or "data" in item or "answers" in item]
    expect(items and not came, str(came))
    problem = items[0]["problem"]
    return {"理由": problem["title"], "code": problem["code"]}


def problem_of(command: Callable[[], object]) -> dict[str, Any]:
    """The answer to a command that is refused; raises StoryFailed where it is not."""
    try:
        command()
    except (Refused, RefusedDepartment) as refused:
        return refused.problem
    raise StoryFailed("it was not refused")
