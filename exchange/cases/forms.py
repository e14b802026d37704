"""The bodies of the case endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from exchange.forms import Form, ListField, PartField, SubjectNumberForm, TextField
from exchange.requirements.forms import circumstances_field
from kernel.identifiers.subject import SubjectRef

MOST_SUBJECTS = 50
"""People and companies one case may list."""

_ROLE = validate.Regexp(r"\A[a-z][a-z-]{1,31}\Z", error="form")


@dataclass(frozen=True, slots=True)
class ListedParty:
    """Somebody the department says its case is about."""

    subject: SubjectRef = field(repr=False)
    role: str


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened: ``reference`` is the department's own number for it, ``circumstances`` what it declares."""

    service_item: str
    reference: str = field(repr=False)
    parties: tuple[ListedParty, ...]
    circumstances: Mapping[str, str]


class PartyForm(SubjectNumberForm):
    """Somebody a case is about, and in which role."""

    role = TextField(required=True, validate=_ROLE)

    @post_load
    def make(self, data: dict[str, Any], **more: Any) -> ListedParty:
        """The party, its number checked."""
        return ListedParty(super().make(data, **more), data["role"])


class NewCaseForm(Form):
    """``POST /v1/cases``."""

    service_item = TextField(required=True, validate=validate.Regexp(r"\A[0-9A-Z]{12,33}\Z", error="form"))
    reference = TextField(required=True, validate=validate.Length(1, 128, error="length"))
    subjects = ListField(PartField(PartyForm), validate=validate.Length(max=MOST_SUBJECTS, error="length"))
    circumstances = circumstances_field()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NewCase:
        """The case, nobody listed twice in one role."""
        parties = tuple(data.get("subjects", ()))
        if len({(party.subject, party.role) for party in parties}) != len(parties):
            raise ValidationError("twice", "subjects")
        return NewCase(data["service_item"], data["reference"], parties, data.get("circumstances", {}))


class CaseAnswer(Schema):
    """A case as its system sees it."""

    case = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("open", "closed")))


class RequirementAnswer(Schema):
    """One requirement of a case's service item, and what of it was met by shared data."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    papers = fields.Integer(required=True)
    uploads = fields.Integer(required=True)


class UploadsAnswer(Schema):
    """Papers a case would have needed, and how many it still needs."""

    case = fields.String(required=True)
    papers = fields.Integer(required=True)
    uploads = fields.Integer(required=True)
    avoided = fields.Integer(required=True)
    requirements = fields.List(fields.Nested(RequirementAnswer), required=True)
