"""What a grant is made of: kinds of basis, duties, hours, emergency use, and the bounds of all numbers and lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from kernel.text import Text

SELF = "self"
"""The relation of the person of a case to themselves."""

HIGHEST_ASSURANCE = 4
"""urn:tongban:loa:4; zero stands for a citizen who is not present."""

CLASSIFIED_FROM, ASSURANCE_OF_CLASSIFIED = 3, 2
"""From this class of an evidence type on, whoever is present has signed in at this level at least."""

HIGHEST_QUOTA = 1_000_000_000
"""Releases a day; far below Cedar's 64-bit Long, so that no comparison can overflow."""

LONGEST_LIST = 500
"""Members of any list in a grant: nobody could judge a longer one."""

_OBLIGATION = re.compile(r"([a-z][a-z-]{0,31})(?::([A-Za-z0-9/._-]{1,64}))?")


class BasisKind(StrEnum):
    """What a legal basis rests on: a statute, or the person's own consent."""

    STATUTORY = "statutory"
    CONSENT = "consent"


class InvalidGrant(ValueError):
    """A grant that means nothing or too much; ``reason`` says what to change."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True, order=True)
class Obligation:
    """A duty that comes with a release, for example ``notify-citizen`` within ``P1D``. Every one of them is a must."""

    kind: str
    argument: str = ""

    @classmethod
    def parse(cls, text: str) -> Obligation:
        """Read ``kind`` or ``kind:argument``; raises InvalidGrant."""
        match = _OBLIGATION.fullmatch(text)
        if match is None:
            raise InvalidGrant(Text("义务写法应为 种类:参数", "An obligation is written kind:argument"))
        return cls(match[1], match[2] or "")

    @property
    def text(self) -> str:
        """The written form that ``parse`` reads."""
        return f"{self.kind}:{self.argument}" if self.argument else self.kind

    @property
    def is_well_formed(self) -> bool:
        """Whether ``parse`` would read it."""
        return _OBLIGATION.fullmatch(self.text) is not None


@dataclass(frozen=True, slots=True)
class Hours:
    """Whole hours of the civil day in China: from ``start`` (0 to 23) until before ``end`` (at most 24)."""

    start: int
    end: int

    @property
    def text(self) -> Text:
        """In words, without the time zone."""
        return Text(f"{self.start} 时至 {self.end} 时", f"{self.start:02}:00 to {self.end:02}:00")


LONGEST_OPENING = 240
"""Minutes that emergency access lasts at most."""

LONGEST_DELAY = 60
"""Days by which a statute may put off that the person is told of it."""


@dataclass(frozen=True, slots=True)
class NoticeDelay:
    """The person is told only after so many days, by the statute that is cited."""

    days: int
    statute: Text


@dataclass(frozen=True, slots=True)
class EmergencyUse:
    """Makes a grant a template of emergency access: nothing leaves under it but while it is opened.

    An opening lasts for so many ``minutes``. The person is told at once, unless a statute puts it off.
    """

    minutes: int
    delay: NoticeDelay | None = None
