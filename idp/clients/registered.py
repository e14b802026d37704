"""What a registration makes and shows, whoever asked for it: an operator's command or the client itself."""

from __future__ import annotations

from collections.abc import Mapping

from idp.clients.certificates import TlsOffer
from idp.model.client import BY_SECRET, AuthMethod, StoredClient
from idp.model.secret import hashed
from kernel.canonical import JSON
from kernel.entropy import Entropy, token

SIGNED = (
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
)
"""The members that choose by which algorithm something is signed for the client."""
METHOD = "token_endpoint_auth_method"
BOUND = "tls_client_certificate_bound_access_tokens"


def made(client_id: str, data: Mapping[str, JSON], entropy: Entropy) -> tuple[StoredClient, str | None]:
    """A client from checked metadata, and its secret where it authenticates by one."""
    by_secret = AuthMethod(str(data[METHOD])) in BY_SECRET
    secret = token(entropy) if by_secret else None
    kept = None if secret is None else hashed(secret)
    return StoredClient(client_id, str(data["tongban_organisation"]), data, kept), secret


def unsignable(data: Mapping[str, JSON], algorithms: tuple[str, ...]) -> str | None:
    """The member that wants an answer signed by an algorithm we have no key of, if any."""
    return next((name for name in SIGNED if data.get(name, algorithms[0]) not in algorithms), None)


def switched_off(data: Mapping[str, JSON], tls: TlsOffer) -> str | None:
    """The member that takes client certificates which discovery does not offer, if any: it could never succeed."""
    if AuthMethod(str(data[METHOD])) not in tls.methods:
        return METHOD
    return BOUND if data.get(BOUND) is True and not tls.certificates else None


def shown(stored: StoredClient, secret: str | None) -> dict[str, JSON]:
    """RFC 7591 §3.2.1; a secret that never expires says so with 0."""
    members: dict[str, JSON] = {"client_id": stored.id, **stored.metadata}
    if secret is not None:
        members |= {"client_secret": secret, "client_secret_expires_at": 0}
    return members | ({"tongban_disabled": True} if stored.disabled else {})
