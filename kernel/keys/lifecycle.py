"""The life of keys as pure functions: records and a time in, records out. No files, no clock, no key material."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from .errors import RotationRefused, UnknownKey
from .model import FIXED, KeyRecord, KeyState, Line, Purpose, RotationRule

Records = tuple[KeyRecord, ...]


def active(records: Sequence[KeyRecord], line: Line, now: datetime) -> KeyRecord | None:
    """The key of `line` in use at `now`."""
    candidates = [record for record in _of(records, line) if record.state(now) is KeyState.ACTIVE]
    return max(candidates, key=lambda record: record.not_before, default=None)


def upcoming(records: Sequence[KeyRecord], line: Line, now: datetime) -> KeyRecord | None:
    """The published key of `line` that will take over."""
    return next((record for record in _of(records, line) if record.state(now) is KeyState.NEXT), None)


def takeover(
    records: Sequence[KeyRecord], line: Line, rules: Mapping[Purpose, RotationRule], now: datetime
) -> datetime:
    """When a key made now for `line` may be used first; raises RotationRefused.

    The first key of a line is used at once: nobody knows another that it would surprise.
    """
    if line.purpose not in rules:
        raise RotationRefused(f"the {line} key does not rotate: {FIXED[line.purpose]}")
    pending = upcoming(records, line, now)
    if pending is not None:
        raise RotationRefused(f"the next {line} key is published already and takes over at {pending.not_before}")
    return now if active(records, line, now) is None else now + rules[line.purpose].lead


def succeed(records: Sequence[KeyRecord], successor: KeyRecord, rule: RotationRule) -> Records:
    """Adds `successor`; the key it follows is superseded when it takes over and accepted for the overlap after."""
    since = successor.not_before
    until = None if rule.overlap is None else since + rule.overlap
    followed = active(records, successor.line, successor.created_at)
    ended = (replace(r, superseded_at=since, retire_at=until) if r is followed else r for r in records)
    return (*ended, successor)


def revocable(records: Sequence[KeyRecord], kid: str) -> KeyRecord:
    """The record of `kid`; raises UnknownKey, or RotationRefused where revoking would lose data."""
    record = next((record for record in records if record.kid == kid), None)
    if record is None:
        raise UnknownKey("the ring holds no key with this identifier")
    if record.purpose not in {Purpose.JWS, Purpose.JWE}:
        raise RotationRefused(f"the {record.purpose} key cannot be revoked: what it protects would be lost")
    if record.revoked_at is not None:
        raise RotationRefused("the key is revoked already")
    return record


def revoke(records: Sequence[KeyRecord], revoked: KeyRecord, now: datetime) -> Records:
    """Ends a key at once. Its place is taken by the next key, now; a lost next key leaves the active one in office.

    When this leaves no active key, the caller adds one with `succeed`.
    """
    state = revoked.state(now)
    return tuple(_after_revocation(record, revoked, state, now) for record in records)


def _after_revocation(record: KeyRecord, revoked: KeyRecord, state: KeyState, now: datetime) -> KeyRecord:
    if record is revoked:
        return replace(record, revoked_at=now)
    if record.line != revoked.line:
        return record
    if state is KeyState.ACTIVE and record.state(now) is KeyState.NEXT:
        return replace(record, not_before=now)
    if state is KeyState.NEXT and record.state(now) is KeyState.ACTIVE:
        return replace(record, superseded_at=None, retire_at=None)
    return record


def due(records: Sequence[KeyRecord], rules: Mapping[Purpose, RotationRule], now: datetime) -> tuple[Line, ...]:
    """The lines whose successor should be published now, so that it takes over when the active key's time is up."""
    lines = dict.fromkeys(record.line for record in records if record.purpose in rules)
    return tuple(line for line in lines if _is_due(records, line, rules[line.purpose], now))


def _is_due(records: Sequence[KeyRecord], line: Line, rule: RotationRule, now: datetime) -> bool:
    current = active(records, line, now)
    return (
        current is not None
        and upcoming(records, line, now) is None
        and now >= current.not_before + rule.use - rule.lead
    )


def _of(records: Sequence[KeyRecord], line: Line) -> list[KeyRecord]:
    return [record for record in records if record.line == line]
