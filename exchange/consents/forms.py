"""The bodies by which consent is asked for and answered, and the answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from exchange.catalogue.naming import NamedAnswer
from exchange.forms import (
    Form,
    ListField,
    PartField,
    SubjectNumberForm,
    TextField,
    TextsField,
    WholeNumber,
    YesNo,
    instant_of,
)
from exchange.gateway import predicates
from exchange.store.consents import Frequency
from kernel.identifiers.subject import SubjectRef

MOST_FIELDS = 200
MOST_TIMES = 1000
LONGEST = timedelta(days=366)
"""Between beginning and end of one consent: nobody remembers for longer what they agreed to."""

_CODE = validate.Regexp(r"\A[a-z][a-z0-9-]{0,63}\Z", error="form")
_BASIS = validate.Regexp(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", error="form")
_CASE = validate.Regexp(r"\Acase_[0-9A-HJKMNP-TV-Z]{26}\Z", error="form")
_FIELD = re.compile(r"\A[a-z][a-z0-9_]{0,63}\Z")


class Reply(StrEnum):
    """What somebody says to what they were asked for."""

    GIVE = "give"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a department asks somebody to consent to; ``begins`` None is the moment of asking."""

    case: str
    subject: SubjectRef
    legal_basis: str
    evidence_type: str
    fields: tuple[str, ...]
    predicates: tuple[str, ...]
    begins: datetime | None
    ends: datetime
    frequency: Frequency
    times: int
    bound: bool


class ConsentRequestForm(Form):
    """``POST /v1/consent-requests``.

    ``from`` and ``until`` are date-times (RFC 3339), or dates: the start of that day in China. ``times`` releases each
    day or month where the frequency is daily or monthly. ``this_case_only``: of no use in another case.
    """

    case = TextField(required=True, validate=_CASE)
    subject = PartField(SubjectNumberForm, required=True)
    legal_basis = TextField(required=True, validate=_BASIS)
    evidence_type = TextField(required=True, validate=_CODE)
    names = TextsField(_FIELD, data_key="fields", validate=validate.Length(max=MOST_FIELDS, error="length"))
    predicates = ListField(
        TextField(validate=validate.OneOf(tuple(predicates.QUESTIONS), error="choice")),
        validate=validate.Length(max=len(predicates.QUESTIONS), error="length"),
    )
    begins = TextField(data_key="from", validate=validate.Length(10, 40, error="length"))
    ends = TextField(data_key="until", required=True, validate=validate.Length(10, 40, error="length"))
    frequency = TextField(required=True, validate=validate.OneOf([one.value for one in Frequency], error="choice"))
    times = WholeNumber(validate=validate.Range(1, MOST_TIMES, error="choice"))
    bound = YesNo(data_key="this_case_only")

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Something is asked for, nothing twice, and as often only where that means something."""
        named = (data.get("names", []), data.get("predicates", []))
        if not any(named):
            raise ValidationError("nothing-asked", "fields")
        for member, names in zip(("fields", "predicates"), named, strict=True):
            if len(set(names)) != len(names):
                raise ValidationError("twice", member)
        counted = data["frequency"] in {Frequency.DAILY, Frequency.MONTHLY}
        if counted != ("times" in data):
            raise ValidationError("missing" if counted else "unknown", "times")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Wanted:
        """The frozen command."""
        return Wanted(
            case=data["case"],
            subject=data["subject"],
            legal_basis=data["legal_basis"],
            evidence_type=data["evidence_type"],
            fields=tuple(sorted(data.get("names", []))),
            predicates=tuple(sorted(data.get("predicates", []))),
            begins=instant_of(data["begins"], "from") if "begins" in data else None,
            ends=instant_of(data["ends"], "until"),
            frequency=Frequency(data["frequency"]),
            times=data.get("times", 1),
            bound=data.get("bound", False),
        )


class ConsentReplyForm(Form):
    """``POST /v1/consents/<consent>``: ``terms`` is the digest of exactly what was read."""

    reply = TextField(required=True, validate=validate.OneOf([one.value for one in Reply], error="choice"))
    terms = TextField(required=True, validate=validate.Regexp(r"\Asha256:[0-9a-f]{64}\Z", error="form"))


ASK, REPLY = ConsentRequestForm(), ConsentReplyForm()
"""Each built once."""


class ConsentStateAnswer(Schema):
    """How far one stands, for the system that asked; it names nobody. ``left`` null: not counted."""

    consent = fields.String(required=True)
    status = fields.String(required=True)
    answer_by = fields.String(required=True)
    until = fields.String(required=True)
    left = fields.Integer(required=True, allow_none=True)
    page = fields.String(required=True)


class ActingAnswer(Schema):
    """In what capacity whoever reads it would answer: ``self``, ``minor`` (who may only read it), ``guardian``, or what
    their mandate says; ``principal``: for whom, a company's code or the ends of a minor's number.
    """

    capacity = fields.String(required=True)
    principal = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class ConsentAnswer(Schema):
    """One consent, for whom it is about: to whom, for what, which fields, from and until when, how often, how used."""

    consent = fields.String(required=True)
    status = fields.String(required=True)
    consumer = fields.Dict(required=True)
    provider = fields.Dict(required=True)
    evidence_type = fields.Dict(required=True)
    service_item = fields.Dict(required=True)
    ground = fields.Dict(required=True)
    case = fields.String(required=True, allow_none=True)
    names = fields.List(fields.Dict(), data_key="fields", required=True)
    since = fields.String(data_key="from", required=True)
    until = fields.String(required=True)
    frequency = fields.String(required=True)
    times = fields.Integer(required=True, allow_none=True)
    used = fields.Integer(required=True)
    left = fields.Integer(required=True, allow_none=True)
    asked_at = fields.String(required=True)
    answer_by = fields.String(required=True)
    given_at = fields.String(required=True, allow_none=True)
    withdrawn_at = fields.String(required=True, allow_none=True)
    terms = fields.String(required=True)


class PersonsConsentAnswer(ConsentAnswer):
    """The same with in whose name the reader stands before it."""

    acting = fields.Nested(ActingAnswer, required=True)


class ConsentsAnswer(Schema):
    """What somebody was asked to consent to, the newest first; ``next`` is the ``before`` of what follows."""

    consents = fields.List(fields.Nested(PersonsConsentAnswer), required=True)
    next = fields.String(required=True, allow_none=True)


class DepartmentConsentAnswer(ConsentAnswer):
    """The same for an officer of the department that asked: in which case, by which system; never about whom."""

    system = fields.Nested(NamedAnswer, required=True)
    asked_in = fields.String(required=True)
    declined_at = fields.String(required=True, allow_none=True)


class DepartmentConsentsAnswer(Schema):
    """What a department asked for, the newest first; ``next`` is the ``before`` of what follows."""

    consents = fields.List(fields.Nested(DepartmentConsentAnswer), required=True)
    next = fields.String(required=True, allow_none=True)


class ConsentReceiptAnswer(Schema):
    """What the person keeps: ``receipt`` in clear, the same signed (``jws``), and where the log says so (``entry``)."""

    receipt = fields.Dict(required=True)
    jws = fields.String(required=True)
    entry = fields.String(required=True)
