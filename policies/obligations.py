"""What must be done with a release: masks (the strongest wins), obligations (all of them; an unknown one refuses)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from kernel.identifiers.masking import Mask, stronger
from kernel.text import Text
from policies.grants.grant import Grant
from policies.grants.terms import Obligation
from policies.registry import RegisteredField

_DURATION = re.compile(r"P(?:\d{1,4}[DWMY]|T\d{1,4}[HM])")

WATERMARK = "watermark"

KNOWN: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {"notify-citizen": _DURATION, "retain": _DURATION, WATERMARK: re.compile("")}
)
"""Kinds with the form of their argument: tell the citizen within, let the consumer keep the data for at most, mark what
leaves with who asked when (no argument).
"""

_UNITS: Mapping[str, tuple[str, str]] = {
    "D": ("天", "days"),
    "W": ("周", "weeks"),
    "M": ("个月", "months"),
    "Y": ("年", "years"),
    "TH": ("小时", "hours"),
    "TM": ("分钟", "minutes"),
}


def in_words(obligation: Obligation) -> Text:
    """A known obligation as people say it; any other as it is written."""
    if unknown((obligation,)):
        return Text(obligation.text, obligation.text)
    if obligation.kind == WATERMARK:
        return Text("加水印（使用部门、请求编号、时间）", "mark it with consumer, request and time")
    zh, en = _duration(obligation.argument)
    if obligation.kind == "retain":
        return Text(f"最多保存{zh}", f"keep it for at most {en}")
    return Text(f"{zh}内告知本人", f"tell the person within {en}")


def _duration(text: str) -> tuple[str, str]:
    """An ISO 8601 duration of one unit, in both languages."""
    clock = "T" if text.startswith("PT") else ""
    number, (zh, en) = int(text[len(clock) + 1 : -1]), _UNITS[clock + text[-1]]
    return f"{number}{zh}", f"{number} {en if number != 1 else en[:-1]}"


def is_kept_by(duty: Obligation, other: Obligation) -> bool:
    """Whether whoever keeps the ``other`` keeps this duty too: the same one, or the same kind within a shorter time.

    Months are of no fixed length, so that they are compared with years alone.
    """
    if duty == other:
        return True
    if duty.kind != other.kind or unknown((duty, other)):
        return False
    asked, given = _length(duty.argument), _length(other.argument)
    return asked[0] == given[0] and given[1] <= asked[1]


def _length(text: str) -> tuple[str, int]:
    """An ISO 8601 duration of one unit as minutes or months."""
    clock = "T" if text.startswith("PT") else ""
    kind, factor = _LENGTHS[clock + text[-1]]
    return kind, factor * int(text[len(clock) + 1 : -1])


_LENGTHS: Mapping[str, tuple[str, int]] = {
    "TM": ("minutes", 1),
    "TH": ("minutes", 60),
    "D": ("minutes", 1440),
    "W": ("minutes", 10080),
    "M": ("months", 1),
    "Y": ("months", 12),
}


def unknown(obligations: Iterable[Obligation], known: Mapping[str, re.Pattern[str]] = KNOWN) -> tuple[Obligation, ...]:
    """Those that nobody here can carry out: of an unknown kind, or with an argument that says nothing."""
    return tuple(
        obligation
        for obligation in obligations
        if obligation.kind not in known or not known[obligation.kind].fullmatch(obligation.argument)
    )


def union(grants: Iterable[Grant]) -> tuple[Obligation, ...]:
    """Every obligation of every grant, once, in a fixed order."""
    return tuple(sorted({obligation for grant in grants for obligation in grant.obligations}))


def strongest(grants: Iterable[Grant], catalogue: Mapping[str, RegisteredField]) -> dict[str, Mask]:
    """Each field of the catalogue with the strongest of its masks: of every satisfied grant, and its own."""
    masks = {field: registered.minimal_mask for field, registered in catalogue.items()}
    for grant in grants:
        for field in grant.masks.keys() & masks.keys():
            masks[field] = stronger(masks[field], grant.masks[field])
    return masks


def release(asked: frozenset[str], masks: Mapping[str, Mask]) -> dict[str, Mask]:
    """Each field asked for with its mask, in the order of their names."""
    return {field: masks[field] for field in sorted(asked)}
