"""How the source of an evidence type has been doing, in words for its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from exchange.messages.words import SHAPE_CHANGES
from kernel.text import Text
from kernel.web.pages import moment, t

_STATES = {
    "closed": Text("正常答复", "Answers"),
    "open": Text("连续失败，暂停查询", "Left alone after failures"),
    "half-open": Text("正在试探恢复", "Being tried again"),
}
MEASURES = {
    "completeness": Text("完整率", "Completeness"),
    "validity": Text("有效率", "Validity"),
    "timeliness": Text("及时率", "Timeliness"),
    "codes": Text("代码符合率", "Codes in their tables"),
}
"""What answers tell of the quality of a source, by the API's own names."""


def source_rows(source: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Rows of a summary; none where the evidence type has no source. What no answer told has no row."""
    if source is None:
        return []
    quality, copy = source["quality"], source["copy"] or {}
    rows = [(t("来源状态", "State of the source"), t(state_text(source["state"])))]
    if quality["answers"]:
        last = Text(f"（最近 {quality['answers']} 次答复）", f" (last {quality['answers']} answers)")
        rows += [
            (t(words), f"{quality[name]:.0%}{t(last)}") for name, words in MEASURES.items() if quality[name] is not None
        ]
    if copy.get("as_of"):
        rows.append((t("数据截至", "Data as of"), _moment(copy["as_of"])))
    if copy.get("unreachable_since"):
        rows.append((t("取不到新文件，自", "New files out of reach since"), _moment(copy["unreachable_since"])))
    rows += [(t("结构变化", "Changed shape"), t(change_text(change))) for change in source["changes"]]
    return rows


def state_text(state: str) -> Text:
    """The state of a source."""
    return _STATES.get(state, Text(state, state))


def change_text(change: Mapping[str, Any]) -> Text:
    """One change of a source's shape."""
    said = SHAPE_CHANGES[change["kind"]]
    return Text(said.zh.format(change["field"]), said.en.format(change["field"]))


def _moment(instant: str) -> str:
    return moment(datetime.fromisoformat(instant))
