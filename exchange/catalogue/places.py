"""Where a page of the queue ends: written into the ``after`` of the following page, and read back from it."""

from __future__ import annotations

from datetime import datetime

from exchange.catalogue.forms import KINDS, SHELVES
from exchange.catalogue.workflow.events import EntryState
from exchange.store.catalogue_drafts import Place
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text

_SEPARATOR = "~"
_LONGEST = 256
_BAD_AFTER = Text("after 应为上一页的 next", "after is the next of the page before")


def after_text(state: EntryState) -> str:
    """The ``next`` of a page that ends with this entry."""
    return _SEPARATOR.join((state.changed_at.isoformat(), SHELVES[state.kind], state.name))


def place_of(after: str) -> Place:
    """The place that an ``after`` names, whether or not an entry still stands there. Raises Problem."""
    changed_at, _, rest = after.partition(_SEPARATOR)
    shelf, _, name = rest.partition(_SEPARATOR)
    try:
        at = datetime.fromisoformat(changed_at)
    except ValueError:
        raise Problem(INVALID_BODY, detail=_BAD_AFTER) from None
    if at.tzinfo is None or shelf not in KINDS or not name or len(after) > _LONGEST:
        raise Problem(INVALID_BODY, detail=_BAD_AFTER)
    return Place(at, KINDS[shelf], name)
