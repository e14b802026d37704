"""Addresses of offices, the outbox of what goes there, and the posts that carry it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from exchange.store.tables import forwarded_message, forwarding, forwarding_post
from kernel.database import upsert_ignore
from policies.forwarding import Language, Pace, Status, Way
from policies.roles import Role

PROOF, AT_ONCE, DIGEST = "proof", "at-once", "digest"
"""Kinds of posts: the question whether an address is right, what is not to wait, and the rest of a day."""
WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given-up"
_f, _m, _p = forwarding.c, forwarded_message.c, forwarding_post.c


@dataclass(frozen=True, slots=True)
class Forwarding:
    """An address of an office. ``kinds`` go there besides what is urgent; the address itself is sealed."""

    id: str
    organisation: str
    role: Role
    way: Way
    wrapped: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    kinds: frozenset[str]
    pace: Pace
    language: Language
    created_at: datetime
    status: Status = Status.UNPROVEN
    revision: int = 1
    trouble: str = ""
    digested: str = ""
    proven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One mail or call; ``due_at`` is when to try next, or until when somebody tries."""

    id: str
    forwarding: str
    kind: str
    made_at: datetime
    due_at: datetime
    outcome: str = WAITING
    trouble: str = ""
    tries: int = 0
    settled_at: datetime | None = None


def add(connection: Connection, added: Forwarding) -> None:
    """Store a new address."""
    connection.execute(
        insert(forwarding).values(
            id=added.id,
            organisation=added.organisation,
            role=added.role.value,
            way=added.way.value,
            wrapped=added.wrapped,
            sealed=added.sealed,
            kinds=_words(added.kinds),
            pace=added.pace.value,
            language=added.language.value,
            status=added.status.value,
            revision=added.revision,
            trouble=added.trouble,
            digested=added.digested,
            created_at=added.created_at,
            proven_at=added.proven_at,
        )
    )


def find(connection: Connection, name: str) -> Forwarding | None:
    """One address, whatever its status."""
    row = connection.execute(select(forwarding).where(_f.id == name)).one_or_none()
    return None if row is None else _forwarding(row)


def of_offices(connection: Connection, organisation: str, roles: Iterable[Role]) -> list[Forwarding]:
    """The addresses of some offices of an organisation that were not ended, newest first."""
    held = sorted(role.value for role in roles)
    statement = select(forwarding).where(_f.organisation == organisation, _f.role.in_(held), _living())
    return [_forwarding(row) for row in connection.execute(statement.order_by(_f.id.desc()))]


def change(connection: Connection, seen: Forwarding, after: Forwarding) -> bool:
    """Store what became of an address; False when it is no longer as it was read."""
    statement = update(forwarding).where(_f.id == seen.id, _f.revision == seen.revision)
    values = {
        "kinds": _words(after.kinds),
        "pace": after.pace.value,
        "language": after.language.value,
        "status": after.status.value,
        "revision": after.revision,
        "trouble": after.trouble,
        "proven_at": after.proven_at,
    }
    return connection.execute(statement.values(**values)).rowcount == 1


# The outbox ---------------------------------------------------------------------------------------------------------


def enqueue(
    connection: Connection, message: str, organisation: str, role: Role, kind: str, at: datetime, *, urgent: bool
) -> None:
    """Put a message beside every address of its office that wants it; '' stands for the office everywhere.

    Only addresses that were proven once: nothing is kept for one that may be nobody's.
    """
    office = [_f.role == role.value, _living(), _f.proven_at.is_not(None)]
    if organisation:
        office.append(_f.organisation == organisation)
    for row in connection.execute(select(_f.id, _f.kinds, _f.pace).where(*office)):
        if urgent or kind in row.kinds.split():
            at_once = urgent or row.pace == Pace.AT_ONCE.value
            connection.execute(
                upsert_ignore(forwarded_message, connection).values(
                    forwarding=row.id, message=message, kind=kind, at_once=at_once, post="", at=at
                )
            )


def with_something_waiting(connection: Connection, today: date | None) -> list[tuple[str, bool]]:
    """Addresses in use for which a post can be made, at once or not; ``today`` where digests are due, else None."""
    statement = (
        select(_m.forwarding, _m.at_once)
        .join(forwarding, _f.id == _m.forwarding)
        .where(_m.post == "", _f.status == Status.ACTIVE.value)
        .distinct()
    )
    if today is None:
        statement = statement.where(_m.at_once)
    else:
        statement = statement.where(or_(_m.at_once, _f.digested < today.isoformat()))
    return [(row.forwarding, bool(row.at_once)) for row in connection.execute(statement)]


def gather(connection: Connection, made: Post, today: date | None) -> bool:
    """Make a post of everything that waits for an address; False when another node was faster.

    A digest (``today`` is given) takes the day for itself.
    """
    if today is not None:
        taken = update(forwarding).where(_f.id == made.forwarding, _f.digested < today.isoformat())
        if connection.execute(taken.values(digested=today.isoformat())).rowcount != 1:
            return False
    waiting = and_(_m.forwarding == made.forwarding, _m.post == "", _m.at_once == (today is None))
    if connection.execute(update(forwarded_message).where(waiting).values(post=made.id)).rowcount == 0:
        return False
    put_post(connection, made)
    return True


def put_post(connection: Connection, made: Post) -> None:
    """Store a post that is to go out."""
    connection.execute(
        insert(forwarding_post).values(
            id=made.id,
            forwarding=made.forwarding,
            kind=made.kind,
            outcome=made.outcome,
            trouble=made.trouble,
            tries=made.tries,
            made_at=made.made_at,
            due_at=made.due_at,
            settled_at=made.settled_at,
        )
    )


def messages_of(connection: Connection, post: str) -> list[tuple[str, str, datetime]]:
    """The messages in a post, each with its kind and time, oldest first."""
    statement = select(_m.message, _m.kind, _m.at).where(_m.post == post).order_by(_m.at, _m.message)
    return [(row.message, row.kind, row.at) for row in connection.execute(statement)]


# Posts --------------------------------------------------------------------------------------------------------------


def due(connection: Connection, now: datetime) -> list[tuple[Post, Way]]:
    """What goes out now, and how; of each address the oldest only: they arrive in the order in which they were made.

    A question waits for nothing: what was made before waits for its answer.
    """
    earlier = forwarding_post.alias("earlier")
    before = (
        select(earlier.c.id)
        .where(earlier.c.forwarding == _p.forwarding, earlier.c.outcome == WAITING, earlier.c.id < _p.id)
        .exists()
    )
    statement = (
        select(forwarding_post, _f.way)
        .join(forwarding, _f.id == _p.forwarding)
        .where(_p.outcome == WAITING, _p.due_at <= now, or_(_p.kind == PROOF, ~before), _ready())
        .order_by(_p.due_at, _p.id)
    )
    return [(_post(row), Way(row.way)) for row in connection.execute(statement)]


def claim(connection: Connection, seen: Post, until: datetime) -> Post | None:
    """Take a post until an instant; None when another node was faster."""
    statement = update(forwarding_post).where(*_as_seen(seen)).values(due_at=until, tries=_p.tries + 1)
    row = connection.execute(statement.returning(forwarding_post)).one_or_none()
    return None if row is None else _post(row)


def settle(connection: Connection, held: Post, outcome: str, at: datetime, trouble: str = "") -> None:
    """What became of a post that is held."""
    values = {"outcome": outcome, "trouble": trouble, "settled_at": at}
    connection.execute(update(forwarding_post).where(*_as_seen(held)).values(**values))


def put_back(connection: Connection, held: Post, due_at: datetime, trouble: str, *, tries: int) -> None:
    """Let go of a post that is held, to be tried at an instant."""
    values = {"due_at": due_at, "trouble": trouble, "tries": tries}
    connection.execute(update(forwarding_post).where(*_as_seen(held)).values(**values))


def give_up(connection: Connection, name: str, at: datetime, kinds: Collection[str]) -> None:
    """Posts of these kinds that wait for an address are sent no more."""
    waiting = (_p.forwarding == name, _p.outcome == WAITING, _p.kind.in_(sorted(kinds)))
    connection.execute(update(forwarding_post).where(*waiting).values(outcome=GIVEN_UP, settled_at=at))


def send_at_once(connection: Connection, name: str, now: datetime) -> None:
    """What waits for an address is due now, as if it had not been tried."""
    waiting = (_p.forwarding == name, _p.outcome == WAITING)
    connection.execute(update(forwarding_post).where(*waiting).values(due_at=now, tries=0))


def forget_waiting(connection: Connection, name: str) -> None:
    """Messages not sent yet are not sent to an address any more."""
    connection.execute(delete(forwarded_message).where(_m.forwarding == name, _m.post == ""))


def withdraw(connection: Connection, name: str, kept: Collection[str], at: datetime) -> None:
    """Messages of other kinds than those that are kept are not sent any more, nor is a post that holds nothing else."""
    waiting = (_p.forwarding == name, _p.outcome == WAITING, _p.kind != PROOF)
    unsent = or_(_m.post == "", _m.post.in_(select(_p.id).where(*waiting)))
    connection.execute(delete(forwarded_message).where(_m.forwarding == name, _m.kind.not_in(sorted(kept)), unsent))
    empty = ~select(_m.message).where(_m.post == _p.id).exists()
    connection.execute(update(forwarding_post).where(*waiting, empty).values(outcome=GIVEN_UP, settled_at=at))


def latest(connection: Connection, name: str, most: int, kind: str | None = None) -> list[Post]:
    """The newest posts of an address."""
    statement = select(forwarding_post).where(_p.forwarding == name).order_by(_p.id.desc()).limit(most)
    if kind is not None:
        statement = statement.where(_p.kind == kind)
    return [_post(row) for row in connection.execute(statement)]


def questions_since(connection: Connection, organisation: str, role: Role, since: datetime) -> list[datetime]:
    """When addresses of an office, ended ones too, were asked whether they are right; newest first."""
    office = (_f.organisation == organisation, _f.role == role.value, _p.kind == PROOF, _p.made_at > since)
    statement = select(_p.made_at).join(forwarding, _f.id == _p.forwarding).where(*office)
    return [*connection.scalars(statement.order_by(_p.made_at.desc()))]


def standing(connection: Connection) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """How many addresses are in each status, and how many messages and posts wait for them.

    What was put beside an address while it was being ended waits for nothing: it is never sent.
    """
    statuses = connection.execute(select(_f.status, func.count()).where(_living()).group_by(_f.status))
    posts = select(func.count()).join_from(forwarding_post, forwarding, _f.id == _p.forwarding)
    unsent = select(func.count()).join_from(forwarded_message, forwarding, _f.id == _m.forwarding)
    waiting = {
        "posts": int(connection.scalar(posts.where(_p.outcome == WAITING, _living())) or 0),
        "messages": int(connection.scalar(unsent.where(_m.post == "", _living())) or 0),
    }
    return {status: int(count) for status, count in statuses}, waiting


def prune(connection: Connection, before: datetime) -> None:
    """Forget posts made before an instant with what is in them, what waited before it, and ended addresses."""
    old = select(_p.id).where(_p.made_at < before)
    connection.execute(delete(forwarded_message).where(_m.post.in_(old)))
    connection.execute(delete(forwarded_message).where(_m.post == "", _m.at < before))
    connection.execute(delete(forwarding_post).where(_p.made_at < before))
    kept = select(_p.id).where(_p.forwarding == _f.id).exists()
    connection.execute(delete(forwarding).where(_f.status == Status.ENDED.value, ~kept))


def _living() -> ColumnElement[bool]:
    return _f.status != Status.ENDED.value


def _ready() -> ColumnElement[bool]:
    """A question goes to an address that is to be proven, everything else to one that is in use."""
    asked = and_(_p.kind == PROOF, _f.status == Status.UNPROVEN.value)
    return or_(asked, and_(_p.kind != PROOF, _f.status == Status.ACTIVE.value))


def is_for(post: Post, one: Forwarding) -> bool:
    """Whether a post may go to its address as that is now."""
    return one.status is (Status.UNPROVEN if post.kind == PROOF else Status.ACTIVE)


def _as_seen(seen: Post) -> tuple[ColumnElement[bool], ...]:
    return _p.id == seen.id, _p.outcome == WAITING, _p.due_at == seen.due_at


def _words(names: frozenset[str]) -> str:
    return " ".join(sorted(names))


def _forwarding(row: Any) -> Forwarding:
    return Forwarding(
        id=row.id,
        organisation=row.organisation,
        role=Role(row.role),
        way=Way(row.way),
        wrapped=bytes(row.wrapped),
        sealed=bytes(row.sealed),
        kinds=frozenset(row.kinds.split()),
        pace=Pace(row.pace),
        language=Language(row.language),
        created_at=row.created_at,
        status=Status(row.status),
        revision=row.revision,
        trouble=row.trouble,
        digested=row.digested,
        proven_at=row.proven_at,
    )


def _post(row: Any) -> Post:
    return Post(
        id=row.id,
        forwarding=row.forwarding,
        kind=row.kind,
        made_at=row.made_at,
        due_at=row.due_at,
        outcome=row.outcome,
        trouble=row.trouble,
        tries=row.tries,
        settled_at=row.settled_at,
    )
