"""What a person still has to show of themselves, wherever it is asked: a pure decision."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from idp.model.assurance import PHISHING_RESISTANT, PRIMARY, Factor, leading_to, reached


class Proof(StrEnum):
    """The pages that ask for a proof."""

    SIGN_IN = "sign-in"
    SECOND_FACTOR = "second-factor"
    ENROL = "enrol"
    """There is nothing this person could show: a passkey has to be set up first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page comes next, and which authenticators it may offer."""

    proof: Proof
    choices: frozenset[Factor] = frozenset()


def still_asked(
    level: int, *, resistant: bool, shown: Collection[Factor], authenticators: Collection[Factor]
) -> Asked | None:
    """What is missing between what was shown and what is needed; None when nothing is.

    ``level`` must be within reach of the account. ``resistant``: a phishing-resistant factor must be among those shown
    (SP 800-63B-4 §2.2.2 has agencies require one of their staff).
    """
    if not set(shown) & PRIMARY:
        return Asked(Proof.SIGN_IN)
    lacking = resistant and not set(shown) & PHISHING_RESISTANT
    if reached(shown) >= level and not lacking:
        return None
    choices = leading_to(level, shown, authenticators)
    if lacking:
        choices &= PHISHING_RESISTANT
    return Asked(Proof.SECOND_FACTOR, choices) if choices else Asked(Proof.ENROL)
