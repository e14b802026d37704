"""What a resource asks for in `WWW-Authenticate` (RFC 9110 §11.6.1): an access token, in the schemes that it takes.

Parameters that are None are left out; all others are tokens or sentences of ours, which need no escape.
"""

from __future__ import annotations

from kernel.jose import PROOF_ALGORITHMS

Header = tuple[str, str]
"""Name and value."""
Parameter = str | int | None
"""A value; None for a parameter that is not there."""


def bearer(**parameters: Parameter) -> Header:
    """RFC 6750 §3."""
    return _challenge("Bearer", parameters)


def dpop(**parameters: Parameter) -> Header:
    """RFC 9449 §7.1: `algs` says what a proof may be signed by."""
    return _challenge("DPoP", {**parameters, "algs": " ".join(PROOF_ALGORITHMS)})


def either(**parameters: Parameter) -> tuple[Header, Header]:
    """For a resource that takes both kinds of token."""
    return bearer(**parameters), dpop(**parameters)


def _challenge(scheme: str, parameters: dict[str, Parameter]) -> Header:
    told = ", ".join(f'{name}="{value}"' for name, value in parameters.items() if value is not None)
    return ("WWW-Authenticate", f"{scheme} {told}".rstrip())
