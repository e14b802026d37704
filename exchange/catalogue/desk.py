"""The endpoints of entries on their way into the catalogue. Officers alone; what each may do the workflow decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.catalogue.entry_views import compared, entry_view, version_view
from exchange.catalogue.forms import ENTRY, ENTRY_REASON, KINDS, NOTHING, PUBLISH, SHELVES, manifest_of_body, unfit
from exchange.catalogue.places import after_text, place_of
from exchange.catalogue.publishing import GrantsDepend, Publishing
from exchange.catalogue.reading import Document, InvalidCatalogue
from exchange.catalogue.workflow.commands import (
    BeginReview,
    Command,
    DraftEntry,
    DropDraft,
    PublishEntry,
    ReturnEntry,
    ReviseEntry,
    SubmitEntry,
    WithdrawEntry,
)
from exchange.catalogue.workflow.differences import differences
from exchange.catalogue.workflow.events import STATUSES, EntryState
from exchange.forms import read
from exchange.paging import page_size
from exchange.proceedings import told
from exchange.store import catalogue, catalogue_drafts
from kernel.canonical import JSON
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

Key = tuple[str, str]

_BAD_STATUS = Text(f"status 只能是：{'、'.join(STATUSES)}", f"status is one of: {', '.join(STATUSES)}")
_OTHER_ENTRY = Text("清单须是该条目自己的", "the manifest must be this entry's own")


@dataclass(frozen=True)
class CatalogueDesk:
    """The entry endpoints."""

    access: Access
    publishing: Publishing

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/entries``: a page of what is under way, or of what has one status. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        status, limit = asked.get("status") or None, page_size(asked.get("limit"))
        if status is not None and status not in STATUSES:
            raise Problem(INVALID_BODY, detail=_BAD_STATUS)
        after = place_of(asked["after"]) if asked.get("after") else None
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            states = catalogue_drafts.listed(
                connection,
                status=status,
                organisation=asked.get("organisation") or None,
                kinds=SHELVES,
                after=after,
                limit=limit + 1,
            )
        shown: Sequence[JSON] = [entry_view(state, officer.officer, None) for state in states[:limit]]
        following = after_text(states[limit - 1]) if len(states) > limit else None
        return json_response({"entries": shown, "next": following})

    def draft(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/catalogue/entries``: a new entry, or a change of one. Raises Problem."""
        officer = self.access.officer(http)
        document = manifest_of_body(read(ENTRY, http)["manifest"], http.language)
        return self._carry_out(http, officer, DraftEntry(document), catalogue.key_of(document), 201)

    def show(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``GET /v1/catalogue/entries/<kind>/<name>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._find(_key(kind, name)), officer, 200)

    def revise(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``POST /v1/catalogue/entries/<kind>/<name>/revise``. Raises Problem."""
        officer = self.access.officer(http)
        document = manifest_of_body(read(ENTRY, http)["manifest"], http.language)
        key = _key(kind, name)
        if catalogue.key_of(document) != key:
            raise unfit([(("metadata", "name"), _OTHER_ENTRY)], http.language)
        return self._carry_out(http, officer, ReviseEntry(document), key)

    def submit(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``POST …/submit``: checked against the whole catalogue first. Raises Problem."""
        return self._simple(http, kind, name, SubmitEntry())

    def review(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``POST …/review``: somebody of data governance takes it up. Raises Problem."""
        return self._simple(http, kind, name, BeginReview())

    def drop(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``POST …/drop``: the draft is given up. Raises Problem."""
        return self._simple(http, kind, name, DropDraft())

    def give_back(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``POST …/return`` with a reason. Raises Problem."""
        officer = self.access.officer(http)
        return self._carry_out(http, officer, ReturnEntry(read(ENTRY_REASON, http)["reason"]), _key(kind, name))

    def publish(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``POST …/publish`` with the digest of what was seen. Raises Problem."""
        officer = self.access.officer(http)
        return self._carry_out(http, officer, PublishEntry(read(PUBLISH, http)["digest"]), _key(kind, name))

    def withdraw(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``POST …/withdraw`` with a reason. Raises Problem."""
        officer = self.access.officer(http)
        return self._carry_out(http, officer, WithdrawEntry(read(ENTRY_REASON, http)["reason"]), _key(kind, name))

    def versions(self, http: HttpRequest, kind: str, name: str) -> HttpResponse:
        """``GET …/versions``. Raises Problem."""
        self.access.spend(self.access.officer(http).caller)
        key = _key(kind, name)
        with self.access.database.read() as connection:
            found = catalogue_drafts.publications(connection, *key)
        if not found:
            raise Problem(NOT_FOUND)
        return json_response({"versions": [version_view(one) for one in found]})

    def version(self, http: HttpRequest, kind: str, name: str, version: str) -> HttpResponse:
        """``GET …/versions/<version>?against=<other>``: the text, and how it differs (from the one before).

        Raises Problem.
        """
        self.access.spend(self.access.officer(http).caller)
        key, number = _key(kind, name), _number(version)
        other = _number(http.parameters().get("against", str(number - 1)))
        with self.access.database.read() as connection:
            after = self._text(connection, key, number)
            before = self._text(connection, key, other)
        if after is None or (other > 0 and before is None):
            raise Problem(NOT_FOUND)
        changes = compared(differences(before, after))
        said = {"version": number, "manifest": after, "compared_with": other, "differences": changes}
        return json_response(said)

    def _text(self, connection: Connection, key: Key, number: int) -> Document | None:
        found = [one for one in catalogue_drafts.publications(connection, *key) if one.version == number]
        return catalogue.read_one(connection, key, found[0].since) if found else None

    def _simple(self, http: HttpRequest, kind: str, name: str, command: Command) -> HttpResponse:
        officer = self.access.officer(http)
        read(NOTHING, http)
        return self._carry_out(http, officer, command, _key(kind, name))

    def _carry_out(
        self, http: HttpRequest, officer: AuthorisedOfficer, command: Command, key: Key, status: int = 200
    ) -> HttpResponse:
        spend = self.access.spending(officer.caller)
        try:
            with told(lambda _code: errors.ENTRY_NOT_ALLOWED, errors.ENTRY_CHANGED):
                state = self.publishing.carry_out(command, *key, officer.officer, spend)
        except GrantsDepend as refusal:
            raise Problem(errors.ENTRY_IN_USE, detail=refusal.text) from None
        except InvalidCatalogue as trouble:
            raise unfit([(trouble.where, trouble.text)], http.language) from None
        return self._answer(state, officer, status)

    def _find(self, key: Key) -> EntryState:
        with self.access.database.read() as connection:
            state = catalogue_drafts.find(connection, *key)
        if state is None:
            raise Problem(NOT_FOUND)
        return state

    def _answer(self, state: EntryState, officer: AuthorisedOfficer, status: int) -> HttpResponse:
        with self.access.database.read() as connection:
            published = self._text(connection, (state.kind, state.name), state.version) if state.version else None
        view: dict[str, Any] = entry_view(state, officer.officer, published)
        return json_response(view, status)


def _key(shelf: str, name: str) -> Key:
    """Raises Problem (resource.not-found)."""
    if shelf not in KINDS:
        raise Problem(NOT_FOUND)
    return KINDS[shelf], name


def _number(text: str) -> int:
    """Raises Problem (resource.not-found)."""
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise Problem(NOT_FOUND)
    return int(text)
