"""An authorization request after every check: what the person will be asked, and what the code will stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.model import evidence, scopes
from idp.model.evidence import Details
from kernel.canonical import JSON


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """One checked request (RFC 6749 §4.1.1 with PKCE, OpenID Connect Core 1.0 §3.1.2.1, RFC 9396)."""

    client_id: str
    redirect_uri: str
    scope: tuple[str, ...]
    code_challenge: str
    state: str | None = None
    nonce: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    levels: tuple[int, ...] = ()
    login_hint: str | None = field(default=None, repr=False)
    ui_locales: str | None = None
    dpop_jkt: str | None = None
    expected_sub: str | None = None
    details: Details = ()

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
            "login_hint": self.login_hint,
            "ui_locales": self.ui_locales,
            "dpop_jkt": self.dpop_jkt,
            "expected_sub": self.expected_sub,
            "details": evidence.to_json(self.details),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, JSON]) -> AuthorizationRequest:
        """The request as ``to_json`` stored it."""
        return cls(
            client_id=str(stored["client_id"]),
            redirect_uri=str(stored["redirect_uri"]),
            scope=scopes.parse(str(stored["scope"])),
            code_challenge=str(stored["code_challenge"]),
            state=_text(stored["state"]),
            nonce=_text(stored["nonce"]),
            prompt=frozenset(_texts(stored["prompt"])),
            max_age=_number(stored["max_age"]),
            levels=tuple(int(level) for level in _texts(stored["levels"])),
            login_hint=_text(stored["login_hint"]),
            ui_locales=_text(stored["ui_locales"]),
            dpop_jkt=_text(stored["dpop_jkt"]),
            expected_sub=_text(stored["expected_sub"]),
            details=evidence.stored_details(stored["details"]),
        )


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) else None


def _texts(value: JSON) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
