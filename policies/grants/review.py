"""What officers are shown before they sign: the examination of a change, and the digest that binds their signatures.

Values only. The examiner (``policies.analysis``) makes them; the life of a grant reads them, and never the examiner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernel.canonical import JSON
from kernel.text import Text
from policies.roles import Role


class ChangeClass(StrEnum):
    """What a change does to what may leave (the vocabulary of Cedar's own analysis)."""

    EQUIVALENT = "equivalent"
    TIGHTENING = "tightening"
    WIDENING = "widening"
    INCOMPARABLE = "incomparable"

    @property
    def text(self) -> Text:
        """In words."""
        return _CLASSES[self]

    @property
    def is_wider(self) -> bool:
        """Whether something may leave that could not before."""
        return self in {ChangeClass.WIDENING, ChangeClass.INCOMPARABLE}


_CLASSES: Mapping[ChangeClass, Text] = {
    ChangeClass.EQUIVALENT: Text("等同：可取得的内容不变", "equivalent: what may be obtained stays the same"),
    ChangeClass.TIGHTENING: Text("收紧：只减不增", "tightening: less may be obtained, nothing more"),
    ChangeClass.WIDENING: Text("放宽：可取得的内容增加", "widening: more may be obtained"),
    ChangeClass.INCOMPARABLE: Text("有增有减", "incomparable: more in one respect, less in another"),
}


class Answer(StrEnum):
    """What is known about a question over all requests."""

    NOBODY = "proved-none"
    EXAMPLE = "example"
    NOT_PROVED = "not-proved"

    @property
    def text(self) -> Text:
        """In words."""
        return _ANSWERS[self]


_ANSWERS: Mapping[Answer, Text] = {
    Answer.NOBODY: Text("已证明没有这样的申请", "proved: there is no such request"),
    Answer.EXAMPLE: Text("有，例如下述申请", "there is, for example the request below"),
    Answer.NOT_PROVED: Text("未能证明（按放宽处理）", "not proved (counted as wider)"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One question, its answer, and the request that shows it, as words and as the facts it consists of."""

    question: str
    answer: Answer
    words: Text | None = None
    request: Mapping[str, JSON] | None = None

    @property
    def text(self) -> Text:
        """The question in words."""
        return QUESTIONS[self.question]


NEWLY, NO_LONGER, LOOSER, STRICTER, TOGETHER = (
    "newly-allowed",
    "no-longer-allowed",
    "released-looser",
    "released-stricter",
    "others-released-looser",
)
QUESTIONS: Mapping[str, Text] = {
    NEWLY: Text("有没有申请因此获准，而此前被拒？", "Is any request allowed that was refused before?"),
    NO_LONGER: Text("有没有申请因此被拒，而此前获准？", "Is any request refused that was allowed before?"),
    LOOSER: Text(
        "同一申请获准时，脱敏、义务或限额有没有变松？",
        "Does any request that is allowed both times come with weaker masks, duties or quotas?",
    ),
    STRICTER: Text(
        "同一申请获准时，脱敏、义务或限额有没有变严？",
        "Does any request that is allowed both times come with stronger masks, duties or quotas?",
    ),
    TOGETHER: Text(
        "连同其他现行授权来看，有没有申请的脱敏、义务或限额变松？",
        "With all other grants in force, does any request come with weaker masks, duties or quotas?",
    ),
}
"""Every question of an examination, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What is known about a change, as officers are shown it; ``shown`` is the whole of it as a document.

    ``basis`` is the digest of what the answers rest on beside the grant: the region of the registry and the grants in
    force. ``sensitive`` are the reasons why the data-protection officer must sign, in words; ``reactivates`` the seats
    that could put a suspended version back in force, where this one takes its place; ``unconditional`` whether all it
    gives is shared without its provider being asked. ``broken`` are standing
    invariants that a request shows broken, ``unmet`` expectations of the grant that do not come out: nothing is handed
    in with one, so none is ever kept.
    """

    change: ChangeClass
    sensitive: tuple[Text, ...]
    basis: str
    shown: Mapping[str, JSON]
    broken: tuple[Text, ...] = ()
    unmet: tuple[Text, ...] = ()
    reactivates: tuple[Role, ...] = ()
    unconditional: bool = False


@dataclass(frozen=True, slots=True)
class ReviewPackage:
    """Exactly what is signed beside the text: the examination, and a simulation (digest and report) where one was made.

    ``policies.grants.document.digest`` binds it to the text. ``misfit`` is what the grant names that the catalogue does
    not have or share: nothing is handed in with one, so none is ever kept.
    """

    examination: Examination
    simulation: str | None = None
    report: Mapping[str, JSON] | None = None
    misfit: Text | None = None

    def to_json(self) -> dict[str, JSON]:
        """The document that is stored and signed; ``from_json`` reads it without loss."""
        one = self.examination
        # Left out where it says nothing: signatures given before it was known stay good.
        seats: list[JSON] = [seat.value for seat in one.reactivates]
        later: dict[str, JSON] = {"reactivates": seats} if seats else {}
        if one.unconditional:
            later["unconditional"] = True
        return later | {
            "change": one.change.value,
            "sensitive": [{"zh": text.zh, "en": text.en} for text in one.sensitive],
            "basis": one.basis,
            "shown": dict(one.shown),
            "simulation": self.simulation,
            "report": None if self.report is None else dict(self.report),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ReviewPackage:
        """Read what ``to_json`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        examination = Examination(
            change=ChangeClass(document["change"]),
            sensitive=tuple(Text(**text) for text in document["sensitive"]),
            basis=document["basis"],
            shown=document["shown"],
            reactivates=tuple(Role(seat) for seat in document.get("reactivates", ())),
            unconditional=document.get("unconditional", False),
        )
        return cls(examination, document["simulation"], document["report"])


@dataclass(frozen=True, slots=True)
class Recheck:
    """What is found again at the moment a grant would take effect: its ``basis``, and why it may not, if so.

    ``broken`` are invariants; ``panel`` are the seats that would have to sign it today, where that was asked;
    ``misfit`` is what it names that the catalogue no longer has or shares; ``unconditional`` whether it still shares
    all of it without asking the provider.
    """

    basis: str
    broken: tuple[Text, ...] = ()
    panel: tuple[Role, ...] | None = None
    misfit: Text | None = None
    unconditional: bool = False


NOTHING_BROKEN = Recheck("", unconditional=True)
"""Stands in for what the examiner will say, while it is asked whether anything else refuses."""
