"""Whom a record is about: a person or a company, named by an identifier that never shows itself."""

from dataclasses import dataclass, field
from typing import Literal, get_args

Scheme = Literal["citizen-number", "social-credit-code"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """A subject by scheme and value. `value` is left out of repr, so that no log or traceback carries it."""

    scheme: Scheme
    value: str = field(repr=False)
