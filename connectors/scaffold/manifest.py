"""A proposed manifest, and the marks in it that somebody has to replace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from connectors.scaffold.observing import NOTHING_SEEN, Seen
from kernel.manifests import JsonPath


class Mark(list[str]):
    """A place to be filled in. It is a list where no list may stand: a manifest that holds one has a finding there."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__([f"填写 {zh} / fill in {en}"])


@dataclass(frozen=True, slots=True)
class Member:
    """A column, or a member of a record.

    ``codes``: those that its description lists; ``nested``: it holds members of its own, of which a field can be one.
    """

    name: str
    seen: Seen = NOTHING_SEEN
    type: str = ""
    codes: Sequence[str] = ()
    several: bool = False
    required: bool = False
    nested: bool = False


_SUBJECT_WORDS = re.compile(
    r"身份证|证件号|公民身份|统一社会信用|信用代码|sfz|zjhm|gmsfhm|tyshxydm|id_?card|id_?no|id_?number|citizen|holder_?id",
    re.IGNORECASE,
)
_NAMES: Sequence[tuple[str, str]] = (
    (r"姓名|^xm$|full_?name|^name$", "name"),
    (r"出生|^csrq$|birth|^born", "born_on"),
    (r"住址|地址|^dz$|^hjdz$|address", "address"),
    (r"性别|^xb$|^sex$|gender", "sex"),
    (r"民族|^mz$|nation", "nation"),
    (r"有效期至|截止|^yxq|valid_?until|expir", "valid_until"),
    (r"手机|电话|^lxdh$|phone|mobile", "phone"),
    (r"状态|^zt$|^status$", "status"),
    (r"更新时间|^gxsj$|updated", "updated_at"),
    (r"行政区划|^xzqh|^division", "division"),
)
_STANDS_FOR_ITSELF = re.compile(r"姓名|^xm$|name|行政区划|^xzqh|^division", re.IGNORECASE)
"""Columns whose values are no codes to be put in other words, however few: names, and divisions (GB/T 2260)."""
_NAME_LIKE = re.compile(r"姓名|^xm$|name", re.IGNORECASE)


def likely_subject(members: Sequence[Member]) -> Member | None:
    """The member that a person or body is found by: by its values, else by its name; None where neither tells."""
    by_value = [one for one in members if one.seen.subject]
    by_name = [one for one in members if _SUBJECT_WORDS.search(one.name)]
    return next(iter([*(one for one in by_value if one in by_name), *by_value, *by_name]), None)


def propose(
    name: str, adapter: str, settings: Mapping[str, Any], members: Sequence[Member], how: str
) -> dict[str, Any]:
    """A manifest over these members. ``how`` a field is read: ``column`` or ``path``."""
    return {
        "kind": "Connector",
        "metadata": {"name": name},
        "spec": {
            "evidence_type": Mark("材料类型", "the evidence type"),
            "adapter": adapter,
            "trust_grade": Mark("A、B、C 或 D", "A, B, C or D"),
            adapter: dict(settings),
            "mapping": {"fields": _fields(members, how) or Mark("字段", "fields")},
        },
    }


def _fields(members: Sequence[Member], how: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for number, one in enumerate(members, 1):
        ours = _ours(one.name, number)
        fields[ours if ours not in fields else f"{ours}_{number}"] = _rule(one, how)
    return fields


def _rule(one: Member, how: str) -> dict[str, Any]:
    rule: dict[str, Any] = {how: one.name if how == "column" else path_of(one.name)}
    if one.nested:
        rule = {"path": Mark(f"{one.name} 中的哪一项", f"the path of a member of {one.name}")}
    codes = one.codes or (() if _STANDS_FOR_ITSELF.search(one.name) else one.seen.codes)
    if one.required:
        rule["required"] = True
    if one.several:
        rule["several"] = True
    if one.seen.forms:
        rule["date" if not any("HH" in form for form in one.seen.forms) else "datetime"] = (
            one.seen.forms[0] if len(one.seen.forms) == 1 else list(one.seen.forms)
        )
    elif codes:
        rule["codes"] = {code: Mark("含义", "what it means") for code in codes}
    elif one.seen.grouped:
        rule |= {"number": "grouped", "type": "decimal"}
    elif one.type:
        rule["type"] = one.type
    elif _NAME_LIKE.search(one.name):
        rule["normalise"] = "name"
    return rule


def _ours(theirs: str, number: int) -> str:
    for pattern, ours in _NAMES:
        if re.search(pattern, theirs, re.IGNORECASE):
            return ours
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", theirs.rpartition(".")[2]).lower()
    plain = re.sub(r"[^a-z0-9_]+", "_", text).strip("_")
    return plain[:64] if re.fullmatch(r"[a-z][a-z0-9_]*", plain) else f"field_{number}"


def path_of(name: str) -> str:
    """A JMESPath for a member: quoted where it is no plain name."""
    steps = name.split(".")
    return ".".join(step if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", step) else f'"{step}"' for step in steps)


def marks(value: Any, at: JsonPath = ()) -> Iterator[JsonPath]:
    """Where marks stand in a proposal."""
    if isinstance(value, Mark):
        yield at
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from marks(member, (*at, name))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from marks(member, (*at, number))


def written(manifest: Mapping[str, Any]) -> str:
    """The proposal as YAML, each mark as a list on its line."""
    text: str = yaml.dump(dict(manifest), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text


class _Dumper(yaml.SafeDumper):
    """Plain YAML without anchors; marks in brackets."""

    def ignore_aliases(self, data: Any) -> bool:
        """The same table twice is written twice."""
        del data
        return True


_Dumper.add_representer(
    Mark, lambda dumper, mark: dumper.represent_sequence("tag:yaml.org,2002:seq", mark, flow_style=True)
)
