"""The clients and departments a node knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.clients.memory import Versioned
from idp.model import scopes
from idp.model.certificate import CertificateName, CertificateRule
from idp.model.client import AuthMethod, Client, Encryption, Organisation, Profile, StoredClient
from idp.model.resource import ResourceServer
from idp.store import clients, organisations, resources, versions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.jose import RecipientKey, verifying_keys
from kernel.text import Text


@dataclass(frozen=True, slots=True)
class Register:
    """All clients, departments and resource servers as of one version; keys are parsed once."""

    clients: Mapping[str, Client]
    organisations: Mapping[str, Organisation]
    resources: Mapping[str, ResourceServer]


class ClientDirectory:
    """Finds clients and departments. A change made on another node counts here within a second."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._memory = Versioned(database, versions.CLIENTS, _load, clock)

    def enabled(self, client_id: str) -> Client | None:
        """The client, unless it is unknown or disabled: nobody outside can tell which."""
        found = self._memory.current().clients.get(client_id)
        return None if found is None or found.disabled else found

    def known(self, client_id: str) -> Client | None:
        """The client, disabled or not, for those who already know of it."""
        return self._memory.current().clients.get(client_id)

    def organisation(self, code: str) -> Organisation:
        """A department; one that was never registered is called by its code."""
        return self._memory.current().organisations.get(code) or Organisation(code, Text(code, code))

    def resource(self, identifier: str) -> ResourceServer | None:
        """A registered resource server (RFC 8707), unless it is unknown or disabled."""
        found = self._memory.current().resources.get(identifier)
        return None if found is None or found.disabled else found

    def refresh(self) -> None:
        """Take up a change of our own at once."""
        self._memory.refreshed()


def from_stored(stored: StoredClient) -> Client:
    """A registered client with its metadata parsed."""
    data = stored.metadata
    keys = data.get("jwks")
    return Client(
        id=stored.id,
        organisation=stored.organisation,
        name=_name(data),
        auth_method=AuthMethod(str(data["token_endpoint_auth_method"])),
        grant_types=_texts(data, "grant_types"),
        scopes=frozenset(scopes.parse(str(data.get("scope", "")))),
        redirect_uris=_texts(data, "redirect_uris"),
        post_logout_redirect_uris=_texts(data, "post_logout_redirect_uris"),
        service_items=_texts(data, "tongban_service_items"),
        may_act=tuple(sorted(_texts(data, "tongban_may_act"))),
        certificate_bound=data.get("tls_client_certificate_bound_access_tokens") is True,
        dpop_bound=data.get("dpop_bound_access_tokens") is True,
        par_required=data.get("require_pushed_authorization_requests") is True,
        id_token_alg=str(data.get("id_token_signed_response_alg", "ES256")),
        userinfo_alg=_text(data, "userinfo_signed_response_alg"),
        introspection_alg=_text(data, "introspection_signed_response_alg"),
        authorization_alg=str(data.get("authorization_signed_response_alg", "ES256")),
        id_token_encryption=_encryption(data, "id_token"),
        userinfo_encryption=_encryption(data, "userinfo"),
        authorization_encryption=_encryption(data, "authorization"),
        introspection_encryption=_encryption(data, "introspection"),
        request_object_alg=_text(data, "request_object_signing_alg"),
        backchannel_request_alg=_text(data, "backchannel_authentication_request_signing_alg"),
        signed_requests=data.get("require_signed_request_object") is True,
        profile=Profile(str(data.get("tongban_profile", "baseline"))),
        native=data.get("application_type") == "native",
        keys=verifying_keys(keys) if isinstance(keys, dict) else (),
        recipients=_recipients(keys),
        certificate_rule=_certificate_rule(data),
        certificates=_certificates(keys),
        jwks_uri=_text(data, "jwks_uri"),
        backchannel_logout_uri=_text(data, "backchannel_logout_uri"),
        frontchannel_logout_uri=_text(data, "frontchannel_logout_uri"),
        notification_endpoint=_text(data, "backchannel_client_notification_endpoint"),
        told_of_unknown_people=data.get("tongban_unknown_user_id") is True,
        user_codes=data.get("backchannel_user_code_parameter") is True,
        policy_uri=_text(data, "policy_uri"),
        tos_uri=_text(data, "tos_uri"),
        secret_hash=stored.secret_hash,
        disabled=stored.disabled,
        registration=stored.registration,
        taken=stored.taken,
    )


def _encryption(data: Mapping[str, JSON], kind: str) -> Encryption | None:
    """OpenID Connect Dynamic Client Registration 1.0 §2: without `enc` it is A128CBC-HS256."""
    alg = _text(data, f"{kind}_encrypted_response_alg")
    return None if alg is None else Encryption(alg, str(data.get(f"{kind}_encrypted_response_enc", "A128CBC-HS256")))


def _recipients(jwks: JSON) -> tuple[RecipientKey, ...]:
    """The keys of a registered set that were published for encryption, in their order."""
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    keys = entries if isinstance(entries, list) else []
    return tuple(RecipientKey.from_jwk(key) for key in keys if isinstance(key, dict) and key.get("use") == "enc")


def _certificate_rule(data: Mapping[str, JSON]) -> CertificateRule | None:
    """RFC 8705 §2.1.2: registration has seen to it that there is one at most."""
    return next((CertificateRule(name, str(data[name.value])) for name in CertificateName if name.value in data), None)


def _certificates(jwks: JSON) -> frozenset[str]:
    """RFC 8705 §2.2.2: the certificates of a client's key set, by thumbprint as registration noted it."""
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    keys = entries if isinstance(entries, list) else []
    return frozenset(str(key["x5t#S256"]) for key in keys if isinstance(key, dict) and "x5t#S256" in key)


def _load(connection: Connection) -> Register:
    known = (from_stored(stored) for stored in clients.every(connection))
    return Register(
        {client.id: client for client in known}, organisations.every(connection), resources.every(connection)
    )


def _name(data: Mapping[str, JSON]) -> Text:
    """RFC 7591 §2.2: `client_name`, and `client_name#zh-CN` and `client_name#en` for readers of one language."""
    plain = str(data["client_name"])
    tagged = {tag: str(data.get(f"client_name#{tag}") or plain) for tag in ("zh-CN", "en")}
    return Text(tagged["zh-CN"], tagged["en"])


def _text(data: Mapping[str, JSON], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) else None


def _texts(data: Mapping[str, JSON], name: str) -> frozenset[str]:
    values = data.get(name)
    return frozenset(str(value) for value in values) if isinstance(values, list) else frozenset()
