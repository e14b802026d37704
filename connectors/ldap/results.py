"""What a directory's result code says, as one of our problems. Its words are dropped: they hold names and values."""

from __future__ import annotations

from sansldap import LDAPResult, LDAPResultCode

from connectors.errors import (
    SourceBusy,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)

_PROBLEMS: dict[int, tuple[type[SourceProblem], str]] = {  # RFC 4511 appendix A.2
    3: (SourceTimedOut, "time-limit"),
    4: (SourceTooLarge, "records"),
    7: (SourceMisconfigured, "bind-refused"),
    8: (SourceMisconfigured, "bind-refused"),
    10: (SourceMisconfigured, "referral"),
    11: (SourceTooLarge, "directory-limit"),
    13: (SourceMisconfigured, "tls-required"),
    32: (SourceMisconfigured, "base-missing"),
    34: (SourceMisconfigured, "base"),
    48: (SourceMisconfigured, "bind-refused"),
    49: (SourceMisconfigured, "bind-refused"),
    50: (SourceMisconfigured, "not-permitted"),
    51: (SourceBusy, "directory-busy"),
}


def check(result: LDAPResult) -> None:
    """Raises: SourceProblem unless the result is a success."""
    if result.result_code is LDAPResultCode.SUCCESS:
        return
    code = int(result.result_code)
    problem, reason = _PROBLEMS.get(code, (SourceUnavailable, f"ldap-{code}"))
    raise problem(reason)
