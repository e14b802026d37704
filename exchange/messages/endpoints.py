"""The endpoints of messages: each officer reads what their offices were told, and marks what they have read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marshmallow import Schema, fields, validate
from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access
from exchange.forms import Form, ListField, TextField, read
from exchange.messages.words import Kind, in_words
from exchange.paging import MOST_ON_A_PAGE, page_size
from exchange.store import messages
from exchange.store.messages import Kept
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.problems import INVALID_BODY, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from kernel.web.routes import Parameter, Route
from policies.roles import WORDS

_BAD_SHOW = Text("show 只能是 unread 或 all", "show is unread or all")
_ID = r"\Amsg_[0-9a-f]{32}\Z"


class MarkReadForm(Form):
    """``POST /v1/messages/read``: the messages that this officer has read."""

    messages = ListField(
        TextField(validate=validate.Regexp(_ID, error="form")),
        required=True,
        validate=validate.Length(1, MOST_ON_A_PAGE, error="length"),
    )


MARK_READ = MarkReadForm()


@dataclass(frozen=True)
class Messages:
    """``GET /v1/messages`` and ``POST /v1/messages/read``."""

    access: Access
    clock: Clock

    def list(self, http: HttpRequest) -> HttpResponse:
        """What this officer's offices were told, newest first. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, after, shown = page_size(asked.get("limit")), asked.get("after", ""), asked.get("show", "unread")
        if shown not in {"unread", "all"} or len(after) > MOST_ON_A_PAGE:
            raise Problem(INVALID_BODY, detail=_BAD_SHOW)
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = messages.listed(connection, officer.officer, unread=shown == "unread", after=after, limit=limit + 1)
            unread = messages.count_unread(connection, officer.officer)
        page: Sequence[JSON] = [_view(each) for each in found[:limit]]
        return json_response(
            {"messages": page, "unread": unread, "next": found[limit - 1].id if len(found) > limit else None}
        )

    def mark(self, http: HttpRequest) -> HttpResponse:
        """Mark messages as read by this officer; colleagues find them unread still. Raises Problem."""
        officer = self.access.officer(http)
        wanted = frozenset(read(MARK_READ, http)["messages"])

        def write(connection: Connection) -> int:
            self.access.spend_within(connection, officer.caller)
            if not messages.mark_read(connection, officer.officer, wanted, self.clock.now()):
                raise Problem(errors.MESSAGE_UNKNOWN)
            return messages.count_unread(connection, officer.officer)

        return json_response({"unread": self.access.database.write(write)})


def _view(found: Kept) -> dict[str, JSON]:
    said, office = in_words(found.kind, found.about, found.facts), WORDS[found.role]
    return {
        "id": found.id,
        "kind": found.kind,
        "about": found.about,
        "at": found.at.isoformat(),
        "text": {"zh": said.zh, "en": said.en},
        "to": {
            "organisation": found.organisation or None,
            "role": found.role.value,
            "text": {"zh": office.zh, "en": office.en},
        },
        "facts": dict(found.facts),
        "read": found.read,
    }


_Message = Schema.from_dict(
    {
        **{name: fields.String(required=True) for name in ("id", "about", "at")},
        "kind": fields.String(required=True, validate=validate.OneOf([one.value for one in Kind])),
        "text": fields.Dict(keys=fields.String(), values=fields.String(), required=True),
        "to": fields.Dict(required=True),
        "facts": fields.Dict(required=True),
        "read": fields.Boolean(required=True),
    },
    name="Message",
)
MessagesAnswer = Schema.from_dict(
    {
        "messages": fields.List(fields.Nested(_Message), required=True),
        "unread": fields.Integer(required=True),
        "next": fields.String(required=True, allow_none=True),
    },
    name="MessagesAnswer",
)
"""Messages, newest first; ``unread`` counts all that this officer has not read."""
UnreadAnswer = Schema.from_dict({"unread": fields.Integer(required=True)}, name="UnreadAnswer")


def message_routes(inbox: Messages, token: tuple[ProblemKind, ...]) -> tuple[Route, ...]:
    """The addresses; ``token`` is what refuses a caller."""
    listed = Text("本人职务收到的消息", "What my offices were told")
    marked = Text("标为已读", "Mark as read")
    asked = (
        Parameter("show", Text("unread（默认）或 all", "unread (the default) or all")),
        Parameter("limit", Text("每页条数，1 至 200", "messages on a page, 1 to 200")),
        Parameter("after", Text("上一页的 next", "the next of the page before")),
    )
    problems = (*token, INVALID_BODY)
    return (
        Route(
            "GET",
            "/v1/messages",
            inbox.list,
            "officer",
            listed,
            None,
            MessagesAnswer,
            tag="messages",
            parameters=asked,
            problems=problems,
        ),
        Route(
            "POST",
            "/v1/messages/read",
            inbox.mark,
            "officer",
            marked,
            MarkReadForm,
            UnreadAnswer,
            tag="messages",
            problems=(*problems, errors.MESSAGE_UNKNOWN),
        ),
    )
