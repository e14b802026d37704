"""What a department asks for: the body of ``POST /v1/evidence-requests``, parsed once into frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from marshmallow import ValidationError, post_load, validate, validates_schema

from exchange.forms import Form, ListField, ObjectField, PartField, TextField, TextsField, WholeNumber, looked_up
from exchange.gateway import predicates
from exchange.requirements.ladder import CHOOSING
from kernel.canonical import JSON
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SCHEMES, SubjectRef
from policies.delivery import ON_REQUEST, Delivery

MOST_ITEMS = 20
"""Evidence items of one request."""
MOST_FIELDS = 200
"""Of one item."""

_CODE = validate.Regexp(r"\A[a-z][a-z0-9-]{0,63}\Z", error="form")
_FIELD = re.compile(r"\A[a-z][a-z0-9_]{0,63}\Z")
_ITEM_CODE = validate.Regexp(r"\A[0-9A-Z]{12,33}\Z", error="form")
_CASE = validate.Regexp(r"\Acase_[0-9A-HJKMNP-TV-Z]{26}\Z", error="form")
_OPENING = validate.Regexp(r"\Aem_[0-9A-HJKMNP-TV-Z]{26}\Z", error="form")
_RELATION = validate.Regexp(r"\A[a-z][a-z-]{1,31}\Z", error="form")


@dataclass(frozen=True, slots=True)
class Question:
    """A yes/no question with its arguments (JSON text and numbers only)."""

    name: str
    args: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A kind of evidence that would have done as well and was not asked for, whose it is, and why."""

    type: str
    cause: str
    provider: str = ""

    def members(self) -> dict[str, JSON]:
        """As it is stored and recorded."""
        return {"evidence_type": self.type, "cause": self.cause, "provider": self.provider}


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of evidence about one subject; ``subject`` None stands for the token's own person.

    ``source`` is the number of an earlier item whose record names the subject, in ``relation`` to its own. ``answers``
    are its person's to further questions, passed on by whoever put them; None where none were. ``chosen_over``: what
    else would have done.
    """

    number: int
    type: str
    fields: tuple[str, ...]
    questions: tuple[Question, ...]
    subject: SubjectRef | None = field(default=None, repr=False)
    relation: str | None = None
    source: int | None = None
    answers: Mapping[str, str] | None = field(default=None, repr=False)
    chosen_over: tuple[PassedOver, ...] = ()

    @property
    def predicate_names(self) -> frozenset[str]:
        """The names of the questions."""
        return frozenset(question.name for question in self.questions)


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """A whole request, well-formed; nothing in it has been checked against catalogue, case or grants yet.

    ``emergency`` names the opening of emergency access under which it is made.
    """

    service_item: str
    case: str
    legal_basis: str
    items: tuple[Item, ...]
    emergency: str | None = None
    delivery: Delivery = Delivery.DIRECT

    @property
    def composed(self) -> bool:
        """Whether the subject of some item is still to come from the record of another."""
        return any(item.source is not None and item.subject is None for item in self.items)


@dataclass(frozen=True, slots=True)
class _Subject:
    ref: SubjectRef | None
    relation: str | None
    source: int | None = None


class SubjectForm(Form):
    """A subject named by its number (whose check character is verified here), or by an earlier item of the request.

    ``from`` is that item's number, counted from 0; its record names the subject by ``relation``.
    """

    scheme = TextField(validate=validate.OneOf(SCHEMES, error="choice"))
    value = TextField(validate=validate.Length(max=64, error="length"))
    relation = TextField(validate=_RELATION)
    source = WholeNumber(data_key="from", validate=validate.Range(0, MOST_ITEMS - 1, error="choice"))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """By number, or by item and relation; not by both."""
        needed = ("scheme", "value") if "source" not in data else ("relation",)
        if missing := [name for name in needed if name not in data]:
            raise ValidationError({name: ["missing"] for name in missing})
        if "source" in data and (unknown := sorted(data.keys() & {"scheme", "value"})):
            raise ValidationError({name: ["unknown"] for name in unknown})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> _Subject:
        """The subject, its number in normal form."""
        if "source" in data:
            return _Subject(None, data["relation"], data["source"])
        try:
            ref = looked_up(data["scheme"], data["value"])
        except InvalidIdentifier:
            raise ValidationError("identifier", "value") from None
        return _Subject(ref, data.get("relation"))


class QuestionArguments(Form):
    """Arguments of a question; which of them it takes is checked by the question itself."""

    date = TextField()
    age = WholeNumber()
    on = TextField()
    amount = TextField()
    count = WholeNumber()
    since = TextField()
    until = TextField()


class QuestionForm(Form):
    """A question that is answered without its record."""

    name = TextField(required=True, validate=validate.OneOf(tuple(predicates.QUESTIONS), error="choice"))
    args = PartField(QuestionArguments)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Question:
        """The question, once its arguments are the right ones."""
        arguments = data.get("args", {})
        if not predicates.accepts(data["name"], arguments):
            raise ValidationError("arguments", "args")
        return Question(data["name"], arguments)


class PassedOverForm(Form):
    """A kind of evidence that meets the same requirement and is not asked for, and the cause of that."""

    type = TextField(required=True, validate=_CODE)
    cause = TextField(required=True, validate=validate.OneOf(CHOOSING, error="choice"))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> PassedOver:
        """What was passed over."""
        return PassedOver(data["type"], data["cause"])


class ItemForm(Form):
    """One kind of evidence.

    ``answers``: what its person told a system that puts the source's further questions, by the questions' names.
    """

    type = TextField(required=True, validate=_CODE)
    names = TextsField(_FIELD, data_key="fields", validate=validate.Length(max=MOST_FIELDS, error="length"))
    predicates = ListField(PartField(QuestionForm), validate=validate.Length(max=20, error="length"))
    subject = PartField(SubjectForm)
    answers = ObjectField()
    chosen_over = ListField(PartField(PassedOverForm), validate=validate.Length(1, 10, error="length"))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Something is asked for, and nothing twice."""
        names = data.get("names", [])
        asked = [(question.name, tuple(sorted(question.args.items()))) for question in data.get("predicates", [])]
        if not names and not asked:
            raise ValidationError("nothing-asked")
        if len(set(names)) != len(names) or len(set(asked)) != len(asked):
            raise ValidationError("twice")
        over = [one.type for one in data.get("chosen_over", [])]
        if len({*over, data.get("type")}) <= len(over):
            raise ValidationError({"chosen_over": ["twice"]})


class EvidenceRequestForm(Form):
    """``POST /v1/evidence-requests``. ``delivery``: how the evidence is wanted, in the answer itself when left out."""

    service_item = TextField(required=True, validate=_ITEM_CODE)
    case = TextField(required=True, validate=_CASE)
    legal_basis = TextField(required=True, validate=_CODE)
    emergency = TextField(validate=_OPENING)
    evidence = ListField(PartField(ItemForm), required=True, validate=validate.Length(1, MOST_ITEMS, error="length"))
    delivery = TextField(validate=validate.OneOf([mode.value for mode in ON_REQUEST], error="choice"))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A subject comes from an item that stands before; answers stand in a request of their own."""
        alone = len(data.get("evidence", [])) == 1 and "delivery" not in data and "emergency" not in data
        for number, item in enumerate(data.get("evidence", [])):
            if "answers" in item and not alone:
                raise ValidationError({"evidence": {number: {"answers": ["alone"]}}})
            named: _Subject | None = item.get("subject")
            if named is not None and named.source is not None and named.source >= number:
                raise ValidationError({"evidence": {number: {"subject": {"from": ["choice"]}}}})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> EvidenceRequest:
        """The frozen request."""
        items = tuple(_item(number, item) for number, item in enumerate(data["evidence"]))
        delivery, emergency = Delivery(data.get("delivery", Delivery.DIRECT)), data.get("emergency")
        return EvidenceRequest(data["service_item"], data["case"], data["legal_basis"], items, emergency, delivery)


def _item(number: int, data: Mapping[str, Any]) -> Item:
    named: _Subject | None = data.get("subject")
    return Item(
        number,
        data["type"],
        tuple(data.get("names", ())),
        tuple(data.get("predicates", ())),
        named.ref if named else None,
        named.relation if named else None,
        named.source if named else None,
        data.get("answers"),
        tuple(data.get("chosen_over", ())),
    )


_PLAIN = frozenset({"service_item", "case", "legal_basis", "evidence"})
_PLAIN_ITEM = frozenset({"type", "fields"})


def plain_request(body: JSON) -> EvidenceRequest | None:
    """What the form makes of the plainest bodies, which are most: own fields of the token's person, nothing wrong.

    None for any other body: the form reads it, or says what is wrong with it. Both must agree wherever this one
    answers; marshmallow takes ten times as long (a property test holds them together).
    """
    if type(body) is not dict or body.keys() != _PLAIN:
        return None
    item, case = _text(_ITEM_CODE, body["service_item"]), _text(_CASE, body["case"])
    basis, evidence = _text(_CODE, body["legal_basis"]), body["evidence"]
    if item is None or case is None or basis is None:
        return None
    if type(evidence) is not list or not 1 <= len(evidence) <= MOST_ITEMS:
        return None
    items = [_plain_item(number, one) for number, one in enumerate(evidence)]
    plain = tuple(one for one in items if one is not None)
    return EvidenceRequest(item, case, basis, plain) if len(plain) == len(items) else None


def _plain_item(number: int, body: JSON) -> Item | None:
    if type(body) is not dict or body.keys() != _PLAIN_ITEM:
        return None
    kind, names = _text(_CODE, body["type"]), cast("list[str]", body["fields"])
    if kind is None or type(names) is not list or not 1 <= len(names) <= MOST_FIELDS:
        return None
    if not all(type(name) is str and _FIELD.match(name) for name in names) or len(set(names)) != len(names):
        return None
    return Item(number, kind, tuple(names), ())


def _text(form: validate.Regexp, value: JSON) -> str | None:
    pattern: re.Pattern[Any] = form.regex
    return value if type(value) is str and pattern.match(value) else None
