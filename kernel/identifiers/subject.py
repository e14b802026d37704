"""Whom a record is about: a person or a company, named by an identifier that never shows itself."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from kernel.text import Text

from . import citizen_number, social_credit_code
from .errors import InvalidIdentifier

Scheme = Literal["citizen-number", "social-credit-code"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """A subject by scheme and value. `value` is left out of repr, so that no log or traceback carries it."""

    scheme: Scheme
    value: str = field(repr=False)


def parse(scheme: object, value: object, *, recorded_exceptions: frozenset[str] = frozenset()) -> SubjectRef:
    """The subject that somebody outside named, with its check character verified; raises InvalidIdentifier.

    `recorded_exceptions` are social credit codes on record with a wrong check character, for look-ups only.
    """
    if scheme == "citizen-number":
        return SubjectRef("citizen-number", citizen_number.parse(value).value)
    if scheme == "social-credit-code":
        code = social_credit_code.parse(value, recorded_exceptions=recorded_exceptions)
        return SubjectRef("social-credit-code", code.value)
    raise InvalidIdentifier("subject.unknown-scheme", _SCHEME_REASON)


_SCHEME_REASON = Text(
    "主体标识类型应为 citizen-number 或 social-credit-code",
    "The scheme of a subject is citizen-number or social-credit-code",
)
