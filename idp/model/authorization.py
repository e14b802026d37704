"""An authorization request after every check: what the person will be asked, and what the code will stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from idp.model import evidence, scopes
from idp.model.claims import NO_CLAIMS, ClaimsAsked
from idp.model.client import MAY_ACT
from idp.model.evidence import Details
from idp.model.resource import remembered
from kernel.canonical import JSON


class ResponseMode(StrEnum):
    """How an answer travels (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2, JARM §2.3)."""

    QUERY = "query"
    FORM_POST = "form_post"
    JWT = "jwt"
    QUERY_JWT = "query.jwt"
    FORM_POST_JWT = "form_post.jwt"

    @property
    def signed(self) -> bool:
        """Whether the answer is one signed parameter; `jwt` is `query.jwt` for a code (JARM §2.3.4)."""
        return self in (ResponseMode.JWT, ResponseMode.QUERY_JWT, ResponseMode.FORM_POST_JWT)

    @property
    def posted(self) -> bool:
        """Whether the browser posts the answer."""
        return self in (ResponseMode.FORM_POST, ResponseMode.FORM_POST_JWT)


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where an answer goes, to whom, with what, and how."""

    client_id: str
    redirect_uri: str
    state: str | None
    mode: ResponseMode


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """One checked request (RFC 6749 §4.1.1 with PKCE, OpenID Connect Core 1.0 §3.1.2.1, RFC 9396).

    ``levels_required``: a level below all of ``levels`` is not enough; otherwise they are a wish. ``device``: hash of
    the device code, in hexadecimal, when it is a terminal that asks (RFC 8628).
    ``acting``: for whom the person chose to act, once they did. ``backchannel``: which request of
    OpenID CIBA this is, and ``binding_message`` what stands on the asker's screen, too (CIBA Core 1.0 §7.1).
    """

    client_id: str
    redirect_uri: str
    scope: tuple[str, ...]
    code_challenge: str
    state: str | None = None
    nonce: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    levels: tuple[int, ...] = ()
    levels_required: bool = True
    claims: ClaimsAsked = NO_CLAIMS
    response_mode: ResponseMode = ResponseMode.QUERY
    login_hint: str | None = field(default=None, repr=False)
    ui_locales: str | None = None
    dpop_jkt: str | None = None
    expected_sub: str | None = None
    resource: str | None = None
    may_act: tuple[str, ...] = ()
    details: Details = ()
    device: str | None = field(default=None, repr=False)
    acting: str | None = None
    backchannel: str | None = None
    binding_message: str | None = field(default=None, repr=False)

    @property
    def answered_elsewhere(self) -> bool:
        """Whether the answer goes to somebody who asks for it, and not with the browser."""
        return self.device is not None or self.backchannel is not None

    @property
    def back(self) -> ReturnAddress:
        """Where the answer goes."""
        return ReturnAddress(self.client_id, self.redirect_uri, self.state, self.response_mode)

    @property
    def to_agree_to(self) -> tuple[str, ...]:
        """What a person is asked about, as consent to it is remembered.

        A claim asked for by name is put in the words of its scope; a resource server's scope is known by both names;
        each client that may act for this one (RFC 8693 §4.4) is agreed to by itself.
        """
        asked = (*self.scope, *sorted(self.claims.scopes - set(self.scope)))
        named = tuple(each if each in scopes.LABELS else remembered(self.resource, each) for each in asked)
        return (*named, *(f"{MAY_ACT}{client}" for client in self.may_act))

    def prompting(self, prompt: frozenset[str]) -> AuthorizationRequest:
        """The same request, once a part of its `prompt` was answered."""
        return replace(self, prompt=prompt)

    @property
    def asks_for_whom(self) -> bool:
        """Whether the person has yet to say for whom they act."""
        return scopes.MANDATE in self.scope and self.acting is None

    def acting_for(self, chosen: str) -> AuthorizationRequest:
        """The same request, once the person said for whom they act."""
        return replace(self, acting=chosen)

    def to_json(self) -> dict[str, JSON]:
        """The stored form."""
        return {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scopes.text(self.scope),
            "code_challenge": self.code_challenge,
            "state": self.state,
            "nonce": self.nonce,
            "prompt": [*sorted(self.prompt)],
            "max_age": self.max_age,
            "levels": [*self.levels],
            "levels_required": self.levels_required,
            "claims": self.claims.to_json(),
            "response_mode": self.response_mode.value,
            "login_hint": self.login_hint,
            "ui_locales": self.ui_locales,
            "dpop_jkt": self.dpop_jkt,
            "expected_sub": self.expected_sub,
            "resource": self.resource,
            "may_act": [*self.may_act],
            "details": evidence.to_json(self.details),
            "device": self.device,
            "acting": self.acting,
            "backchannel": self.backchannel,
            "binding_message": self.binding_message,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, JSON]) -> AuthorizationRequest:
        """The request as ``to_json`` stored it."""
        return cls(
            client_id=str(stored["client_id"]),
            redirect_uri=str(stored["redirect_uri"]),
            scope=scopes.stored(str(stored["scope"])),
            code_challenge=str(stored["code_challenge"]),
            state=_text(stored["state"]),
            nonce=_text(stored["nonce"]),
            prompt=frozenset(_texts(stored["prompt"])),
            max_age=_number(stored["max_age"]),
            levels=tuple(int(level) for level in _texts(stored["levels"])),
            levels_required=stored["levels_required"] is True,
            claims=ClaimsAsked.from_json(stored["claims"]),
            response_mode=ResponseMode(str(stored["response_mode"])),
            login_hint=_text(stored["login_hint"]),
            ui_locales=_text(stored["ui_locales"]),
            dpop_jkt=_text(stored["dpop_jkt"]),
            expected_sub=_text(stored["expected_sub"]),
            resource=_text(stored["resource"]),
            may_act=tuple(_texts(stored.get("may_act"))),
            details=evidence.stored_details(stored["details"]),
            device=_text(stored.get("device")),
            acting=_text(stored.get("acting")),
            backchannel=_text(stored.get("backchannel")),
            binding_message=_text(stored.get("binding_message")),
        )


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) else None


def _texts(value: JSON) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
