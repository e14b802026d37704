"""What has happened to an entry, and the state it adds up to; whether something may happen is not decided here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from kernel import canonical
from kernel.canonical import JSON
from kernel.text import Text
from policies.proceedings import Event, State

Document = Mapping[str, Any]


class Standing(StrEnum):
    """Whether the entry is in force: never yet, now, or no more."""

    NEW = "new"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """Where a draft stands, be it a new entry or a change of a published one."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"


CHANGE_PENDING = "change_pending"
"""The status of a published entry while a change of it is drafted or reviewed."""

STATUSES: Mapping[str, Text] = {
    "draft": Text("起草中", "draft"),
    "submitted": Text("已提交", "submitted"),
    "under_review": Text("审核中", "under review"),
    "returned": Text("已退回", "returned"),
    "published": Text("已发布", "published"),
    "change_pending": Text("变更中", "change pending"),
    "withdrawn": Text("已撤下", "withdrawn"),
}
"""Every status, in words."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A draft under way.

    ``base`` is the version it was written against (0: none); ``reason`` is why it was last returned.
    """

    document: Document
    stage: Stage
    authors: frozenset[str]
    base: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryState(State):
    """An entry and what has become of it.

    ``version`` counts publications.
    """

    kind: str
    name: str
    organisation: str
    standing: Standing
    version: int = 0
    proposal: Proposal | None = None

    @property
    def stage(self) -> Stage | None:
        """Of the draft under way; None when there is none."""
        return self.proposal.stage if self.proposal else None

    @property
    def status(self) -> str:
        """The one word for it all, a key of ``STATUSES``."""
        if self.proposal is None:
            return self.standing.value
        return CHANGE_PENDING if self.standing is Standing.PUBLISHED else self.proposal.stage.value


@dataclass(frozen=True, slots=True)
class EntryEvent(Event):
    """Something that happened to an entry."""


@dataclass(frozen=True, slots=True)
class EntryDrafted(EntryEvent):
    """A new entry, or a change of one, was written down; ``organisation`` is whose it is."""

    document: Document
    organisation: str


@dataclass(frozen=True, slots=True)
class EntryRevised(EntryEvent):
    """The draft was replaced by another text, written against the version published then."""

    document: Document
    organisation: str


@dataclass(frozen=True, slots=True)
class EntrySubmitted(EntryEvent):
    """The draft was handed in."""

    digest: str


@dataclass(frozen=True, slots=True)
class ReviewBegun(EntryEvent):
    """Somebody of data governance took it up."""


@dataclass(frozen=True, slots=True)
class EntryReturned(EntryEvent):
    """It was sent back."""

    reason: str


@dataclass(frozen=True, slots=True)
class EntryPublished(EntryEvent):
    """The draft became the published entry, as ``version``."""

    version: int
    digest: str
    organisation: str


@dataclass(frozen=True, slots=True)
class DraftDropped(EntryEvent):
    """The draft was given up."""


@dataclass(frozen=True, slots=True)
class EntryWithdrawn(EntryEvent):
    """The published entry left the catalogue."""

    reason: str


@dataclass(frozen=True, slots=True)
class ManifestApplied(EntryEvent):
    """An operator's manifest became the published entry; a draft under way stays, and must be looked at again."""

    version: int
    digest: str
    organisation: str


def digest(document: Document) -> str:
    """What an officer signs with a publication: the canonical document's SHA-256 (RFC 8785)."""
    return f"sha256:{hashlib.sha256(canonical.encode(document)).hexdigest()}"


def facts(event: EntryEvent) -> dict[str, JSON]:
    """What the ledger records of an event: a text by its digest, everything else as it is."""
    values = event.said()
    document = values.pop("document", None)
    return values | ({} if document is None else {"digest": digest(document)})


def evolve(state: EntryState | None, event: EntryEvent, *, kind: str, name: str) -> EntryState:
    """The state after an event; ``state`` is None before the first, which is a draft or a manifest."""
    if state is None:
        state = EntryState(
            kind=kind, name=name, organisation="", standing=Standing.NEW, changed_at=event.at, revision=0
        )
    return state.after(event, **_CHANGES[type(event)](state, event))


def _drafted(state: EntryState, event: EntryDrafted | EntryRevised) -> dict[str, Any]:
    authors = (state.proposal.authors if state.proposal else frozenset()) | {event.by}
    draft = Proposal(event.document, Stage.DRAFT, authors, state.version)
    # A published entry belongs to whom its published text says until the change is published.
    owner = state.organisation if state.standing is Standing.PUBLISHED else event.organisation
    return {"proposal": draft, "organisation": owner}


def _moved(state: EntryState, stage: Stage, reason: str = "") -> dict[str, Any]:
    if state.proposal is None:
        raise ValueError("there is no draft")
    return {"proposal": replace(state.proposal, stage=stage, reason=reason)}


def _dropped(state: EntryState, _event: DraftDropped) -> dict[str, Any]:
    standing = Standing.WITHDRAWN if state.standing is Standing.NEW else state.standing
    return {"proposal": None, "standing": standing}


_CHANGES: Mapping[type[EntryEvent], Callable[[EntryState, Any], dict[str, Any]]] = {
    EntryDrafted: _drafted,
    EntryRevised: _drafted,
    EntrySubmitted: lambda state, _event: _moved(state, Stage.SUBMITTED),
    ReviewBegun: lambda state, _event: _moved(state, Stage.UNDER_REVIEW),
    EntryReturned: lambda state, event: _moved(state, Stage.RETURNED, event.reason),
    EntryPublished: lambda _state, event: {
        "proposal": None,
        "standing": Standing.PUBLISHED,
        "version": event.version,
        "organisation": event.organisation,
    },
    DraftDropped: _dropped,
    EntryWithdrawn: lambda _state, _event: {"standing": Standing.WITHDRAWN, "proposal": None},
    ManifestApplied: lambda _state, event: {
        "standing": Standing.PUBLISHED,
        "version": event.version,
        "organisation": event.organisation,
    },
}
