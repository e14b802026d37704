"""Laws of disclosure over generated schemas and records: what leaves was asked for, granted, masked, and nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from connectors.source import Outcome, Retrieved
from exchange.catalogue.model import PredicateRule
from exchange.catalogue.record_schema import compile_record, is_date
from exchange.gateway.disclosure import Disclosed, Unmaskable, disclose, masked
from exchange.gateway.request import Item, Question
from kernel.identifiers.masking import Mask, mask
from policies.decision import Permit
from tests.property.evidence_samples import CASES, NAMES, Sample, samples

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
Record = Callable[[str, object], None]


def permit(release: dict[str, Mask], predicates: frozenset[str] = frozenset()) -> Permit:
    return Permit(grants=("G@1",), release=release, predicates=predicates, obligations=(), quotas=(), epoch=1)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema for a foreign validator: unnamed members are refused at every level."""
    inner = dict(schema)
    if inner["type"] == "object":
        inner["additionalProperties"] = False
        inner["properties"] = {name: closed(one) for name, one in inner["properties"].items()}
    if "items" in inner:
        inner["items"] = closed(inner["items"])
    return inner


def test_our_compiled_check_agrees_with_a_foreign_json_schema_validator(record_property: Record) -> None:
    verdicts = {True: 0, False: 0}
    for made in samples(CASES // 5, 1_000_000):
        ours = compile_record(made.schema)(made.record) is None
        assert ours == jsonschema.Draft202012Validator(closed(made.schema)).is_valid(made.record), made
        verdicts[ours] += 1
    record_property("cases", sum(verdicts.values()))
    assert min(verdicts.values()) > CASES // 50  # both answers were met often


def released(made: Sample) -> Disclosed | Any:
    found = Retrieved(Outcome.FOUND, made.record, None, NOW)
    kind = SimpleNamespace(predicates={})
    return disclose(
        Item(0, "kind", made.asked, ()), permit(made.granted), found, kind, compile_record(made.schema), TODAY
    )


def test_released_is_within_requested_and_granted(record_property: Record) -> None:
    """The law of the house. The decision may be as wrong as it likes: what it does not name does not leave."""
    tried = left = 0
    for made in samples(CASES, 2_000_000):
        tried += 1
        disclosed = released(made)
        if isinstance(disclosed, Disclosed):
            assert disclosed.data is not None
            assert set(disclosed.data) == set(made.asked) & set(made.granted) & set(made.record), made
            for name, value in disclosed.data.items():
                assert value == expected(made.granted[name], made.record[name]), made
            left += len(disclosed.data)
    record_property("cases", tried)
    assert left > CASES // 10  # something did leave


def expected(kind: Mask, value: Any) -> Any:
    """What a mask makes of a value, said another way."""
    if kind is Mask.CLEAR or value is None:
        return value
    return mask(kind, value) if isinstance(value, str) else [expected(kind, member) for member in value]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)


@given(value=VALUES, kind=st.sampled_from([each for each in Mask if each is not Mask.CLEAR]))
def test_what_cannot_be_masked_does_not_leave(value: Any, kind: Mask) -> None:
    try:
        shown = masked(kind, value)
    except Unmaskable:
        assert not isinstance(value, str)
        return
    assert type(shown) is type(value)


@given(record=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_an_answer_carries_the_question_and_yes_or_no_and_no_value(record: dict[str, Any]) -> None:
    kind = SimpleNamespace(predicates={"exists": PredicateRule("exists", {}, frozenset())})
    found = Retrieved(Outcome.FOUND, record, None, NOW)
    item = Item(0, "kind", (), (Question("exists", {}),))
    disclosed = disclose(item, permit({}, frozenset({"exists"})), found, kind, lambda _record: None, TODAY)
    assert disclosed == Disclosed(None, ({"name": "exists", "args": {}, "answer": True},))


@given(record=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_a_question_that_was_not_granted_is_not_answered(record: dict[str, Any]) -> None:
    kind = SimpleNamespace(predicates={"exists": PredicateRule("exists", {}, frozenset())})
    found = Retrieved(Outcome.FOUND, record, None, NOW)
    item = Item(0, "kind", (), (Question("exists", {}),))
    assert disclose(item, permit({}), found, kind, lambda _record: None, TODAY) == Disclosed(None, ())


@given(text=st.text(max_size=12) | st.dates().map(str) | st.sampled_from(["20261123", "2026-W47-1", "２０２６-11-23"]))
def test_a_date_is_a_real_day_in_one_spelling(text: str) -> None:
    if is_date(text):
        assert date.fromisoformat(text).isoformat() == text
        assert len(text) == 10
