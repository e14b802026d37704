"""One's own telephones and mailboxes."""

from __future__ import annotations

from dataclasses import dataclass

from idp.authentication.own_account import NothingThere, Owner
from idp.authentication.own_channels import OwnChannels
from idp.model import contact
from idp.model.contact import ContactKind
from idp.notices import Channel
from idp.pages import forms
from idp.pages.account.addresses import CHANNELS
from idp.pages.account.door import AccountDoor, confirm_page
from idp.pages.problems import for_people
from idp.pages.proving import Proving
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import page_response
from kernel.web.routes import Route

_NEW = f"{CHANNELS}/new"
_ONE = f"{CHANNELS}/<channel_id>"


@dataclass(frozen=True, slots=True)
class ChannelPages:
    """Every page asks for a strong and recent sign-in first."""

    door: AccountDoor
    channels: OwnChannels
    proving: Proving

    @for_people
    def new(self, request: HttpRequest) -> HttpResponse:
        """The form for one more."""
        self.door.owner(request)
        return page_response("idp/account/new_channel.html", error=None, value="")

    @for_people
    def add(self, request: HttpRequest) -> HttpResponse:
        """Keep it, and send a code there."""
        owner, value = self.door.owner(request), forms.field(request, "contact")

        def work() -> str:
            kind = ContactKind.EMAIL if "@" in value else ContactKind.PHONE
            added = self.channels.add(owner, contact.parse(kind, value), self.proving.device(request))
            return f"{CHANNELS}/{added}"

        return self.door.change(
            work,
            lambda error, status: page_response(
                "idp/account/new_channel.html", status=status, error=error, value=value
            ),
        )

    @for_people
    def show(self, request: HttpRequest, channel_id: str) -> HttpResponse:
        """One channel: the code that confirms it, or what it is used for."""
        return _page(self._find(self.door.owner(request), channel_id))

    @for_people
    def confirm(self, request: HttpRequest, channel_id: str) -> HttpResponse:
        """The code that was sent there."""
        owner = self.door.owner(request)
        channel = self._find(owner, channel_id)
        return self.door.change(
            lambda: self.channels.confirm(
                owner, channel_id, forms.field(request, forms.CODE), self.proving.device(request)
            ),
            lambda error, status: _page(channel, error, status),
        )

    @for_people
    def again(self, request: HttpRequest, channel_id: str) -> HttpResponse:
        """Another code."""
        owner = self.door.owner(request)
        channel = self._find(owner, channel_id)
        return self.door.change(
            lambda: self.channels.send_again(owner, channel_id, self.proving.device(request)),
            lambda error, status: _page(channel, error, status),
            f"{CHANNELS}/{channel_id}",
        )

    @for_people
    def use(self, request: HttpRequest, channel_id: str) -> HttpResponse:
        """Whether codes sent there count as a second factor."""
        owner = self.door.owner(request)
        channel = self._find(owner, channel_id)
        return self.door.change(
            lambda: self.channels.use_for_codes(owner, channel_id, forms.field(request, "codes") == "on"),
            lambda error, status: _page(channel, error, status),
            f"{CHANNELS}/{channel_id}",
        )

    @for_people
    def ask_remove(self, request: HttpRequest, channel_id: str) -> HttpResponse:
        """Whether to remove it."""
        return _question(self._find(self.door.owner(request), channel_id))

    @for_people
    def remove(self, request: HttpRequest, channel_id: str) -> HttpResponse:
        """Remove it."""
        owner = self.door.owner(request)
        channel = self._find(owner, channel_id)
        return self.door.change(
            lambda: self.channels.remove(owner, channel_id), lambda error, status: _question(channel, error, status)
        )

    def routes(self) -> tuple[Route, ...]:
        """The pages and their addresses."""
        words, who = Text("我的联系方式", "How I am reached"), "person, just signed in"
        return (
            Route("GET", _NEW, self.new, who, words, page=True, tag="pages"),
            Route("POST", _NEW, self.add, who, words, page=True, tag="pages"),
            Route("GET", _ONE, self.show, who, words, page=True, tag="pages"),
            Route("POST", _ONE, self.confirm, who, words, page=True, tag="pages"),
            Route("GET", f"{_ONE}/again", self.show, who, words, page=True, tag="pages"),
            Route("POST", f"{_ONE}/again", self.again, who, words, page=True, tag="pages"),
            Route("GET", f"{_ONE}/codes", self.show, who, words, page=True, tag="pages"),
            Route("POST", f"{_ONE}/codes", self.use, who, words, page=True, tag="pages"),
            Route("GET", f"{_ONE}/remove", self.ask_remove, who, words, page=True, tag="pages"),
            Route("POST", f"{_ONE}/remove", self.remove, who, words, page=True, tag="pages"),
        )

    def _find(self, owner: Owner, channel_id: str) -> Channel:
        try:
            return self.channels.find(owner, channel_id)
        except NothingThere:
            raise Problem(NOT_FOUND) from None


def _page(channel: Channel, error: Text | None = None, status: int = 200) -> HttpResponse:
    return page_response(
        "idp/account/channel.html", status=status, channel=channel, address=f"{CHANNELS}/{channel.id}", error=error
    )


def _question(channel: Channel, error: Text | None = None, status: int = 200) -> HttpResponse:
    masked = channel.contact.masked
    said = Text(f"通知将不再发往 {masked}。", f"Notices will no longer go to {masked}.")
    if channel.codes_since is not None:
        said = Text(
            f"{said.zh}短信验证码将不能再用于登录，其他设备上用过它的登录都会结束。",
            f"{said.en} Codes sent there will no longer sign you in, and sign-ins on other devices that used one end.",
        )
    return confirm_page(
        Text("移除联系方式？", "Remove this way to reach you?"),
        said,
        Text("移除", "Remove"),
        error,
        status,
    )
