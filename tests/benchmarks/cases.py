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
    work_of: str = ""

    @property
    def key(self) -> str:
        """The name of the work that contenders know: that of another case where only the stage differs."""
        return self.work_of or self.name


IDENTITY, IDENTITY_POSTGRESQL, GOVERNED = "identity", "identity-postgresql", "governed"
_DURABLE = "ours writes a durable ledger entry first (SQLite FULL); the peer keeps nothing durable"
_DURABLE_POSTGRESQL = "as on SQLite, on PostgreSQL (synchronous_commit=on), whose CPU time counts as ours"

CASES = (
    Case(
        "client-credentials",
        IDENTITY,
        "client_credentials, client_secret_basic, JWT access token (ES256)",
        _DURABLE,
        goal=2000,
        ratio_goal=1.0,
    ),
    Case(
        "client-credentials-dpop",
        IDENTITY,
        "the same with a DPoP proof, a fresh one for each request (RFC 9449)",
        _DURABLE + "; ours remembers each proof durably, the peer in memory",
    ),
    Case(
        "code-exchange",
        IDENTITY,
        "authorization code (PKCE) to JWT access token and ID token, both ES256; codes are made in advance",
        _DURABLE + "; ours finds code, person and session in the database",
        ratio_goal=0.4,
    ),
    Case(
        "introspection",
        IDENTITY,
        "introspection of a live access token by its client",
        "ours verified the JWT when it first saw it, and asks each time for expiry and revocation; the peer looks up "
        "an opaque token in memory",
        ratio_goal=1.0,
    ),
    Case(
        "userinfo",
        IDENTITY,
        "userinfo for a live access token",
        "ours asks the database each time whether person and session still stand; the peer looks up an opaque token",
    ),
    Case("jwks", IDENTITY, "the published keys", "none", ratio_goal=1.5),
    Case("discovery", IDENTITY, "the metadata document", "the documents differ in length"),
    Case(
        "client-credentials-postgresql",
        IDENTITY_POSTGRESQL,
        "client_credentials, client_secret_basic, JWT access token (ES256)",
        _DURABLE_POSTGRESQL,
        work_of="client-credentials",
    ),
    Case(
        "code-exchange-postgresql",
        IDENTITY_POSTGRESQL,
        "authorization code (PKCE) to JWT access token and ID token, both ES256; codes are made in advance",
        _DURABLE_POSTGRESQL,
        ratio_goal=0.4,
        work_of="code-exchange",
    ),
    Case(
        "userinfo-postgresql",
        IDENTITY_POSTGRESQL,
        "userinfo for a live access token",
        "as on SQLite",
        work_of="userinfo",
    ),
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
