"""Every entry about a person is in that person's own log, in words: held by reading what the code records."""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from exchange.catalogue.trying import tried
from exchange.transparency.plain_words import SENTENCES, TOLD
from kernel.identifiers.subject import SubjectRef
from kernel.ledger import event as ledger_event
from tests.doubles.exchange import OWNER, STRANGER, World, connector
from tests.unit.exchange.test_open_books import usage

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("exchange", "policies", "connectors", "tongban", "kernel")
"""All that writes to the exchange's log."""
HIDDEN: Mapping[str, str] = {}
"""Events about people that their own log leaves out, each with its reason. There is none."""


# What the code records ---------------------------------------------------------------------------------------------


class Unread(AssertionError):
    """The name of an event could not be read from the code: whether people are told of it is not known then."""


@dataclass(frozen=True)
class Recorded:
    """A place that makes an event about somebody: the call, and the functions around it, the innermost last."""

    module: ModuleType
    tree: ast.Module
    call: ast.Call
    around: tuple[ast.FunctionDef, ...]

    def names(self) -> frozenset[str]:
        """The names of the events that are made here. Raises Unread."""
        return frozenset(self._read(self.call.args[0]))

    def _read(self, named: ast.expr) -> Iterator[str]:
        match named:
            case ast.Constant(value=str(name)):
                yield name
            case ast.IfExp(body=one, orelse=other):
                yield from (*self._read(one), *self._read(other))
            case ast.Subscript(value=ast.Name(id=table)) if isinstance(found := self._known(table), Mapping):
                yield from found.values()
            case ast.Attribute(value=ast.Name(id=event), attr="name"):
                yield from self._of_kind(event)
            case ast.Name(id=name) if isinstance(found := self._known(name), str):
                yield found
            case ast.Name(id=name):
                yield from self._local(name)
            case _:
                self._unread()

    def _known(self, name: str) -> Any:
        return getattr(self.module, name, None)

    def _of_kind(self, event: str) -> Iterator[str]:
        """``event.name``: of every kind of event that its annotation allows."""
        for one in self._arguments():
            if one.arg == event and isinstance(one.annotation, ast.Name):
                kinds = list(_kinds(self._known(one.annotation.id)))
                yield from kinds
                return
        self._unread()

    def _local(self, name: str) -> Iterator[str]:
        """A variable: all that is put there; an argument: all that this module hands over."""
        found = [*self._assigned(name), *self._handed(name)]
        if not found:
            self._unread()
        for one in found:
            yield from self._read(one)

    def _assigned(self, name: str) -> Iterator[ast.expr]:
        for node in ast.walk(self.around[-1]):
            for target in node.targets if isinstance(node, ast.Assign) else ():
                match target, node.value:
                    case ast.Name(id=own), value if own == name:
                        yield value
                    case ast.Tuple(elts=targets), ast.Tuple(elts=values):
                        yield from (
                            value
                            for own, value in zip(targets, values, strict=True)
                            if isinstance(own, ast.Name) and own.id == name
                        )

    def _handed(self, name: str) -> Iterator[ast.expr]:
        function = self.around[-1]
        given = [one.arg for one in function.args.args if one.arg != "self"]
        for node in ast.walk(self.tree) if name in given else ():
            called = isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called == function.name:
                yield node.args[given.index(name)]

    def _arguments(self) -> Iterator[ast.arg]:
        yield from (one for function in reversed(self.around) for one in function.args.args)

    def _unread(self) -> None:
        place = f"{self.module.__name__}:{self.call.lineno}"
        raise Unread(f"{place}: say by a constant, a table or an annotation which event this is")


def _kinds(kind: type) -> Iterator[str]:
    below = kind.__subclasses__()
    return (name for one in below for name in _kinds(one)) if below else iter((kind.__name__,))


def recorded(source: str, module: ModuleType) -> Iterator[Recorded]:
    """Every place of a module that makes an event about somebody."""
    tree = ast.parse(source)
    own = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == ledger_event.__name__
        for alias in node.names
        if alias.name == "Event"
    }
    for call, around in _calls(tree, ()):
        if isinstance(call.func, ast.Name) and call.func.id in own and _is_about_somebody(call):
            yield Recorded(module, tree, call, around)


def _calls(
    node: ast.AST, around: tuple[ast.FunctionDef, ...]
) -> Iterator[tuple[ast.Call, tuple[ast.FunctionDef, ...]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, around
        yield from _calls(child, (*around, child) if isinstance(child, ast.FunctionDef) else around)


def _is_about_somebody(call: ast.Call) -> bool:
    """Whether a subject is given; ``**`` and ``*`` may give one."""
    given = [*call.args[4:5], *(word.value for word in call.keywords if word.arg in {"subject", None})]
    starred = any(isinstance(one, ast.Starred) for one in call.args)
    return starred or any(not (isinstance(one, ast.Constant) and one.value is None) for one in given)


def everywhere() -> Mapping[str, frozenset[str]]:
    """The events about people, by the place that makes them."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(one for room in ROOMS for one in (ROOT / room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if f"from {ledger_event.__name__} import" in source:
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            found |= {f"{module.__name__}:{one.call.lineno}": one.names() for one in recorded(source, module)}
    return found


def test_every_event_that_is_recorded_about_a_person_is_told_to_them() -> None:
    made = everywhere()
    names = frozenset[str]().union(*made.values())
    assert {"EvidenceReleased", "ConnectorTried", "ConsentEnded", "PreviewOffered", "NoticeDelayed"} <= names
    untold = {place: silent for place, events in made.items() if (silent := events - TOLD - HIDDEN.keys())}
    assert untold == {}
    assert HIDDEN.keys() <= names - TOLD


def test_nothing_is_told_that_is_never_recorded() -> None:
    assert frozenset[str]().union(*everywhere().values()) >= SENTENCES.keys()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('def f(s): return Event("A", "r", "", {}, s)', {"A"}),
        ('def f(s): return Event("A", "r", subject=s)', {"A"}),
        ('def f(s): return Event("A", "r", "", {}, None)', None),
        ('def f(more): return Event("A", "r", **more)', {"A"}),
        ('def f(s):\n    a = "A" if s else "B"\n    return Event(a, "r", subject=s)', {"A", "B"}),
        ('def f(a, s): return Event(a, "r", subject=s)\nf("C", 1)', {"C"}),
    ],
)
def test_the_code_is_read_as_it_is_meant(source: str, expected: set[str] | None) -> None:
    module = ModuleType("sample")
    found = list(recorded(f"from {ledger_event.__name__} import Event\n{source}", module))
    assert [set(one.names()) for one in found] == ([] if expected is None else [expected])


def test_a_name_that_cannot_be_read_is_no_name_that_is_told() -> None:
    source = f"from {ledger_event.__name__} import Event\ndef f(a, s): return Event(a.kind, 'r', subject=s)"
    (one,) = recorded(source, ModuleType("sample"))
    with pytest.raises(Unread, match="sample:2"):
        one.names()


# What people read of it --------------------------------------------------------------------------------------------


def test_whoever_was_looked_up_to_try_a_source_reads_of_it(world: World) -> None:
    document = connector("identity", "identity-card", {"name": "name"})
    tried(world.outside.ledger, document, SubjectRef("citizen-number", OWNER), world.clock, world.outside.entropy)
    (told,) = usage(world, OWNER).json["entries"]
    assert (told["event"], told["evidence_type"]["code"]) == ("ConnectorTried", "identity-card")
    assert "平台运维人员为试用身份证的数据来源，用您的号码查询了一次" in told["sentence"]["zh"]
    assert "looked you up by your number" in told["sentence"]["en"]
    assert OWNER not in json.dumps(told, ensure_ascii=False)
    assert usage(world, STRANGER).json["entries"] == []
