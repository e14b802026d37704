"""What a person agreed to, or was told: as it stands in the list they can look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.canonical import JSON
from kernel.text import Text


class Answer(StrEnum):
    """A consent can be withdrawn; a notice of a statutory use cannot, as nothing was asked (PIPL articles 13, 35)."""

    CONSENT = "consent"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Terms:
    """What it is for and what it covers, in the words the person saw."""

    purpose: Text
    basis: Text
    covers: tuple[Text, ...]

    def to_json(self) -> dict[str, JSON]:
        """The stored form."""
        return {
            "purpose": _json(self.purpose),
            "basis": _json(self.basis),
            "covers": [_json(each) for each in self.covers],
        }

    @classmethod
    def from_json(cls, stored: JSON) -> Terms:
        """The terms as ``to_json`` stored them."""
        members = stored if isinstance(stored, dict) else {}
        covers = members.get("covers")
        listed = covers if isinstance(covers, list) else []
        return cls(_text(members.get("purpose")), _text(members.get("basis")), tuple(_text(each) for each in listed))


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer of a person to one client. ``scope`` is remembered; consent to evidence has none, so it never is.

    ``until``: when it ends by itself; None where it holds until it is withdrawn.
    """

    id: str
    person: str
    client_id: str
    answer: Answer
    scope: tuple[str, ...]
    terms: Terms
    given_at: datetime
    until: datetime | None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Newest:
    """As many as one page shows of what is over or was told; ``older``: there is more of it."""

    shown: tuple[Consent, ...]
    older: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a person agreed to and was told. What is in force is whole: it has to be found to be withdrawn."""

    in_force: tuple[Consent, ...]
    past: Newest
    notices: Newest


def _json(text: Text) -> dict[str, JSON]:
    return {"zh": text.zh, "en": text.en}


def _text(stored: JSON) -> Text:
    members = stored if isinstance(stored, dict) else {}
    return Text(str(members.get("zh", "")), str(members.get("en", "")))
