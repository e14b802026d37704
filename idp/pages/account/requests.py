"""What a person is asked by the back channel (CIBA Core 1.0 §8): the list, and the way to the answer."""

from __future__ import annotations

from dataclasses import dataclass

from idp.clients.directory import ClientDirectory
from idp.endpoints.addresses import ASKED
from idp.endpoints.backchannel_authentication import DONE
from idp.interaction.flow import AuthorizationFlow
from idp.model.backchannel import BackchannelRequest
from idp.pages.account.door import AccountDoor
from idp.pages.answered_elsewhere import last_page
from idp.pages.problems import for_people
from idp.store import backchannel_requests
from kernel.clock import Clock
from kernel.database import Database
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, to_its_page
from kernel.web.pages import page_response
from kernel.web.routes import Route

_AGREED = Text("已确认", "Confirmed")
_GOING_ON = Text("提出请求的窗口会在几秒内继续。", "The window that asked goes on within seconds.")
_WARNING = Text(
    "提出请求的部门没有得到任何内容。如果您并未办事，请告知该部门。",
    "The department that asked was given nothing. If you were not dealing with it, tell it so.",
)


@dataclass(frozen=True, slots=True)
class RequestPages:
    """Look, then decide on the pages of every other request: there the level asked for is asked for, too."""

    door: AccountDoor
    flow: AuthorizationFlow
    directory: ClientDirectory
    database: Database
    clock: Clock

    @for_people
    def show(self, request: HttpRequest) -> HttpResponse:
        """Everything that waits for this person."""
        waiting = [(each, *self._names(each)) for each in self._waiting(self.door.visitor(request).person.id)]
        return page_response("idp/account/requests.html", here=ASKED, waiting=waiting)

    @for_people
    def answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        """To the question itself. Another person's request is unknown (A9)."""
        mine = self._waiting(self.door.visitor(request).person.id)
        found = next((each for each in mine if each.id == request_id), None)
        if found is None:
            raise Problem(NOT_FOUND)
        return self.flow.to_the_pages(request, found.request)

    @for_people
    def listed(self, request: HttpRequest, request_id: str) -> HttpResponse:
        """Back to the list, where the buttons are: nothing was answered."""
        del request_id
        return to_its_page(request, ASKED)

    @for_people
    def done(self, request: HttpRequest) -> HttpResponse:
        """The person has answered; the rest happens where it was asked."""
        return last_page(request, agreed=_AGREED, going_on=_GOING_ON, warning=_WARNING)

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        listed = Text("请我确认的请求（OpenID CIBA）", "What I am asked to confirm (OpenID CIBA)")
        done = Text("已答复一项请求", "A request was answered")
        return (
            Route("GET", ASKED, self.show, "person", listed, page=True, tag="pages"),
            Route("GET", DONE, self.done, "anyone", done, page=True, tag="pages"),
            Route("GET", f"{ASKED}/<request_id>", self.listed, "person", listed, page=True, tag="pages"),
            Route("POST", f"{ASKED}/<request_id>", self.answer, "person", listed, page=True, tag="pages"),
        )

    def _waiting(self, person_id: str) -> list[BackchannelRequest]:
        """Those whose client may still ask."""
        with self.database.read() as connection:
            found = backchannel_requests.waiting(connection, person_id, self.clock.now())
        return [each for each in found if self.directory.enabled(each.client_id) is not None]

    def _names(self, asked: BackchannelRequest) -> tuple[Text, Text]:
        client = self.flow.client(asked.request)
        return client.name, self.directory.organisation(client.organisation).name
