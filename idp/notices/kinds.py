"""What a notice says. Every room brings the words of its own notices; they name no number and no address."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.text import Text


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of notice: a stable name, and words with places such as ``{device}`` for short facts.

    ``lets_in``: whoever reads it can open the account, so it goes to a channel only while that is confirmed. All others
    go out though the channel was removed meanwhile: whoever removed it may not be the owner.
    """

    name: str
    words: Text
    lets_in: bool = False

    def saying(self, **facts: Text | str) -> Text:
        """The words with their facts put in. Raises KeyError for a fact that is missing."""
        zh = {name: fact.zh if isinstance(fact, Text) else fact for name, fact in facts.items()}
        en = {name: fact.en if isinstance(fact, Text) else fact for name, fact in facts.items()}
        return Text(self.words.zh.format_map(zh), self.words.en.format_map(en))
