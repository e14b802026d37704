"""What a client may say about itself: nothing beyond the terms of its invitation, at registration or later (M1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from idp.clients.metadata.checking import checked, understood
from idp.errors import InvalidClientMetadataError
from idp.model import scopes
from idp.model.invitation import OPERATORS, ORGANISATION, Terms
from kernel.canonical import JSON

NEVER_SENT = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")


def fixed_members_stay(metadata: Mapping[str, JSON], terms: Terms) -> None:
    """RFC 7592 §2.2 has a client send back all it was shown, so repeating the operator's word is no offence."""
    fixed = fixed_by(terms)
    for name, value in metadata.items():
        if (name in fixed or name.startswith(OPERATORS)) and (name not in fixed or fixed[name] != value):
            raise InvalidClientMetadataError(f"{_ascii(name)} is set by the operator")


def scopes_were_offered(metadata: Mapping[str, JSON], terms: Terms) -> None:
    """RFC 7591 §2: what may be asked for is a matter of the invitation; what the operator alone gives, of none."""
    asked = metadata.get("scope", "")
    if not isinstance(asked, str) or not set(asked.split()) <= terms.scopes - scopes.BY_OPERATOR:
        raise InvalidClientMetadataError("scope goes beyond the invitation")


def grant_types_were_offered(metadata: Mapping[str, JSON], terms: Terms) -> None:
    """RFC 7591 §2.1."""
    asked = metadata.get("grant_types", [])
    if not isinstance(asked, list) or not {str(each) for each in asked} <= terms.grant_types:
        raise InvalidClientMetadataError("grant_types goes beyond the invitation")


def server_members_stay(metadata: Mapping[str, JSON], terms: Terms) -> None:
    """RFC 7592 §2.2: these are the server's to say."""
    del terms
    if sent := [name for name in NEVER_SENT if name in metadata]:
        raise InvalidClientMetadataError(f"{sent[0]} must not be sent")


CHECKS: tuple[Callable[[Mapping[str, JSON], Terms], None], ...] = (
    server_members_stay,
    fixed_members_stay,
    scopes_were_offered,
    grant_types_were_offered,
)


def admitted(metadata: Mapping[str, JSON], terms: Terms) -> dict[str, JSON]:
    """The client's own metadata with the operator's, checked as an operator's would be.

    Raises InvalidClientMetadataError. Members nobody here understands are left out (RFC 7591 §2), and the answer shows
    that they are.
    """
    for check in CHECKS:
        check(metadata, terms)
    asked = {name: value for name, value in metadata.items() if understood(name)}
    asked.pop("client_id", None)
    asked.setdefault("scope", " ".join(sorted(terms.scopes - scopes.BY_OPERATOR)))
    return checked({**asked, **fixed_by(terms)})


def fixed_by(terms: Terms) -> dict[str, JSON]:
    """The members the operator has set."""
    return {**terms.fixed, ORGANISATION: terms.organisation}


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode()
