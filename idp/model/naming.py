"""What a user name and a person's own name can be: one rule, whoever makes the account, and by whichever way."""

from __future__ import annotations

from unicodedata import normalize

from idp.model.signing_up import NOBODY

SHORTEST_USERNAME, LONGEST_USERNAME = 2, 100
"""Characters of a user name in its one spelling."""
LONGEST_NAME = 100


def canonical_username(username: str) -> str:
    """One spelling per user name: NFKC, lower case, without blanks around it; what is too long is nobody's."""
    return normalize("NFKC", username[: LONGEST_USERNAME + 1]).strip().casefold()


def is_username(canonical: str) -> bool:
    """Whether an account can have this user name: all of it is seen, so that it looks like no other one."""
    fits = SHORTEST_USERNAME <= len(canonical) <= LONGEST_USERNAME
    return fits and canonical.isprintable() and not canonical.startswith(NOBODY)


def is_name(name: str) -> bool:
    """Whether a person can be called so: without line breaks, and marks that turn what stands around them."""
    return len(name.strip()) > 0 and len(name) <= LONGEST_NAME and name.isprintable()
