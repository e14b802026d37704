"""The state of an entry as JSON, and back: what a store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from exchange.catalogue.workflow.events import EntryState, Proposal, Stage, Standing


def state_to_json(state: EntryState) -> dict[str, Any]:
    """Everything of a state but what identifies the entry."""
    draft = state.proposal
    return {
        "organisation": state.organisation,
        "standing": state.standing.value,
        "version": state.version,
        "revision": state.revision,
        "proposal": None
        if draft is None
        else {
            "document": draft.document,
            "stage": draft.stage.value,
            "authors": sorted(draft.authors),
            "base": draft.base,
            "reason": draft.reason,
        },
    }


def state_from_json(kind: str, name: str, changed_at: datetime, value: Mapping[str, Any]) -> EntryState:
    """The state that was kept."""
    draft = value["proposal"]
    return EntryState(
        kind=kind,
        name=name,
        organisation=value["organisation"],
        standing=Standing(value["standing"]),
        changed_at=changed_at,
        version=value["version"],
        revision=value["revision"],
        proposal=None
        if draft is None
        else Proposal(
            draft["document"], Stage(draft["stage"]), frozenset(draft["authors"]), draft["base"], draft["reason"]
        ),
    )
