"""What the administration API takes and gives (marshmallow), read strictly: unknown members are refused (M3)."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from idp.model.roles import Role
from kernel.canonical import JSON
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest

Members = dict[str, fields.Field[Any]]
_WRONG = Text("写法不正确，或没有这个字段", "is not well formed, or there is no such member")
_NAME = validate.Length(1, 100)


class Body(Schema):
    """An object of exactly its members."""

    class Meta:
        """Mass assignment ends here."""

        unknown = RAISE


def _body(name: str, members: Members) -> type[Schema]:
    return Body.from_dict(members, name=name)


def _answer(name: str, members: Members) -> type[Schema]:
    return Schema.from_dict(members, name=name)


def _text(longest: int = 200) -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, longest))


def _offices(**options: Any) -> fields.List[Any]:
    known = fields.String(validate=validate.OneOf([role.value for role in Role]))
    return fields.List(known, validate=validate.Length(0, len(Role)), **(options or {"required": True}))


def _list() -> fields.List[Any]:
    return fields.List(fields.Dict(), required=True)


ClientMetadata = _answer("AdminClient", {"client_id": fields.String(), "client_name": fields.String()})
"""RFC 7591 §2; `idp/clients/metadata/checking.py` is what accepts or refuses it."""
Clients = _answer("AdminClients", {"clients": _list()})
OrganisationBody = _body(
    "AdminOrganisationBody",
    {"name": fields.Nested(_body("AdminBilingual", {"zh": _text(100), "en": _text(100)}), required=True)},
)
ClientInvitationBody = _body(
    "AdminClientInvitation",
    {
        "organisation": _text(18),
        "scopes": fields.List(_text(100), required=True),
        "grant_types": fields.List(_text(100), required=True),
        "uses": fields.Integer(required=True, strict=True, validate=validate.Range(1, 100)),
        "valid_hours": fields.Integer(required=True, strict=True, validate=validate.Range(1, 90 * 24)),
    },
)
Invitations = _answer("AdminClientInvitations", {"invitations": _list()})
InvitationAnswer = _answer("AdminClientInvitationAnswer", {"invitation": fields.String(required=True)})
Resource = _answer("AdminResource", {"resource": fields.String(), "tongban_organisation": fields.String()})
"""`idp/administration/resource_register.py` is what accepts or refuses it."""
Resources = _answer("AdminResources", {"resources": _list()})
ResourceName = _body("AdminResourceName", {"resource": _text(500)})
Organisations = _answer("AdminOrganisations", {"organisations": _list()})
PersonSearch = _body("AdminPersonSearch", {"username": _text(100)})
DocumentCheck = _body(
    "AdminDocumentCheck",
    {
        "document": _text(20),
        "name": _text(100),
        "number": _text(18),
        "reference": _text(100),
        "level": fields.Integer(required=True, strict=True),
    },
)
WindowRecovery = _body("AdminWindowRecovery", {"reference": _text(100)})
_SEEN = {
    "description": "the offices that were held when they were looked at; others held by now refuse the change (409)"
}
RolesBody = _body("AdminRoles", {"roles": _offices(), "before": _offices(load_default=None, metadata=_SEEN)})
InvitationBody = _body("AdminInvitation", {"roles": _offices(), "organisation": _text(18)})
Invited = _answer(
    "AdminInvited",
    {"link": fields.String(), "initial_access_token": fields.String(), "proposal": fields.Dict()},
)
PersonAnswer = _answer(
    "AdminPerson",
    {
        "id": fields.String(required=True),
        "username": fields.String(required=True),
        "name": fields.String(allow_none=True, metadata={"description": "staff only"}),
        "kind": fields.String(required=True),
        "assurance": fields.Integer(required=True),
        "disabled": fields.Boolean(required=True),
        "organisation": fields.String(allow_none=True),
        "roles": fields.List(fields.String(), required=True),
    },
)
Sessions = _answer("AdminSessions", {"sessions": _list()})
SessionCount = _answer("AdminSessionCount", {"live": fields.Integer(required=True)})
Keys = _answer("AdminKeys", {"keys": _list()})
RotationBody = _body("AdminRotation", {"purpose": _text(20), "alg": fields.String(validate=_NAME)})
Policies = _answer("AdminPolicies", {"policies": _list()})
Events = _answer("AdminEvents", {"events": _list(), "before": fields.Integer(allow_none=True)})
KeyAnswer = _answer("AdminKey", {name: fields.String(required=True) for name in ("kid", "purpose", "alg", "state")})
Proposed = _answer("AdminProposed", {"proposal": fields.Dict(required=True)})
"""What waits for a second person."""
ProposalAnswer = _answer(
    "AdminProposal",
    {
        "id": fields.String(required=True),
        "digest": fields.String(required=True),
        "account": fields.String(
            metadata={"description": "at a window, for clerks: the user name of the account it is about"}
        ),
        "asks": fields.List(
            fields.String(validate=validate.OneOf(["name", "number"])),
            metadata={"description": "what the second clerk reads on the document and sends with a confirmation"},
        ),
    },
)
Proposals = _answer("AdminProposals", {"proposals": _list(), "before": fields.String(allow_none=True)})
_DIGEST = fields.String(required=True, validate=validate.Length(64, 64))
DecisionBody = _body("AdminDecision", {"digest": _DIGEST})
ConfirmationBody = _body(
    "AdminConfirmation",
    {
        "digest": _DIGEST,
        "name": fields.String(
            load_default="", validate=validate.Length(max=100),
            metadata={"description": "the name on the document, where the proposal asks for it"},
        ),
        "number": fields.String(
            load_default="", validate=validate.Length(max=18),
            metadata={"description": "the number on the document, where the proposal asks for it"},
        ),
    },
)  # fmt: skip


def read(form: type[Schema], request: HttpRequest) -> dict[str, Any]:
    """The body. Raises Problem: request.malformed, request.invalid, request.unsupported-media-type."""
    body = request.json()
    try:
        loaded: dict[str, Any] = form().load(body)  # type: ignore[arg-type]  # the schema refuses what is no object
    except ValidationError as error:
        names = error.messages if isinstance(error.messages, dict) else {}
        known = [name for name in names if name in form().fields]
        wrong: list[JSON] = [
            {"path": name, "code": "form", "message": _WRONG.in_(request.language)} for name in known or ["."]
        ]
        raise Problem(INVALID_BODY, members={"errors": wrong}) from None
    return loaded


def read_object(request: HttpRequest) -> dict[str, JSON]:
    """A JSON object whose members somebody else judges. Raises Problem as ``read``."""
    body = request.json()
    if not isinstance(body, dict):
        raise Problem(INVALID_BODY)
    return body
