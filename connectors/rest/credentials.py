"""Who we are to a service: a constant credential, a token that is renewed, or a signature over each request."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connectors.adapters import Opening
from connectors.errors import SourceMisconfigured
from connectors.faults import fault, within
from connectors.resilience import Deadline
from connectors.rest import addresses
from connectors.rest.client_certificate import ClientCertificate
from connectors.rest.request import Request
from connectors.rest.signatures import MessageSigner
from connectors.rest.tokens import TokenEndpoint, Tokens, TokenSettings
from connectors.rest.transport import Transport

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_NEEDED: Mapping[str, frozenset[str]] = {
    "bearer": frozenset(),
    "basic": frozenset({"username"}),
    "api-key": frozenset({"header"}),
    "oauth": frozenset({"token_url", "client_id", "method"}),
    "hmac": frozenset({"key_id"}),
}
_ALLOWED: Mapping[str, frozenset[str]] = {"oauth": frozenset({"scope", "audience", "resource"})}
_COMMON = frozenset({"kind", "secret"})


class Credentials(Protocol):
    """What is added to a request so that the service knows us."""

    def lines(self, request: Request, deadline: Deadline) -> Sequence[bytes]:
        """The header lines for one request. Raises: SourceProblem."""
        ...

    def refused(self, lines: Sequence[bytes]) -> bool:
        """The service did not accept these lines (401): whether asking once more with others makes sense."""
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...


def check(auth: Mapping[str, Any], *, insecure_http: bool) -> None:
    """Raises: ManifestFault where a kind of credential lacks something or has something of another kind."""
    if not auth:
        return
    kind = auth["kind"]
    given = auth.keys() - _COMMON
    needed = _NEEDED[kind]
    if needed - given or given - needed - _ALLOWED.get(kind, frozenset()):
        names = ", ".join(sorted(needed)) or "—"
        raise fault((), f"{kind} 须有且仅有：{names}", f"{kind} needs exactly: {names}")
    if ":" in auth.get("username", ""):  # RFC 7617 §2
        raise fault(("username",), "用户名不得含冒号", "a user name holds no colon")
    if kind == "oauth":
        with within("token_url"):
            addresses.check(auth["token_url"], insecure_http=insecure_http)


def credentials(
    auth: Mapping[str, Any], opening: Opening, *, ca_file: str, certificate: ClientCertificate | None
) -> Credentials:
    """The credentials a manifest describes. Raises: SourceMisconfigured."""
    if not auth:
        return _Constant(())
    if auth["kind"] == "oauth":
        settings = TokenSettings.parse(auth, opening)
        transport = Transport(
            max_bytes=opening.limits.max_bytes,
            ca_file=ca_file,
            private_only=addresses.is_plain(settings.url),
            certificate=certificate,
        )
        return _Renewed(Tokens(TokenEndpoint(settings, transport, opening.clock, opening.entropy), opening.clock))
    credential = secret(auth["secret"], opening)
    if auth["kind"] == "hmac":
        return MessageSigner(auth["key_id"], credential, opening.clock, opening.entropy)
    return _Constant((_authorization(auth, credential),))


class _Constant:
    """Nothing, or the same line every time."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines

    def lines(self, _: Request, __: Deadline) -> Sequence[bytes]:
        return self._lines

    def refused(self, _: Sequence[bytes]) -> bool:
        return False

    def close(self) -> None:
        """There is nothing to give back."""


class _Renewed:
    """A bearer token (RFC 6750 §2.1)."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def lines(self, _: Request, deadline: Deadline) -> Sequence[bytes]:
        return (_bearer(self._tokens.current(deadline).encode()),)

    def refused(self, lines: Sequence[bytes]) -> bool:
        self._tokens.drop(lambda token: _bearer(token.encode()) in lines)
        return True

    def close(self) -> None:
        self._tokens.close()


def _bearer(credential: bytes) -> bytes:
    return b"Authorization: Bearer " + credential


def _authorization(auth: Mapping[str, str], credential: bytes) -> bytes:
    if auth["kind"] == "bearer":
        return _bearer(credential)
    if auth["kind"] == "basic":
        pair = auth["username"].encode() + b":" + credential
        return b"Authorization: Basic " + base64.b64encode(pair)  # RFC 7617 §2
    return auth["header"].encode() + b": " + credential


def secret(name: str, opening: Opening) -> bytes:
    """A secret that fits one header line. Raises: SourceMisconfigured."""
    text = opening.secret(name).strip()
    if not text or _CONTROL.search(text):
        raise SourceMisconfigured("secret-unusable")
    return text.encode()
