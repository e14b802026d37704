"""The bodies and answers of the certificate endpoints. Identifiers and numbers stand in bodies alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from exchange.catalogue.naming import NamedAnswer
from exchange.certificates.lifecycle import Change, Status
from exchange.forms import Form, PartField, SubjectNumberForm, TextField
from kernel.dates import NO_END, read_instant
from kernel.identifiers import certificate_id
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.personal_data import holds_citizen_number

_CODE = validate.Regexp(r"\A[a-z][a-z0-9-]{0,63}\Z", error="form")
_CASE = validate.Regexp(r"\Acase_[0-9A-Z]{26}\Z", error="form")
_LONGEST_ID = 160
_LONGEST_TEXT = 200
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """A change that a department reports of a certificate."""

    certificate: str = field(repr=False)
    change: Change
    evidence_type: str
    subject: SubjectRef
    effective_at: datetime
    valid_until: str | None
    description: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """Which certificate of whom an officer of its department looks for."""

    certificate: str = field(repr=False)
    subject: SubjectRef


@dataclass(frozen=True, slots=True)
class ChangeByHand:
    """What an officer says of a change; ``holder`` is the number that was typed, ``effective_at`` None for now."""

    holder: str = field(repr=False)
    reason: str = field(repr=False)
    effective_at: datetime | None = None
    valid_until: str | None = None
    description: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that an officer records as issued."""

    certificate: str = field(repr=False)
    evidence_type: str
    by_hand: ChangeByHand


@dataclass(frozen=True, slots=True)
class Asked:
    """Which certificate of whom is asked about, for which case."""

    case: str
    certificate: str = field(repr=False)
    evidence_type: str
    subject: SubjectRef


class CertificateForm(Form):
    """What both bodies name: the certificate, its type and its holder."""

    certificate = TextField(required=True, validate=validate.Length(1, _LONGEST_ID, error="length"))
    evidence_type = TextField(required=True, validate=_CODE)
    subject = PartField(SubjectNumberForm, required=True)


class CertificateChangeForm(CertificateForm):
    """``POST /v1/certificates/changes``.

    ``effective_at`` is a date-time with its zone (RFC 3339), not in the future; ``valid_until`` the last day, or 长期.
    ``description`` goes with ``other`` alone.
    """

    change = TextField(required=True, validate=validate.OneOf([each.value for each in Change], error="choice"))
    effective_at = TextField(required=True, validate=validate.Length(20, 40, error="length"))
    valid_until = TextField(validate=validate.Length(2, 10, error="length"))
    description = TextField(validate=validate.Length(1, _LONGEST_TEXT, error="length"))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ChangeReport:
        """The report, its identifier checked."""
        change, words = Change(data["change"]), data.get("description")
        if (change is Change.OTHER) != (words is not None) or holds_citizen_number((words or "").encode()):
            raise ValidationError("form", "description")
        return ChangeReport(
            _identifier(data["certificate"]),
            change,
            data["evidence_type"],
            data["subject"],
            _moment(data["effective_at"]),
            _day(data.get("valid_until")),
            words,
        )


class CertificateStatusForm(CertificateForm):
    """``POST /v1/certificates/status``: asked for within an open case that is about the holder, with a token for that
    case and that evidence.
    """

    case = TextField(required=True, validate=_CASE)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Asked:
        """The question, its identifier checked."""
        return Asked(data["case"], _identifier(data["certificate"]), data["evidence_type"], data["subject"])


def _is_identifier(text: str) -> None:
    """Found wrong together with whatever else is: people fill a form in once."""
    try:
        certificate_id.parse(text)
    except InvalidIdentifier:
        raise ValidationError("identifier") from None


class CertificateLookUpForm(Form):
    """``POST /v1/department/certificates/look-ups``."""

    certificate = TextField(required=True, validate=[validate.Length(1, _LONGEST_ID, error="length"), _is_identifier])
    subject = PartField(SubjectNumberForm, required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> LookedUp:
        """The question."""
        return LookedUp(certificate_id.parse(data["certificate"]).value, data["subject"])


class CertificateCommandForm(Form):
    """``POST /v1/department/certificates/<certificate>/<change>``: why, and the holder's number once more.

    ``effective_at`` is now where it is left out; ``description`` goes with ``other`` alone. Neither names anybody.
    """

    holder = TextField(required=True, validate=validate.Length(1, 64, error="length"))
    reason = TextField(required=True, validate=validate.Length(1, _LONGEST_REASON, error="length"))
    effective_at = TextField(validate=validate.Length(20, 40, error="form"))
    valid_until = TextField(validate=validate.Length(2, 10, error="form"))
    description = TextField(validate=validate.Length(1, _LONGEST_TEXT, error="length"))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """What was said, its words and times checked."""
        return _by_hand(data)


class CertificateIssueForm(CertificateCommandForm):
    """``POST /v1/department/certificates``: one that is issued; the kind of certificate says whose number it bears."""

    certificate = TextField(required=True, validate=[validate.Length(1, _LONGEST_ID, error="length"), _is_identifier])
    evidence_type = TextField(required=True, validate=_CODE)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The certificate."""
        if data.get("description") is not None:
            raise ValidationError("unknown", "description")
        return Issued(certificate_id.parse(data["certificate"]).value, data["evidence_type"], _by_hand(data))


def _by_hand(data: Mapping[str, Any]) -> ChangeByHand:
    for name in ("reason", "description"):
        if holds_citizen_number((data.get(name) or "").encode()):
            raise ValidationError("names-somebody", name)
    at = data.get("effective_at")
    return ChangeByHand(
        holder=data["holder"],
        reason=data["reason"],
        effective_at=None if at is None else _moment(at),
        valid_until=_day(data.get("valid_until")),
        description=data.get("description"),
    )


CHANGE, STATUS = CertificateChangeForm(), CertificateStatusForm()
LOOK_UP, CHANGE_BY_HAND, ISSUE = CertificateLookUpForm(), CertificateCommandForm(), CertificateIssueForm()
"""Each built once."""


def _identifier(text: str) -> str:
    try:
        return certificate_id.parse(text).value
    except InvalidIdentifier:
        raise ValidationError("identifier", "certificate") from None


def _moment(text: str) -> datetime:
    try:
        moment = read_instant(text)
    except ValueError:
        raise ValidationError("form", "effective_at") from None
    if moment.tzinfo is None:
        raise ValidationError("form", "effective_at")
    return moment


def _day(text: str | None) -> str | None:
    if text is None or text == NO_END:
        return text
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValidationError("form", "valid_until") from None


_Stands: dict[str, fields.Field[Any]] = {
    "status": fields.String(required=True, validate=validate.OneOf([status.value for status in Status])),
    "label": fields.Dict(keys=fields.String(), values=fields.String(), required=True),
    "revision": fields.Integer(required=True),
    "effective_at": fields.String(required=True),
    "valid_until": fields.String(required=True, allow_none=True),
    "description": fields.String(required=True, allow_none=True),
}
CertificateChangeAnswer = Schema.from_dict(
    {**_Stands, "receipt": fields.String(required=True)}, name="CertificateChangeAnswer"
)
"""How the certificate stands after the report, and the receipt of the entry."""
_Past = Schema.from_dict(
    {name: fields.String(required=True) for name in ("change", "status", "effective_at", "recorded_at")},
    name="CertificateChangeOnRecord",
)
CertificateStatusAnswer = Schema.from_dict(
    {
        "id": fields.String(required=True),
        **_Stands,
        "as_of": fields.String(required=True),
        "history": fields.List(fields.Nested(_Past), required=True),
        "receipt": fields.String(required=True),
    },
    name="CertificateStatusAnswer",
)
"""How the certificate stands at ``as_of``, and every change on record, oldest first. An event about a later change
names the answer by its ``id``.
"""

_Recorded = {name: fields.String(required=True) for name in ("change", "status", "effective_at", "recorded_at")}
_ByWhom: dict[str, fields.Field[Any]] = {
    "reason": fields.String(required=True, allow_none=True),
    "by": fields.String(required=True, allow_none=True),
    "entry": fields.Integer(required=True, allow_none=True),
}
_RecordedChange = Schema.from_dict({**_Recorded, **_ByWhom}, name="CertificateChangeByWhom")
_Listed = Schema.from_dict(
    {
        "certificate": fields.String(required=True),
        "evidence_type": fields.Nested(NamedAnswer, required=True),
        **{name: fields.String(required=True) for name in _Recorded},
        "label": fields.Dict(required=True),
        "change_label": fields.Dict(required=True),
        "entry": fields.Integer(required=True),
    },
    name="CertificateChangeListed",
)
DepartmentCertificatesAnswer = Schema.from_dict(
    {
        "certificates": fields.List(fields.Nested(_Listed), required=True),
        "next": fields.String(required=True, allow_none=True),
    },
    name="DepartmentCertificatesAnswer",
)
"""Changes of the department's certificates, newest first; ``next`` is the ``before`` of the following page."""
_Relied = Schema.from_dict(
    {
        "departments": fields.Integer(required=True),
        "cases": fields.Integer(required=True),
        "last": fields.String(required=True, allow_none=True),
    },
    name="CertificateReliedOn",
)
_StandsNow = Schema.from_dict(dict(_Stands), name="CertificateStands")
DepartmentCertificateAnswer = Schema.from_dict(
    {
        "certificate": fields.String(required=True),
        "evidence_type": fields.Nested(NamedAnswer, required=True),
        "subject_scheme": fields.String(required=True),
        "stands": fields.Nested(_StandsNow, required=True, allow_none=True),
        "changes": fields.List(fields.Nested(_RecordedChange), required=True),
        "relied": fields.Nested(_Relied, required=True),
        "commands": fields.List(fields.String(validate=validate.OneOf([*Change])), required=True),
    },
    name="DepartmentCertificateAnswer",
)
"""A certificate as its department's officers see it: how many rested on it, never who; never the holder."""
