"""What changed between two texts of an entry, member by member, each named in both languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.text import Text

MEMBERS: Mapping[str, Text] = {
    "name": Text("名称", "name"),
    "title": Text("名称", "title"),
    "zh": Text("中文", "Chinese"),
    "en": Text("英文", "English"),
    "description": Text("说明", "description"),
    "division": Text("行政区划", "division"),
    "parent": Text("上级", "parent"),
    "level": Text("级别", "level"),
    "code": Text("编码", "code"),
    "since": Text("设立日期", "exists since"),
    "until": Text("终止日期", "exists until"),
    "successors": Text("承接者", "successors"),
    "successor": Text("承接者", "successor"),
    "extent": Text("承接范围", "extent"),
    "day": Text("日期", "day"),
    "note": Text("说明", "note"),
    "organisation": Text("所属部门", "organisation"),
    "provider": Text("提供部门", "provider"),
    "source_of_truth": Text("数源部门", "authoritative source"),
    "update_cycle": Text("更新周期", "update cycle"),
    "subject_scheme": Text("主体标识类型", "subject scheme"),
    "classification": Text("数据级别", "classification"),
    "share_type": Text("共享类型", "share type"),
    "share_citation": Text("共享依据", "citation of the share type"),
    "schema": Text("记录结构", "structure of the record"),
    "properties": Text("字段结构", "properties"),
    "required": Text("必有字段", "required fields"),
    "fields": Text("字段", "fields"),
    "label": Text("显示名", "label"),
    "sensitivity": Text("敏感级别", "sensitivity"),
    "minimal_mask": Text("最低脱敏要求", "weakest form released"),
    "predicates": Text("是非问题", "yes/no questions"),
    "relations": Text("人员关系", "relations"),
    "legal_bases": Text("法律依据", "legal bases"),
    "kind": Text("种类", "kind"),
    "citation": Text("出处", "citation"),
    "requirements": Text("办理条件", "requirements"),
    "uploads": Text("原需提交份数", "papers without sharing"),
    "role": Text("当事人角色", "role"),
    "met_by": Text("满足方式", "how it can be met"),
    "evidence_type": Text("材料类型", "evidence type"),
    "relation": Text("关系", "relation"),
    "also": Text("同时需要", "together with"),
    "circumstances": Text("情形", "circumstances"),
    "values": Text("可选值", "values"),
    "when": Text("适用情形", "applies when"),
    "not_needed": Text("已取消的依据", "no longer asked for"),
    "commitment": Text("可告知承诺", "a commitment may stand in"),
    "deferral_days": Text("容缺天数", "may follow within days"),
    "certificate": Text("电子证照", "e-certificate"),
    "people_per_hour": Text("每小时查询人数上限", "people looked up an hour"),
    "issuer": Text("身份服务", "issuer"),
    "client_id": Text("客户端编号", "client id"),
    "sandbox": Text("沙箱", "of the sandbox"),
    "webhook": Text("事件推送地址", "address of pushed events"),
    "relays_questions": Text("转达追问", "relays further questions"),
    "status": Text("状态", "status"),
    "#": Text("次序", "order"),
}
"""Members of manifests in words; a name of the manifest's own (a field, a requirement) stands for itself."""

_NOTHING = object()
_ORDER = "#"
"""The order of a list's members; and what sets the place apart from a name that is not the member's alone."""
_HOLD_NAMES = frozenset(
    (
        *("fields", "properties", "predicates", "relations", "legal_bases", "requirements", "met_by", "also"),
        *("circumstances", "values", "when", "successors"),
    )
)
"""Members whose own members are called as the manifest calls them, even where a member of manifests is called so."""
_NAMED_BY = ("code", "name", "evidence_type", "successor")
"""Members by which an object of a list is recognised in the other version of the list."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One member that changed: its path, the path in words, and the values (absent ones are None).

    ``change`` is added, removed or changed.
    """

    path: str
    member: Text
    change: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Difference, ...]:
    """Every difference of the two ``spec`` members, in the order of paths; None stands for nothing at all.

    None are found exactly where the two are equal: also members with the same name, and their order, are compared.
    """
    old, new = (_flat((before or {}).get("spec", {})), _flat((after or {}).get("spec", {})))
    return tuple(_difference(path, old, new) for path in sorted(old.keys() | new.keys()) if _differs(path, old, new))


Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Order:
    """The members of a list of objects, in their order."""

    names: tuple[str, ...]

    def is_kept_by(self, other: _Order) -> bool:
        """Whether those that both have stand in the same order; what only one has is a difference of its own."""
        mine, theirs = set(self.names), set(other.names)
        return [name for name in self.names if name in theirs] == [name for name in other.names if name in mine]


def _flat(value: Any, at: Path = ()) -> dict[Path, Any]:
    inner = dict(_members(value))
    if not inner:
        return {at: value} if at else {}
    found = {path: leaf for name, member in inner.items() for path, leaf in _flat(member, (*at, name)).items()}
    return found | ({(*at, _ORDER): _Order(tuple(inner))} if isinstance(value, list) else {})


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        names = [_name_of(each) for each in value]
        often = Counter(names)
        for place, (name, each) in enumerate(zip(names, value, strict=True)):
            is_clear = name and _ORDER not in name and often[name] == 1
            yield name if is_clear else f"{name}{_ORDER}{place}", each


def _name_of(member: Mapping[str, Any]) -> str:
    return next((member[key] for key in _NAMED_BY if isinstance(member.get(key), str)), "")


def _differs(path: Path, old: Mapping[Path, Any], new: Mapping[Path, Any]) -> bool:
    before, after = old.get(path, _NOTHING), new.get(path, _NOTHING)
    if isinstance(before, _Order) and isinstance(after, _Order):
        return not before.is_kept_by(after)
    if isinstance(before, _Order) or isinstance(after, _Order):  # a list here, and there nothing, or an object like it
        other = new if isinstance(before, _Order) else old
        return any(each[: len(path) - 1] == path[:-1] for each in other)
    return bool(before != after)


def _difference(path: Path, old: Mapping[Path, Any], new: Mapping[Path, Any]) -> Difference:
    change = "added" if path not in old else "removed" if path not in new else "changed"
    words = [_words(name, above) for name, above in zip(path, ("", *path), strict=False)]
    member = Text("／".join(word.zh for word in words), " / ".join(word.en for word in words))
    return Difference(".".join(path), member, change, _plain(old.get(path)), _plain(new.get(path)))


def _words(name: str, above: str) -> Text:
    itself = Text(name, name)
    return itself if above in _HOLD_NAMES and name != _ORDER else MEMBERS.get(name, itself)


def _plain(value: Any) -> Any:
    return [*value.names] if isinstance(value, _Order) else value
