"""Grants as manifests draft them: a manifest never makes a grant effective, it only writes down what officers then
decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from exchange.catalogue.consistency import grant_troubles
from exchange.catalogue.contents import Contents
from exchange.catalogue.reading import InvalidCatalogue
from kernel.dates import CHINA, read_instant
from policies.grants.commands import Command, DraftGrant, ReviseGrant
from policies.grants.document import grant_from_json, grant_to_json
from policies.grants.events import GrantState, Status
from policies.grants.grant import Grant
from policies.grants.terms import InvalidGrant


def grant_of(document: Mapping[str, Any], version: int = 1) -> Grant:
    """The grant a manifest describes. Raises InvalidCatalogue."""
    spec = dict(document["spec"])
    try:
        spec |= {name: _moment(spec[name]) for name in ("valid_from", "valid_to")}
        return grant_from_json({"id": document["metadata"]["name"], "version": version, **spec})
    except InvalidGrant as error:
        raise InvalidCatalogue(document, ("spec",), error.reason) from None


def command_for(
    document: Mapping[str, Any], versions: Sequence[GrantState]
) -> tuple[Command, GrantState | None] | None:
    """What a manifest means for the versions there are: a first draft, a revised draft, a new version; None for
    nothing.

    Raises InvalidCatalogue.
    """
    newest = versions[-1] if versions else None
    if newest is None:
        return DraftGrant(grant_of(document)), None
    wanted = grant_of(document, newest.grant.version)
    if grant_to_json(wanted) == grant_to_json(newest.grant):
        return None
    if newest.status is Status.DRAFTED:
        return ReviseGrant(wanted), newest
    return DraftGrant(replace(wanted, version=newest.grant.version + 1)), None


def manifest_of(grant: Grant) -> dict[str, Any]:
    """The manifest that would draft this grant."""
    spec = {name: value for name, value in grant_to_json(grant).items() if name not in {"id", "version"}}
    if grant.quota_per_day is None:
        del spec["quota_per_day"]
    return {"kind": "Grant", "metadata": {"name": grant.id}, "spec": spec}


def misfits(registry: Contents, grant: Grant) -> tuple[InvalidCatalogue, ...]:
    """What a grant says that this catalogue does not have, does not share or does not allow; nothing where it fits."""
    return tuple(grant_troubles(registry, manifest_of(grant)))


def _moment(text: str) -> str:
    """A date-time as it stands; a date as the start of that day in China."""
    try:
        moment = read_instant(text)
    except ValueError:
        return text  # the grant itself refuses it, in words
    return moment.replace(tzinfo=CHINA).isoformat() if len(text) == len("2026-01-01") else text
