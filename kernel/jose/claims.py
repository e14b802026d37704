"""The registered claims of RFC 7519 §4.1, one named check each: a check says nothing, or why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kernel.canonical import JSON

from .errors import Reason, Refused

LATEST_INSTANT = 253_402_300_799  # the last second of the year 9999: no clock of ours goes further
MAX_TEXT = 2048


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the verifier expects: times in seconds since 1970-01-01 UTC."""

    issuer: str
    audience: str
    now: float
    leeway: int
    max_age: int
    audience_exact: bool


def seconds(now: datetime) -> float:
    """An aware time as a NumericDate; raises ValueError for a naive one, which would be read as local time."""
    if now.tzinfo is None:
        raise ValueError("a verification needs an aware time")
    return now.timestamp()


def check_claims(claims: Mapping[str, JSON], expected: Expectation) -> None:
    """Runs every check in order; raises Refused at the first that fails."""
    for check in CLAIM_CHECKS:
        check(claims, expected)


def issued_by_the_issuer(claims: Mapping[str, JSON], expected: Expectation) -> None:
    """`iss` is the issuer, compared as a whole (RFC 7519 §4.1.1)."""
    if text_claim(claims, "iss") != expected.issuer:
        raise Refused(Reason.WRONG_ISSUER)


def meant_for_the_audience(claims: Mapping[str, JSON], expected: Expectation) -> None:
    """`aud` is us, or (unless exactness is asked) an array with us in it (RFC 7519 §4.1.3)."""
    audience = present(claims, "aud")
    several = audience if isinstance(audience, list) and not expected.audience_exact else [audience]
    if not all(isinstance(name, str) for name in several) or expected.audience not in several:
        raise Refused(Reason.WRONG_AUDIENCE)


def not_expired(claims: Mapping[str, JSON], expected: Expectation) -> None:
    """The current time is before `exp`, give or take the leeway (RFC 7519 §4.1.4)."""
    if expected.now >= instant_claim(claims, "exp") + expected.leeway:
        raise Refused(Reason.EXPIRED)


def not_from_the_future(claims: Mapping[str, JSON], expected: Expectation) -> None:
    """`iat` is not later than now, give or take the leeway."""
    if instant_claim(claims, "iat") > expected.now + expected.leeway:
        raise Refused(Reason.ISSUED_IN_FUTURE)


def already_valid(claims: Mapping[str, JSON], expected: Expectation) -> None:
    """`nbf`, where present, has come (RFC 7519 §4.1.5)."""
    if "nbf" in claims and instant_claim(claims, "nbf") > expected.now + expected.leeway:
        raise Refused(Reason.NOT_YET_VALID)


def short_lived(claims: Mapping[str, JSON], expected: Expectation) -> None:
    """From `iat` to `exp` at most `max_age`; with the checks above this bounds `exp` from now, too."""
    lifetime = instant_claim(claims, "exp") - instant_claim(claims, "iat")
    if not 0 < lifetime <= expected.max_age:
        raise Refused(Reason.LIFETIME_TOO_LONG if lifetime > 0 else Reason.MALFORMED_CLAIM)


CLAIM_CHECKS: tuple[Callable[[Mapping[str, JSON], Expectation], None], ...] = (
    issued_by_the_issuer,
    meant_for_the_audience,
    not_expired,
    not_from_the_future,
    already_valid,
    short_lived,
)


def present(claims: Mapping[str, JSON], name: str) -> JSON:
    """The claim, or Refused(MISSING_CLAIM)."""
    if name not in claims:
        raise Refused(Reason.MISSING_CLAIM)
    return claims[name]


def text_claim(claims: Mapping[str, JSON], name: str) -> str:
    """The claim as a non-empty string of at most 2,048 characters; raises Refused."""
    value = present(claims, name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise Refused(Reason.MALFORMED_CLAIM)
    return value


def instant_claim(claims: Mapping[str, JSON], name: str) -> float:
    """The claim as a NumericDate (RFC 7519 §2): a JSON number in range, no boolean, no string; raises Refused."""
    value = present(claims, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST_INSTANT:
        raise Refused(Reason.MALFORMED_CLAIM)
    return value
