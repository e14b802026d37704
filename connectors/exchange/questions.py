"""Further questions that the other exchange has to whom it was asked about: passed on here as far as a manifest allows.

What they send is a stranger's text. It has the form that manifests of ours have for questions, and no more of it than
they may have; what it asks for is on the manifest's list (``relays``), for the answer leaves the house (ADR 0067).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from connectors.errors import (
    AnswersExhausted,
    SourceAsksTooMuch,
    SourceGarbled,
    SourceNeedsAnswers,
    SourceProblem,
)
from connectors.faults import ManifestFault
from connectors.further import Further, When
from connectors.manifest import SCHEMA
from kernel.manifests import schema_findings

_NEEDED, _UNMATCHED, _EXHAUSTED = "source.needs-answers", "preview.answers-unmatched", "preview.answers-exhausted"
_FORM: Mapping[str, Any] = {"$ref": "#/$defs/further", "$defs": SCHEMA["$defs"]}
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Categories of characters that a question needs none of: control, direction, private use (UAX #44 §5.7.1)."""


def still_needed(problem: Mapping[str, Any], told: Mapping[str, str], relays: Collection[str]) -> SourceProblem | None:
    """What it means for us that an item failed there for want of an answer; None where it failed for anything else.

    ``told``: the answers that were sent with the question. Raises: SourceGarbled.
    """
    code = problem.get("code")
    if code == _EXHAUSTED:
        return AnswersExhausted("exhausted-there")
    if code == _UNMATCHED and told:
        return SourceNeedsAnswers("answers-unmatched")
    if code != _NEEDED:
        return None
    if "questions" not in problem:  # they do not know us as one who puts them
        return SourceAsksTooMuch("not-relayed")
    further = _read(problem)
    if not further.names <= set(relays):
        return SourceAsksTooMuch("question-not-allowed")
    if not told:
        return SourceNeedsAnswers("further-questions", further=further)
    if not _are_answers(told, further):  # whoever asks for more each time is not asked for ever
        raise SourceGarbled("other-questions")
    return SourceNeedsAnswers("answers-unmatched")


def _read(problem: Mapping[str, Any]) -> Further:
    said = {"when": [When.ALWAYS.value], "attempts": problem.get("attempts_left"), "questions": problem["questions"]}
    if schema_findings(said, _FORM) or any(not _is_readable(text) for text in _texts(said["questions"])):
        raise SourceGarbled("questions")
    try:
        return Further.parse(said)
    except ManifestFault:
        raise SourceGarbled("questions") from None


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping | list):
        for one in part.values() if isinstance(part, Mapping) else part:
            yield from _texts(one)


def _is_readable(text: str) -> bool:
    return not any(unicodedata.category(character) in _UNSEEN for character in text)


def _are_answers(told: Mapping[str, str], further: Further) -> bool:
    needed = {one.name for one in further.questions if not one.optional}
    return needed <= told.keys() <= further.names
