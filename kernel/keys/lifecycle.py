"""The life of keys as pure functions: records and a time in, records out. No files, no clock, no key material."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from .errors import RotationRefused, UnknownKey
from .model import FIXED, KeyRecord, KeyState, Purpose, RotationRule

Records = tuple[KeyRecord, ...]


def active(records: Sequence[KeyRecord], purpose: Purpose, now: datetime) -> KeyRecord | None:
    """The key of `purpose` in use at `now`."""
    candidates = [record for record in _of(records, purpose) if record.state(now) is KeyState.ACTIVE]
    return max(candidates, key=lambda record: record.not_before, default=None)


def upcoming(records: Sequence[KeyRecord], purpose: Purpose, now: datetime) -> KeyRecord | None:
    """The published key of `purpose` that will take over."""
    return next((record for record in _of(records, purpose) if record.state(now) is KeyState.NEXT), None)


def takeover(
    records: Sequence[KeyRecord], purpose: Purpose, rules: Mapping[Purpose, RotationRule], now: datetime
) -> datetime:
    """When a key made now for `purpose` may be used first; raises RotationRefused."""
    if purpose not in rules:
        raise RotationRefused(f"the {purpose} key does not rotate: {FIXED[purpose]}")
    pending = upcoming(records, purpose, now)
    if pending is not None:
        raise RotationRefused(f"the next {purpose} key is published already and takes over at {pending.not_before}")
    return now + rules[purpose].lead


def succeed(records: Sequence[KeyRecord], successor: KeyRecord, rule: RotationRule) -> Records:
    """Adds `successor`; the key it follows is superseded when it takes over and accepted for the overlap after."""
    since = successor.not_before
    until = None if rule.overlap is None else since + rule.overlap
    followed = active(records, successor.purpose, successor.created_at)
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
    if record.purpose is not revoked.purpose:
        return record
    if state is KeyState.ACTIVE and record.state(now) is KeyState.NEXT:
        return replace(record, not_before=now)
    if state is KeyState.NEXT and record.state(now) is KeyState.ACTIVE:
        return replace(record, superseded_at=None, retire_at=None)
    return record


def due(records: Sequence[KeyRecord], rules: Mapping[Purpose, RotationRule], now: datetime) -> tuple[Purpose, ...]:
    """The purposes whose successor should be published now, so that it takes over when the active key's time is up."""
    return tuple(purpose for purpose, rule in rules.items() if _is_due(records, purpose, rule, now))


def _is_due(records: Sequence[KeyRecord], purpose: Purpose, rule: RotationRule, now: datetime) -> bool:
    current = active(records, purpose, now)
    return (
        current is not None
        and upcoming(records, purpose, now) is None
        and now >= current.not_before + rule.use - rule.lead
    )


def _of(records: Sequence[KeyRecord], purpose: Purpose) -> list[KeyRecord]:
    return [record for record in records if record.purpose is purpose]
