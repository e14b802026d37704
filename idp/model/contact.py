"""Where a person can be reached: a telephone number or an e-mail address, in one spelling each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from kernel.identifiers.masking import STAR, Mask, mask

_PHONE = re.compile(r"\+?[0-9]{5,15}")  # ITU-T E.164: at most 15 digits
_PHONE_MARKS = str.maketrans("", "", " -()")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
LONGEST_EMAIL = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""


class InvalidContact(ValueError):
    """Neither a telephone number nor an e-mail address; the text never repeats it."""


class ContactKind(StrEnum):
    """The ways to reach somebody."""

    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Contact:
    """One address. ``value`` is personal data: sealed when stored, masked when shown."""

    kind: ContactKind
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """As pages show it: 138****0000, w***@example.org."""
        if self.kind is ContactKind.PHONE:
            return mask(Mask.PHONE, self.value)
        name, _, domain = self.value.partition("@")
        return f"{name[:1]}{STAR * 3}@{domain}"


def parse(kind: ContactKind, text: str) -> Contact:
    """The contact a person typed. Raises InvalidContact."""
    value = text.strip()
    if kind is ContactKind.PHONE:
        value = value.translate(_PHONE_MARKS)
        if not _PHONE.fullmatch(value):
            raise InvalidContact("not a telephone number")
    elif len(value) > LONGEST_EMAIL or not _EMAIL.fullmatch(value):
        raise InvalidContact("not an e-mail address")
    return Contact(kind, value)
