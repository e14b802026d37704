"""OAuth clients as they were registered (RFC 7591), with their keys parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from idp.model import scopes
from idp.model.certificate import CertificateRule
from kernel.canonical import JSON
from kernel.jose import RecipientKey, VerifyingKey
from kernel.text import Text

MAY_ACT = "may_act:"
"""Before the name of a client that may act for another: so it is named among what is agreed to, and what is taken."""


class AuthMethod(StrEnum):
    """Ways a client may authenticate (RFC 7591 §2)."""

    SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the method's registered name
    SECRET_POST = "client_secret_post"  # noqa: S105 - the method's registered name
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS = "tls_client_auth"
    SELF_SIGNED_TLS = "self_signed_tls_client_auth"
    NONE = "none"


BY_SECRET = frozenset({AuthMethod.SECRET_BASIC, AuthMethod.SECRET_POST})
BY_CERTIFICATE = frozenset({AuthMethod.TLS, AuthMethod.SELF_SIGNED_TLS})
BY_KEY = BY_CERTIFICATE | {AuthMethod.PRIVATE_KEY_JWT}
"""Methods that prove possession of a private key: nothing that could be copied is sent."""


class Profile(StrEnum):
    """What a client is held to: the least for everybody, FAPI 2.0, or that with signed messages.

    What each asks stands in `idp.clients.metadata.profile`.
    """

    BASELINE = "baseline"
    FAPI2 = "fapi2"
    FAPI2_MESSAGE_SIGNING = "fapi2-message-signing"


class GrantType(StrEnum):
    """Grants that exist here."""

    AUTHORIZATION_CODE = "authorization_code"
    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the grant's registered name
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    CIBA = "urn:openid:params:grant-type:ciba"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the grant's registered name


@dataclass(frozen=True, slots=True)
class Encryption:
    """How one kind of answer is encrypted to a client (OpenID Connect Dynamic Client Registration 1.0 §2)."""

    alg: str
    enc: str


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. ``organisation`` is its owner's social credit code: the sector of its pairwise subjects.

    ``registration`` counts how often a right (a scope, a service item, a client that may act for it) was taken from it;
    ``taken`` says with which of them each one was taken last, whether it was given back or not (ADR 0073).
    """

    id: str
    organisation: str
    name: Text
    auth_method: AuthMethod
    grant_types: frozenset[str]
    scopes: frozenset[str]
    redirect_uris: frozenset[str] = frozenset()
    post_logout_redirect_uris: frozenset[str] = frozenset()
    service_items: frozenset[str] = frozenset()
    may_act: tuple[str, ...] = ()
    dpop_bound: bool = False
    certificate_bound: bool = False
    par_required: bool = False
    native: bool = False
    id_token_alg: str = "ES256"  # noqa: S105 - an algorithm
    userinfo_alg: str | None = None
    introspection_alg: str | None = None
    authorization_alg: str = "ES256"
    id_token_encryption: Encryption | None = None
    userinfo_encryption: Encryption | None = None
    authorization_encryption: Encryption | None = None
    introspection_encryption: Encryption | None = None
    request_object_alg: str | None = None
    backchannel_request_alg: str | None = None
    signed_requests: bool = False
    profile: Profile = Profile.BASELINE
    keys: tuple[VerifyingKey, ...] = ()
    recipients: tuple[RecipientKey, ...] = ()
    certificate_rule: CertificateRule | None = None
    certificates: frozenset[str] = frozenset()
    jwks_uri: str | None = None
    backchannel_logout_uri: str | None = None
    frontchannel_logout_uri: str | None = None
    notification_endpoint: str | None = None
    told_of_unknown_people: bool = False
    user_codes: bool = False
    policy_uri: str | None = None
    tos_uri: str | None = None
    secret_hash: bytes | None = field(default=None, repr=False)
    disabled: bool = False
    registration: int = 0
    taken: Mapping[str, int] = field(default_factory=dict)

    def had_since(self, name: str, registration: int) -> bool:
        """Whether a right was not taken since this registration: what was given back is for what is allowed anew."""
        return self.taken.get(name, 0) <= registration

    def scopes_since(self, registration: int) -> frozenset[str]:
        """Its scopes, without those that were taken since this registration and given back."""
        return frozenset(each for each in self.scopes if self.had_since(each, registration))

    def handles(self, service_item: str, registration: int) -> bool:
        """Whether it still has a service item that it had under this registration."""
        return service_item in self.service_items and self.had_since(service_item, registration)

    def lets_act(self, client_id: str, registration: int) -> bool:
        """Whether another client may still act for it that might under this registration."""
        return client_id in self.may_act and self.had_since(f"{MAY_ACT}{client_id}", registration)

    def may_use(self, grant: GrantType) -> bool:
        """Whether the client is registered for a grant."""
        return grant.value in self.grant_types

    @property
    def signed_answers(self) -> bool:
        """Whether every answer to the client is signed (FAPI 2.0 Message Signing §5.4 and §5.5)."""
        return self.profile is Profile.FAPI2_MESSAGE_SIGNING

    @property
    def rotates_refresh_tokens(self) -> bool:
        """RFC 9700 §4.14.2; not for sender-constrained tokens of confidential clients (FAPI 2.0 §5.3.2.1)."""
        return self.profile is Profile.BASELINE


@dataclass(frozen=True, slots=True)
class Organisation:
    """A department: its unified social credit code and its names."""

    code: str
    name: Text


LONGEST_NAME = 100
"""Characters of a service item's code: no token names a longer one (`idp.model.evidence`)."""


@dataclass(frozen=True, slots=True)
class StoredClient:
    """A client as the store keeps it: checked RFC 7591 metadata, a hashed secret, and what was taken from it."""

    id: str
    organisation: str
    metadata: Mapping[str, JSON]
    secret_hash: bytes | None = field(default=None, repr=False)
    disabled: bool = False
    registration: int = 0
    taken: Mapping[str, int] = field(default_factory=dict)

    @property
    def rights(self) -> frozenset[str]:
        """What tokens may name by its registration: scopes, service items of purpose-bound tokens, and who may act."""
        items = (each for each in self._names("tongban_service_items") if len(each) <= LONGEST_NAME)
        actors = (f"{MAY_ACT}{each}" for each in self._names("tongban_may_act"))
        return frozenset({*scopes.parse(str(self.metadata.get("scope", ""))), *items, *actors})

    def _names(self, member: str) -> list[str]:
        listed = self.metadata.get(member)
        return [str(each) for each in listed] if isinstance(listed, list) else []
