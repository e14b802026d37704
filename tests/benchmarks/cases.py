"""The comparisons: plain data, one row a case. How each side does the work stands with the contender."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison.

    ``stage`` names the contenders that run side by side; ``goal`` is completed requests per CPU-second of our server
    that we mean to reach, ``ratio_goal`` the ratio to the peer; None where none is set yet. ``difference`` says what
    the two sides do not do alike.
    """

    name: str
    stage: str
    work: str
    difference: str
    goal: float | None = None
    ratio_goal: float | None = None


IDENTITY, GOVERNED = "identity", "governed"

CASES = (
    Case(
        "client-credentials",
        IDENTITY,
        "client_credentials, client_secret_basic, JWT access token (ES256)",
        "ours writes a durable ledger entry first (SQLite FULL); the peer keeps nothing durable",
        goal=2000,
    ),
    Case(
        "introspection",
        IDENTITY,
        "introspection of a live access token by its client",
        "ours verifies a JWT; the peer looks up an opaque token in memory",
    ),
    Case("jwks", IDENTITY, "the published keys", "none"),
    Case("discovery", IDENTITY, "the metadata document", "the documents differ in length"),
    Case(
        "governed-call-mtls",
        GOVERNED,
        "evidence of 12 of 20 fields: certificate-bound token, the certificate in a trusted proxy's header",
        "ours: replay protection, cases, quotas, receipts, encrypted stored answer; the naive call has none of these",
        goal=1000,
    ),
    Case(
        "governed-call-dpop",
        GOVERNED,
        "the same with a DPoP-bound token and a fresh proof for each request",
        "as above; the peer takes a plain bearer token here too",
        goal=1000,
    ),
)


def named(name: str) -> Case:
    """The case of this name. Raises KeyError."""
    return next((case for case in CASES if case.name == name), None) or _unknown(name)


def _unknown(name: str) -> Case:
    raise KeyError(f"there is no case {name!r}: {', '.join(case.name for case in CASES)}")
