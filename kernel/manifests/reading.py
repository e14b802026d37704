"""Reading the plain part of YAML, with the line of every value.

Accepted is what means the same to everybody: text, whole numbers, true/false/null, lists and mappings (the JSON schema
of YAML 1.2 §10.2, plus unquoted text). Refused are anchors and aliases, tags, duplicate keys and decimal fractions;
the surprises of YAML 1.1 (``no`` as false, ``12:30`` as a number, dates as objects) are read as the text they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from kernel.canonical import JSON
from kernel.text import Text

MAX_BYTES = 1 << 20
"""A manifest file larger than this (1 MiB) is refused."""

JsonPath: TypeAlias = tuple[str | int, ...]
Lines: TypeAlias = dict[JsonPath, int]

_WORDS: dict[str, JSON] = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})")
_LONG_NUMBER = re.compile(r"[-+]?[1-9][0-9]{15,}")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)|[0-9]+\.[0-9]*)")


class ManifestError(Exception):
    """A file that cannot be read as manifests. `findings` say where and why, in both languages."""

    def __init__(self, *findings: Text) -> None:
        super().__init__("; ".join(finding.en for finding in findings))
        self.findings = findings


class _Refused(yaml.MarkedYAMLError):
    """Well-formed YAML outside the plain part."""

    def __init__(self, mark: Any, text: Text) -> None:
        super().__init__(problem=text.en, problem_mark=mark)
        self.text = text


def dotted(json_path: JsonPath) -> str:
    """``spec.sql.columns[2]``; the object itself is ``.``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in json_path).removeprefix(".") or "."


def objects(file: Path) -> Iterator[tuple[dict[str, JSON], Lines]]:
    """Each object of a file with the lines of its values (from 1), by path. Raises: ManifestError."""
    try:
        for node in yaml.compose_all(_text(file), Loader=_PlainLoader):
            yield _object(node)
    except yaml.MarkedYAMLError as error:
        raise _finding(file, _wording(error), _line(error)) from None
    except yaml.YAMLError:
        raise _finding(file, Text("含有不允许的字符", "it holds a character that is not allowed")) from None
    except RecursionError:
        raise _finding(file, Text("嵌套层次过深", "it is nested too deeply")) from None


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError:
        raise _finding(file, Text("文件不存在或无法读取", "the file does not exist or cannot be read")) from None
    if len(data) > MAX_BYTES:
        raise _finding(file, Text("文件超过 1 MiB", "the file is larger than 1 MiB"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _finding(file, Text("文件不是 UTF-8 编码", "the file is not UTF-8")) from None


def _finding(file: Path, message: Text, line: int = 1) -> ManifestError:
    return ManifestError(Text(f"{file}:{line}: .: {message.zh}", f"{file}:{line}: .: {message.en}"))


def _wording(error: yaml.MarkedYAMLError) -> Text:
    if isinstance(error, _Refused):
        return error.text
    return Text(f"不是有效的 YAML（{error.problem}）", f"this is not valid YAML ({error.problem})")


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


class _PlainLoader(yaml.BaseLoader):
    """Leaves every scalar as text (what it means is decided below) and refuses anchors and aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's parser has no types
        if getattr(event, "anchor", None) is not None:
            raise _Refused(event.start_mark, Text("清单不使用锚点和别名", "anchors and aliases are not used here"))
        return super().compose_node(parent, index)


def _object(node: yaml.Node) -> tuple[dict[str, JSON], Lines]:
    lines: Lines = {}
    value = _value(node, (), lines)
    if not isinstance(value, dict):
        raise _Refused(node.start_mark, Text("此处应为对象（键: 值）", "an object (key: value) is expected here"))
    return value, lines


def _value(node: yaml.Node, path: JsonPath, lines: Lines) -> JSON:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        _check_tag(node, "tag:yaml.org,2002:seq")
        return [_value(member, (*path, index), lines) for index, member in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    raise _Refused(node.start_mark, Text("不是文本、列表或对象", "this is neither text, a list nor an object"))


def _mapping(node: yaml.MappingNode, path: JsonPath, lines: Lines) -> dict[str, JSON]:
    _check_tag(node, "tag:yaml.org,2002:map")
    members: dict[str, JSON] = {}
    for key, member in node.value:
        name = _key(key, members)
        members[name] = _value(member, (*path, name), lines)
        lines[(*path, name)] = key.start_mark.line + 1
    return members


def _key(node: yaml.Node, taken: dict[str, JSON]) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _Refused(node.start_mark, Text("键必须是文本", "a key must be text"))
    if node.value in taken:
        raise _Refused(node.start_mark, Text(f"键“{node.value}”重复", f"the key “{node.value}” is given twice"))
    return str(node.value)


def _scalar(node: yaml.ScalarNode) -> JSON:
    _check_tag(node, "tag:yaml.org,2002:str")
    text = str(node.value)
    if node.style is not None:  # quoted or block text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text) or _LONG_NUMBER.fullmatch(text):
        raise _Refused(node.start_mark, Text("小数和长号码请加引号", "put fractions and long numbers in quotes"))
    return text


def _check_tag(node: yaml.Node, expected: str) -> None:
    if node.tag != expected:
        raise _Refused(node.start_mark, Text("清单不使用 YAML 标签", "YAML tags are not used here"))
