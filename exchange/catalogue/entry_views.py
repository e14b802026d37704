"""Entries, their drafts and their versions as JSON, for the API and for the pages alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exchange.catalogue.forms import SHELVES
from exchange.catalogue.workflow.commands import (
    BeginReview,
    CommandKind,
    Document,
    DraftEntry,
    DropDraft,
    PublishEntry,
    ReturnEntry,
    ReviseEntry,
    SubmitEntry,
    WithdrawEntry,
)
from exchange.catalogue.workflow.differences import Difference, differences
from exchange.catalogue.workflow.events import STATUSES, EntryState, digest
from exchange.catalogue.workflow.lifecycle import is_offered
from exchange.store.catalogue_drafts import Publication
from policies.roles import Officer

COMMANDS: Mapping[str, CommandKind] = {
    "draft": DraftEntry,
    "revise": ReviseEntry,
    "submit": SubmitEntry,
    "review": BeginReview,
    "return": ReturnEntry,
    "publish": PublishEntry,
    "drop": DropDraft,
    "withdraw": WithdrawEntry,
}
"""Commands by the last word of their address."""


def entry_view(state: EntryState, officer: Officer, published: Document | None) -> dict[str, Any]:
    """Where an entry stands, and what this officer may do with it; the draft is compared with what is ``published``."""
    label = STATUSES[state.status]
    return {
        "kind": SHELVES[state.kind],
        "name": state.name,
        "organisation": state.organisation,
        "status": state.status,
        "status_label": {"zh": label.zh, "en": label.en},
        "version": state.version,
        "revision": state.revision,
        "changed_at": state.changed_at.isoformat(),
        "commands": [
            name
            for name, command in COMMANDS.items()
            if is_offered(command, state, officer)
            and not (command in {BeginReview, PublishEntry} and _wrote(state, officer))
        ],
        "draft": _draft(state, published),
    }


def _wrote(state: EntryState, officer: Officer) -> bool:
    return state.proposal is not None and officer.id in state.proposal.authors


def _draft(state: EntryState, published: Document | None) -> dict[str, Any] | None:
    draft = state.proposal
    if draft is None:
        return None
    label = STATUSES[draft.stage.value]
    return {
        "manifest": draft.document,
        "digest": digest(draft.document),
        "stage": draft.stage.value,
        "stage_label": {"zh": label.zh, "en": label.en},
        "base": draft.base,
        "reason": draft.reason or None,
        "differences": compared(differences(published, draft.document)),
    }


def compared(found: Iterable[Difference]) -> list[dict[str, Any]]:
    """Differences as JSON."""
    return [
        {
            "path": one.path,
            "member": {"zh": one.member.zh, "en": one.member.en},
            "change": one.change,
            "before": one.before,
            "after": one.after,
        }
        for one in found
    ]


def version_view(one: Publication) -> dict[str, Any]:
    """One publication."""
    return {
        "version": one.version,
        "catalogue_version": one.since,
        "at": one.at.isoformat(),
        "by": one.by,
        "how": one.how,
        "digest": one.digest,
    }
