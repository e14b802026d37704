"""What a notice says. Every room brings the words of its own notices; they name no number and no address."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.text import Text

RECOVERY_LINK = "recovery-link"
LETTING_IN = frozenset({RECOVERY_LINK})
"""Names of kinds whose reader can open the account: they go to a channel only while that is confirmed.

All others go out though the channel was removed meanwhile: whoever removed it may not be the owner. The name is kept
with every notice, so this holds for those that an earlier version wrote as well.
"""


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of notice: a stable name, and words with places such as ``{device}`` for short facts."""

    name: str
    words: Text

    def saying(self, **facts: Text | str) -> Text:
        """The words with their facts put in. Raises KeyError for a fact that is missing."""
        zh = {name: fact.zh if isinstance(fact, Text) else fact for name, fact in facts.items()}
        en = {name: fact.en if isinstance(fact, Text) else fact for name, fact in facts.items()}
        return Text(self.words.zh.format_map(zh), self.words.en.format_map(en))
