"""The bodies and answers of the requirement endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from exchange.forms import Form, ListField, ObjectField, PartField, SubjectNumberForm, TextField
from exchange.requirements.ladder import BY_SHARING, DECLARED, STEPPING, Cause, Rung, Step
from kernel.identifiers.subject import SubjectRef
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text

MOST_CIRCUMSTANCES = 50
_CODE = validate.Regexp(r"\A[a-z][a-z0-9_]{0,63}\Z", error="form")
_VALUE = validate.Regexp(r"\A[a-z0-9][a-z0-9-]{0,63}\Z", error="form")
_PAIR = re.compile(r"([a-z][a-z0-9_]{0,63}):([a-z0-9][a-z0-9-]{0,63})")
_BAD_PAIRS = Text(
    "circumstances 的写法：code:value，以逗号分隔，每项一次",
    "circumstances are written code:value, with commas between, each once",
)
_BAD_DAY = Text("day 应为日期（yyyy-mm-dd）", "day is a day, yyyy-mm-dd")


def circumstances_field() -> ObjectField:
    """Declared circumstances: an object from codes to values."""
    return ObjectField(
        keys=TextField(validate=_CODE),
        values=TextField(validate=_VALUE),
        validate=validate.Length(max=MOST_CIRCUMSTANCES, error="length"),
    )


class CircumstancesForm(Form):
    """``POST /v1/cases/<case>/circumstances``."""

    circumstances = circumstances_field()


class StepForm(Form):
    """A step down: from which rung, and why."""

    rung = TextField(
        required=True, validate=validate.OneOf([*BY_SHARING, Rung.COMMITMENT, Rung.DEFERRAL], error="choice")
    )
    cause = TextField(required=True, validate=validate.OneOf(STEPPING, error="choice"))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Step:
        """The step."""
        return Step(Rung(data["rung"]), Cause(data["cause"]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rung that a department takes for a requirement, and the steps down to it."""

    requirement: str
    rung: Rung
    steps: tuple[Step, ...]
    subject: SubjectRef | None = field(repr=False)


class ResolutionForm(Form):
    """``POST /v1/cases/<case>/resolutions``. ``subject`` for requirements of a role other than the applicant's."""

    requirement = TextField(required=True, validate=validate.Regexp(r"\A[a-z][a-z0-9-]{0,63}\Z", error="form"))
    by = TextField(required=True, validate=validate.OneOf([*DECLARED], error="choice"))
    steps = ListField(PartField(StepForm), validate=validate.Length(max=len(Rung), error="length"))
    subject = PartField(SubjectNumberForm)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Wanted:
        """The command."""
        about = data.get("subject")
        steps = tuple(data.get("steps", ()))
        return Wanted(data["requirement"], Rung(data["by"]), steps, about)


CIRCUMSTANCES, RESOLUTION = CircumstancesForm(), ResolutionForm()
"""Each built once."""


def asked_circumstances(text: str) -> Mapping[str, str]:
    """The parameter ``circumstances``: ``premises:leased,has_children:yes``. Raises Problem (request.invalid)."""
    pairs = [_PAIR.fullmatch(each) for each in text.split(",")] if text else []
    found = {pair[1]: pair[2] for pair in pairs if pair is not None}
    if len(found) != len(pairs) or len(found) > MOST_CIRCUMSTANCES:
        raise Problem(INVALID_BODY, detail=_BAD_PAIRS)
    return found


def asked_day(text: str | None, today: date) -> date:
    """The parameter ``day``. Raises Problem (request.invalid)."""
    if text is None:
        return today
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            raise ValueError(_BAD_DAY.en)
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(INVALID_BODY, detail=_BAD_DAY) from None


_WORDS: Mapping[str, Any] = {"keys": fields.String(), "values": fields.String(), "required": True}


class NeededAnswer(Schema):
    """A requirement: whether it applies, what meets it and who supplies that, and its rungs, highest first."""

    code = fields.String(required=True)
    name = fields.Dict(**_WORDS)
    role = fields.String(required=True)
    uploads = fields.Integer(required=True)
    applies = fields.String(required=True, validate=validate.OneOf(("yes", "depends")))
    depends_on = fields.List(fields.String(), required=True)
    met_by = fields.List(fields.Dict(), required=True)
    rungs = fields.List(fields.Dict(), required=True)


class RequirementsAnswer(Schema):
    """What a service item needs in these circumstances; ``circumstances`` are those on which it may depend."""

    code = fields.String(required=True)
    name = fields.Dict(**_WORDS)
    circumstances = fields.List(fields.Dict(), required=True)
    requirements = fields.List(fields.Nested(NeededAnswer), required=True)
    not_needed = fields.List(fields.Dict(), required=True)


class NotInForceAnswer(Schema):
    """A certificate that was delivered and does not stand: how, by which entry, and whose turn it is to mend that."""

    evidence_type = fields.String(required=True)
    name = fields.Dict(**_WORDS)
    relation = fields.String(required=True)
    provider = fields.Dict(required=True)
    status = fields.Dict(required=True)
    entry = fields.Integer(required=True)
    fault = fields.String(required=True, validate=validate.Equal("citizen"))
    next_step = fields.Dict(**_WORDS)


class CaseRequirementAnswer(Schema):
    """How one requirement stands: ``status`` is open, undecided (a circumstance is missing) or met, then by which rung.

    ``party`` tells the parties of the requirement's role apart and names nobody; null for the applicant.
    ``next`` is what to do now where it is open. What is ``not_in_force`` meets nothing.
    """

    code = fields.String(required=True)
    name = fields.Dict(**_WORDS)
    role = fields.String(required=True)
    party = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(("open", "undecided", "met")))
    rung = fields.Dict(required=True, allow_none=True)
    due = fields.String(required=True, allow_none=True)
    entry = fields.Integer(required=True, allow_none=True)
    depends_on = fields.List(fields.String(), required=True)
    rungs = fields.List(fields.Dict(), required=True)
    seen = fields.List(fields.Dict(), required=True)
    next = fields.Dict(required=True, allow_none=True)
    not_in_force = fields.List(fields.Nested(NotInForceAnswer), required=True)


class CaseRequirementsAnswer(Schema):
    """The requirements of a case in the circumstances it declared."""

    case = fields.String(required=True)
    circumstances = fields.Dict(**_WORDS)
    requirements = fields.List(fields.Nested(CaseRequirementAnswer), required=True)


class CircumstancesAnswer(Schema):
    """What a case has declared now."""

    case = fields.String(required=True)
    circumstances = fields.Dict(**_WORDS)


class ResolutionAnswer(Schema):
    """What was recorded: ``verdict`` is accepted, or against-guard for a window taken without a cause that holds."""

    resolution = fields.String(required=True)
    case = fields.String(required=True)
    requirement = fields.String(required=True)
    rung = fields.Dict(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(("accepted", "against-guard")))
    steps = fields.List(fields.Dict(), required=True)
    due = fields.String(required=True, allow_none=True)
    entry = fields.Integer(required=True)
