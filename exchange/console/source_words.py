"""How the source of an evidence type has been doing, in words for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.messages.words import SHAPE_CHANGES
from kernel.text import Text
from kernel.web.pages import t

_STATES = {
    "closed": Text("正常答复", "Answers"),
    "open": Text("连续失败，暂停查询", "Left alone after failures"),
    "half-open": Text("正在试探恢复", "Being tried again"),
}
_MEASURES = {
    "completeness": Text("完整率", "Completeness"),
    "validity": Text("有效率", "Validity"),
    "timeliness": Text("及时率", "Timeliness"),
    "codes": Text("代码符合率", "Codes in their tables"),
}


def source_rows(source: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Rows of a summary; none where the evidence type has no source. What no answer told has no row."""
    if source is None:
        return []
    quality = source["quality"]
    rows = [
        (t("来源状态", "State of the source"), t(_STATES.get(source["state"], Text(source["state"], source["state"]))))
    ]
    if quality["answers"]:
        last = Text(f"（最近 {quality['answers']} 次答复）", f" (last {quality['answers']} answers)")
        rows += [
            (t(words), f"{quality[name]:.0%}{t(last)}")
            for name, words in _MEASURES.items()
            if quality[name] is not None
        ]
    for change in source["changes"]:
        said = SHAPE_CHANGES[change["kind"]]
        named = Text(said.zh.format(change["field"]), said.en.format(change["field"]))
        rows.append((t("结构变化", "Changed shape"), t(named)))
    return rows
