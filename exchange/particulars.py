"""What a person says with a correction, rating or challenge: kept beside the log under their key, and gone with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger


@dataclass(frozen=True, slots=True)
class Particulars:
    """Whom it is about, and what was said in which field of the form."""

    about: SubjectRef
    said: Mapping[str, str] = field(repr=False)

    def payload(self) -> bytes:
        """As an event carries it to be kept."""
        return orjson.dumps({"subject": {"scheme": self.about.scheme, "value": self.about.value}, **self.said})


def kept(ledger: Ledger, entry: int) -> Particulars | None:
    """What an entry was recorded with; None once that person's data were erased. Raises DatabaseUnavailable."""
    payload = ledger.open_payload(entry)
    if payload is None:
        return None
    document: dict[str, Any] = orjson.loads(payload)
    who = document.pop("subject")
    return Particulars(SubjectRef(who["scheme"], who["value"]), document)  # checked when it was said
