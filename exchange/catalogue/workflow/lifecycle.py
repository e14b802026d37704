"""A command, the state, who asks and when → events, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from exchange.catalogue.kinds import DIVISION, EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM, SYSTEM
from exchange.catalogue.workflow.commands import (
    TABLE,
    WRITING,
    BeginReview,
    Command,
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
from exchange.catalogue.workflow.events import (
    DraftDropped,
    EntryDrafted,
    EntryEvent,
    EntryPublished,
    EntryReturned,
    EntryRevised,
    EntryState,
    EntrySubmitted,
    EntryWithdrawn,
    Proposal,
    ReviewBegun,
    Standing,
    digest,
)
from kernel.text import Text
from policies.proceedings import Condition, Matter, NotAllowed, capacities, require
from policies.roles import Officer, Role

MATTER = Matter("catalogue", Text("条目", "entry"))

CAPACITIES: Mapping[Role, frozenset[str]] = {
    Role.PROVIDER_OFFICER: frozenset({ORGANISATION, SYSTEM, EVIDENCE_TYPE, SERVICE_ITEM}),
    Role.CONSUMER_OFFICER: frozenset({ORGANISATION, SYSTEM, SERVICE_ITEM}),
    Role.GOVERNANCE_OFFICER: frozenset({ORGANISATION, SYSTEM, EVIDENCE_TYPE, SERVICE_ITEM, DIVISION}),
}
"""The kinds of entries each role writes and reviews; sources (connectors) are the operators' alone."""

_OWNERS = {SYSTEM: "organisation", EVIDENCE_TYPE: "provider", SERVICE_ITEM: "organisation"}


def owner(document: Document) -> str:
    """The organisation a manifest belongs to; '' for what belongs to nobody (divisions, connectors)."""
    kind = document["kind"]
    if kind == ORGANISATION:
        return str(document["metadata"]["name"])
    return str(document["spec"][_OWNERS[kind]]) if kind in _OWNERS else ""


def decide(command: Command, state: EntryState | None, actor: Officer, now: datetime, kind: str) -> EntryEvent:
    """The event that follows from a command on an entry of this kind.

    ``state`` is None for one that nobody has heard of. Raises NotAllowed, and nothing has happened then.
    """
    if (refusal := _is_closed_to(command, state, actor, kind)) is not None:
        raise refusal
    if state is not None:
        require((MATTER.time_goes_on, *_CONDITIONS[type(command)]), command, state, actor, now)
    return _OUTCOMES[type(command)](command, state, actor, now)


def may(command: CommandKind, state: EntryState | None, actor: Officer, kind: str, organisation: str) -> bool:
    """Whether one of this officer's roles gives this command for an entry of this kind and organisation.

    Governance officers write only what they drafted themselves: what others wrote they return, with a reason.
    """
    standing, stage = (state.standing, state.stage) if state else (Standing.NEW, None)
    return any(
        kind in CAPACITIES.get(role, ()) and _acts_for(role, command, state, actor, organisation)
        for role in capacities(TABLE[standing, stage], command, actor.roles)
    )


def is_offered(command: CommandKind, state: EntryState, actor: Officer) -> bool:
    """Whether this officer may give a command before a text says whose it makes the entry.

    A name that nobody holds may be taken by the officer's own organisation; that of an organisation is its own.
    """
    held = _holds_its_name(state) or state.kind == ORGANISATION
    return may(command, state, actor, state.kind, state.organisation if held else actor.organisation)


def _acts_for(role: Role, command: CommandKind, state: EntryState | None, actor: Officer, organisation: str) -> bool:
    if role is not Role.GOVERNANCE_OFFICER:
        return actor.organisation == organisation
    return command not in WRITING or (state is not None and actor.id in _draft(state).authors)


def _is_closed_to(command: Command, state: EntryState | None, actor: Officer, kind: str) -> NotAllowed | None:
    written = [owner(command.document)] if isinstance(command, (DraftEntry, ReviseEntry)) else []
    held = [state.organisation] if state and state.organisation and _holds_its_name(state) else []
    concerned = [*written, *held] or [""]
    if all(may(type(command), state, actor, kind, organisation) for organisation in concerned):
        return None
    return MATTER.refusal(
        "not-allowed",
        Text(
            "此角色在条目的现状态下不能对该机构的条目作此操作",
            "This role may not do that to this organisation's entry in its present state",
        ),
    )


def _holds_its_name(state: EntryState) -> bool:
    """Whoever gave a draft up, or withdrew, keeps the name from nobody."""
    return state.standing is Standing.PUBLISHED or state.proposal is not None


def _is_no_author(_command: Command, state: EntryState, actor: Officer, *_rest: object) -> NotAllowed | None:
    if actor.id not in _draft(state).authors:
        return None
    return MATTER.refusal(
        "author-may-not-publish", Text("起草人不得发布自己的条目", "Nobody publishes an entry of their own")
    )


def _saw_what_is_published(command: PublishEntry, state: EntryState, *_rest: object) -> NotAllowed | None:
    if command.digest == digest(_draft(state).document):
        return None
    return MATTER.refusal(
        "digest-changed",
        Text("条目内容与所见的不一致，请重新查看", "The entry is not what was seen; look at it again"),
    )


def _stands_on_what_is_published(_command: Command, state: EntryState, *_rest: object) -> NotAllowed | None:
    if _draft(state).base == state.version:
        return None
    return MATTER.refusal(
        "base-changed",
        Text(
            "起草之后已发布了另一版本，请退回并在新版本上修订",
            "Another version was published after this was drafted: return it and revise it against that",
        ),
    )


def _draft(state: EntryState) -> Proposal:
    if state.proposal is None:
        raise AssertionError("the table lets nobody here without a draft")
    return state.proposal


_CONDITIONS: Mapping[CommandKind, tuple[Condition[EntryState], ...]] = {
    DraftEntry: (),
    ReviseEntry: (),
    SubmitEntry: (_stands_on_what_is_published,),
    BeginReview: (_is_no_author,),
    ReturnEntry: (MATTER.gives_a_reason,),
    PublishEntry: (_is_no_author, _saw_what_is_published, _stands_on_what_is_published),
    DropDraft: (),
    WithdrawEntry: (MATTER.gives_a_reason,),
}
"""Beyond the table, in the order in which a refusal names them."""


def _published(_command: PublishEntry, state: EntryState, actor: Officer, now: datetime) -> EntryEvent:
    document = _draft(state).document
    return EntryPublished(actor.id, now, state.version + 1, digest(document), owner(document))


_OUTCOMES: Mapping[CommandKind, Callable[[Any, Any, Officer, datetime], EntryEvent]] = {
    DraftEntry: lambda command, _s, actor, now: EntryDrafted(actor.id, now, command.document, owner(command.document)),
    ReviseEntry: lambda command, _s, actor, now: EntryRevised(actor.id, now, command.document, owner(command.document)),
    SubmitEntry: lambda _c, state, actor, now: EntrySubmitted(actor.id, now, digest(_draft(state).document)),
    BeginReview: lambda _c, _s, actor, now: ReviewBegun(actor.id, now),
    ReturnEntry: lambda command, _s, actor, now: EntryReturned(actor.id, now, command.reason),
    PublishEntry: _published,
    DropDraft: lambda _c, _s, actor, now: DraftDropped(actor.id, now),
    WithdrawEntry: lambda command, _s, actor, now: EntryWithdrawn(actor.id, now, command.reason),
}
