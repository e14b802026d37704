"""The bodies of the grant endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from exchange.forms import Form, ListField, ObjectField, TextField, WholeNumber, YesNo, instant_of
from policies.delivery import Delivery
from policies.grants.review import ChangeClass
from policies.model import SELF

_CODE = validate.Length(1, 128, error="length")


class SubmitForm(Form):
    """``POST /v1/grants/<grant>/submit``: no members."""


class ApproveForm(Form):
    """``POST /v1/grants/<grant>/approve``: the digest of exactly what the officer was shown."""

    digest = TextField(required=True, validate=validate.Regexp(r"\Asha256:[0-9a-f]{64}\Z", error="form"))


class ReasonForm(Form):
    """Suspending or revoking: why. The reason is recorded for every auditor to read, so it names nobody."""

    reason = TextField(required=True, validate=validate.Length(1, 1000, error="length"))


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it might be made, to be explained.

    ``consent``: the person agreed to exactly this; ``at`` None for now; ``emergency``: the template (id@version) that
    two persons have opened for it.
    """

    system: str
    evidence_type: str
    fields: frozenset[str]
    predicates: frozenset[str]
    service_item: str
    legal_basis: str
    relation: str
    loa: int
    mandated: bool
    minor: bool
    own_division: bool
    delivery: Delivery
    consent: bool
    at: datetime | None
    emergency: str | None


class ExplainForm(Form):
    """``POST /v1/grants/explain``: how would this be decided, and why? ``loa`` 0 stands for an absent citizen.

    ``mandated``: the citizen acts by a mandate that covers the service item; ``minor``: it is about somebody under 14;
    ``own_division``: about a record of the asking department's own division; ``delivery``: how it is wanted;
    ``consent``: the person agreed to exactly this; ``at``: at which instant (RFC 3339), now when it is left out;
    ``emergency``: the template (id@version) of emergency access that is taken to be open for it.
    """

    system = TextField(required=True, validate=_CODE)
    evidence_type = TextField(required=True, validate=_CODE)
    names = ListField(TextField(validate=_CODE), data_key="fields", validate=validate.Length(max=200, error="length"))
    predicates = ListField(TextField(validate=_CODE), validate=validate.Length(max=20, error="length"))
    service_item = TextField(required=True, validate=_CODE)
    legal_basis = TextField(required=True, validate=_CODE)
    relation = TextField(validate=_CODE)
    loa = WholeNumber(required=True, validate=validate.Range(0, 4, error="choice"))
    mandated = YesNo()
    minor = YesNo()
    own_division = YesNo()
    delivery = TextField(validate=validate.OneOf([mode.value for mode in Delivery], error="choice"))
    consent = YesNo()
    at = TextField(validate=validate.Length(10, 40, error="length"))
    emergency = TextField(validate=_CODE)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Question:
        """The frozen question."""
        return Question(
            data["system"],
            data["evidence_type"],
            frozenset(data.get("names", ())),
            frozenset(data.get("predicates", ())),
            data["service_item"],
            data["legal_basis"],
            data.get("relation", SELF),
            data["loa"],
            data.get("mandated", False),
            data.get("minor", False),
            data.get("own_division", False),
            Delivery(data.get("delivery", Delivery.DIRECT)),
            data.get("consent", False),
            instant_of(data["at"], "at") if "at" in data else None,
            data.get("emergency"),
        )


class NewGrantForm(Form):
    """``POST /v1/grants``: ``grant`` as the ``spec`` of a grant's manifest.

    Left out: ``id`` is made; the consumer is the officer's own department; provider, kind and citation of the basis
    are as the catalogue has them.
    """

    id = TextField(validate=validate.Regexp(r"\A[A-Z][A-Z0-9-]{1,63}\Z", error="form"))
    grant = ObjectField(required=True)


class GrantTextForm(Form):
    """``POST …/revise`` and ``…/renew``: the whole text; ``revision`` is the one that the officer saw."""

    grant = ObjectField(required=True)
    revision = WholeNumber()


SUBMIT, APPROVE, REASON, EXPLAIN = SubmitForm(), ApproveForm(), ReasonForm(), ExplainForm()
NEW_GRANT, GRANT_TEXT = NewGrantForm(), GrantTextForm()
"""Each built once."""


class GrantAnswer(Schema):
    """A grant with its state; ``request`` is the access request it follows from, null when it was drafted otherwise.

    ``reactivation`` are the signatures given since it was suspended, where there are any.
    """

    grant = fields.Dict(required=True)
    ref = fields.String(required=True)
    request = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    digest = fields.String(required=True)
    revision = fields.Integer(required=True)
    sentence = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    signatures = fields.List(fields.Dict(), required=True)
    reactivation = fields.List(fields.Dict())
    change = fields.String(validate=validate.OneOf([one.value for one in ChangeClass]))
    must_sign = fields.List(fields.Dict())
    cedar = fields.String()


ExaminationAnswer = Schema.from_dict(
    {
        **{name: fields.String(required=True) for name in ("ref", "digest", "basis", "examined_at")},
        "simulation": fields.String(required=True, allow_none=True),
        "impact": fields.Dict(required=True, allow_none=True),
        **{name: fields.Boolean(required=True) for name in ("kept", "unconditional")},
        "class": fields.String(required=True, validate=validate.OneOf([one.value for one in ChangeClass])),
        "class_text": fields.Dict(keys=fields.String(), values=fields.String(), required=True),
        **{name: fields.List(fields.String(), required=True) for name in ("against", "with")},
        **{
            name: fields.List(fields.Dict(), required=True)
            for name in ("sensitive", "reactivates", "must_sign", "findings", "differences", "invariants")
        },
        **{name: fields.Dict(required=True) for name in ("sentence", "matrix")},
        "expectations": fields.List(fields.Dict()),
    },
    name="ExaminationAnswer",
)
"""The examination of a version: what its panel is shown, and signs the ``digest`` of."""


class GrantsAnswer(Schema):
    """Grants, in the order of their identifiers; ``next`` is the ``after`` of the following page."""

    grants = fields.List(fields.Nested(GrantAnswer), required=True)
    next = fields.String(required=True, allow_none=True)


class ClauseAnswer(Schema):
    """A clause (``grant@version#cN``) in words: of a refusal what was not met, of a permit what was asked for and met.

    ``code`` is that of a refusal.
    """

    clause = fields.String(required=True)
    text = fields.String(required=True)
    code = fields.String()


class ExplanationAnswer(Schema):
    """A decision as it would be made: a refusal with the clauses ``unmet``, a permit with those ``met``."""

    decision = fields.String(required=True, validate=validate.OneOf(("permit", "deny")))
    epoch = fields.Integer(required=True)
    grants = fields.List(fields.String(), required=True)
    code = fields.String()
    unmet = fields.List(fields.Nested(ClauseAnswer))
    met = fields.List(fields.Nested(ClauseAnswer))
    release = fields.Dict(keys=fields.String(), values=fields.String())
    obligations = fields.List(fields.String())
