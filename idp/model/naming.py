"""What a user name and a person's own name can be: one rule, whoever makes the account, and by whichever way."""

from __future__ import annotations

import re
from unicodedata import normalize

from idp.model.signing_up import NOBODY

SHORTEST_USERNAME, LONGEST_USERNAME = 2, 100
"""Characters of a user name in its one spelling."""
LONGEST_NAME = 100
"""Characters of a person's own name."""
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""What `str.isprintable` lets pass and nobody sees: Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties), and
the empty pattern of Braille."""
_SHAPE_OF_HAN = re.compile("(?<=[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\ufe00-\ufe02\U000e0100-\U000e01ef]")
"""A variation selector after an ideograph chooses the shape in which a name is written (UTS 37)."""


def canonical_username(username: str) -> str:
    """One spelling per user name: NFKC, lower case, without blanks around it; what is too long is nobody's."""
    return normalize("NFKC", username[: LONGEST_USERNAME + 1]).strip().casefold()


def is_username(canonical: str) -> bool:
    """Whether an account can have this user name: all of it is seen, so that it looks like no other one."""
    fits = SHORTEST_USERNAME <= len(canonical) <= LONGEST_USERNAME
    return fits and _is_seen(canonical) and not canonical.startswith(NOBODY)


def is_name(name: str) -> bool:
    """Whether a person can be called so: without line breaks, and marks that turn what stands around them."""
    return len(name.strip()) > 0 and len(name) <= LONGEST_NAME and _is_seen(_SHAPE_OF_HAN.sub("", name))


def _is_seen(text: str) -> bool:
    return text.isprintable() and _UNSEEN.search(text) is None
