"""Which system is meant, and whether it may act: registered, active, and not locked."""

from __future__ import annotations

from exchange import errors
from exchange.authentication.access_token import AccessToken
from exchange.catalogue.model import Status, System
from exchange.catalogue.registry import Registry
from exchange.in_force.snapshot import Snapshot
from kernel.problems import Problem


def system_of(registry: Registry, token: AccessToken) -> System:
    """The registered, active system a token stands for. Raises Problem: system.unknown, system.suspended."""
    system = registry.system_of(token.issuer, token.client_id)
    if system is None:
        raise Problem(errors.SYSTEM_UNKNOWN)
    if system.status is not Status.ACTIVE:
        raise Problem(errors.SYSTEM_SUSPENDED)
    return system


def own_system(registry: Registry, organisation: str, name: str) -> System:
    """An active system of an officer's department, by its name in the catalogue. Raises Problem."""
    found = registry.systems.get(name)
    if found is None or found.organisation != organisation:
        raise Problem(errors.SYSTEM_NOT_OURS)
    if found.status is not Status.ACTIVE:
        raise Problem(errors.SYSTEM_SUSPENDED)
    return found


def unlocked(snapshot: Snapshot, system: System) -> System:
    """The system, unless it is locked for having looked up too many people. Raises Problem: system.locked."""
    if system.name in snapshot.locked:
        raise Problem(errors.SYSTEM_LOCKED)
    return system
